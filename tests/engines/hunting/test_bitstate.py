"""Bitstate search: what it meets is there, what it counts is exact where nothing is omitted, and what it omits is as
much as the formula says."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from planrace import If, Protocol, Step, Term, integers, invariant, primed, step, step_invariant, update, when
from planrace.checker import Options, Report, Verdict, check, find, instance_of
from planrace.checker.cli.main import run
from planrace.checker.engines.hunting import hunt, swarm, walks
from planrace.checker.engines.limits import LimitGuard
from planrace.checker.report.json.read import report_of
from planrace.checker.report.json.write import render_json
from planrace.checker.results.bitstate import Bitstate, BitstateSearch, SearchOrder, omission
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.run.request import Given
from planrace.model.language import ModelError

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
ONE: dict[str, Any] = {"seed": 1, "runs": 1, "workers": 1, "bit_array": 2**22}


def hunted(subject: Given, sizes: Mapping[str, int] | None = None, **options: Any) -> Report:
    return check(subject, sizes, options=Options(engine="bitstate", **{**ONE, **options}))


def rows(report: Report) -> tuple[BitstateSearch, ...]:
    assert report.exploration is not None
    assert report.exploration.bitstate is not None
    return report.exploration.bitstate.searches


def grid(side: int, *, round_: bool = False) -> Protocol:
    """Two counters: ``side``² states. If they start again after the last number, there are two ways to each state."""
    p = Protocol("grid", "two counters")
    x, y = (p.variable(n, integers(0, side - 1, n), 0) for n in "xy")

    def move(place: Term) -> Step:
        last = place == side - 1
        return step(*([] if round_ else [when(~last)]), update(place, If(last, 0, place + 1)))

    @p.action(by="environment")
    def right() -> Step:
        return move(x)

    @p.action(by="environment")
    def up() -> Step:
        return move(y)

    p.declare(invariant("bounded", x + y < 2 * side, "true"))
    return p


@pytest.mark.parametrize("order", ["breadth", "depth"])
@pytest.mark.parametrize("symmetry", [False, True])
def test_counts_are_exact_where_nothing_is_omitted(order: str, symmetry: bool) -> None:
    fixed = find("fixed")
    names = ("active-plan-never-deleted", "plans-never-regress")
    exact = check(fixed, SMALL, options=Options(engine="explicit", properties=names, symmetry=symmetry)).exploration
    (row,) = rows(hunted(fixed, SMALL, properties=names, symmetry=symmetry, order=order))
    assert exact is not None
    assert exact.complete
    assert (row.states, row.transitions, row.dropped, row.cut) == (exact.states, exact.transitions, 0, 0)
    assert row.stopped == "no state was left"
    assert row.depth == exact.depth if order == "breadth" else row.depth > exact.depth


def test_it_leaves_out_variables_and_takes_normal_forms() -> None:
    asked: dict[str, Any] = {"properties": ("plans-never-regress",), "symmetry": False}
    states = set()
    for normalise in (None, "generation"):
        plain = check(
            find("fixed"), SMALL, options=Options(engine="explicit", normalise=normalise, **asked)
        ).exploration
        ours = hunted(find("fixed"), SMALL, normalise=normalise, order="depth", **asked).exploration
        assert plain is not None
        assert ours is not None
        assert (ours.states, ours.normalised) == (plain.states, normalise)
        states.add(ours.states)
    assert len(states) == 2
    original = hunted(find("original"), SMALL, **asked).exploration
    assert original is not None
    assert original.sliced == ("empty", "rollback")


@pytest.mark.parametrize("order", ["breadth", "depth"])
def test_violations_are_found_and_what_is_not_found_is_unknown(order: str) -> None:
    kinds = ("active-plan-never-deleted", "plans-never-regress", "rollback-target-exists", "cleanup-deletes")
    exact = check(find("original"), SMALL, options=Options(engine="explicit", properties=kinds))
    report = hunted(find("original"), SMALL, properties=kinds, order=order)
    assert [f.verdict for f in report.findings] == [f.verdict for f in exact.findings]
    for found, least in zip(report.findings, exact.findings, strict=True):
        assert found.depth is not None
        assert least.depth is not None
        assert found.depth >= least.depth
        assert "not a shortest one" in found.how
    fixed = hunted(find("fixed"), SMALL, order=order)
    assert {f.verdict for f in fixed.findings} == {Verdict.UNKNOWN, Verdict.HOLDS}
    assert [f.name for f in fixed.findings if f.verdict is Verdict.HOLDS] == ["cleanup-deletes"]
    assert fixed.exploration is not None
    assert not fixed.exploration.complete
    assert fixed.exit_code == 3


@pytest.mark.parametrize("order", ["breadth", "depth"])
def test_what_is_omitted_is_as_much_as_the_formula_says(order: str) -> None:
    report = hunted(grid(300, round_=True), bit_array=2**16, order=order, depth=10**6)
    (row,) = rows(report)
    assert (row.dropped, row.cut) == (0, 0)
    assert report.exploration is not None
    assert report.exploration.bitstate is not None
    expected = 300**2 * report.exploration.bitstate.omission(row)
    assert 1000 < expected < 3000
    assert abs(300**2 - row.states - expected) < 5 * expected**0.5
    assert row.set == pytest.approx(2**19 * (1 - (1 - 2**-19) ** (3 * 300**2)), rel=0.01)


def test_the_formula_is_the_average_over_the_states() -> None:
    bits, hashes, states = 5_000, 3, 1_200
    filled = 1 - (1 - 1 / bits) ** (hashes * states)
    one_by_one = sum((1 - (1 - 1 / bits) ** (hashes * n)) ** hashes for n in range(states)) / states
    assert omission(filled, hashes) == pytest.approx(one_by_one, rel=0.01)
    assert [omission(0.0, 3), omission(1.0, 3)] == [0.0, 1.0]
    assert omission(1e-6, 3) == pytest.approx(1e-18 / 4, rel=1e-3)
    b = Bitstate(bits, hashes, ())
    assert b.last(row(set=2_500)) == 0.125


def row(**given: Any) -> BitstateSearch:
    (some,) = rows(hunted(grid(3)))
    return replace(some, **given)


def test_a_search_ends_when_half_of_the_bits_are_set() -> None:
    (row,) = rows(hunted(grid(600), bit_array=2**16, order="depth", depth=5_000))
    assert row.stopped == "half of the bits were set"
    assert 2**18 <= row.set < 2**18 + 2**17


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


def test_a_value_out_of_range_is_an_error_unless_it_is_decided_already() -> None:
    p = Protocol("quotients", "a counter")
    x = p.variable("x", integers(0, 9, "x"), 0)

    @p.action(by="environment")
    def count() -> Step:
        return step(when(x < 9), update(x, x + 1))

    p.declare(invariant("whole", 10 // (3 - x) < 20, "an error at 3"), invariant("small", x < 20, "true"))
    with pytest.raises(ModelError, match="count"):
        hunted(p)
    q = Protocol("decided", "a counter")
    y = q.variable("y", integers(0, 9, "y"), 0)

    @q.action(by="environment")
    def again() -> Step:
        return step(when(y < 9), update(y, y + 1))

    q.declare(invariant("whole", (y != 2) & (10 // (3 - y) < 20), "violated at 2"), invariant("small", y < 20, "true"))
    report = hunted(q)
    assert [f.verdict for f in report.findings] == [Verdict.VIOLATED, Verdict.UNKNOWN]
    assert (rows(report)[0].dropped, rows(report)[0].states) == (0, 10)


def test_json_has_each_search_and_is_read_back() -> None:
    report = hunted(find("original"), SMALL, runs=2)
    data = json.loads(render_json(report))["exploration"]["bitstate"]
    assert data["bits"] == 2**25
    assert data["searches"][0]["omission"] < data["searches"][0]["omission_at_end"] < 1e-6
    again = report_of(json.loads(render_json(report)))
    assert again.exploration is not None
    assert again.exploration.bitstate == report.exploration.bitstate  # type: ignore[union-attr]


def test_text_says_what_may_be_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(
        ["-p", "fixed", "--engine", "bitstate", "--seed", "1", "--runs", "10", "--bit-array", "64K", "--width", "400"]
    )
    out = capsys.readouterr().out
    assert code == 3
    assert "10 bitstate searches in machine code" in out
    assert "breadth first, up to 1,024 on a level" in out
    assert "states not expanded, for want of room; no state was left" in out
    assert "A new state was omitted with a probability of up to " in out
    assert "reached in 15 steps (bitstate search 1 of seed 1, breadth first; not a shortest one)" in out  # nor a later
    assert "2 more searches, which JSON lists" in out
    assert "% of the bits set, omission " in out
    assert "check forecast" not in out


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


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--engine", "bitstate", "--bit-array", "1K"], "is not in the range 65,536…"),
        (["--engine", "bitstate", "--hashes", "0"], "is not in the range 1…16 hash functions"),
        (["--engine", "bitstate", "--order", "both"], "'both' is not one of 'breadth', 'depth'"),
        (
            ["--engine", "bitstate", "--bit-array", "8G", "--max-memory", "1G"],
            "a bit array of 8 GiB does not fit into the memory limit of 1 GiB (make --bit-array smaller)",
        ),
        (["--bit-array", "1G"], "are options of bitstate search (add --engine bitstate)"),
        (["--engine", "simulate", "--order", "depth"], "are options of bitstate search (add --engine bitstate)"),
        (["--engine", "bitstate", "--exhaustive"], "engine bitstate cannot search exhaustively"),
    ],
)
def test_bad_requests_are_refused(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-p", "fixed", *words]) == 2
    assert says in capsys.readouterr().err


def test_a_wrong_order_is_refused_in_python() -> None:
    with pytest.raises(ModelError, match="order of a search"):
        Options(engine="bitstate", order="deep")


def test_without_machine_code_there_is_another_engine() -> None:
    p = Protocol("large", "numbers that do not fit into words")
    x = p.variable("x", integers(0, 2**63, "x"), 0)

    @p.action(by="environment")
    def grow() -> Step:
        return step(when(x < 2**62), update(x, 2 * x + 1))

    p.declare(invariant("true", x >= 0, "true"))
    with pytest.raises(ModelError, match=r"needs machine code, and there is none: .*use --engine simulate"):
        hunted(p)
