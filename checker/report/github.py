"""What GitHub shows of a run of its Actions: annotations in the diff, and a summary of the job in Markdown.

Workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from ..vocabulary import Finding, Report, Verdict, counted
from .because import finding_because
from .blocks import clean
from .compare import cell
from .document import coverage, how, subject
from .fault import source_of, step_at_fault
from .mermaid import render_mermaid

SIGNS = {Verdict.VIOLATED: "❌ violated", Verdict.UNKNOWN: "⚠️ unknown", Verdict.HOLDS: "✅ holds"}


def render_annotations(report: Report) -> str:
    """A line for each property that does not hold: an error, or a warning where it is undecided."""
    return "".join(_annotation(report, f) + "\n" for f in report.findings if f.verdict is not Verdict.HOLDS)


def _annotation(report: Report, f: Finding) -> str:
    word = "error" if f.verdict is Verdict.VIOLATED else "warning"
    step = step_at_fault(f)
    source = (source_of(report, step) if step is not None else None) or report.sources.get(f.name)
    place = {} if source is None else {"file": source.file, "line": str(source.line)}
    properties = {**place, "title": f"{f.name}: {f.verdict.word}"}
    told = ",".join(f"{name}={_property(clean(value))}" for name, value in properties.items())
    steps = f" in {counted(f.depth, 'step')}" if f.verdict is Verdict.VIOLATED and f.depth is not None else ""
    message = f"{f.meaning}: {f.verdict.word}{steps} ({f.how}). {finding_because(f)}".strip()
    return f"::{word} {told}::{_data(clean(message))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def render_summary(report: Report) -> str:
    """The report in Markdown: a table of properties, and the first counterexample as a diagram."""
    lines = [f"## {cell(report.protocol)}: {SIGNS[report.verdict]}", "", cell(subject(report)), ""]
    if report.exploration is not None:
        lines += [cell(coverage(report, report.exploration)), ""]
    lines += ["| property | verdict | how |", "| --- | --- | --- |"]
    lines += [f"| {cell(f.name)} | {SIGNS[f.verdict]} | {cell(how(f))} |" for f in report.findings]
    broken = next((f for f in report.findings if f.verdict is Verdict.VIOLATED and f.trace is not None), None)
    if broken is not None and broken.trace is not None:
        lines += ["", f"### {cell(broken.name)}", "", cell(f"Promised: {broken.meaning}."), ""]
        lines += ["```mermaid", render_mermaid(broken.trace, broken.match).rstrip(), "```", ""]
        lines += [cell(finding_because(broken))] if finding_because(broken) else []
    return "\n".join(lines) + "\n"
