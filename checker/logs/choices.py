"""How a search goes on from a node: by which event, and by which steps before it that no line tells for certain.

An event that may not have happened is like a hidden step that may be taken once: the search takes it only directly
before an event with which it does not commute (``explain_event.py`` has the argument; each exchange moves such an event
towards the end of the run, and what is behind the last event that happened for certain is left out). Where properties
are asked about the runs, what is violated must stay the same. Without this, a log with n steps that began and did not
end has up to 2^n explanations of each of its lines.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, TypeAlias

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.events import LogEvent, StepPattern
from planrace.checker.logs.explain_event import Cost, EventSteps, Explanation, Reached
from planrace.checker.logs.order import EventOrder, NextEvent, Positions
from planrace.checker.logs.states import Situation, Taken, composed, moved

Node: TypeAlias = "tuple[Positions, Situation]"
Choice: TypeAlias = "tuple[NextEvent, Explanation]"
Way: TypeAlias = "tuple[Choice, ...]"
"""Events that come next, one after the other; all but the last may not have happened."""


def is_behind(positions: Positions, others: Positions) -> bool:
    """Whether at ``positions`` at least those events are consumed that are at the ``others``. Where the rest happened
    for certain in both, and the state is the same, all that can follow there can follow here, too."""
    return all(p >= o for p, o in zip(positions, others, strict=True))


def cost_of(way: Way) -> Cost:
    """What a way takes for granted."""
    return Cost(sum(e.cost.faults for _, e in way), sum(e.cost.hidden for _, e in way))


class NodeChoices:
    """Ways from a node, for one order of events. ``lazy``: events that may not have happened are taken only where one
    needs them that has; otherwise each of them is a way of its own. They never are where the number of hidden steps
    between two events is bounded, for there a postponed one would count for another event."""

    def __init__(self, order: EventOrder, steps: EventSteps, *, lazy: bool = True) -> None:
        self._order, self._steps = order, steps
        self.lazy = lazy and steps.most is None

    def after(self, node: Node, way: Way) -> Node:
        """The node behind the events of a way."""
        positions, (_, absolute) = node
        for following, e in way:
            positions, absolute = self._order.after(positions, following), moved(absolute, e.moved)
        return positions, (way[-1][1].number, absolute)

    def ways(self, node: Node) -> Iterator[Way]:
        """All ways: those first without steps that no line tells for certain."""
        certain = self.certain(node)
        return certain if self.lazy else chain(certain, self.optional(node))

    def certain(self, node: Node) -> Iterator[Way]:
        """The ways to an event that happened for certain."""
        return self._to(node, optional=False)

    def optional(self, node: Node) -> Iterator[Way]:
        """The ways of one event that may not have happened."""
        return self._to(node, optional=True)

    def _to(self, node: Node, *, optional: bool) -> Iterator[Way]:
        # One generator, and none within it: a search depth first holds one for each event.
        able = [f for f in self._order.next(node[0]) if f.event.optional is optional]
        for following in able:
            for e in self._steps.direct(node[1], following.event):
                yield ((following, e),)
        ahead = self._order.optional_ahead(node[0]) if self.lazy and not optional else ()
        for following in able:
            hidden, needed = self._steps.needs_among(
                following.event, [e for _, e in ahead], _pressing(following, ahead)
            )
            if needed:
                yield from _LazySearch(self._order, self._steps, following, hidden, needed).ways(node)
                continue
            for e in self._steps.after_hidden(node[1], following.event):
                yield ((following, e),)


def _pressing(following: NextEvent, ahead: Sequence[tuple[int, LogEvent]]) -> list[LogEvent]:
    """The events ahead that cannot wait until after the following one, or until after another one that is ahead: what
    they do may be needed later, whatever the following one needs."""
    latest = max((e.earliest for _, e in ahead), default=-math.inf)
    last = max(following.event.earliest, latest)
    streams = Counter(n for n, _ in ahead)
    return [e for n, e in ahead if e.latest < last or n == following.stream or streams[n] > 1]


class _Item(NamedTuple):
    """A step before the event: a hidden one, or that of an event that may not have happened."""

    taken: Taken | Explanation
    pick: tuple[str, tuple[int, ...]]
    event: NextEvent | None


class _At(NamedTuple):
    positions: Positions
    reached: Reached


Items: TypeAlias = "tuple[_Item, ...]"
_Cost: TypeAlias = "tuple[int, int, int]"
"""Faults, hidden steps, and events that may not have happened."""


class _LazySearch:
    """The ways from a node to one event, ``last``, with steps before it of which none can be postponed. ``needs`` are
    the hidden steps, and ``optional`` the events, that it may need."""

    def __init__(
        self,
        order: EventOrder,
        steps: EventSteps,
        last: NextEvent,
        needs: tuple[StepPattern, ...] | None,
        optional: Collection[LogEvent],
    ) -> None:
        self._order, self._steps, self._last = order, steps, last
        self._needs = needs
        self._optional = {id(e) for e in optional}

    def ways(self, node: Node) -> Iterator[Way]:
        """Those with the fewest faults first, then those with the fewest hidden steps."""
        positions, (start, absolute) = node
        first = _At(positions, Reached(start, None, 0))
        found = {self._behind(first, e) for e in self._steps.direct(node[1], self._last.event)}
        best: dict[Reached, list[tuple[Positions, _Cost]]] = {first.reached: [(positions, (0, 0, 0))]}
        queue: list[tuple[_Cost, int, Items, _At]] = [((0, 0, 0), 0, (), first)]
        added = 0
        while queue:
            cost, n, items, at = heapq.heappop(queue)
            if n % 16 == 0:
                look_at_the_clock()
            if (at.positions, cost) not in best[at.reached]:
                continue
            here = at.reached.number, moved(absolute, at.reached.way)
            for e in self._steps.direct(here, self._last.event) if items else ():
                end = self._behind(at, e)
                if end not in found and not self._postponable(node, items, e, end.reached):
                    found.add(end)
                    yield self._way(items, e)
            for item in self._items(at.positions, here):
                to = self._after(at, item)
                dearer = self._with(cost, item)
                others = best.setdefault(to.reached, [])
                if not any(known <= dearer and is_behind(to.positions, p) for p, known in others):
                    others[:] = [o for o in others if not (dearer <= o[1] and is_behind(o[0], to.positions))]
                    others.append((to.positions, dearer))
                    added += 1
                    heapq.heappush(queue, (dearer, added, (*items, item), to))

    def _items(self, positions: Positions, here: Situation) -> Iterator[_Item]:
        """The steps that may be next."""
        for f in self._order.next(positions):
            if id(f.event) in self._optional:
                for e in self._steps.direct(here, f.event):
                    if (e.number, e.moved) != (here[0], None) or self._steps.violated(here[0], e.picks):
                        yield _Item(e, e.picks[0], f)
        for taken in self._steps.free(here[0], self._needs):
            yield _Item(taken, taken.pick, None)

    def _with(self, cost: _Cost, item: _Item) -> _Cost:
        if item.event is not None:
            return cost[0], cost[1], cost[2] + 1
        return cost[0] + self._steps.is_fault(item.pick), cost[1] + 1, cost[2]

    def _after(self, at: _At, item: _Item) -> _At:
        positions = at.positions if item.event is None else self._order.after(at.positions, item.event)
        return _At(positions, self._reached(at.reached, item.pick, item.taken))

    def _reached(self, at: Reached, pick: tuple[str, tuple[int, ...]], taken: Taken | Explanation) -> Reached:
        violated = at.violated | self._steps.violated(at.number, (pick,))
        return Reached(taken.number, composed(at.way, taken.moved), violated)

    def _behind(self, at: _At, e: Explanation) -> _At:
        return _At(self._order.after(at.positions, self._last), self._reached(at.reached, e.picks[0], e))

    # Postponing ----------------------------------------------------------------------------------------------------
    def _postponable(self, node: Node, items: Items, e: Explanation, end: Reached) -> bool:
        """Whether one of the steps can be taken after the event in place of before it, with the same result."""
        for n, item in enumerate(items):
            if item.event is not None and not self._may_wait(item.event, items[n + 1 :]):
                continue
            rest = [(i.pick, None if i.event is None else i.event.event) for i in (*items[:n], *items[n + 1 :])]
            waits = item.pick, None if item.event is None else item.event.event
            found = self._performed(node, [*rest, (e.picks[0], self._last.event), waits])
            if found is None or found[:2] != end[:2]:
                continue
            more = found.violated & ~end.violated if item.event is None else found.violated ^ end.violated
            if not more:
                return True
        return False

    def _may_wait(self, event: NextEvent, later: Iterable[_Item]) -> bool:
        """Whether an event may come after those that are later, and after the last."""
        behind = [*(i.event for i in later if i.event is not None), self._last]
        return all(f.stream != event.stream and f.event.earliest <= event.event.latest for f in behind)

    def _performed(
        self, node: Node, steps: Iterable[tuple[tuple[str, tuple[int, ...]], LogEvent | None]]
    ) -> Reached | None:
        """What steps lead to, of events or hidden ones; None if one of them cannot be taken there."""
        start, absolute = node[1]
        at = Reached(start, None, 0)
        for pick, event in steps:
            found: Taken | Explanation | None = None
            if event is None:
                found = self._steps.states.step(at.number, pick)
            else:
                able = self._steps.direct((at.number, moved(absolute, at.way)), event)
                found = next((e for e in able if e.picks == (pick,)), None)
            if found is None:
                return None
            at = self._reached(at, pick, found)
        return at

    # The way -------------------------------------------------------------------------------------------------------
    def _way(self, items: Items, e: Explanation) -> Way:
        found: list[Choice] = []
        hidden: list[_Item] = []
        for item in (*items, _Item(e, e.picks[0], self._last)):
            hidden.append(item)
            if item.event is not None:
                found.append((item.event, self._explanation(hidden)))
                hidden = []
        return tuple(found)

    def _explanation(self, items: Sequence[_Item]) -> Explanation:
        """Hidden steps and that of an event, which is the last."""
        way = None
        for item in items:
            way = composed(way, item.taken.moved)
        faults = sum(self._steps.is_fault(i.pick) for i in items[:-1])
        picks = tuple(i.pick for i in items)
        return Explanation(picks, items[-1].taken.number, way, Cost(faults, len(items) - 1))
