"""Strongly connected components of a state graph: those where a run can stay and the goal of a property fails
somewhere, nearest ones first."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from planrace.checker.engines.explicit.transition_graph import Graph
from planrace.checker.engines.limits import look_at_the_clock, timed
from planrace.checker.engines.temporal.rows import loops, pieces, zeros

WALKED = 1 << 22
"""Steps of the search for components between two checks of the clock."""


@dataclass(frozen=True)
class Component:
    """The states of a strongly connected component; one without inner steps is a state to rest in."""

    members: frozenset[int]


class Components:
    """Finds components of a graph. A byte for each label says which are ``fair``, one for each state which are
    ``bad``: in them the goal fails."""

    def __init__(self, g: Graph, fair: Any, bad: Any) -> None:
        self.g = g
        self._size = len(g.offsets) - 1
        self._run = loops(g.states + len(g.targets), g.labels)
        self._fair, self._bad = fair, bad

    def of(self, region: Any, levels: Sequence[Sequence[tuple[int, int]]]) -> Iterator[Component]:
        """Components where a run can stay and the goal fails somewhere: with an inner step, or a state to rest in.
        Components on earlier levels come first; on the same level, those with the least packed state."""
        g, run, size = self.g, self._run, self._size
        ranges, top = [r for level in levels for r in level], size + 1
        number, stack, edge, low = (zeros("I", size + 1) for _ in range(4))
        found = self._trim(region, ranges, number, stack, edge)
        state = zeros("I", 4)
        state[1] = found
        for first, last in ranges:
            state[0] = first
            look_at_the_clock()
            while run("components", state, last, WALKED, top, g.offsets, g.targets, number, stack, edge, low):
                look_at_the_clock()
        found = state[1]
        weights, rows = zeros("I", 2 * found + 2), (g.offsets, g.targets, g.labels, number)
        for first, last in pieces(ranges, g.degree):
            run("weigh", first, last, top, *rows, self._fair, self._bad, weights)
        met, bounds = edge, [0]
        for level in levels:
            count = bounds[-1]
            for first, last in pieces(level, g.degree):
                count = run("gather", first, last, top, number, weights, met, count)
            bounds.append(count)
        yield from self._in_order(met, bounds, number, found, low)

    def within(self, some: Collection[int]) -> Iterator[Component]:
        """The same for the part of the graph that has only these states: the order is that of the least packed states.
        The part gets numbers of its own, so that it takes no more time than it has steps: a property may ask about very
        many small parts."""
        states, g = sorted(some), self.g
        place, outside = {n: k for k, n in enumerate(states)}, len(states)
        offsets, targets, labels = array("I", [0]), array("I"), array("I" if g.labels.itemsize > 2 else "H")
        for n in timed(states):
            for label, t in g.steps(n):
                labels.append(label)
                targets.append(place.get(t, outside))
            offsets.append(len(targets))
        offsets.append(len(targets))  # the state that stands for all outside has no steps
        levels = [[(0, outside)]]
        part = Graph(outside + 1, offsets, targets, labels, b"", levels, g.names, lambda k: g.packed(states[k]))
        bad = array("B", [*(self._bad[n] for n in states), 0])
        for c in Components(part, self._fair, bad).of(array("B", [*[1] * outside, 0]), levels):
            yield Component(frozenset(states[k] for k in c.members))

    def _trim(self, region: Any, ranges: Sequence[tuple[int, int]], number: Any, queue: Any, state: Any) -> int:
        """Prepare ``number`` for the search for components, whose work it spares: the states to which no cycle leads
        are components of their own. Returns how many they are."""
        g, run = self.g, self._run
        for first, last in pieces(ranges, g.degree):
            run("counted", first, last, region, g.offsets, g.targets, number)
        found = 0
        for first, last in pieces(ranges, 1):
            found = run("sources", first, last, region, number, queue, found)
        state[0], state[1] = 0, found
        while run("peeled", state, WALKED, region, g.offsets, g.targets, number, queue):
            look_at_the_clock()
        found = state[1]
        for first, last in pieces([(0, self._size)], 1):
            run("opened", first, last, region, number)
        for first, last in pieces([(0, found)], 1):
            run("alone", first, last, queue, number, self._size + 1)
        return int(found)

    def _in_order(self, met: Any, bounds: Sequence[int], number: Any, found: int, members: Any) -> Iterator[Component]:
        """The components of states that were ``met``, those of level k at places bounds[k]…bounds[k + 1] - 1."""
        run, top, ends = self._run, self._size + 1, zeros("I", found + 1)
        whole, before = [(0, bounds[-1])], 0
        for first, last in pieces(whole, 1):
            run("tallied", first, last, top, number, met, ends)
        for first, last in pieces([(0, found)], 1):
            before = run("begun", first, last, ends, before)
        for first, last in pieces(whole, 1):
            run("sorted_by_component", first, last, top, number, met, ends, members)
        done = set[int]()
        for first, last in pairwise(bounds):
            nearest: dict[int, int] = {}
            for n in timed(met[first:last]):
                c = number[n]
                if c not in done and (c not in nearest or self.g.packed(n) < self.g.packed(nearest[c])):
                    nearest[c] = n
            for c in sorted(nearest, key=lambda c: self.g.packed(nearest[c])):
                k = top - c
                yield Component(frozenset(members[ends[k - 1] if k else 0 : ends[k]]))
            done |= nearest.keys()
