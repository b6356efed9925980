"""Reports and runs in a notebook: the result of ``_repr_html_``. Everything is escaped; there is no script.

A report is drawn from the same blocks as the text report, so a notebook shows the same sentences as the command.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from planrace.checker.report.text.document import document, timeline
from planrace.checker.results.blocks import (
    Block,
    Bullets,
    Facts,
    Grid,
    Heading,
    Paragraph,
    Timeline,
    TimelineEntry,
    Verdicts,
    clean,
)
from planrace.checker.results.report import Report
from planrace.checker.results.trace import Trace

COLOURS = {"violated": "#c22f2f", "unknown": "#b26a00", "holds": "#2f8f57", "": "inherit"}
LEFT = "text-align:left;vertical-align:top"


def paint(shown: Report | Trace) -> str:
    """A report with the content of its text, or a run as a list of its steps."""
    if isinstance(shown, Trace):
        return _run(shown)
    shown_document = document(shown)
    title, *rest = shown_document.blocks
    head = _text(title.text) if isinstance(title, Heading) else ""
    blocks = "".join(_block(b) for b in rest)
    return f'<div><h3 style="color:{COLOURS[shown_document.tone]}">{head}</h3>{blocks}</div>'


def _run(trace: Trace) -> str:
    """A run without a property, so no step is marked."""
    loop = "" if trace.loop is None else f"<p>The run repeats the steps after step {trace.loop} for ever.</p>"
    return _steps(timeline(trace, mark=False).entries) + loop


def _block(block: Block) -> str:
    match block:
        case Heading(text=text):
            return f"<h4>{_text(text)}</h4>"
        case Paragraph(text=text, tone=tone):
            return f'<p style="color:{COLOURS[tone]}">{_text(text)}</p>'
        case Verdicts(rows=rows):
            return _table((_verdict(word), _text(name), _text(how)) for name, word, how in rows)
        case Facts(rows=rows):
            return _table(tuple(map(_text, row)) for row in rows)
        case Bullets(rows=rows):
            return f"<ul>{''.join(f'<li>{_text(row)}</li>' for row in rows)}</ul>"
        case Grid(header=header, rows=rows):
            return _table(tuple(map(_text, row)) for row in (header, *rows))
        case Timeline(entries=entries):
            return _steps(entries)


def _verdict(word: str) -> str:
    return f'<b style="color:{COLOURS[word]}">{_text(word)}</b>'


def _table(rows: Iterable[Sequence[str]]) -> str:
    cells = ("".join(f'<td style="{LEFT}">{cell}</td>' for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def _steps(entries: Sequence[TimelineEntry]) -> str:
    return f"<ol>{''.join(f'<li>{_step(e)}</li>' for e in entries)}</ol>"


def _step(e: TimelineEntry) -> str:
    """A step; the one that decides is red."""
    named = ", ".join(e.facts)
    facts = f" <b>{_text(f'<{named}>')}</b>" if named else ""
    sees = "".join(f"<br><b>{_text(seen)}</b>" for seen in e.sees)
    text = f'<i>{_text(e.who)}</i> {_text(e.text)}{facts}<br><small style="opacity:.7">{_text(e.details)}</small>{sees}'
    return f'<span style="color:{COLOURS["violated"]}">▶ {text}</span>' if e.mark else text


def _text(text: str) -> str:
    return escape(clean(text))
