"""Reports: the schema, the golden text, widths, hostile strings, and writing completely or not at all."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.cells import cell_len

from planrace.checker import Options, Report, Trace, check, find, prove
from planrace.checker.report.errors import ReadError
from planrace.checker.report.json.read import read_report
from planrace.checker.report.json.write import render_json, to_json
from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.report.text.document import document
from planrace.checker.report.text.plain import render_plain
from planrace.checker.report.text.proofs import milliseconds
from planrace.checker.report.text.terminal import draw
from planrace.checker.results.blocks import Document, Grid, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.proof import Obligation
from planrace.checker.results.report import Coverage
from tests import HERE, ROOT

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text())
SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
LEFT_OUT = [("endpoints-converge", "liveness"), ("cleanup-deletes", "reachability")]
HOSTILE = "\x1b[31mred\x07[bold]\n<script>\u202e"


def small(**options: Any) -> Report:
    return check(find("original"), SMALL, options=Options(**options))


def still(report: Report) -> Report:
    """The report without what differs from run to run."""
    if report.exploration is None:
        return report
    return replace(report, exploration=replace(report.exploration, seconds=0.0, peak_memory_bytes=0))


REPORTS: dict[str, Callable[[], Report]] = {
    "violated": small,
    "one property": lambda: small(properties=("plans-never-regress",)),
    "recovery": lambda: small(properties=("automation-recovers",)),
    "lasso": lambda: small(properties=("endpoints-converge",)),
    "unknown kind": lambda: small(properties=("automation-recovers",), engine="bmc"),
    "bounded": lambda: small(max_states=5),
    "simulated": lambda: small(engine="simulate", seed=7),
    "holds": lambda: check(find("fixed"), SMALL, faults=["crash"]),
    "explained": lambda: small(
        explain=True, alternatives=1, beside=find("fixed"), least_delay=True, all_different=True
    ),
    "no postmortem": lambda: check(find(str(ROOT / "examples" / "blue_green.py") + ":protocol")),
}


@cache
def report_of(name: str) -> Report:
    return REPORTS[name]()


@pytest.mark.parametrize("name", REPORTS)
def test_json_follows_its_schema(name: str) -> None:
    report = report_of(name)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    data = json.loads(render_json(report))
    jsonschema.validate(data, SCHEMA)
    assert data["verdict"] == min(f.verdict for f in report.findings).word
    assert [p["name"] for p in data["properties"]] == [f.name for f in report.findings]


@pytest.mark.parametrize("name", REPORTS)
def test_json_is_read_back(name: str, tmp_path: Path) -> None:
    text = render_json(still(report_of(name)))
    (tmp_path / "report.json").write_text(text)
    assert render_json(read_report(tmp_path / "report.json")) == text


def broken(change: Callable[[Any], object]) -> str:
    data = to_json(small())
    change(data)
    return json.dumps(data)


BROKEN: dict[str, tuple[Callable[[], str], str]] = {
    "no JSON": (lambda: "verdict: holds", "is not JSON"),
    "another file": (lambda: "[]", "is not a report of this version: it names no schema"),
    "another version": (lambda: '{"schema": "planrace/report/9"}', "its schema is 'planrace/report/9'"),
    "no faults": (lambda: broken(lambda d: d.pop("faults")), "faults is missing"),
    "a number": (lambda: broken(lambda d: d.update(properties=7)), "properties: expected `array`, got `int`"),
    "a step": (
        lambda: broken(lambda d: d["properties"][0]["trace"]["steps"][3].update(text=4)),
        "properties[0].trace.steps[3].text: expected `str`, got `int`",
    ),
    "a state": (
        lambda: broken(lambda d: d["properties"][0]["trace"]["initial"].update(alias=[[None]])),
        "properties[0].trace.initial.alias[0][0]: NoneType is not a value of a state",
    ),
    "a list for a verdict": (
        lambda: broken(lambda d: d["properties"][1].update(verdict=[])),
        "properties[1].verdict: expected `str`, got `array`",
    ),
    "no postmortem": (
        lambda: broken(lambda d: d.update(postmortem=7)),
        "postmortem: expected `object | null`, got `int`",
    ),
    "left out": (lambda: broken(lambda d: d.update(left_out=["x"])), "left_out[0]: expected `object`, got `str`"),
    "a verdict": (
        lambda: broken(lambda d: d["properties"][1].update(verdict="maybe")),
        "invalid enum value 'maybe'",
    ),
    "a lost field": (
        lambda: broken(lambda d: d["properties"][0]["trace"]["steps"][0].pop("action")),
        "properties[0].trace.steps[0].action is missing",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_wrong_report_is_refused_with_the_place(name: str, tmp_path: Path) -> None:
    make, message = BROKEN[name]
    (tmp_path / "report.json").write_text(make())
    with pytest.raises(ReadError, match=re.escape(message)):
        read_report(tmp_path / "report.json")
    with pytest.raises(ReadError, match=r"cannot read .*: No such file"):
        read_report(tmp_path / "missing.json")


def test_the_schema_refuses_what_is_not_a_report() -> None:
    data = to_json(small())
    for change in ({"schema": "planrace/report/2"}, {"verdict": "maybe"}, {"more": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**data, **change}, SCHEMA)


def test_json_has_what_the_cli_page_promises() -> None:
    data = to_json(small())
    first = data["properties"][0]
    assert (first["name"], first["verdict"], first["depth"]) == ("active-plan-never-deleted", "violated", 12)
    assert len(first["trace"]["steps"]) == 12
    assert first["trace"]["steps"][0] == {
        "action": "publish",
        "parameters": {},
        "by": "planner",
        "role": "planner",
        "outcome": None,
        "fault": None,
        "text": "publishes plan 1",
        "changed": [{"place": "latest", "before": 0, "after": 1, "variable": "latest", "path": []}],
        "observed": [],
        "state": {**first["trace"]["initial"], "latest": 1},
    }
    assert data["postmortem"]["missing"] == []
    assert data["postmortem"]["source"] is None
    assert data["left_out"] == []
    recovery, liveness = data["properties"][4:6]
    assert (recovery["name"], recovery["verdict"], recovery["hopeless"]["whole"]) == (
        "automation-recovers",
        "violated",
        True,
    )
    assert recovery["trace"]["loop"] is None
    assert liveness["trace"]["loop"] < liveness["depth"]
    assert {x["how"] for x in liveness["fairness"]} >= {"taken"}


@pytest.mark.parametrize("detail", Detail)
def test_the_text_of_a_small_report(detail: Detail) -> None:
    text = render_plain(document(still(small()), 1, detail=detail), 80)
    golden = HERE / "golden" / f"original-small{'' if detail is Detail.FULL else f'-{detail}'}.txt"
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_requested(width: int) -> None:
    assert max(map(len, render_plain(document(small(), 1), width).splitlines())) <= width


def test_the_json_of_a_small_report() -> None:
    text = render_json(replace(still(small(properties=("plans-never-regress",))), sources={}))
    golden = HERE / "golden" / "original-small.json"
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("width", [40, 100])
def test_plain_and_coloured_text_are_the_same(width: int, detail: Detail, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment says of colours: the command has decided that there are some."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    told = document(small(), 1, detail=detail)
    stream = io.StringIO()
    draw(told, stream, width)
    assert "\x1b[1;31mverdict: violated (exit 1)" in stream.getvalue()
    assert re.sub(r"\x1b\[[\d;]*m", "", stream.getvalue()) == render_plain(told, width)


def test_a_table_marks_what_it_cuts() -> None:
    table = Grid(("", "mutants"), (("active-plan-never-deleted", "12"), ("short", "3")))
    text = render_plain(Document((table,), "the end"), 40)
    assert "  active-plan-never-d… " in text
    assert "  short " in text
    assert "active-plan-never-deleted" in render_plain(Document((table,), "the end"), 60)


def test_wide_characters_count_as_two_columns() -> None:
    text = "計画を公開する " * 20 + "🚀" * 50
    lines = render_plain(Document((Paragraph(text),), "the end"), 40).splitlines()
    assert 38 <= max(map(cell_len, lines)) <= 40
    assert "".join(lines).replace(" ", "") == text.replace(" ", "") + "theend"


def test_names_are_not_split_at_their_hyphens() -> None:
    """At a width where a line would break inside a name, it breaks before it."""
    name = "tolerant-rollback-of-a-plan"
    for width in range(len(name) + 12, 90):
        text = render_plain(Document((Paragraph(f"protections: one, {name}, two"),), "the end"), width)
        assert name in text


def hostile() -> Report:
    report = small(properties=("plans-never-regress",))
    (finding,) = report.findings
    assert finding.trace is not None
    bad = replace(finding.trace.steps[0], text=HOSTILE, by=HOSTILE, outcome=HOSTILE)
    trace = Trace(finding.trace.initial, (bad, *finding.trace.steps[1:]))
    return replace(report, protocol=HOSTILE, findings=(replace(finding, trace=trace, name=HOSTILE),))


def test_hostile_strings_stay_text() -> None:
    told = document(hostile(), 1)
    stream = io.StringIO()
    draw(told, stream, 100)
    for text in (render_plain(told, 100), stream.getvalue()):
        assert "\x1b[31m" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert "[bold]" in text


def test_the_same_steps_are_shown_once() -> None:
    text = render_plain(document(small(), 1))
    assert "Violated by the same 12 steps as active-plan-never-deleted." in text
    shown = text.split("record-never-empty: violated")[1].split("plans-never-regress: violated")[0]
    assert "publishes plan 1" not in shown


def test_left_out_and_undecided_properties_are_named() -> None:
    report = prove(find("fixed"), time_limit=0.0)
    assert [(name, kind) for name, kind, _ in report.left_out] == LEFT_OUT
    text = " ".join(render_plain(document(report, 0)).split())
    left_out = "Left out: endpoints-converge (liveness), cleanup-deletes (reachability)"
    assert f"{left_out}: this kind of property cannot be proved for every size" in text
    report = small(engine="bmc", depth=3)
    text = " ".join(render_plain(document(report, 3)).split())
    assert "UNKNOWN automation-recovers: engine bmc cannot decide recoverability: use --engine auto" in text
    assert "UNKNOWN endpoints-converge: engine bmc cannot decide liveness: use --engine auto" in text
    assert to_json(report)["left_out"] == []
    text = render_plain(document(small(max_states=5), 3))
    assert "not decided: the bound of 5 states was reached" in " ".join(text.split())


def test_write_whole(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")
    target.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(target)
    write_whole(link, "new")
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link", "report.json"]


def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"cannot write .*report.json: No space left"):
        write_whole(target, "new")
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
    with pytest.raises(OutputError, match="there is no directory"):
        write_whole(tmp_path / "missing" / "report.json", "new")
    with pytest.raises(OutputError, match="directory"):
        write_whole(tmp_path, "new")


def test_the_rate_uses_the_rounded_seconds() -> None:
    """JSON has rounded seconds, so a report that is read back has the same rate."""
    e = Coverage(27, 54, 3, complete=True, symmetry=False, seconds=0.0049716, peak_memory_bytes=1)
    assert e.states_per_second == replace(e, seconds=round(e.seconds, 6)).states_per_second


def test_a_time_is_the_same_number_of_milliseconds_before_and_after_json() -> None:
    """1.4999 ms are 0.0015 s in JSON, which would be 2 ms: what is written and what is read must not differ by that."""
    made = Obligation("conjunct", "safe", "initially", proved=True, uses=(), seconds=0.00149999)
    assert made.seconds == 0.0015
    assert milliseconds(made) == milliseconds(replace(made, seconds=round(made.seconds, 6)))
