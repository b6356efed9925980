"""Bitstate search: what it meets is there, and what it counts is exact where nothing is omitted."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from planrace import Protocol, Step, integers, invariant, step, update, when
from planrace.checker import Options, Verdict, check, find, render
from planrace.checker.cli.main import run
from planrace.checker.report.errors import ReadError
from planrace.checker.report.json.read import report_of
from planrace.checker.report.json.write import render_json
from planrace.model.language import ModelError
from tests.engines.hunting.hunted import SMALL, hunted, rows


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


def test_what_was_met_before_a_new_start_is_answered_first() -> None:
    """The run that violates "whole" is longer than the one that violates "small", where "whole" is out of range. Depth
    first one of them comes first: either both are found, or the value out of range is."""
    p = Protocol("branches", "a long way and a short one")
    x = p.variable("x", integers(0, 9, "x"), 0)

    @p.action(by="environment")
    def along() -> Step:
        return step(when(x < 6), update(x, x + 1))

    @p.action(by="environment")
    def aside() -> Step:
        return step(when(x == 0), update(x, 9))

    p.declare(invariant("whole", (x != 4) & (60 // ((6 - x) * (9 - x)) < 60), "violated at 4, out of range at 6 and 9"))
    p.declare(invariant("small", x < 9, "violated at 9"))
    found: list[object] = []
    for seed in range(1, 9):
        try:
            found.append([f.depth for f in hunted(p, order="depth", seed=seed).findings])
        except ModelError as problem:
            found.append("aside" in str(problem))
    assert found.count([4, 1]) + found.count(True) == 8
    assert 0 < found.count(True) < 8


@pytest.mark.parametrize(
    ("place", "value", "says"),
    [
        (("bits",), 0, "exploration.bitstate.bits: an array has bits"),
        (("hashes",), 0, "exploration.bitstate.hashes: a state is marked by 1…16 bits"),
        (("hashes",), 17, "exploration.bitstate.hashes: a state is marked by 1…16 bits"),
        (("searches", 1, "set"), 2**25 + 1, "exploration.bitstate.searches[1].set: the array has 33554432 bits"),
        (("searches", 0, "set"), -1, "exploration.bitstate.searches[0].set: it is negative"),
        (("searches", 0, "most"), -1, "exploration.bitstate.searches[0].most: it is negative"),
        (("searches", 0, "bound"), -1, "exploration.bitstate.searches[0].bound: it is negative"),
        (("searches", 0, "states"), -1, "exploration.bitstate.searches[0].states: it is negative"),
        (("searches", 0, "transitions"), -1, "exploration.bitstate.searches[0].transitions: it is negative"),
        (("searches", 0, "dropped"), -1, "exploration.bitstate.searches[0].dropped: it is negative"),
        (("searches", 0, "cut"), -1, "exploration.bitstate.searches[0].cut: it is negative"),
        (("searches", 0, "depth"), -1, "exploration.bitstate.searches[0].depth: it is negative"),
        (("searches", 0, "depth"), 1001, "exploration.bitstate.searches[0].depth: runs have up to 1000 steps"),
        (("searches", 0, "dropped"), 2**40, "exploration.bitstate.searches[0].dropped: the search met "),
        (("searches", 0, "cut"), 2**40, "exploration.bitstate.searches[0].cut: the search met "),
        (("searches", 0, "order"), "both", "exploration.bitstate.searches[0].order: invalid enum value 'both'"),
        (("searches", 0, "states"), 0.5, "exploration.bitstate.searches[0].states: expected `int`, got `float`"),
    ],
)
def test_numbers_of_strangers_are_checked(two: str, place: tuple[str | int, ...], value: object, says: str) -> None:
    data = json.loads(two)
    *way, last = place
    at = data["exploration"]["bitstate"]
    for key in way:
        at = at[key]
    at[last] = value
    with pytest.raises(ReadError, match=re.escape(says)):
        report_of(data)


def test_probabilities_of_strangers_are_not_believed(two: str) -> None:
    """They follow from the bits."""
    data = json.loads(two)
    for search in data["exploration"]["bitstate"]["searches"]:
        search["omission"], search["omission_at_end"] = 7, "none"
    assert render_json(report_of(data)) == two


def test_the_fullest_array_is_read_and_shown(two: str) -> None:
    data = json.loads(two)
    data["exploration"]["bitstate"]["searches"][0]["set"] = 2**25 - 1
    data["exploration"]["bitstate"]["searches"][1]["set"] = 2**25
    text = " ".join(render(report_of(data), "text").split())
    assert "100 % of the bits set, omission 89 % to 100 %" in text
    assert "100 % of the bits set, omission 100 % to 100 %" in text
    assert "A new state was omitted with a probability of up to 100 %." in text


@pytest.fixture(scope="module")
def two() -> str:
    """A report of two searches as JSON."""
    return render_json(hunted(find("fixed"), SMALL, runs=2))
