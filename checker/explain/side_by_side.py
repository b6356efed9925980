"""The steps of a run, repeated in another variant of its protocol."""

from __future__ import annotations

from planrace.checker.explain.causes import take
from planrace.checker.explain.states import broken
from planrace.checker.results.explanation import OtherVariant
from planrace.checker.results.trace import TraceStep
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Property


def repeated_in(recording: Recording, other: Instance, properties: tuple[Property, ...]) -> OtherVariant:
    """Take the steps of ``recording`` in ``other``; steps that are not enabled there are skipped.

    Raises ``ModelError`` if ``other`` is no variant of the same protocol.
    """
    check_alike(recording.interpreter.instance, other)
    run = Recording(Interpreter(other), _start(recording, Interpreter(other)))
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


def _start(recording: Recording, other: Interpreter) -> State:
    """The initial state of the other variant that agrees with that of the recording where both have several initial
    values; the first one if there is none."""
    ours = recording.interpreter
    free = {v.name for v in ours.instance.system.variables if v.initially is None}
    both = [(at, ours.place[name]) for name, at in other.place.items() if name in free]
    starts = other.initials()
    return next((s for s in starts if all(s[a] == recording.states[0][b] for a, b in both)), starts[0])


def check_alike(instance: Instance, other: Instance) -> None:
    """Raise ``ModelError`` unless both are variants of one protocol at one size."""
    ours, theirs = ({n: a.parameters for n, a in i.system.actions.items()} for i in (instance, other))
    strange = [n for n, parameters in ours.items() if n in theirs and len(theirs[n]) != len(parameters)]
    if not set(ours) & set(theirs) or strange or instance.parameters != other.parameters:
        raise ModelError(
            f"{other.system.name} cannot be compared with {instance.system.name}: it is another protocol",
            remedy="name a variant of the same protocol",
        )
