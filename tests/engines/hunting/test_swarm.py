"""Swarms: searches differ, answers depend on the seed alone, and limits end them."""

from __future__ import annotations

from threading import Event
from typing import Any

import pytest

from planrace.checker import Options, Verdict, check, find, instance_of
from planrace.checker.engines.hunting import hunt, swarm
from planrace.checker.engines.limits import LimitGuard
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.stop import StopKind, StopReason
from tests.engines.hunting.hunted import ONE, SMALL, grid, hunted, rows


def test_answers_depend_on_the_seed_and_not_on_the_workers() -> None:
    one, two, other = (
        hunted(find("original"), workers=workers, seed=seed, runs=4, order="depth", fail_fast=True)
        for workers, seed in ((1, 1), (2, 1), (1, 2))
    )
    assert (one.findings, rows(one)) == (two.findings, rows(two))
    assert rows(one) != rows(other)
    assert len(rows(one)) == 1


def test_searches_of_a_swarm_differ() -> None:
    report = hunted(grid(100), runs=5, bit_array=2**18)
    assert [(r.order, r.bound) for r in rows(report)] == [
        ("breadth", 1000),
        ("depth", 1000),
        ("breadth", 1000),
        ("depth", 100),
        ("breadth", 1000),
    ]
    assert rows(report)[0].most < rows(report)[2].most <= rows(report)[4].most
    assert {r.states for r in (rows(report)[1], *rows(report)[4:])} == {10_000}
    assert rows(report)[2].set != rows(report)[4].set  # nothing is omitted, so the hash functions differ
    assert report.findings[0].how == "not met in 5 bitstate searches of seed 1: 5 searches were done"


def test_time_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"properties": ("active-plan-never-deleted",), "runs": 4, "order": "depth"}
    reason = StopReason(StopKind.TIME, "the time limit of 5 s was reached")
    monkeypatch.setattr(LimitGuard, "look", lambda *_: reason)
    report = check(find("fixed"), faults=["crash"], options=Options(engine="bitstate", workers=2, seed=1, **asked))
    assert report.findings[0].how == "not met in 2 bitstate searches of seed 1: the time limit of 5 s was reached"
    assert [r.stopped for r in rows(report)] == ["it was stopped", "it was stopped"]


def test_no_search_begins_after_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LimitGuard, "seconds_left", 0.0)
    report = hunted(grid(30), runs=5, time_limit=60.0)
    assert report.findings[0].how == "not met in 1 bitstate search of seed 1: the time limit of 60 s was reached"
    assert [(r.states, r.stopped) for r in rows(report)] == [(1, "it was stopped")]


def test_an_interruption_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(LimitGuard, "look", interrupted)
    asked: dict[str, Any] = {**ONE, "properties": ("active-plan-never-deleted",), "order": "depth"}
    report = check(find("fixed"), faults=["crash"], options=Options(engine="bitstate", **asked))
    assert report.interrupted
    assert report.exit_code == 130
    assert rows(report)[0].stopped == "it was stopped"


def test_no_time_to_compile_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> None:
        raise TimeUpError("the time limit of 5 s was reached")

    monkeypatch.setattr(swarm, "HuntingCode", late)
    report = hunted(grid(3))
    assert [(f.verdict, f.how) for f in report.findings] == [
        (Verdict.UNKNOWN, "not decided: the time limit of 5 s was reached")
    ]


def test_searches_of_neighbouring_seeds_differ() -> None:
    some = swarm.Swarm(instance_of(grid(3)), [], seed=1, size=2**16)
    seeds = []
    for seed in (*range(50), 2**64 - 1):
        some.seed = seed
        seeds += [plan.seed for plan in some.plans()]
    assert len(set(seeds)) == len(seeds) == 51 * swarm.SEARCHES
    first, second = (rows(hunted(grid(60), seed=seed, runs=2, order="breadth", bit_array=2**16)) for seed in (1, 2))
    assert first[1].states == second[0].states
    assert first[1].set != second[0].set


@pytest.mark.parametrize(
    ("depth", "bounds"), [(0, [0, 0, 0, 0]), (1, [1, 1, 1, 1]), (9, [9, 1, 9, 1]), (11, [11, 2, 11, 2])]
)
def test_shorter_runs_are_a_tenth_rounded_up(depth: int, bounds: list[int]) -> None:
    assert [r.bound for r in rows(hunted(grid(9), order="depth", runs=4, depth=depth))] == bounds


@pytest.mark.parametrize("workers", [1, 2])
def test_the_answer_is_that_of_the_first_search_and_not_of_the_fastest(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second search ends long before the first one."""
    ended: list[int] = []
    go, done = hunt.Hunt.go, Event()

    def slow(self: hunt.Hunt) -> hunt.Hunted:
        if self.plan.number == 1 and workers > 1:
            assert done.wait(60)
        found = go(self)
        ended.append(self.plan.number)
        if self.plan.number == 2:
            done.set()
        return found

    monkeypatch.setattr(hunt.Hunt, "go", slow)
    kinds = ("active-plan-never-deleted", "plans-never-regress")
    report = hunted(find("original"), SMALL, runs=3, workers=workers, properties=kinds)
    assert ended[:2] == ([1] if workers == 1 else [2, 1])
    assert {f.how for f in report.findings} == {"bitstate search 1 of seed 1, breadth first; not a shortest one"}
    assert len(rows(report)) == 1
