"""What an imported run says of the properties. The plain interpreter decides that, not the checker that wrote it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from planrace.checker.engines.answer import Answer, of_step, sought, verdict_met
from planrace.checker.engines.limits import timed
from planrace.checker.engines.temporal.lasso import Lasso, confirm
from planrace.checker.engines.temporal.liveness import read_on
from planrace.checker.imports.foreign import ForeignRun
from planrace.checker.results.temporal import Fairness
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.properties.kinds import Checkable, Invariant, Liveness, Property, Reachability, StepInvariant


def answers_on(recording: Recording, run: ForeignRun, properties: Sequence[Property]) -> list[Answer]:
    """An answer for each of ``properties`` (of a property of each member those of single ones) that the run shows, with
    the run up to where it shows it: safety that it violates, reachability that it reaches, and, if it is a lasso,
    liveness that it violates, being fair. Then one for each that the other checker says to be violated, and the run
    does not show."""
    found = [a for p in properties for a in _shown(p, recording, run)]
    names = {a.property.name for a in found}
    claimed = [p for p in properties if p.name in (run.violated or ()) and p.name not in names]
    return found + [Answer(p, Verdict.UNKNOWN, _doubt(p, recording, run), recording) for p in claimed]


def _shown(p: Property, recording: Recording, run: ForeignRun) -> Iterator[Answer]:
    how = f"by {run.source}, replayed"
    if isinstance(p, Invariant | StepInvariant | Reachability):
        n = _first(p, recording)
        if n is not None:
            yield Answer(p, verdict_met(p), how, _cut(recording, n))
    elif isinstance(p, Liveness) and run.loop is not None:
        with suppress(ReplayError):
            again, loop, met = _confirmed(p, recording, run.loop)
            yield Answer(p, Verdict.VIOLATED, f"{how}, a fair lasso", again, loop=loop, fairness=met)


def _confirmed(p: Liveness, recording: Recording, loop: int) -> tuple[Recording, int, tuple[Fairness, ...]]:
    """The lasso on the part of the model that a property is about, where it is fair and violates the property. Raises
    ``ReplayError``."""
    instance = read_on(recording.interpreter.instance, p)
    labels = [(m.action.name, m.choice) for m in recording.moves]
    other = next((name for name, _ in labels if name not in instance.system.actions), None)
    if other is not None:
        raise ReplayError(f"{p.name}: the run takes {other}, and the property is about runs without it")
    return confirm(Interpreter(instance), p, Lasso(recording.states[0], labels, loop))


def _first(p: Checkable, recording: Recording) -> int | None:
    """The number of the first state (or step, from 1) that decides a property. Raises ``RangeError``."""
    interpreter, states = recording.interpreter, recording.states
    wanted = sought(p)
    try:
        if not of_step(p):
            return next((n for n, s in enumerate(timed(states, 64)) if interpreter.holds(wanted, s)), None)
        for n, move in enumerate(timed(recording.moves, 64), 1):
            if interpreter.holds(wanted, states[n - 1], states[n], move):
                return n
    except RangeError as problem:
        raise problem.of(f"property {p.name}, asked about the imported run", p.where) from None
    return None


def _cut(recording: Recording, steps: int) -> Recording:
    """The first steps of a run, performed again."""
    found = Recording(recording.interpreter, recording.states[0])
    for move in recording.moves[:steps]:
        found.take(move.action.name, move.choice)
    return found


def _doubt(p: Property, recording: Recording, run: ForeignRun) -> str:
    """Why a run does not show what the other checker says."""
    why = "the run does not show it"
    if isinstance(p, Liveness):
        why = "the run is no lasso"
        if run.loop is not None:
            try:
                _confirmed(p, recording, run.loop)
            except ReplayError as problem:
                why = str(problem).removeprefix(f"{p.name}: ")
    return f"{run.source} says that it is violated, but {why}"
