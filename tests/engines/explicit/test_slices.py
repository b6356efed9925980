"""Loops over graphs check the clock after a fixed number of steps, however large the graph; their results are the
same."""

from __future__ import annotations

from random import Random
from typing import Any

import networkx as nx
import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.transition_graph import Graph, graph
from planrace.checker.engines.limits import until
from planrace.checker.engines.native import graph as native_graphs
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.temporal import components, liveness
from planrace.checker.engines.temporal import rows as arrays
from planrace.checker.engines.temporal.components import Components
from planrace.checker.engines.temporal.liveness import LivenessChecker
from planrace.checker.engines.temporal.rows import OUTSIDE, loops, pieces, zeros
from planrace.checker.results.guard import TimeUpError
from planrace.model.language import Protocol, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import leads_to


def rows(moves: list[list[int]]) -> tuple[Any, Any]:
    offsets, targets = zeros("I", len(moves) + 1), zeros("I", sum(map(len, moves)) + 1)
    at = 0
    for n, some in enumerate(moves):
        for t in some:
            targets[at] = t
            at += 1
        offsets[n + 1] = at
    return offsets, targets


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("most", [1, 2, 7, 10**6])
def test_components_that_are_found_in_slices(most: int, native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LARGE", 0 if native else 10**9)
    chance = Random(most)
    for size in (1, 5, 40):
        moves = [[chance.randrange(size) for _ in range(chance.choice((0, 1, 1, 3)))] for _ in range(size)]
        region = zeros("B", size)
        for n in range(size):
            region[n] = chance.random() < 0.9
        known = nx.DiGraph([(n, t) for n in range(size) for t in moves[n] if region[n] and region[t]])
        known.add_nodes_from(n for n in range(size) if region[n])
        number, *walk = (zeros("I", size + 1) for _ in range(4))
        state, slices, around = zeros("I", 4), 0, [(size // 2, size), (0, size // 2)]
        for n in range(size):
            number[n] = 0 if region[n] else OUTSIDE
        for first, last in around:
            state[0] = first
            while loops(size)("components", state, last, most, size + 1, *rows(moves), number, *walk):
                slices += 1
        assert slices if most == 1 and size == 40 else slices >= 0
        found: dict[int, set[int]] = {}
        for n in range(size):
            if region[n]:
                found.setdefault(number[n], set()).add(n)
        wanted = {frozenset(c) for c in nx.strongly_connected_components(known)}
        assert {frozenset(c) for c in found.values()} == wanted
        assert set(found) == {size + 1 - k for k in range(state[1])}


@pytest.mark.parametrize("native", [False, True])
def test_no_cycle_leads_to_what_is_trimmed(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LARGE", 0 if native else 10**9)
    monkeypatch.setattr(components, "WALKED", 2)
    chance = Random(1)
    trimmed = 0
    for _ in range(40):
        size = chance.randrange(1, 30)
        moves = [[chance.randrange(size) for _ in range(chance.choice((0, 1, 1, 2)))] for _ in range(size)]
        offsets, targets = rows(moves)
        made = Graph(size, offsets, targets, zeros("H", len(targets)), zeros("B", size), [[(0, size)]], [], int)
        finder = Components(made, zeros("B", 1), zeros("B", size))
        region = zeros("B", size)
        for n in range(size):
            region[n] = chance.random() < 0.8
        number, queue, state = (zeros("I", size + 1) for _ in range(3))
        found = finder._trim(region, [(0, size // 2), (size // 2, size)], number, queue, state)
        known = nx.DiGraph([(n, t) for n in range(size) for t in moves[n] if region[n] and region[t]])
        cycles = [c for c in nx.strongly_connected_components(known) if len(c) > 1 or known.has_edge(*c, *c)]
        onward = {t for c in cycles for t in (*c, *nx.descendants(known, next(iter(c))))}
        alone = [n for n in range(size) if region[n] and n not in onward]
        assert sorted(number[n] for n in alone) == list(range(size + 2 - found, size + 2))
        assert {number[n] for n in onward} <= {0}
        assert all(number[n] == OUTSIDE for n in range(size) if not region[n])
        trimmed += len(alone)
    assert trimmed > 100


@pytest.mark.parametrize("native", [False, True])
def test_components_come_in_the_order_of_levels_and_states(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those with a state where the goal fails, and where a run can stay: by a step inside, or with no fair step."""
    monkeypatch.setattr(arrays, "LARGE", 0 if native else 10**9)
    chance, several, resting = Random(2), 0, 0
    for _ in range(40):
        size = chance.randrange(8, 40)
        moves = [[chance.randrange(size) for _ in range(chance.choice((0, 1, 1, 2)))] for _ in range(size)]
        offsets, targets = rows(moves)
        labels, fair, bad, region = zeros("H", len(targets)), zeros("B", 3), zeros("B", size), zeros("B", size)
        for k in range(len(targets)):
            labels[k] = chance.randrange(3)
        fair[0] = 1
        for n in range(size):
            region[n], bad[n] = chance.random() < 0.9, chance.random() < 0.6
        packed = chance.sample(range(1000), size)
        levels = [[(size // 2, size)], [(0, size // 4), (size // 4, size // 2)]]
        made = Graph(size, offsets, targets, labels, zeros("B", size), levels, [], packed.__getitem__)
        inside = nx.DiGraph([(n, t) for n in range(size) for t in moves[n] if region[n] and region[t]])
        inside.add_nodes_from(n for n in range(size) if region[n])
        wanted = []
        for c in map(frozenset, nx.strongly_connected_components(inside)):
            rests = not any(fair[labels[k]] for n in c for k in range(offsets[n], offsets[n + 1]))
            loops_ = any(t in c for n in c for t in inside[n])
            if any(bad[n] for n in c) and (rests or loops_):
                level = min(n < size // 2 for n in c)
                wanted.append((level, min(packed[n] for n in c if (n < size // 2) == level), c))
                several, resting = several + (len(c) > 1), resting + (not loops_)
        finder = Components(made, fair, bad)
        assert [c.members for c in finder.of(region, levels)] == [c for *_, c in sorted(wanted)]
        some = [n for n in range(size) if region[n]]
        nearest = sorted((c for *_, c in wanted), key=lambda c: min(packed[n] for n in c))
        assert [c.members for c in finder.within(some)] == nearest
    assert several > 20
    assert resting > 20


def test_pieces_have_so_many_steps_not_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "PIECE", 12)
    assert list(pieces([(0, 7), (9, 10)], 4)) == [(0, 3), (3, 6), (6, 7), (9, 10)]
    assert list(pieces([(5, 7)], 100)) == [(5, 6), (6, 7)]
    with pytest.raises(TimeUpError), until(0.0):
        list(pieces([(0, 1)], 1))


def ring(n: int) -> Protocol:
    """A number that anybody may set; it comes to 0 again and again only if nobody hinders it."""
    protocol = Protocol("ring")
    number = integers(0, n)
    at, left = protocol.variable("at", number, 0), protocol.variable("left", number, n)

    @protocol.action(number, by="anybody", fairness="weak")
    def put(v: Any) -> Step:
        return step(when(at != v, left > 0), update(at, v), update(left, left - 1))

    @protocol.action(by="time", fairness="strong")
    def wind() -> Step:
        return step(when(left == 0), update(left, n))

    protocol.declare(leads_to("back", at == 1, at == 0, "it comes back"))
    return protocol


@pytest.mark.parametrize("native", [False, True])
def test_answers_do_not_depend_on_slices(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = ring(12).system().instance()
    (p,) = instance.system.properties

    def answer() -> Any:
        if native:
            monkeypatch.setattr(arrays, "LARGE", 0)
            search: Any = NativeSearch(instance, [], exhaustive=True, keep=True, workers=2)
        else:
            search = Search(instance, [], exhaustive=True)
        search.run()
        found = LivenessChecker(search, native_graph if native else graph).answer(p)
        assert found.recording is not None
        return found.verdict, found.loop, [(m.action.name, m.choice) for m in found.recording.moves]

    whole = answer()
    monkeypatch.setattr(components, "WALKED", 5)
    monkeypatch.setattr(liveness, "SEEN", 1)
    monkeypatch.setattr(arrays, "PIECE", 3)
    monkeypatch.setattr(native_graphs, "BATCH", 1)
    monkeypatch.setattr(native_graphs, "PIECE", 10)
    assert answer() == whole


def test_the_search_for_components_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a graph of one component the clock is checked in the middle of it."""
    monkeypatch.setattr(components, "WALKED", 10)
    looks: list[str] = []
    monkeypatch.setattr(components, "look_at_the_clock", lambda: looks.append("here"))
    instance = ring(12).system().instance()
    search = Search(instance, [], exhaustive=True)
    search.run()
    made = graph(search, list(instance.system.actions), ())
    finder = liveness._Finder(made, "leads to", instance.system, search.run_to)
    assert list(finder._components.of(bytes([1]) * finder.size, made.levels))
    assert len(looks) > len(made.targets) // 10


@pytest.mark.parametrize("native", [False, True])
def test_trimming_is_cut(native: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a graph without cycles all states are trimmed, and the clock is checked meanwhile."""
    monkeypatch.setattr(arrays, "LARGE", 0 if native else 10**9)
    monkeypatch.setattr(components, "WALKED", 10)
    size = 200
    offsets, targets = rows([[n + 1] for n in range(size - 1)] + [[]])
    made = Graph(size, offsets, targets, zeros("H", len(targets)), zeros("B", size), [[(0, size)]], [], int)
    finder = Components(made, zeros("B", 1), zeros("B", size))
    looks: list[str] = []
    monkeypatch.setattr(components, "look_at_the_clock", lambda: looks.append("here"))
    number, queue, state = (zeros("I", size + 1) for _ in range(3))
    assert finder._trim(bytearray([1]) * size, [(0, size)], number, queue, state) == size
    assert len(looks) >= 2 * size // 10 - 1

    def up() -> None:
        raise TimeUpError("the time is up")

    monkeypatch.setattr(components, "look_at_the_clock", up)
    number, queue, state = (zeros("I", size + 1) for _ in range(3))
    with pytest.raises(TimeUpError):
        finder._trim(bytearray([1]) * size, [(0, size)], number, queue, state)


def test_code_is_kept_under_all_that_it_is_made_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "LARGE", 0)
    offsets, region, number = zeros("I", 2), zeros("B", 1), zeros("I", 1)
    for outside in (OUTSIDE, OUTSIDE - 1):
        monkeypatch.setattr(arrays, "OUTSIDE", outside)
        loops(len(offsets))("opened", 0, 1, region, number)
        assert number[0] == outside
