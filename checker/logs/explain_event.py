"""Explains one event in one state: by a step of the model, perhaps after steps that no line tells.

Hidden steps are taken only directly before an event that they do not commute with: a run in which one of them can be
postponed until after the event, with the same result, is the same explanation as the run that postpones it. So every
explanation has one in which no hidden step can be postponed (each postponement moves a hidden step towards the end, and
what is behind the last event is left out); only those are searched, and nothing is lost. This is the idea of lazy
search in partial-order methods (P. Godefroid: Partial-Order Methods for the Verification of Concurrent Systems, 1996,
chapter 5), with commutation decided in the state at hand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from planrace.checker.engines.limits import timed
from planrace.checker.logs.events import LogEvent, StepPattern, agrees
from planrace.checker.semantics.interpreter import Interpreter, Move, State
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Action, Instance

Steps = tuple[Pick, ...]
REMEMBERED = 100_000
"""Results of each kind that are remembered."""


@dataclass(frozen=True)
class Explanation:
    """Steps from a state that end with the step of an event; all before the last are hidden. ``state`` is the last."""

    picks: Steps
    state: State


class EventSteps:
    """Steps of an instance for events. ``hidden`` are the actions that take steps of which no line tells, ``most`` how
    many of those may be between two events (None: any number)."""

    def __init__(self, instance: Instance, hidden: Collection[str], most: int | None = None) -> None:
        self.interpreter = Interpreter(instance)
        self.most = most
        self.cut = False
        """Whether explanations were left out because they had more than ``most`` hidden steps."""
        self._actions = instance.system.actions
        self._hidden = [a for a in self.interpreter.actions if a.name in hidden]
        self._free: dict[State, tuple[tuple[Pick, State], ...]] = {}
        self._said: dict[tuple[State, int], tuple[LogEvent, tuple[Explanation, ...]]] = {}
        self._after: dict[tuple[State, Pick], State | None] = {}

    # One step ------------------------------------------------------------------------------------------------------
    def direct(self, state: State, event: LogEvent) -> tuple[Explanation, ...]:
        """The steps that an event may be in a state, and the states after them."""
        key = state, id(event)
        found = self._said.get(key)
        if found is None:
            said = tuple(self._direct(state, event)) if agrees(event.before, state) else ()
            if len(self._said) > REMEMBERED:
                self._said.clear()
            found = self._said[key] = event, said  # the event is kept, so that no other gets its identity
        return found[1]

    def _direct(self, state: State, event: LogEvent) -> Iterator[Explanation]:
        for pattern in event.patterns:
            for move, after in self.moves(state, pattern):
                if pattern.outcome in (None, move.outcome.name) and agrees(event.after, after):
                    yield Explanation(((pattern.action, move.choice),), after)

    def moves(self, state: State, pattern: StepPattern) -> Iterator[tuple[Move, State]]:
        """The enabled steps of an action with the parameters of a pattern, whatever their outcome."""
        action = self._actions[pattern.action]
        if None not in pattern.values:
            found = self.interpreter.perform(state, action, pattern.values)  # type: ignore[arg-type]
            if found is not None:
                yield found
            return
        yield from (m for m in self.interpreter.moves_of(state, action) if pattern.fits(m[0].choice))

    # Hidden steps --------------------------------------------------------------------------------------------------
    def after_hidden(self, state: State, event: LogEvent) -> Iterator[Explanation]:
        """The explanations with hidden steps before the event, none of which can be postponed; the shortest first. Of
        several with the same last state only the first is found. Where the number of hidden steps between two events is
        bounded, all are found: a postponed step counts for the next event, which may have as many as are allowed."""
        if not self._hidden:
            return
        found: set[State] = {e.state for e in self.direct(state, event)}
        seen: set[State] = {state}
        queue: list[tuple[Steps, State]] = [((), state)]
        for picks, here in timed(queue, 64):
            if self.most is not None and len(picks) >= self.most:
                self.cut = self.cut or any(after not in seen for _, after in self.free(here))
                continue
            for pick, after in self.free(here):
                if after in seen:
                    continue
                seen.add(after)
                queue.append(((*picks, pick), after))
                for told in self.direct(after, event):
                    steps = (*picks, pick, *told.picks)
                    if told.state not in found and not (
                        self.most is None and self._postponable(state, steps, told.state, event)
                    ):
                        found.add(told.state)
                        yield Explanation(steps, told.state)

    def free(self, state: State) -> tuple[tuple[Pick, State], ...]:
        """The hidden steps from a state."""
        found = self._free.get(state)
        if found is None:
            if len(self._free) > REMEMBERED:
                self._free.clear()
            found = self._free[state] = tuple(self._hidden_moves(state))
        return found

    def _hidden_moves(self, state: State) -> Iterator[tuple[Pick, State]]:
        for action in self._hidden:
            for move, after in self.interpreter.moves_of(state, action):
                if after != state:
                    yield (action.name, move.choice), after

    def _postponable(self, state: State, steps: Steps, last: State, event: LogEvent) -> bool:
        """Whether one of the hidden steps can be taken after the event in place of before it, with the same result."""
        here = state
        for n, pick in enumerate(steps[:-1]):
            without = self._performed(here, steps[n + 1 : -1])
            if without is not None and agrees(event.before, without):
                told = self._performed(without, steps[-1:])
                same = told is not None and agrees(event.after, told) and self._may_be(without, steps[-1], event)
                if same and told is not None and self._performed(told, (pick,)) == last:
                    return True
            following = self._performed(here, (pick,))
            assert following is not None
            here = following
        return False

    def _may_be(self, state: State, pick: Pick, event: LogEvent) -> bool:
        """Whether the event may be this step in a state."""
        return any(e.picks == (pick,) for e in self.direct(state, event))

    def _performed(self, state: State, picks: Steps) -> State | None:
        """The state after steps; None if one of them is not enabled."""
        for pick in picks:
            after = self._next(state, pick)
            if after is None:
                return None
            state = after
        return state

    def _next(self, state: State, pick: Pick) -> State | None:
        key = state, pick
        if key not in self._after:
            if len(self._after) > REMEMBERED:
                self._after.clear()
            found = self.interpreter.perform(state, self._actions[pick[0]], pick[1])
            self._after[key] = None if found is None else found[1]
        return self._after[key]

    def action(self, name: str) -> Action:
        """The action of that name."""
        return self._actions[name]
