"""Tours: walks through a network that take every required arc, where going back to the start (a reset) has a price.

The cheapest tour is that of a postman who goes along arcs in their direction only (J. Edmonds, E. L. Johnson: Matching,
Euler tours and the Chinese postman, Mathematical Programming 5, 1973), where not every arc is required (the rural
postman) and resets connect the network. For tests of protocols see A. V. Aho, A. T. Dahbura, D. Lee, M. Ü. Uyar: An
optimization technique for protocol conformance test generation based on UIO sequences and rural Chinese postman tours,
IEEE Transactions on Communications 39, 1991.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

LARGE = 12_000
"""The most arcs of a network for which the cheapest tour is computed: it takes two to three seconds then."""
TRIES = 3
"""How often the way to an item is tried, if the system leaves it by itself."""


@dataclass(frozen=True)
class Network:
    """Nodes are numbered; a reset leads to one of ``starts``. ``arcs`` are pairs of nodes. ``items[a]`` is the number
    of what arc a covers, or -1: several arcs may cover the same item. ``labels[a]`` is what an arc is an example of."""

    nodes: int
    starts: Sequence[int]
    arcs: Sequence[tuple[int, int]]
    items: Sequence[int]
    labels: Sequence[object]

    @cached_property
    def out(self) -> Sequence[Sequence[int]]:
        """The arcs that leave each node."""
        found: list[list[int]] = [[] for _ in range(self.nodes)]
        for a, (u, _) in enumerate(self.arcs):
            found[u].append(a)
        return found

    @property
    def required(self) -> list[int]:
        """The arcs that cover something."""
        return [a for a, item in enumerate(self.items) if item >= 0]


@dataclass(frozen=True)
class Tour:
    """Runs, each a list of arcs that begins at a start, with a reset before each but the first. ``cheapest``: no other
    tour has a lower price for certain."""

    runs: list[list[int]]
    cheapest: bool


def postman(network: Network, reset: int = 1) -> Tour:
    """A tour that takes every required arc, and nearly always the cheapest: a step costs 1, a reset ``reset``.

    Every item must be covered by one arc only, and every required arc must be reachable. Of the arcs of the tour, the
    required ones make nodes unbalanced: more arcs enter than leave, or the other way round. A flow of the least cost
    says which arcs to repeat and where to reset, so that every node is balanced; then there is an Eulerian circuit of
    each part that hangs together. No tour costs less than the flow. A part that the flow does not reach is a run of its
    own: then the tour costs more than the flow, and another one may be cheaper (to find it is NP-hard).
    The node ``end`` stands for the end of the tour, which may be anywhere without a price; ``root`` leads to the
    starts.
    """
    import networkx

    end, hub, root = range(network.nodes, network.nodes + 3)
    required = network.required
    if not required:
        return Tour([], True)
    demand = [0] * (network.nodes + 3)
    for u, v in (*(network.arcs[a] for a in required), (end, root)):
        demand[u] += 1
        demand[v] -= 1
    flow = networkx.DiGraph()
    flow.add_nodes_from((n, {"demand": d}) for n, d in enumerate(demand))
    along: dict[tuple[int, int], int] = {}
    for a, (u, v) in enumerate(network.arcs):
        if u != v:
            along.setdefault((u, v), a)
    flow.add_edges_from((*pair, {"weight": 1}) for pair in along)
    flow.add_edges_from((n, hub, {"weight": reset}) for n in range(network.nodes))
    flow.add_edges_from((n, end, {"weight": 0}) for n in range(network.nodes))
    flow.add_edge(hub, root, weight=0)
    flow.add_edges_from((root, n, {"weight": 0}) for n in network.starts)
    _, amounts = networkx.network_simplex(flow)
    tour = networkx.MultiDiGraph()
    tour.add_edges_from((*network.arcs[a], {"arc": a}) for a in required)
    tour.add_edge(end, root, arc=None)
    for u, targets in amounts.items():
        for v, amount in targets.items():
            tour.add_edges_from((u, v, {"arc": along.get((u, v))}) for _ in range(amount))
    runs: list[list[int]] = []
    parts = list(networkx.weakly_connected_components(tour))
    for part in parts:
        way = [] if end in part else _way_to(network, part)
        first = (
            end if end in part else network.arcs[way[-1]][1] if way else next(n for n in network.starts if n in part)
        )
        circuit = networkx.eulerian_circuit(tour.subgraph(part), source=first, keys=True)
        runs += _runs(circuit, tour, (end, hub, root), way)
    return Tour(runs, len(parts) == 1)


def _way_to(network: Network, part: Collection[int]) -> list[int]:
    """The arcs of a shortest way from a start to a part of the network that the flow does not reach: a circuit."""
    came: dict[int, int | None] = dict.fromkeys(network.starts)
    queue = list(came)
    for node in queue:
        if node in part:
            break
        for a in network.out[node]:
            if network.arcs[a][1] not in came:
                came[network.arcs[a][1]] = a
                queue.append(network.arcs[a][1])
    way: list[int] = []
    while (arc := came[node]) is not None:
        way.insert(0, arc)
        node = network.arcs[arc][0]
    return way


def _runs(
    circuit: Iterator[tuple[int, int, int]], tour: object, between: tuple[int, ...], way: list[int]
) -> list[list[int]]:
    """The circuit after the way to it, without what lies between its runs."""
    runs = [way]
    for u, v, key in circuit:
        if u in between:
            runs.append([])
        elif v not in between:
            runs[-1].append(tour[u][v][key]["arc"])  # type: ignore[index]
    return [run for run in runs if run]


def price(runs: Sequence[Sequence[int]], reset: int = 1) -> int:
    """The price of a tour."""
    return sum(map(len, runs)) + reset * max(0, len(runs) - 1)


class Nearest:
    """Goes to the nearest item that is still missing, resets included; of those that are equally near it prefers the
    one whose label was covered least. It adapts itself to where the system is.

    ``missing`` are items, from which others take what was covered; ``count`` is asked how often a label was covered. An
    item whose way was tried ``TRIES`` times is given up.
    """

    def __init__(
        self,
        network: Network,
        missing: set[int],
        count: Callable[[object], int],
        chance: random.Random,
        reset: int = 1,
    ) -> None:
        self._network = network
        self._missing = missing
        self._count = count
        self._chance = chance
        self._reset = reset
        self._tries: dict[int, int] = {}
        self._way: list[int] = []
        self._at: int | None = None
        self._came, self._layers = self._from_start()
        self._layer = 0
        """No arc in a layer before this one is wanted any more."""

    def next(self, position: int | None) -> int | None:
        """The next arc from ``position``; -1 - n for a reset to the start n; None if there is nothing left. A position
        of None is unknown."""
        if self._way and position == self._at:
            return self._go()
        again = self._after_reset()
        most = None if again is None else self._reset + self._layer
        found = None if position is None else self._nearby(position, most)
        if found is not None:
            self._way = found
            return self._go()
        if again is None:
            return None
        self._way = self._chosen(again, self._came)
        self._at = self._network.arcs[self._way[-1]][0]
        return -1 - self._at

    def _go(self) -> int:
        arc = self._way.pop()
        self._at = self._network.arcs[arc][1]
        return arc

    def _from_start(self) -> tuple[dict[int, int | None], list[list[int]]]:
        """For each node the arc of a shortest way from the start, and the arcs that cover something by the distance of
        their node."""
        came: dict[int, int | None] = dict.fromkeys(self._network.starts)
        nodes, layers = list(came), []
        while nodes:
            arcs = [a for n in nodes for a in self._network.out[n]]
            layers.append([a for a in arcs if self._network.items[a] >= 0])
            nodes = []
            for a in arcs:
                there = self._network.arcs[a][1]
                if there not in came:
                    came[there] = a
                    nodes.append(there)
        return came, layers

    def _after_reset(self) -> list[int] | None:
        """The arcs nearest to the start that are wanted; None if there is none."""
        while self._layer < len(self._layers):
            arcs = self._layers[self._layer] = [a for a in self._layers[self._layer] if self._wanted(a)]
            if arcs:
                return arcs
            self._layer += 1
        return None

    def _nearby(self, position: int, most: int | None) -> list[int] | None:
        """The way to the nearest arc that is wanted, the last arc first; None if none is within ``most`` steps."""
        came: dict[int, int | None] = {position: None}
        nodes, depth = [position], 0
        while nodes and (most is None or depth <= most):
            arcs = [a for n in nodes for a in self._network.out[n]]
            goals = [a for a in arcs if self._wanted(a)]
            if goals:
                return self._chosen(goals, came)
            nodes = []
            for a in arcs:
                there = self._network.arcs[a][1]
                if there not in came:
                    came[there] = a
                    nodes.append(there)
            depth += 1
        return None

    def _wanted(self, arc: int) -> bool:
        item = self._network.items[arc]
        return item in self._missing and self._tries.get(item, 0) < TRIES

    def _chosen(self, goals: list[int], came: dict[int, int | None]) -> list[int]:
        """The way to one of the arcs, the last arc first."""
        counts = {label: self._count(label) for label in {self._network.labels[a] for a in goals}}
        least = min(counts.values())
        goal = self._chance.choice([a for a in goals if counts[self._network.labels[a]] == least])
        item = self._network.items[goal]
        self._tries[item] = self._tries.get(item, 0) + 1
        way, node = [goal], self._network.arcs[goal][0]
        while (arc := came[node]) is not None:
            way.append(arc)
            node = self._network.arcs[arc][0]
        return way


@dataclass
class Planned:
    """Goes along runs that are known before. A run that the system leaves is not continued."""

    network: Network
    runs: Iterator[Sequence[int]]
    _rest: list[int] = field(default_factory=list)

    def next(self, position: int | None) -> int | None:
        """As ``Nearest.next``."""
        if self._rest and position == self.network.arcs[self._rest[-1]][0]:
            return self._rest.pop()
        run = next(self.runs, None)
        if run is None:
            return None
        self._rest = list(reversed(run))
        return -1 - self.network.arcs[run[0]][0]
