"""Asks the properties about the run that logs tell."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.engines.answer import Answer, of_step, sought
from planrace.checker.engines.limits import timed
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Interpreter, RangeError
from planrace.checker.semantics.replay import Recording
from planrace.properties.kinds import Invariant, Property, StepInvariant

JUDGED = (Invariant, StepInvariant)
"""The kinds of property that one run can violate."""


def violations(recording: Recording, properties: Sequence[Property]) -> list[Answer]:
    """The invariants and step invariants that a run violates, each with the run up to its first violation."""
    found: list[Answer] = []
    for p in properties:
        if isinstance(p, JUDGED):
            n = _first(recording, p)
            if n is not None:
                found.append(Answer(p, Verdict.VIOLATED, "by the run that the logs tell", _cut(recording, n)))
    return found


def _first(recording: Recording, p: Invariant | StepInvariant) -> int | None:
    """The number of the first state (or step, from 1) that violates a property."""
    try:
        return _first_wrong(recording, p)
    except RangeError as problem:
        raise problem.of(f"property {p.name}, asked about the run that the logs tell", p.where) from None


def _first_wrong(recording: Recording, p: Invariant | StepInvariant) -> int | None:
    interpreter, states = recording.interpreter, recording.states
    wrong = sought(p)
    if not of_step(p):
        return next((n for n, s in enumerate(timed(states, 64)) if interpreter.holds(wrong, s)), None)
    for n, move in enumerate(timed(recording.moves, 64), 1):
        if interpreter.holds(wrong, states[n - 1], states[n], move):
            return n
    return None


def _cut(recording: Recording, steps: int) -> Recording:
    """The first steps of a run, performed again."""
    interpreter: Interpreter = recording.interpreter
    found = Recording(interpreter, recording.states[0])
    for move in recording.moves[:steps]:
        found.take(move.action.name, move.choice)
    return found
