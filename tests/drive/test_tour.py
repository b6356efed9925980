"""Tours: the cheapest one is as cheap as a search through all of them says; every strategy takes every item."""

from __future__ import annotations

import heapq
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from planrace.checker.drive.model_steps import ModelSteps, controlled_graph
from planrace.checker.drive.plan import Coverable, coverable, strategies
from planrace.checker.drive.tour import Nearest, Network, Tour, postman, price
from planrace.checker.results.driving import Criterion, PlanMethod
from planrace.model.language import ModelError
from tests.drive.gate import protocol

ARCS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6)


STARTS = st.sampled_from([(0,), (0, 1), (2, 0, 3)])


def network(arcs: list[tuple[int, int]], required: list[bool], starts: tuple[int, ...]) -> Network:
    """The part that is reachable from the starts."""
    there = set(starts)
    for _ in arcs:
        there |= {v for u, v in arcs if u in there}
    kept = [(a, r) for a, r in zip(arcs, required, strict=True) if a[0] in there]
    items = [n if r else -1 for n, (_, r) in enumerate(kept)]
    return Network(4, starts, [a for a, _ in kept], items, [None] * len(kept))


def cheapest(net: Network, reset: int) -> int:
    """The price of the cheapest tour, by trying all."""
    goal = frozenset(net.required)
    queue: list[tuple[int, int, tuple[int, ...]]] = [(0, n, ()) for n in net.starts]
    seen: dict[tuple[int, frozenset[int]], int] = {}
    while queue:
        cost, node, done = heapq.heappop(queue)
        if frozenset(done) == goal:
            return cost
        if seen.setdefault((node, frozenset(done)), cost) < cost:
            continue
        for n in net.starts:
            heapq.heappush(queue, (cost + reset, n, done)) if node != n else None
        for a in net.out[node]:
            more = tuple(sorted({*done, a} & goal))
            key = net.arcs[a][1], frozenset(more)
            if seen.get(key, cost + 2) > cost + 1:
                heapq.heappush(queue, (cost + 1, net.arcs[a][1], more))
    raise AssertionError("no tour")


def check_runs(net: Network, runs: list[list[int]]) -> None:
    """Each begins at a start and is connected; together they take what is required."""
    for run in runs:
        at = net.arcs[run[0]][0]
        assert at in net.starts
        for a in run:
            assert net.arcs[a][0] == at
            at = net.arcs[a][1]
    assert set(net.required) <= {a for run in runs for a in run}


@settings(max_examples=80, deadline=None)
@given(ARCS, st.integers(1, 4), STARTS)
def test_the_postmans_tour_is_a_cheapest_one_where_everything_is_required(
    arcs: list[tuple[int, int]], reset: int, starts: tuple[int, ...]
) -> None:
    net = network(arcs, [True] * len(arcs), starts)
    assume(net.required)
    tour = postman(net, reset)
    check_runs(net, tour.runs)
    assert price(tour.runs, reset) >= cheapest(net, reset)
    assert price(tour.runs, reset) == cheapest(net, reset) or not tour.cheapest
    assert tour.cheapest or len(starts) > 1  # what one start does not lead to is not in the network


@settings(max_examples=150, deadline=None)
@given(ARCS, st.lists(st.booleans(), min_size=6, max_size=6), st.integers(0, 4), STARTS)
def test_the_nearest_comes_to_everything(
    arcs: list[tuple[int, int]], required: list[bool], reset: int, starts: tuple[int, ...]
) -> None:
    net = network(arcs, required[: len(arcs)], starts)
    missing = {i for i in net.items if i >= 0}
    nearest = Nearest(net, missing, lambda _: 0, random.Random(1), reset)
    at = net.starts[0]
    for _ in range(200):
        arc = nearest.next(at)
        if arc is None:
            break
        if arc < 0:
            at = -1 - arc
            assert at in net.starts
            continue
        assert net.arcs[arc][0] == at
        missing.discard(net.items[arc])
        at = net.arcs[arc][1]
    assert not missing


def test_an_expensive_reset_is_avoided() -> None:
    """Two arcs out of the start, and a long way back from the end of the first."""
    net = Network(4, (0,), [(0, 1), (0, 2), (1, 3), (3, 0)], [0, 1, -1, -1], [None] * 4)
    assert len(postman(net, reset=1).runs) == 2
    assert len(postman(net, reset=5).runs) == 1


def test_a_circuit_that_the_flow_does_not_reach_is_a_run() -> None:
    """The way to it need not be taken, so that nothing leads there: pairs of steps of a model that goes round."""
    for way in ([(0, 1)], [(0, 3), (3, 1)]):
        net = Network(4, (0,), [*way, (1, 2), (2, 1)], [*(-1 for _ in way), 0, 1], [None] * (len(way) + 2))
        assert postman(net) == Tour([[*range(len(way)), len(way), len(way) + 1]], False)


def test_a_tour_in_parts_is_not_called_the_cheapest() -> None:
    """Two starts: the flow leaves one of them out, and the circuit there costs a step more than to end in it."""
    tour = postman(Network(4, (0, 1), [(0, 3), (1, 2), (1, 2), (2, 1)], [0, 1, 2, 3], [None] * 4), 2)
    assert not tour.cheapest


# Criteria ------------------------------------------------------------------------------------------------------------
def followed(what: Coverable, criterion: Criterion, *, sampled: bool) -> PlanMethod:
    """Follow the strategies as a system would that does everything right."""
    method, several = strategies(what, criterion, 1, 1, sampled=sampled)
    for strategy in several:
        at = what.network.starts[0]
        while (arc := strategy.next(at)) is not None:
            if arc < 0:
                at = -1 - arc
            else:
                assert what.network.arcs[arc][0] == at
                at = what.took(arc)
    return method


@pytest.mark.parametrize("sampled", [False, True])
@pytest.mark.parametrize("criterion", [c for c in Criterion if c is not Criterion.GIVEN])
def test_every_criterion_is_covered_completely(criterion: Criterion, sampled: bool) -> None:
    steps = ModelSteps(protocol.system().instance(), protocol.actions)
    graph = controlled_graph(steps, 1000)
    what = coverable(graph, criterion, 4)
    followed(what, criterion, sampled=sampled)
    assert what.performed == what.total > 0
    assert not what.missing
    if criterion is Criterion.TRANSITIONS:
        assert what.total == len(graph.arcs) == sum(len(steps.of(s).controlled) for s in graph.states)
    if criterion is Criterion.OUTCOMES:
        assert what.total == 4  # turn jammed, turn opened, take, blow
    if criterion is Criterion.PAIRS:
        pairs = {(a, b) for a in graph.arcs for b in graph.arcs if a.target == b.source}
        first = [a for a in graph.arcs if a.source == 0 and not graph.out[a.target]]
        assert what.total == len(pairs) + len(first)


def test_runs_are_all_runs() -> None:
    steps = ModelSteps(protocol.system().instance(), protocol.actions)

    def count(state: object, left: int) -> int:
        after = [t for _, t in steps.of(state).controlled.values()] if left else []  # type: ignore[arg-type]
        return sum(1 + count(t, left - 1) for t in after)

    what = coverable(controlled_graph(steps, 1000), Criterion.RUNS, 3)
    assert what.total == count(steps.initials[0], 3)


def test_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = ModelSteps(protocol.system().instance(), protocol.actions)
    with pytest.raises(ModelError, match="more than 3 states, too many to cover"):
        controlled_graph(steps, 3)
    graph = controlled_graph(steps, 1000)
    monkeypatch.setattr("planrace.checker.drive.plan.MOST", 10)
    for criterion in (Criterion.PAIRS, Criterion.RUNS):
        with pytest.raises(ModelError, match="too many to cover"):
            coverable(graph, criterion, 9)


def test_a_large_graph_is_covered_by_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planrace.checker.drive.plan.LARGE", 3)
    graph = controlled_graph(ModelSteps(protocol.system().instance(), protocol.actions), 1000)
    what = coverable(graph, Criterion.TRANSITIONS, None)
    assert followed(what, Criterion.TRANSITIONS, sampled=False) is PlanMethod.NEAREST
    assert what.performed == what.total
