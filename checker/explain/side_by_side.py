"""The steps of a run, repeated in another variant of its protocol."""

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


def repeated_in(recording: Recording, other: Instance, properties: tuple[Property, ...]) -> OtherVariant:
    """Take the steps of ``recording`` in ``other``; steps that are not enabled there are skipped.

    Raises ``ModelError`` if ``other`` is no variant of the same protocol.
    """
    check_alike(recording.interpreter.instance, other)
    run = Recording(Interpreter(other))
    describer = Describer(run.interpreter)
    steps: list[TraceStep | None] = []
    false = [broken(run.interpreter, properties, run.states[0])]
    for move in recording.moves:
        pick = move.action.name, move.choice
        taken = pick[0] in other.system.actions and take(run, pick)
        steps.append(describer.step(run.moves[-1], *run.states[-2:]) if taken else None)
        false.append(broken(run.interpreter, properties, run.states[-1]))
    return OtherVariant(
        other.system.name, other.system.protections, describer.state(run.states[0]), tuple(steps), tuple(false)
    )


def check_alike(instance: Instance, other: Instance) -> None:
    """Raise ``ModelError`` unless both are variants of one protocol at one size."""
    ours, theirs = ({n: a.parameters for n, a in i.system.actions.items()} for i in (instance, other))
    strange = [n for n, parameters in ours.items() if n in theirs and len(theirs[n]) != len(parameters)]
    if not set(ours) & set(theirs) or strange or instance.parameters != other.parameters:
        raise ModelError(
            f"{other.system.name} cannot be compared with {instance.system.name}: it is another protocol",
            remedy="name a variant of the same protocol",
        )
