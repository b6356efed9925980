"""Reports and runs in a notebook: what ``_repr_html_`` answers. Everything is escaped; there is no script in it."""

from __future__ import annotations

from html import escape

from ..vocabulary import Report, Step, Trace, Verdict
from .because import finding_because
from .blocks import clean
from .document import coverage, subject
from .lanes import facts_at, thing, told

COLOURS = {Verdict.VIOLATED: "#c22f2f", Verdict.UNKNOWN: "#b26a00", Verdict.HOLDS: "#2f8f57"}


def paint(shown: Report | Trace) -> str:
    """A report as a table of its properties with its first counterexample, a run as a list of its steps."""
    return _report(shown) if isinstance(shown, Report) else trace_html(shown)


def _report(report: Report) -> str:
    told_ = [_text(subject(report))]
    if report.exploration is not None:
        told_.append(_text(coverage(report, report.exploration)))
    rows = "".join(
        f'<tr><td style="color:{COLOURS[f.verdict]};font-weight:bold">{f.verdict.word}</td>'
        f'<td style="text-align:left">{_text(f.name)}</td><td style="text-align:left">{_text(f.how)}</td></tr>'
        for f in report.findings
    )
    first = next((f for f in report.findings if f.trace is not None and f.verdict is Verdict.VIOLATED), None)
    story = ""
    if first is not None and first.trace is not None:
        story = (
            f"<h4>{_text(first.name)}</h4>{trace_html(first.trace, first.match)}<p>{_text(finding_because(first))}</p>"
        )
    return (
        f'<div><h3>{_text(report.protocol)}: <span style="color:{COLOURS[report.verdict]}">{report.verdict.word}</span>'
        f"</h3><p>{'<br>'.join(told_)}</p><table>{rows}</table>{story}</div>"
    )


def trace_html(trace: Trace, match: object = None) -> str:
    """A run as a numbered list; the facts of a match stand with their steps."""
    facts = facts_at(match)  # type: ignore[arg-type]
    steps = "".join(
        f"<li>{_step(s)}{''.join(f' <b>&lt;{_text(f.fact)}&gt;</b>' for f in facts.get(n, []))}</li>"
        for n, s in enumerate(trace.steps, 1)
    )
    loop = "" if trace.loop is None else f"<p>It goes on as after step {trace.loop}, for ever.</p>"
    return f"<ol>{steps}</ol>{loop}"


def _step(s: Step) -> str:
    seen = "".join(f"<br><b>{_text(thing(o))} now {_text(o.text)}</b>" for o in s.observed)
    return f"<i>{_text(s.by)}</i> {_text(told(s))}{seen}"


def _text(text: str) -> str:
    return escape(clean(text))
