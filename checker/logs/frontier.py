"""Every explanation of the events, layer by layer: layer n holds what n events lead to, with the cheapest way there.
Events that may not have happened are not counted: a layer is *closed* if it holds what they lead to, too.

The last layer that is not empty says exactly where a log leaves the model: some choice of a depth-first search may fail
long before, or go on for long in a wrong order. If the last layer explains everything, it says which run needs the
fewest faults, how many runs there are, and whether they agree on the properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.choices import Node, NodeChoices, Way, cost_of
from planrace.checker.logs.explain_event import NOTHING, Cost, EventSteps
from planrace.checker.logs.first_run import Explained, explained
from planrace.checker.logs.judge import Judge
from planrace.checker.logs.order import EventOrder
from planrace.checker.logs.progress import SILENT, LogProgress

Judged = tuple[Node, int]
"""A node, and the properties that were violated on the way, a bit each."""


@dataclass(slots=True)
class Arrival:
    """How a node of a layer was reached: by ``runs`` runs, and most cheaply from ``before`` (None: a start) by
    a way."""

    cost: Cost
    runs: int
    node: Node
    before: Arrival | None = None
    by: Way | None = None


Layer: TypeAlias = "dict[Judged, Arrival]"


@dataclass(frozen=True)
class EndOfRuns:
    """Runs that explain as much as possible and violate the same properties (a bit each). ``first`` is the one that
    takes the least for granted, and ``cost`` what that is."""

    violated: int
    runs: int
    cost: Cost
    first: Explained


@dataclass(frozen=True)
class Frontier:
    """The last layer that is not empty. ``count`` is the number of events that it explains, of those that happened for
    certain; ``whole`` whether that is all of them. ``ends`` are the runs, the cheapest first. ``cut``: a layer became
    wider than allowed, or all of them together had too many nodes, so that nothing is known about what follows;
    ``widest`` is the width of the widest."""

    count: int
    whole: bool
    nodes: tuple[Node, ...]
    ends: tuple[EndOfRuns, ...]
    cut: bool = False
    widest: int = 0

    @property
    def first(self) -> Explained:
        """The run that takes the least for granted."""
        return self.ends[0].first


class Frontiers:
    """Searches layer by layer. ``most`` nodes of a layer are allowed, and ``total`` nodes of all layers (None: any
    number). ``judge`` says which properties a step violates. ``lazy``: events that may not have happened are taken
    only where another one needs them; what is violated is the same, but there are fewer runs."""

    def __init__(
        self,
        order: EventOrder,
        steps: EventSteps,
        most: int,
        total: int | None = None,
        judge: Judge | None = None,
        progress: LogProgress = SILENT,
        *,
        lazy: bool = True,
    ) -> None:
        self._choices = NodeChoices(order, steps, lazy=lazy)
        self._progress = progress
        self._order, self._judge = order, judge
        self._most, self._total = most, total

    def search(self, starts: Sequence[Node], further: int | None = None) -> Frontier:
        """Explain as many events as possible, in every way, or at most ``further`` more. ``starts`` are nodes to go on
        from, all with as many events before them. Raises ``TimeUpError``."""
        layer = self.closed(self.first_layer(starts))
        count, widest, seen = self._order.certain(starts[0][0]), len(layer), 0
        cut = len(layer) > self._most
        last = self._order.total if further is None else min(self._order.total, count + further)
        while count < last and not cut:
            self._progress.tell("all runs: {:,} of {:,} events, {:,} side by side", count, last, len(layer))
            following = self.following(layer)
            if not following:
                break
            count, layer = count + 1, self.closed(following)
            widest, seen = max(widest, len(layer)), seen + len(layer)
            cut = len(layer) > self._most or (self._total is not None and seen > self._total)
        nodes = tuple(dict.fromkeys(node for node, _ in layer))
        return Frontier(count, count == self._order.total, nodes, tuple(ends_of(layer)), cut, widest)

    def first_layer(self, starts: Sequence[Node]) -> Layer:
        """The layer of the nodes from which a search goes on."""
        found: Layer = {}
        for node in starts:
            violated = 0 if self._judge is None else self._judge.at_start(node[1])
            found[node, violated] = Arrival(NOTHING, 1, node)
        return found

    def following(self, layer: Layer) -> Layer:
        """The layer after a closed one; empty if nothing explains an event more. Raises ``TimeUpError``."""
        found: Layer = {}
        for n, (judged, way) in enumerate(layer.items()):
            if n % 16 == 0:
                look_at_the_clock()
            for chosen in self._choices.certain(judged[0]):
                self._arrive(found, self._choices.after(judged[0], chosen), judged, way, chosen)
        return found

    def closed(self, layer: Layer, *, whole: bool = False) -> Layer:
        """The layer with all that events lead to which may not have happened, unless the search is lazy; with
        ``whole`` in any case. It is not complete if it has more nodes than are allowed. Raises ``TimeUpError``."""
        if not self._order.some_optional or (self._choices.lazy and not whole):
            return layer
        found: Layer = {}
        waiting: dict[int, Layer] = {}
        for judged, way in layer.items():
            waiting.setdefault(sum(judged[0][0]), {})[judged] = way
        while waiting and len(found) <= self._most:
            # Each event consumes one, so all ways to a node are known when it is its turn.
            for n, (judged, way) in enumerate(waiting.pop(min(waiting)).items()):
                if n % 16 == 0:
                    look_at_the_clock()
                found[judged] = way
                for chosen in self._choices.optional(judged[0]):
                    to = self._choices.after(judged[0], chosen)
                    self._arrive(waiting.setdefault(sum(to[0]), {}), to, judged, way, chosen)
        return found

    def _arrive(self, found: Layer, to: Node, judged: Judged, before: Arrival, way: Way) -> None:
        """Take notice of the node to which a way leads."""
        node, violated = judged
        if self._judge is not None:
            violated |= self._judge.along(node[1], [pick for _, e in way for pick in e.picks])
        more = cost_of(way)
        cost = Cost(before.cost.faults + more.faults, before.cost.hidden + more.hidden)
        other = found.get((to, violated))
        if other is None:
            found[to, violated] = Arrival(cost, before.runs, to, before, way)
            return
        other.runs += before.runs
        if cost < other.cost:
            other.cost, other.before, other.by = cost, before, way


def ends_of(layer: Layer) -> Iterator[EndOfRuns]:
    """The runs of the last layer, by what they violate."""
    by: dict[int, list[Arrival]] = {}
    for (_, violated), way in layer.items():
        by.setdefault(violated, []).append(way)
    for cheapest, violated in sorted((min(w.cost for w in ways), v) for v, ways in by.items()):
        ways = by[violated]
        first = next(w for w in ways if w.cost == cheapest)
        yield EndOfRuns(violated, sum(w.runs for w in ways), cheapest, _run_to(first))


def _run_to(way: Arrival) -> Explained:
    taken = []
    while way.before is not None:
        assert way.by is not None
        taken.append(way.by)
        way = way.before
    return explained(way.node[1], taken[::-1])
