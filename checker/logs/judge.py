"""Asks the properties about the runs that logs tell."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.engines.answer import Answer, of_step, sought
from planrace.checker.engines.limits import timed
from planrace.checker.logs.states import ModelStates, Situation
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError
from planrace.checker.semantics.replay import Pick, Recording
from planrace.properties.kinds import Invariant, Property, StepInvariant

JUDGED = (Invariant, StepInvariant)
"""The kinds of property that one run can violate."""


def judged_of(properties: Sequence[Property]) -> list[Invariant | StepInvariant]:
    """The properties that one run can violate."""
    return [p for p in properties if isinstance(p, JUDGED)]


class Judge:
    """Says which of ``properties`` states and steps violate: bit n for property n. Each state and each step is asked
    about once."""

    def __init__(self, states: ModelStates, properties: Sequence[Invariant | StepInvariant]) -> None:
        self.properties = properties
        self._states = states
        self._of_states = [(1 << n, p) for n, p in enumerate(properties) if not of_step(p)]
        self._of_steps = [(1 << n, p) for n, p in enumerate(properties) if of_step(p)]
        self._state: dict[int, int] = {}
        self._step: dict[tuple[int, Pick], int] = {}

    def at_start(self, situation: Situation) -> int:
        """What an initial state violates."""
        return self.of_state(situation[0])

    def along(self, situation: Situation, picks: Sequence[Pick]) -> int:
        """What the steps of an explanation violate, and the states after them."""
        found, number = 0, situation[0]
        for pick in picks:
            violated, number = self.of_step(number, pick)
            found |= violated
        return found

    def of_step(self, number: int, pick: Pick) -> tuple[int, int]:
        """What an enabled step violates, and the state after it; and the number of that state."""
        taken = self._states.step(number, pick)
        assert taken is not None, "a step of an explanation is enabled"
        return self._of_step(number, pick) | self.of_state(taken.number), taken.number

    def of_state(self, number: int) -> int:
        """What a state violates."""
        found = self._state.get(number)
        if found is None:
            found = sum(bit for bit, p in self._of_states if self._violates(p, number))
            self._state[number] = found
        return found

    def _of_step(self, number: int, pick: Pick) -> int:
        if not self._of_steps:
            return 0
        key = number, pick
        found = self._step.get(key)
        if found is None:
            found = self._step[key] = sum(bit for bit, p in self._of_steps if self._violates(p, number, pick))
        return found

    def _violates(self, p: Invariant | StepInvariant, number: int, pick: Pick | None = None) -> bool:
        try:
            return self._states.holds(sought(p), number, pick)
        except RangeError as problem:
            raise problem.of(f"property {p.name}, asked about the run that the logs tell", p.where) from None


def violation(recording: Recording, p: Invariant | StepInvariant) -> Answer:
    """The answer on a property that a run violates, with the run up to its first violation, as the interpreter replays
    it."""
    n = _first(recording, p)
    assert n is not None, "the interpreter finds the violation, too"
    return Answer(p, Verdict.VIOLATED, "by the run that the logs tell", _cut(recording, n))


def _first(recording: Recording, p: Invariant | StepInvariant) -> int | None:
    """The number of the first state (or step, from 1) that violates a property."""
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
    found = Recording(recording.interpreter, recording.states[0])
    for move in recording.moves[:steps]:
        found.take(move.action.name, move.choice)
    return found
