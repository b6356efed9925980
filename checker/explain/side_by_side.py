"""The steps of a run in another variant of its protocol: what would have happened there."""

from __future__ import annotations

from planrace.checker.explain.causes import take
from planrace.checker.explain.states import broken
from planrace.checker.results.explanation import OtherVariant
from planrace.checker.results.trace import TraceStep
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Property


def beside(recording: Recording, other: Instance, properties: tuple[Property, ...]) -> OtherVariant:
    """Take the steps of ``recording`` in ``other``, as far as they are enabled there; the rest is left out.

    Raises ``ModelError`` where ``other`` has other actions.
    """
    check_alike(recording.interpreter.instance, other)
    run = Recording(Interpreter(other))
    tell = Describer(run.interpreter)
    steps: list[TraceStep | None] = []
    false = [broken(run.interpreter, properties, run.states[0])]
    for move in recording.moves:
        pick = move.action.name, move.choice
        taken = pick[0] in other.system.actions and take(run, pick)
        steps.append(tell.step(run.moves[-1], *run.states[-2:]) if taken else None)
        false.append(broken(run.interpreter, properties, run.states[-1]))
    return OtherVariant(
        other.system.name, other.system.protections, tell.state(run.states[0]), tuple(steps), tuple(false)
    )


def check_alike(instance: Instance, other: Instance) -> None:
    """Both are variants of one protocol at one size."""
    ours, theirs = ({n: a.parameters for n, a in i.system.actions.items()} for i in (instance, other))
    strange = [n for n, parameters in ours.items() if n in theirs and len(theirs[n]) != len(parameters)]
    if not set(ours) & set(theirs) or strange or instance.parameters != other.parameters:
        raise ModelError(
            f"{other.system.name} cannot be laid beside {instance.system.name}: it is another protocol",
            remedy="name a variant of the same protocol",
        )
