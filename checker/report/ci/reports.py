"""Several checks in one file for continuous integration: the files of the single checks, put together."""

from __future__ import annotations

import json
from xml.etree import ElementTree

from planrace.checker.report.formats import render_broken, render_whole
from planrace.checker.report.text.markdown import cell
from planrace.checker.results.blocks import clean
from planrace.checker.results.outcome import Broken
from planrace.checker.results.reports import CheckResult, Reports
from planrace.checker.results.wording import counted

SIGNS = {0: "✅", 1: "❌", 2: "❌"}


def render_reports(format_name: str, reports: Reports, *, everything: bool = False) -> str:
    """The results in a format for CI; ``everything`` is for SARIF."""
    single = [_single(format_name, r, everything=everything) for r in reports.results]
    names = [r.name for r in reports.results]
    match format_name:
        case "junit":
            return _junit(names, single)
        case "sarif":
            return _sarif(names, single)
        case "summary":
            return _overview(reports) + "".join(single)
    return "".join(single)


def _single(format_name: str, result: CheckResult, *, everything: bool) -> str:
    outcome = result.outcome
    if isinstance(outcome, Broken):
        return render_broken(format_name, outcome)
    return render_whole(format_name, outcome.report, outcome.expectation, everything=everything)


def _junit(names: list[str], single: list[str]) -> str:
    """A suite for each check. The name of a check is that of its suite and class, because two checks may have the same
    protocol."""
    root = ElementTree.Element("testsuites")
    for name, text in zip(names, single, strict=True):
        for suite in ElementTree.fromstring(text):
            suite.set("name", f"planrace.{clean(name)}")
            for case in suite.iter("testcase"):
                case.set("classname", f"planrace.{clean(name)}")
            root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _sarif(names: list[str], single: list[str]) -> str:
    """A run for each check. The name of the check is its category, which must be unique in a file for GitHub."""
    logs = [json.loads(text) for text in single]
    for name, log in zip(names, logs, strict=True):
        for run in log["runs"]:
            run["automationDetails"] = {"id": f"planrace/{clean(name).replace('/', '_')}/"}
    whole = {**logs[0], "runs": [run for log in logs for run in log["runs"]]}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _overview(reports: Reports) -> str:
    good = len(reports.results) - len(reports.failed)
    lines = [f"# planrace: {good} of {counted(len(reports.results) + len(reports.left), 'check')} as expected", ""]
    lines += ["| check | outcome |", "| --- | --- |"]
    lines += [f"| {cell(r.name)} | {SIGNS.get(r.code, '⚠️')} {cell(r.sentence)} |" for r in reports.results]
    lines += [f"| {cell(name)} | ⚠️ not checked |" for name in reports.left]
    return "\n".join(lines) + "\n\n"
