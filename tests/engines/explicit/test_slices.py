"""Loops over graphs check the clock after a fixed number of steps, however large the graph; their results are the
same."""

from __future__ import annotations

from random import Random
from typing import Any

import networkx as nx
import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.limits import until
from planrace.checker.engines.native import graph as native_graphs
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.temporal import liveness
from planrace.checker.engines.temporal import rows as arrays
from planrace.checker.engines.temporal.liveness import LivenessChecker
from planrace.checker.engines.temporal.rows import loops, pieces, zeros
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
        component, order, low, *walk = (zeros("I", size + 1) for _ in range(6))
        state, slices = zeros("I", 4), 0
        for first, last in ((size // 2, size), (0, size // 2)):
            state[0] = first
            while loops(size)("components", state, last, most, region, *rows(moves), order, low, component, *walk):
                slices += 1
        assert slices if most == 1 and size == 40 else slices >= 0
        found: dict[int, set[int]] = {}
        for n in range(size):
            if region[n]:
                found.setdefault(component[n], set()).add(n)
        wanted = {frozenset(c) for c in nx.strongly_connected_components(known)}
        assert {frozenset(c) for c in found.values()} == wanted
        assert state[1] == len(wanted)
        assert 0 not in found


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
    monkeypatch.setattr(liveness, "WALKED", 5)
    monkeypatch.setattr(liveness, "SEEN", 1)
    monkeypatch.setattr(arrays, "PIECE", 3)
    monkeypatch.setattr(native_graphs, "BATCH", 1)
    monkeypatch.setattr(native_graphs, "PIECE", 10)
    assert answer() == whole


def test_the_search_for_components_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a graph of one component the clock is checked in the middle of it."""
    monkeypatch.setattr(liveness, "WALKED", 10)
    looks: list[str] = []
    monkeypatch.setattr(liveness, "look_at_the_clock", lambda: looks.append("here"))
    instance = ring(12).system().instance()
    search = Search(instance, [], exhaustive=True)
    search.run()
    made = graph(search, list(instance.system.actions), ())
    finder = liveness._Finder(made, "leads to", instance.system, search.run_to)
    assert list(finder._components(bytes([1]) * finder.size, made.levels))
    assert len(looks) > len(made.targets) // 10
