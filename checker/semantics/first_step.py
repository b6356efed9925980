"""A model in which nothing can ever happen is an error: every property would be checked in one state only."""

from __future__ import annotations

from contextlib import suppress

from planrace.checker.results.wording import counted
from planrace.checker.semantics.initials import TooManyError, no_state
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.model.language import Instance, ModelError, System

TRIED = 10_000
"""The largest number of initial values to try."""


def check_first_step(instance: Instance) -> None:
    """Raises ``ModelError`` where there is no initial state, and where none enables an action or is final. Where a
    guard or a condition cannot be evaluated, or too many initial values are possible, engines find out themselves."""
    interpreter, found = Interpreter(instance), 0
    try:
        for state in interpreter.starting.some(TRIED):
            found += 1
            ends = any(interpreter.holds(t, state) for t in instance.system.final)
            if ends or next(interpreter.moves(state), None) is not None:
                return
    except (RangeError, TooManyError):
        return
    raise stuck(instance.system) if found else no_state(instance.system, instance.parameters)


def check_begins(instance: Instance) -> None:
    """Raises ``ModelError`` where there is no initial state; the same exceptions."""
    with suppress(RangeError, TooManyError):
        if next(Interpreter(instance).starting.some(TRIED), None) is None:
            raise no_state(instance.system, instance.parameters)


def stuck(system: System) -> ModelError:
    """The error that no initial state of ``system`` enables an action."""
    actions = list(system.actions.values())
    guards = (
        f"the guard of {actions[0].name}" if len(actions) == 1 else f"a guard of its {counted(len(actions), 'action')}"
    )
    which = "the" if system.starts_alike else "any"
    return ModelError(
        f"{system.name}: no action is enabled in {which} initial state, so nothing ever happens",
        where=actions[0].where if len(actions) == 1 else system.where,
        remedy=f"correct an initial value or {guards}; if every run ends at once, say so with final(…)",
    )
