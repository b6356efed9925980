"""A model in which nothing can ever happen is an error: every property would be checked in one state only."""

from __future__ import annotations

from planrace.checker.results.wording import counted
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.model.language import Instance, ModelError, System


def check_first_step(instance: Instance) -> None:
    """Raises ``ModelError`` where the initial state enables no action and is not final. Where a guard cannot be
    evaluated, every engine says so itself."""
    interpreter = Interpreter(instance)
    try:
        state = interpreter.initial()
        ends = any(interpreter.holds(t, state) for t in instance.system.final)
        if not ends and next(interpreter.moves(state), None) is None:
            raise stuck(instance.system)
    except RangeError:
        return


def stuck(system: System) -> ModelError:
    """The error that the initial state of ``system`` enables no action."""
    actions = list(system.actions.values())
    guards = (
        f"the guard of {actions[0].name}" if len(actions) == 1 else f"a guard of its {counted(len(actions), 'action')}"
    )
    return ModelError(
        f"{system.name}: no action is enabled in the initial state, so nothing ever happens",
        where=actions[0].where if len(actions) == 1 else system.where,
        remedy=f"correct an initial value or {guards}; if every run ends at once, say so with final(…)",
    )
