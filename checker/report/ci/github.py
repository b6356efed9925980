"""Reports for GitHub Actions: annotations in the diff, and a job summary in Markdown.

Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from planrace.checker.report.ci.places import shown_path
from planrace.checker.report.ci.step_to_fix import source_of, step_at_fault
from planrace.checker.report.text.because import why
from planrace.checker.report.text.covered import coverage
from planrace.checker.report.text.document import how, subject
from planrace.checker.report.text.markdown import cell
from planrace.checker.report.trace.mermaid import render_mermaid
from planrace.checker.results.blocks import clean
from planrace.checker.results.outcome import (
    Broken,
    Expectation,
    FindingStatus,
    RunOutcome,
    warned_about,
    warned_text,
    warned_title,
)
from planrace.checker.results.report import UNAVAILABLE, Report
from planrace.checker.results.trace import Source
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted

SIGNS = {Verdict.VIOLATED: "❌ violated", Verdict.UNKNOWN: "⚠️ unknown", Verdict.HOLDS: "✅ holds"}
OTHERWISE = {FindingStatus.EXPECTED: "✅ violated, as expected", FindingStatus.OPEN: "⚪ unknown"}
"""The signs of findings that are not "holds" but harmless in their run."""


def render_annotations(report: Report, expectation: Expectation | None = None) -> str:
    """A line for each property that fails the run, each that is undecided, and each warning."""
    outcome = RunOutcome(report, expectation or Expectation())
    lines = []
    for f in report.findings:
        judged = outcome.of(f)
        if judged in (FindingStatus.FAILED, FindingStatus.UNDECIDED):
            step = step_at_fault(f)
            source = (source_of(report, step) if step is not None else None) or report.source_of_property(f.name)
            steps = f" in {counted(f.depth, 'step')}" if judged is FindingStatus.FAILED and f.depth is not None else ""
            message = f"{f.meaning}: {f.verdict.word}{steps} ({f.how}). {why(f)}".strip()
            lines.append(
                line_for(_word(judged is FindingStatus.UNDECIDED), source, f"{f.name}: {f.verdict.word}", message)
            )
    for c in outcome.complaints:
        lines.append(line_for(_word(c.undecided), report.sources.get(c.about), c.title, c.message))
    for w in outcome.warnings:
        if w.strict or w.kind == UNAVAILABLE:  # others are only notes
            word = "warning" if w.strict else "notice"
            lines.append(line_for(word, report.sources.get(warned_about(w)), warned_title(w), warned_text(w)))
    return "".join(lines)


def broken_annotations(broken: Broken) -> str:
    """The annotation for a run without a report."""
    return line_for("error", broken.source, f"{broken.protocol}: not checked", broken.message)


def _word(undecided: bool) -> str:
    return "warning" if undecided else "error"


def line_for(word: str, source: Source | None, title: str, message: str) -> str:
    """A workflow command: ``error``, ``warning`` or ``notice``, at a line of a file if one is known."""
    place = {} if source is None else {"file": shown_path(source.file), "line": str(source.line)}
    attributes = ",".join(f"{name}={_property(clean(value))}" for name, value in {**place, "title": title}.items())
    return f"::{word} {attributes}::{_data(clean(message))}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render_summary(report: Report, expectation: Expectation | None = None) -> str:
    """The report in Markdown: a table of properties, other reasons why the run fails, warnings, and the first
    counterexample as a diagram."""
    outcome = RunOutcome(report, expectation or Expectation())
    lines = [f"## {cell(report.protocol)}: {cell(outcome.headline)}", "", cell(subject(report)), ""]
    if report.exploration is not None:
        lines += [cell(coverage(report, report.exploration)), ""]
    lines += ["| property | verdict | how |", "| --- | --- | --- |"]
    lines += [
        f"| {cell(f.name)} | {OTHERWISE.get(outcome.of(f), SIGNS[f.verdict])} | {cell(how(f))} |"
        for f in report.findings
    ]
    items = [f"- ❌ {cell(c.message)}" for c in outcome.complaints]
    items += [f"- {'⚠️ ' if w.strict else ''}{cell(warned_text(w))}" for w in outcome.warnings]
    lines += ["", *items] if items else []
    broken = next((f for f in report.findings if f.verdict is Verdict.VIOLATED and f.trace is not None), None)
    if broken is not None and broken.trace is not None:
        lines += ["", f"### {cell(broken.name)}", "", cell(f"Promised: {broken.meaning}."), ""]
        diagram = render_mermaid(broken.trace, broken.match, variables=broken.variables or report.variables)
        lines += ["```mermaid", diagram.rstrip(), "```", ""]
        lines += [cell(why(broken))] if why(broken) else []
    return "\n".join(lines) + "\n"


def broken_summary(broken: Broken) -> str:
    """The summary for a run without a report."""
    return f"## {cell(broken.protocol)}: ❌ not checked (exit {broken.code})\n\n{cell(broken.message)}\n"
