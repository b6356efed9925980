"""States of the model by number, and what steps make of them: each step is performed once by the interpreter.

A ``Situation`` is what the search holds of the system: the number of a state, and numbers beside it. Logs tell long
runs, in which the same states come again and again; so what a step does is remembered by the number of its state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from planrace.checker.logs.events import LogEvent, StepPattern
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Action, Instance, Term

Absolute: TypeAlias = "tuple[int, ...]"
"""The numbers that the live generations have in the logs, ascending; empty where states are as the logs tell them."""
Situation: TypeAlias = "tuple[int, Absolute]"


class Taken(NamedTuple):
    """A step that was performed: ``number`` is that of the state after it. ``moved`` says where the generations that
    are live then come from; None: they are the same."""

    pick: Pick
    outcome: str | None
    number: int
    moved: Absolute | None = None


class ModelStates:
    """The states of an instance that were met. ``interpreter`` is the one for the states that logs tell."""

    def __init__(self, instance: Instance) -> None:
        self.interpreter = Interpreter(instance)
        self.actions = instance.system.actions
        self._states: list[State] = []
        self._numbers: dict[State, int] = {}
        self._steps: dict[tuple[int, Pick], Taken | None] = {}
        self._moves: dict[tuple[int, str], tuple[Taken, ...]] = {}

    @property
    def instance(self) -> Instance:
        """The instance whose states the logs tell."""
        return self.interpreter.instance

    def starts(self) -> list[Situation]:
        """The initial situations."""
        return [(self.number(s), ()) for s in self.interpreter.initials()]

    def __len__(self) -> int:
        return len(self._states)

    def situation(self, state: State) -> Situation:
        """A state as the logs tell it."""
        return self.number(state), ()

    def number(self, state: State) -> int:
        """The number of a state."""
        found = self._numbers.get(state)
        if found is None:
            found = self._numbers[state] = len(self._states)
            self._states.append(state)
        return found

    def state(self, situation: Situation) -> State:
        """The state of the model, as logs tell it."""
        return self._states[situation[0]]

    def normal(self, number: int) -> State:
        """The state with this number, with the numbers that generations have in it."""
        return self._states[number]

    def step(self, number: int, pick: Pick) -> Taken | None:
        """A step from a state; None if it is not enabled."""
        key = number, pick
        if key not in self._steps:
            self._steps[key] = self._performed(number, pick)
        return self._steps[key]

    def moves(self, number: int, action: str) -> tuple[Taken, ...]:
        """The enabled steps of an action from a state."""
        key = number, action
        found = self._moves.get(key)
        if found is None:
            found = self._moves[key] = tuple(self._enabled(number, self.actions[action]))
        return found

    def holds(self, term: Term, number: int, pick: Pick | None = None) -> bool:
        """Whether a truth-valued term holds in a state; with ``pick``, for that step from it."""
        state = self._states[number]
        if pick is None:
            return self.interpreter.holds(term, state)
        found = self.interpreter.perform(state, self.actions[pick[0]], pick[1])
        assert found is not None, "the step is enabled"
        return self.interpreter.holds(term, state, found[1], found[0])

    def _performed(self, number: int, pick: Pick) -> Taken | None:
        found = self.interpreter.perform(self._states[number], self.actions[pick[0]], pick[1])
        return None if found is None else Taken(pick, found[0].outcome.name, self.number(found[1]))

    def _enabled(self, number: int, action: Action) -> list[Taken]:
        moves = self.interpreter.moves_of(self._states[number], action)
        return [Taken((action.name, m.choice), m.outcome.name, self.number(after)) for m, after in moves]

    def plain(self, last: Situation) -> Interpreter:
        """The plain interpreter of an instance that is large enough for a run with this last situation."""
        return self.interpreter

    # Numbers beside the state -----------------------------------------------------------------------------------------
    def meant(self, situation: Situation, pattern: StepPattern) -> StepPattern | None:
        """The pattern with the numbers that generations have in states; None if no step can be meant."""
        return pattern

    def named(self, event: LogEvent) -> bool:
        """Whether the steps of an event name numbers that states have otherwise than the logs."""
        return False

    def told(self, situation: Situation, pick: Pick) -> Pick:
        """The step from a situation with the numbers that generations have in the logs."""
        return pick

    def renamed(self, action: str) -> tuple[bool, ...]:
        """For each parameter of an action: whether it is a generation, which states name otherwise than the logs, and
        which has no fixed range."""
        return (False,) * len(self.actions[action].parameters)


def moved(absolute: Absolute, by: Absolute | None) -> Absolute:
    """The numbers of the live generations after a step: ``by[n]`` is the place that number n had before, or -k: it is k
    more than the last one."""
    if by is None:
        return absolute
    return tuple(absolute[r] if r >= 0 else absolute[-1] - r for r in by)


def composed(first: Absolute | None, then: Absolute | None) -> Absolute | None:
    """What two steps do, one after the other."""
    if first is None or then is None:
        return then if first is None else first
    last = first[-1]
    return tuple(first[r] if r >= 0 else r + min(last, 0) for r in then)


def run_of(states: ModelStates, start: Situation, picks: Sequence[Pick]) -> list[Situation]:
    """The situations of a run, with the first."""
    found = [start]
    for pick in picks:
        number, absolute = found[-1]
        taken = states.step(number, pick)
        assert taken is not None, "a step of an explanation is enabled"
        found.append((taken.number, moved(absolute, taken.moved)))
    return found
