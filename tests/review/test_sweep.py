"""Sweeps: verdicts as single checks have them, thresholds with and without bisection, laws, formats, errors."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace.checker import check, render, sweep
from planrace.checker.cli.main import run
from planrace.checker.results.sweep import SweepCell, SweepPoint
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.sweep.laws import laws_of, thresholds_of
from planrace.checker.run.options import Options
from planrace.model.language import ModelError, Protocol, Step, integers, step, update, when
from planrace.properties import invariant
from tests import ROOT

SCHEMA = json.loads((ROOT / "docs" / "sweep.schema.json").read_text())
SMALL = {"enactors": 2, "endpoints": 1}
ASKED = Options(properties=("record-never-empty", "plans-never-regress"))


def points(lengths: Mapping[Any, int | None], names: tuple[str, ...]) -> list[SweepPoint]:
    return [
        SweepPoint(
            dict(zip(names, values, strict=True)),
            (SweepCell("p", Verdict.HOLDS if n is None else Verdict.VIOLATED, "", n, n is not None),),
        )
        for values, n in lengths.items()
    ]


# Laws ------------------------------------------------------------------------------------------------------------
def test_a_law_of_two_parameters() -> None:
    names = ("keep", "endpoints")
    found = laws_of("p", points({(k, e): k + 3 * e + 8 for k in (1, 2, 5) for e in (1, 2)}, names), names)
    assert [(x.formula, dict(x.where), x.points) for x in found] == [("keep + 3·endpoints + 8", {}, 6)]


def test_without_a_common_law_each_line_has_its_own() -> None:
    names = ("a", "b")
    lengths = {(a, b): a * b + (a == 3 and b == 4) for a in (1, 2, 3) for b in (2, 3, 4)}
    found = {(x.formula, *x.where.items()) for x in laws_of("p", points(lengths, names), names)}
    assert found == {("2·a", ("b", 2)), ("3·a", ("b", 3)), ("b", ("a", 1)), ("2·b", ("a", 2))}


@pytest.mark.parametrize(
    "lengths",
    [
        {(1,): 4, (2,): 5},  # two points determine a line and test nothing
        {(1,): 4, (2,): 5, (3,): 7},
        {(1,): 1, (3,): 2, (5,): 3},  # not whole
        {(1,): 4, (2,): None, (3,): None},
        {},
    ],
)
def test_what_is_no_law(lengths: dict[tuple[int, ...], int | None]) -> None:
    assert laws_of("p", points(lengths, ("a",)), ("a",)) == []


def test_a_number_that_one_point_determines_is_no_law() -> None:
    """One point has another b: whatever its length is, some factor of b fits it. The line with b = 1 is a law."""
    names = ("a", "b")
    lengths = {(1, 1): 4, (2, 1): 5, (3, 1): 6, (1, 2): 9}
    found = [(x.formula, dict(x.where)) for x in laws_of("p", points(lengths, names), names)]
    assert found == [("a + 3", {"b": 1})]
    (law,) = laws_of("p", points({**lengths, (2, 2): 10}, names), names)
    assert (law.formula, law.points) == ("a + 5·b - 2", 5)


def test_lengths_that_need_not_be_shortest_make_no_law() -> None:
    made = points({(k,): k for k in range(5)}, ("a",))
    assert len(laws_of("p", made, ("a",))) == 1
    longer = [SweepPoint(p.values, tuple(SweepCell(c.name, c.verdict, "", c.length) for c in p.cells)) for p in made]
    assert laws_of("p", longer, ("a",)) == []


@pytest.mark.parametrize(
    ("constant", "factor", "text"), [(11, 1, "a + 11"), (0, 2, "2·a"), (-3, 1, "a - 3"), (10, 0, "10"), (0, 0, "0")]
)
def test_formulas(constant: int, factor: int, text: str) -> None:
    lengths: dict[tuple[int, ...], int | None] = {(k,): constant + factor * k for k in range(4, 8)}
    assert [x.formula for x in laws_of("p", points(lengths, ("a",)), ("a",))] == [text]


def test_thresholds_are_between_neighbours() -> None:
    lengths = {(1, 1): None, (2, 1): 5, (3, 1): 6, (1, 2): None, (2, 2): None, (3, 2): 9}
    found = thresholds_of("p", points(lengths, ("a", "b")), ("a", "b"), None)
    assert [(t.parameter, dict(t.others), t.before, t.after, t.to) for t in found] == [
        ("a", {"b": 1}, 1, 2, Verdict.VIOLATED),
        ("a", {"b": 2}, 2, 3, Verdict.VIOLATED),
        ("b", {"a": 2}, 1, 2, Verdict.HOLDS),
    ]


# Whole sweeps ----------------------------------------------------------------------------------------------------
def test_points_are_those_of_single_checks_and_retention_lengthens_the_race() -> None:
    made = sweep("original", {**SMALL, "plans": 5}, vary={"keep": (3, 1, 2)}, options=ASKED)
    assert [p.values["keep"] for p in made.points] == [1, 2, 3]
    for p in made.points:
        report = check("original", {**SMALL, "plans": 5, **p.values}, options=ASKED)
        assert [(c.name, c.verdict, c.length) for c in p.cells] == [
            (f.name, f.verdict, f.depth) for f in report.findings
        ]
        assert p.states == report.exploration.states  # type: ignore[union-attr]
    assert [(x.name, x.formula) for x in made.laws] == [
        ("record-never-empty", "keep + 11"),
        ("plans-never-regress", "10"),
    ]
    assert made.thresholds == ()


def growing() -> tuple[Protocol, list[int]]:
    """A number that grows to ``top``; it must stay below 37. Also the sizes at which it was made."""
    protocol, made = Protocol("growing"), list[int]()
    top = protocol.parameter("top", 1, 1, 100)
    n = protocol.variable("n", integers(0, 100), 0)

    @protocol.action(by="environment")
    def grow() -> Step:
        return step(when(n < top), update(n, n + 1))

    protocol.final(n == top)
    protocol.declare(invariant("below", n < 37, "it stays below 37"), invariant("far", n < 300, "it stays far below"))
    return protocol, made


def test_bisection_computes_few_points_and_finds_the_same() -> None:
    protocol, _ = growing()
    made = sweep(protocol, vary={"top": range(1, 101)}, bisect="top")
    (threshold,) = made.thresholds
    assert (threshold.name, threshold.before, threshold.after, threshold.to) == ("below", 36, 37, Verdict.VIOLATED)
    assert threshold.bisected
    assert len(made.points) <= 9
    whole = sweep(protocol, vary={"top": range(30, 45)})
    assert [(t.before, t.after) for t in whole.thresholds] == [(36, 37)]
    assert [(x.name, x.formula, x.points) for x in whole.laws] == [("below", "37", 8)]


def test_what_a_limit_leaves_open_is_unknown_and_no_threshold(capsys: pytest.CaptureFixture[str]) -> None:
    protocol, _ = growing()
    made = sweep(protocol, vary={"top": (5, 6, 7)}, options=Options(depth=6))
    assert [c.verdict for p in made.points for c in p.cells if c.name == "far"] == [
        Verdict.HOLDS,
        Verdict.HOLDS,
        Verdict.UNKNOWN,
    ]
    assert made.thresholds == ()
    assert made.exit_code() == 3
    assert "Undecided at top=7, below: not decided" in " ".join(render(made).split())


# The command -----------------------------------------------------------------------------------------------------
WORDS = ["sweep", "-p", "original", "-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=2..4", "-s", "keep=1"]
ONE = ["--property", "record-never-empty"]


def data(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert run([*WORDS, *ONE, *words, "--format", "json"]) == code
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, SCHEMA)
    return found


def test_text_json_and_csv_say_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys)
    verdicts = [p["cells"][0]["verdict"] for p in found["points"]]
    assert verdicts == ["violated", "violated", "violated"]
    assert found["laws"][0]["formula"] == "12"
    assert run([*WORDS, *ONE, "--format", "csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(r["plans"], r["verdict"], r["length"], r["shortest"]) for r in rows] == [
        ("2", "violated", "12", "1"),
        ("3", "violated", "12", "1"),
        ("4", "violated", "12", "1"),
    ]
    assert run([*WORDS, *ONE]) == 0
    text = capsys.readouterr().out
    assert ["3", "violated", "12"] in [line.split() for line in text.splitlines()]
    assert "record-never-empty: 12, at all 3 points" in text
    assert text.splitlines()[-1] == "sweep: 3 points, 3 violated"


def test_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    data(capsys, "--expect", "violated")
    data(capsys, "--expect", "holds", code=1)
    data(capsys, "--max-states", "20", code=3)
    data(capsys, "--max-states", "20", "--expect", "violated", code=3)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_plots(suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    files = [tmp_path / f"{n}{suffix}" for n in "ab"]
    for file in files:
        data(capsys, "--plot", str(file))
    first, second = (f.read_bytes() for f in files)
    assert first == second
    assert first.startswith({".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[suffix])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--plot", "plot.txt"], "plot.txt: a plot ends with .png, .svg, .pdf"),
        (["--bisect", "plan"], "no parameter that varies is called 'plan' (did you mean plans?)"),
        (["-s", "plans=3"], "plans is set twice"),
        (["-s", "endpoints=1..2"], "endpoints is set twice"),
        (["-s", "planes=1..2"], "planes"),
        (["-s", "keep=1..900", "-s", "enactors=1..900"], "is set twice"),
    ],
)
def test_errors(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, *ONE, *words]) == 2
    assert message in capsys.readouterr().err


def test_without_values_there_is_nothing_to_sweep(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sweep", "-p", "original", "-s", "keep=1"]) == 2
    assert "no parameter varies (write -s keep=1..8)" in capsys.readouterr().err
    with pytest.raises(ModelError, match="10,201 points are asked for"):
        sweep("original", vary={"keep": range(101), "plans": range(101)})
