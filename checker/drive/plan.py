"""What a criterion asks for, as a network whose arcs have to be taken, and how many of its items were covered."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from planrace.checker.drive.model_steps import ControlledGraph
from planrace.checker.drive.tour import LARGE, Nearest, Network, Planned, postman
from planrace.checker.engines.limits import timed
from planrace.checker.results.driving import Criterion, PlanMethod
from planrace.checker.results.wording import counted
from planrace.model.language import ModelError

MOST = 1_000_000
"""The most items that are covered: pairs of steps, or runs."""
Strategy: TypeAlias = "Planned | Nearest"


@dataclass
class Coverable:
    """What is to be covered. ``takes[a]`` is the arc of the graph that arc a of the network performs. ``labels`` counts
    how often each action and outcome was performed."""

    graph: ControlledGraph
    network: Network
    takes: Sequence[int]
    total: int
    covered: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    taken: set[int] = field(default_factory=set)
    """The arcs of the graph that were performed."""
    labels: Counter[object] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.missing = {i for i in self.network.items if i >= 0}

    def took(self, arc: int) -> int:
        """Count an arc of the network that was performed for certain; returns the node it leads to."""
        self.labels[self.network.labels[arc]] += 1
        self.taken.add(self.takes[arc])
        if self.network.items[arc] in self.missing:
            self.missing.remove(self.network.items[arc])
            self.covered.add(self.network.items[arc])
        return self.network.arcs[arc][1]

    @property
    def performed(self) -> int:
        """How many items were covered."""
        return len(self.covered)


def coverable(graph: ControlledGraph, criterion: Criterion, length: int | None) -> Coverable:
    """What a criterion asks for; ``length`` is the number of steps of its runs. Raises ``ModelError`` if it is too
    much."""
    match criterion:
        case Criterion.PAIRS:
            return _pairs(graph)
        case Criterion.RUNS:
            return _runs(graph, length or 1)
    states = _states(graph)
    if criterion is Criterion.TRANSITIONS:
        return Coverable(graph, states, range(len(graph.arcs)), len(graph.arcs))
    kinds = {label: n for n, label in enumerate(dict.fromkeys(states.labels))}
    classes = [kinds[label] for label in states.labels]
    return Coverable(graph, replace(states, items=classes), range(len(graph.arcs)), len(kinds))


def _states(graph: ControlledGraph) -> Network:
    """States and transitions."""
    arcs = [(a.source, a.target) for a in graph.arcs]
    return Network(len(graph.states), range(graph.starts), arcs, range(len(arcs)), [a.label for a in graph.arcs])


def _pairs(graph: ControlledGraph) -> Coverable:
    """Nodes are transitions, and arcs lead from one to the next; the starts are nodes of their own. A first step counts
    as an item only if no step follows it."""
    starts = range(len(graph.arcs), len(graph.arcs) + graph.starts)
    many = sum(len(graph.out[a.target]) for a in graph.arcs)
    _check(many, "pairs of steps", "cover transitions")
    arcs: list[tuple[int, int]] = []
    takes: list[int] = []
    items: list[int] = []
    for n, start in enumerate(starts):
        for a in graph.out[n]:
            arcs.append((start, a))
            takes.append(a)
            items.append(-1 if graph.out[graph.arcs[a].target] else len(items))
    for a, arc in enumerate(timed(graph.arcs)):
        for b in graph.out[arc.target]:
            arcs.append((a, b))
            takes.append(b)
            items.append(len(items))
    labels = [graph.arcs[a].label for a in takes]
    return Coverable(graph, Network(starts.stop, starts, arcs, items, labels), takes, sum(i >= 0 for i in items))


def _runs(graph: ControlledGraph, length: int) -> Coverable:
    """Trees of all runs of at most ``length`` steps: their nodes are runs, and each is an item."""
    starts = range(graph.starts)
    layer, total = Counter(starts), 0
    for _ in range(length):
        following: Counter[int] = Counter()
        for n, many in layer.items():
            for a in graph.out[n]:
                following[graph.arcs[a].target] += many
        layer = following
        total += sum(layer.values())
        _check(total, f"runs of at most {counted(length, 'step')}", "cover shorter runs, or transitions")
    arcs: list[tuple[int, int]] = []
    takes: list[int] = []
    leaves = [(n, n) for n in starts]
    for _ in range(length):
        following_leaves = []
        for node, state in timed(leaves):
            for a in graph.out[state]:
                arcs.append((node, len(starts) + len(arcs)))
                takes.append(a)
                following_leaves.append((arcs[-1][1], graph.arcs[a].target))
        leaves = following_leaves
    labels = [graph.arcs[a].label for a in takes]
    return Coverable(graph, Network(len(starts) + len(arcs), starts, arcs, range(len(arcs)), labels), takes, total)


def _check(many: int, what: str, remedy: str) -> None:
    if many > MOST:
        raise ModelError(f"there are {many:,} {what}, too many to cover", remedy=f"{remedy}, or take smaller sizes")


def strategies(
    what: Coverable, criterion: Criterion, seed: int, reset: int, *, sampled: bool
) -> tuple[PlanMethod, Iterator[Strategy]]:
    """How to go on until everything is covered: strategies one after another, and the name of the first. ``sampled``:
    a budget may end it early, so the least covered comes first."""
    chance = random.Random(seed)

    def nearest() -> Nearest:
        return Nearest(what.network, what.missing, lambda label: what.labels[label], chance, reset)

    if criterion is Criterion.RUNS:
        runs = branches(what.network)
        if sampled:
            chance.shuffle(runs)
        return PlanMethod.TREE, iter([Planned(what.network, iter(runs))])
    if criterion is Criterion.OUTCOMES or sampled or len(what.network.arcs) > LARGE:
        return PlanMethod.NEAREST, iter([nearest()])

    tour = postman(what.network, reset)
    method = PlanMethod.POSTMAN if tour.cheapest else PlanMethod.TOUR
    return method, iter([Planned(what.network, iter(tour.runs)), nearest()])  # then what the system left by itself


def branches(network: Network) -> list[list[int]]:
    """The runs from the roots of trees to their leaves, without leaves that cover nothing."""
    into = {v: a for a, (_, v) in enumerate(network.arcs)}
    found = []
    for node in range(network.nodes):
        if network.out[node] or node in network.starts or network.items[into[node]] < 0:
            continue
        run, at = [], node
        while at not in network.starts:
            run.append(into[at])
            at = network.arcs[into[at]][0]
        found.append(run[::-1])
    return found
