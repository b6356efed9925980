"""Explains one event in one situation: by a step of the model, perhaps after steps that no line tells.

Hidden steps are taken only directly before an event that they do not commute with: a run in which one of them can be
postponed until after the event, with the same result, is the same explanation as the run that postpones it. So every
explanation has one in which no hidden step can be postponed (each postponement moves a hidden step towards the end, and
what is behind the last event is left out); only those are searched, and nothing is lost. This is the idea of lazy
search in partial-order methods (P. Godefroid: Partial-Order Methods for the Verification of Concurrent Systems, 1996,
chapter 5), with commutation decided in the state at hand. Where properties are asked about the runs, neither may
violate more.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, TypeAlias

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.dependence import HiddenNeeds
from planrace.checker.logs.events import LogEvent, StepPattern, agrees
from planrace.checker.logs.judge import Judge
from planrace.checker.logs.states import Absolute, ModelStates, Situation, Taken, composed, moved
from planrace.checker.semantics.replay import Pick

Steps = tuple[Pick, ...]
REMEMBERED = 200_000
"""Results of each kind that are remembered."""


class Cost(NamedTuple):
    """What an explanation takes for granted: faults, and steps that no line tells."""

    faults: int = 0
    hidden: int = 0


class Explanation(NamedTuple):
    """Steps that end with the step of an event; all before the last are hidden. ``number`` and ``moved`` say what they
    lead to, as those of a ``Taken`` do."""

    picks: Steps
    number: int
    moved: Absolute | None
    cost: Cost


Explanations: TypeAlias = "tuple[Explanation, ...]"
NOTHING = Cost()


class Reached(NamedTuple):
    """A state, how its generations came there, and what was violated on the way, a bit each."""

    number: int
    way: Absolute | None
    violated: int


def _as_good(one: Reached | None, other: Reached) -> bool:
    """Whether the result is the same, and no more is violated."""
    return one is not None and one[:2] == other[:2] and not one.violated & ~other.violated


@dataclass(frozen=True)
class _Told:
    """What an event says, without its line and its time: events that say the same are explained alike. ``needs`` are
    the hidden steps that may matter; None: any of ``hidden``."""

    number: int
    observes: bool
    needs: tuple[StepPattern, ...] | None


class EventSteps:
    """Steps for events. ``hidden`` are the actions that take steps of which no line tells, ``most`` how many of those
    may be between two events (None: any number). With a ``judge``, a hidden step is postponed only if no more is
    violated then: of each way to explain events there is one left that violates nothing else."""

    def __init__(
        self, states: ModelStates, hidden: Collection[str], most: int | None = None, judge: Judge | None = None
    ) -> None:
        self.states = states
        self._judge = judge
        self.most = most
        self.cut = False
        """Whether explanations were left out because they had more than ``most`` hidden steps."""
        self._hidden = [a for a in states.actions.values() if a.name in hidden]
        self._faults = {a.name for a in states.actions.values() if a.fault is not None}
        self._needs = HiddenNeeds(states, self._hidden, () if judge is None else judge.properties)
        self._numbers = count()
        self._said: dict[object, int] = {}
        self._told: dict[int, tuple[LogEvent, _Told]] = {}
        self._direct_found: dict[object, Explanations] = {}
        self._hidden_found: dict[object, Explanations] = {}

    # One step ------------------------------------------------------------------------------------------------------
    def direct(self, situation: Situation, event: LogEvent) -> Explanations:
        """The steps that an event may be, each once."""
        told = self._what(event)
        key = self._key(situation, told, event)
        found = self._direct_found.get(key)
        if found is None:
            found = _remember(self._direct_found, key, tuple(dict.fromkeys(self._direct(situation, event, told))))
        return found

    def _direct(self, situation: Situation, event: LogEvent, told: _Told) -> Iterator[Explanation]:
        enabled = not told.observes or agrees(event.before, self.states.state(situation))
        for taken in self.may_be(situation, event) if enabled else ():
            after = taken.number, moved(situation[1], taken.moved)
            if not told.observes or agrees(event.after, self.states.state(after)):
                yield Explanation((taken.pick,), taken.number, taken.moved, NOTHING)

    def may_be(self, situation: Situation, event: LogEvent) -> Iterator[Taken]:
        """The steps that an event may be, whatever it says of the states around it; each once for every pattern that
        it fits."""
        for pattern in event.patterns:
            for taken in self.moves(situation, pattern):
                if pattern.outcome in (None, taken.outcome):
                    yield taken

    def moves(self, situation: Situation, pattern: StepPattern) -> Iterator[Taken]:
        """The enabled steps of an action with the parameters of a pattern, whatever their outcome."""
        meant = self.states.meant(situation, pattern)
        if meant is not None:
            yield from self._fitting(situation[0], meant)

    def _fitting(self, number: int, step: StepPattern) -> Iterator[Taken]:
        if None not in step.values:
            found = self.states.step(number, (step.action, step.values))  # type: ignore[arg-type]
            if found is not None:
                yield found
            return
        yield from (t for t in self.states.moves(number, step.action) if step.fits(t.pick[1]))

    # Hidden steps --------------------------------------------------------------------------------------------------
    def after_hidden(self, situation: Situation, event: LogEvent) -> Explanations:
        """The explanations with hidden steps before the event, none of which can be postponed; those with the fewest
        faults first, of these the shortest. Of several with the same last state only the first is found. Where the
        number of hidden steps between two events is bounded, all are found, the shortest first: a postponed step counts
        for the next event, which may have as many as are allowed."""
        if not self._hidden:
            return ()
        told = self._what(event)
        key = self._key(situation, told, event)
        found = self._hidden_found.get(key)
        if found is None:
            found = _remember(self._hidden_found, key, tuple(self._after_hidden(situation, event, told)))
        return found

    def _after_hidden(self, situation: Situation, event: LogEvent, told: _Told) -> Iterator[Explanation]:
        start, absolute = situation
        found = {(e.number, e.moved, self.violated(start, e.picks)) for e in self.direct(situation, event)}
        first = Reached(start, None, 0)
        best: dict[Reached, Cost] = {first: NOTHING}
        queue: list[tuple[Cost, int, Steps, Reached]] = [(NOTHING, 0, (), first)]
        added = 0
        while queue:
            cost, n, picks, at = heapq.heappop(queue)
            if n % 16 == 0:
                look_at_the_clock()
            if best[at] < cost:
                continue
            here = at.number, moved(absolute, at.way)
            if picks:
                for e in self.direct(here, event):
                    violated = at.violated | self.violated(at.number, e.picks)
                    last = Reached(e.number, composed(at.way, e.moved), violated)
                    steps = (*picks, *e.picks)
                    if last not in found and not (
                        self.most is None and self._postponable(situation, steps, last, event)
                    ):
                        found.add(last)
                        yield Explanation(steps, last.number, last.way, cost)
            further = [(self._after(at, taken), taken.pick) for taken in self.free(at.number, told.needs)]
            if self.most is not None and len(picks) >= self.most:
                self.cut = self.cut or any(to not in best for to, _ in further)
                continue
            for to, pick in further:
                dearer = self._with(cost, pick)
                if to not in best or dearer < best[to]:
                    best[to] = dearer
                    added += 1
                    heapq.heappush(queue, (dearer, added, (*picks, pick), to))

    def _with(self, cost: Cost, pick: Pick) -> Cost:
        """The cost of one hidden step more. Where their number is bounded the shortest ways come first."""
        faults = 0 if self.most is not None else cost.faults + self.is_fault(pick)
        return Cost(faults, cost.hidden + 1)

    def is_fault(self, pick: Pick) -> bool:
        """Whether a step is one of a fault."""
        return pick[0] in self._faults

    def needs_among(
        self, event: LogEvent, ahead: Sequence[LogEvent], pressing: Sequence[LogEvent]
    ) -> tuple[tuple[StepPattern, ...] | None, Sequence[LogEvent]]:
        """The hidden steps that an event may need (None: any), and which of those ``ahead`` that may not have
        happened; those that are ``pressing`` are among them."""
        if not ahead or not self._needs.known:
            return None, ahead
        return self._needs.among((event, *pressing), ahead)

    def free(self, number: int, needs: Iterable[StepPattern] | None) -> Iterable[Taken]:
        """The hidden steps from a state that change it, as far as an event ``needs`` them; None: all."""
        if needs is not None:
            able = (t for step in needs for t in self._fitting(number, step))
        else:
            able = (t for a in self._hidden for t in self.states.moves(number, a.name))
        return [t for t in able if (t.number, t.moved) != (number, None)]

    def _postponable(self, situation: Situation, steps: Steps, last: Reached, event: LogEvent) -> bool:
        """Whether one of the hidden steps can be taken after the event in place of before it, with the same result, and
        without violating more."""
        number, absolute = situation
        at = Reached(number, None, 0)
        for n, pick in enumerate(steps[:-1]):
            without = self._performed(at, steps[n + 1 : -1])
            if without is not None:
                for e in self.direct((without.number, moved(absolute, without.way)), event):
                    if e.picks == steps[-1:]:
                        violated = without.violated | self.violated(without.number, e.picks)
                        then = Reached(e.number, composed(without.way, e.moved), violated)
                        if _as_good(self._performed(then, (pick,)), last):
                            return True
            following = self._performed(at, (pick,))
            assert following is not None, "the step is enabled"
            at = following
        return False

    def _performed(self, at: Reached, picks: Steps) -> Reached | None:
        """What steps lead to; None if one of them is not enabled."""
        for pick in picks:
            taken = self.states.step(at.number, pick)
            if taken is None:
                return None
            at = self._after(at, taken)
        return at

    def _after(self, at: Reached, taken: Taken) -> Reached:
        violated = at.violated | self.violated(at.number, (taken.pick,))
        return Reached(taken.number, composed(at.way, taken.moved), violated)

    def violated(self, number: int, picks: Steps) -> int:
        """What the step of an event violates, or a hidden step; a bit each."""
        return self._judge.of_step(number, picks[0])[0] if self._judge is not None and picks else 0

    # What events say -----------------------------------------------------------------------------------------------
    def _what(self, event: LogEvent) -> _Told:
        found = self._told.get(id(event))
        if found is None:
            observes = bool(event.before or event.after)
            number = next(self._numbers)  # an event that observes something is explained by itself
            if not observes:
                number = self._said.setdefault(event.patterns, number)
            if len(self._told) > REMEMBERED:
                self._told.clear()
            needs = self._needs.of(event) if self.most is None and self._needs.known else None
            found = self._told[id(event)] = event, _Told(number, observes, needs)  # kept, so that no other has its id
        return found[1]

    def _key(self, situation: Situation, told: _Told, event: LogEvent) -> object:
        """By what results are remembered: where an event names numbers, they hang on those beside the state."""
        if told.observes or self.states.named(event):
            return situation, told.number
        return situation[0], told.number


def _remember(table: dict[object, Explanations], key: object, found: Explanations) -> Explanations:
    if len(table) > REMEMBERED:
        table.clear()
    table[key] = found
    return found
