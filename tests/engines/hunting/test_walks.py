"""The two orders of a bitstate search: levels, stacks and runs are bounded, and runs to what was met are shortened."""

from __future__ import annotations

import pytest

from planrace import Protocol, Step, Term, integers, invariant, primed, step, step_invariant, update, when
from planrace.checker import Verdict, find, instance_of
from planrace.checker.engines.hunting import hunt, swarm, walks
from planrace.checker.results.bitstate import SearchOrder
from tests.engines.hunting.hunted import grid, hunted, rows


def test_levels_and_runs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(swarm, "WIDTH", 16)
    (row,) = rows(hunted(grid(40), order="breadth", depth=60))
    assert (row.most, row.bound, row.depth) == (16, 60, 60)
    assert row.states - row.dropped <= 16 * 60 + 1
    assert row.dropped > 0
    assert 0 < row.cut <= 16
    others = [rows(hunted(grid(40), order="breadth", depth=60, seed=seed))[0].states for seed in (2, 3, 4)]
    assert len({row.states, *others}) > 1  # levels keep a random sample
    (deep,) = rows(hunted(grid(40), order="depth", depth=60))
    assert deep.depth == 60
    assert deep.cut > 0
    (few,) = rows(hunted(grid(40), max_states=50))
    assert few.stopped == "the bound of 50 states was reached"


def test_states_with_more_successors_than_a_byte_tells_apart() -> None:
    p = Protocol("jumps", "a place, and how often it was left for one further on")
    place, count = p.variable("place", integers(0, 299, "place"), 0), p.variable("count", integers(0, 30, "count"), 0)

    @p.action(integers(0, 299, "place"), by="environment")
    def jump(v: Term) -> Step:
        return step(when((v > place + 8) & (count < 30)), update(place, v), update(count, count + 1))

    p.declare(invariant("short", (count < 30) | (place < 290), "30 jumps lead less far"))
    (found,) = hunted(p, order="breadth", depth=31).findings
    assert (found.verdict, found.depth) == (Verdict.VIOLATED, 30)


def test_a_full_stack_drops_states(monkeypatch: pytest.MonkeyPatch) -> None:
    bounded = walks.BitWalk._bounded
    monkeypatch.setattr(walks.BitWalk, "_bounded", lambda self, bound, _, orders: bounded(self, bound, 3, orders))
    (row,) = rows(hunted(grid(10), order="depth"))
    assert row.most == 3
    assert row.dropped > 0
    assert row.states < 100


def test_a_step_beyond_the_bound_decides_nothing() -> None:
    p = Protocol("steps", "a counter")
    x = p.variable("x", integers(0, 9, "x"), 0)

    @p.action(by="environment")
    def count() -> Step:
        return step(when(x < 9), update(x, x + 1))

    p.declare(step_invariant("no-six", primed(x) != 6, "not to 6"), invariant("no-five", x != 5, "not 5"))
    for order in ("breadth", "depth"):
        found = [f.depth for f in hunted(p, order=order, depth=5).findings]
        assert found == [None, 5]
        assert [f.depth for f in hunted(p, order=order, depth=6).findings] == [6, 5]


def test_runs_are_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    def length() -> int:
        properties = [p for p in instance.system.properties if p.name == "active-plan-never-deleted"]
        (answer,), _ = swarm.Swarm(instance, properties, seed=3, searches=1, order=SearchOrder.DEPTH, size=2**22).run()
        assert answer.recording is not None
        return len(answer.recording.moves)

    instance = instance_of(find("original"))
    short = length()
    monkeypatch.setattr(hunt, "PARTS", ())
    assert 16 <= short <= 18 < length()
