"""A run as a sequence diagram in SVG 1.1 with light and dark colours, drawn without a browser."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from planrace.checker.report.trace.lanes import Lanes, facts_at, lanes, step_text, thing
from planrace.checker.report.trace.traffic import MessageReceipt, deliveries
from planrace.checker.results.blocks import clean
from planrace.checker.results.explanation import Declared
from planrace.checker.results.scenario import FactMatch, Match
from planrace.checker.results.trace import Trace, TraceStep

LANE, LEFT, TOP, LINE, PAD = 130, 20, 64, 15, 14
"""Pixels: between lanes, before the first lane, above the first step, height of a line of text, padding of a step."""
WORDS = 64
"""Characters of a line of text, on average at most 7.6 pixels each."""
STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1c2430}.name{font-weight:600;text-anchor:middle}"
    ".life{stroke:#cfd6e0;stroke-dasharray:3 4}.arrow{stroke:#2458c5;stroke-width:1.6;fill:none}.head{fill:#2458c5}"
    ".dot{fill:#2458c5}.number{fill:#fff;text-anchor:middle;font-size:10px;font-weight:700}.fault{fill:#b26a00}"
    ".last{fill:#c22f2f}.reached{fill:#2f8f57}.sees{font-weight:600}.fact{fill:#b26a00;font-weight:700}.loop{stroke:#2458c5;fill:none}"
    ".paper{fill:#fff}.title{font-size:15px;font-weight:700}"
    "@media(prefers-color-scheme:dark){text{fill:#e6eaf1}.paper{fill:#12161d}.life{stroke:#353f4e}"
    ".arrow{stroke:#7fa8ff}.head,.dot{fill:#7fa8ff}.number{fill:#12161d}.loop{stroke:#7fa8ff}.last{fill:#ff7b72}.reached{fill:#5fc08a}"
    ".fact,.fault{fill:#e9a84a}}"
)


@dataclass(frozen=True)
class _Row:
    """A step with the messages that it receives, its lines of text (each with a CSS class), and its vertical offset."""

    number: int
    step: TraceStep
    taken: tuple[MessageReceipt, ...]
    words: tuple[tuple[str, str], ...]
    y: int

    @property
    def height(self) -> int:
        return PAD + LINE * len(self.words)


def render_svg(
    trace: Trace,
    match: Match | None = None,
    title: str = "",
    *,
    witness: bool = False,
    variables: Sequence[Declared] = (),
) -> str:
    """The diagram: time goes down, texts are on the right, messages of channels (known from ``variables``) come from
    their senders. The last step of a ``witness`` is green."""
    drawn, rows = lanes(trace), _rows(trace, match, variables)
    height = (rows[-1].y + rows[-1].height if rows else TOP) + 24
    words, last = LEFT + LANE * max(1, len(drawn.all)), "reached" if witness else "last"
    width = words + int(WORDS * 7.6) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="img" aria-labelledby="title desc">',
        f'<title id="title">{_text(title or "a run")}</title>',
        f'<desc id="desc">{_text(_described(trace))}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{width}" height="{height}"/>',
        f'<text class="title" x="{LEFT}" y="22">{_text(title)}</text>' if title else "",
        *_lifelines(drawn, height),
        *(piece for row in rows for piece in _drawn(row, drawn, words, last if row.number == len(trace) else "")),
        *_loop(trace, rows),
        "</svg>",
    ]
    return "\n".join(filter(None, parts)) + "\n"


def _rows(trace: Trace, match: Match | None, variables: Sequence[Declared]) -> list[_Row]:
    facts, rows, y = facts_at(match), list[_Row](), TOP
    for n, (step, taken) in enumerate(zip(trace.steps, deliveries(trace, variables), strict=True), 1):
        rows.append(_Row(n, step, tuple(taken), tuple(_words(step, taken, facts.get(n, []))), y))
        y += rows[-1].height
    return rows


def _words(step: TraceStep, taken: list[MessageReceipt], facts: list[FactMatch]) -> Iterator[tuple[str, str]]:
    yield from (("", line) for line in _wrapped(f"{step.by} {step_text(step)}"))
    for d in taken:
        yield from (("", line) for line in _wrapped(f"{d.message} from {d.sender}"))
    for o in step.observed:
        yield from (("sees", line) for line in _wrapped(f"{thing(o)} now {o.text}"))
    for f in facts:
        yield from (("fact", line) for line in _wrapped(f"{f.fact}: {f.meaning}"))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(clean(text), WORDS) or [""]


def _lifelines(drawn: Lanes, height: int) -> Iterator[str]:
    for n, name in enumerate(drawn.all):
        x = _x(n)
        short = textwrap.shorten(clean(name), 20, placeholder="…")
        yield f'<text class="name" x="{x}" y="{TOP - 18}">{_text(short)}</text>'
        yield f'<line class="life" x1="{x}" x2="{x}" y1="{TOP - 10}" y2="{height - 12}"/>'


def _drawn(row: _Row, drawn: Lanes, words: int, kind: str) -> Iterator[str]:
    """A step; ``kind`` is the CSS class of the step that decides, otherwise empty."""
    x, y = _x(drawn.processes.index(row.step.by)), row.y + LINE
    yield f"<g aria-label={quoteattr(f'step {row.number}')}>"
    for name in drawn.touched(row.step):
        yield from _arrow(x, _x(drawn.all.index(name)), y)
    for sender in dict.fromkeys(d.sender for d in row.taken if d.sender != row.step.by):
        yield from _arrow(_x(drawn.processes.index(sender)), x, y, 10)
    dot = f"dot {kind}" if kind else "dot fault" if row.step.fault is not None else "dot"
    yield f'<circle class="{dot}" cx="{x}" cy="{y}" r="9"/>'
    yield f'<text class="number" x="{x}" y="{y + 4}">{row.number}</text>'
    for n, (name, line) in enumerate(row.words):
        yield f'<text class="{name}" x="{words}" y="{y + 4 + LINE * n}">{_text(line)}</text>'
    yield "</g>"


def _arrow(x: int, to: int, y: int, short: int = 0) -> Iterator[str]:
    """An arrow that ends ``short`` pixels before ``to``."""
    away = 6 if to > x else -6
    to -= short if to > x else -short
    yield f'<line class="arrow" x1="{x}" x2="{to - away}" y1="{y}" y2="{y}"/>'
    yield f'<path class="head" d="M{to},{y} l{-2 * away},-5 v10 z"/>'


def _loop(trace: Trace, rows: list[_Row]) -> Iterator[str]:
    """A bracket around the steps that repeat."""
    if trace.loop is None or trace.loop >= len(rows):
        return
    top, bottom = rows[trace.loop].y + 4, rows[-1].y + rows[-1].height
    yield f'<path class="loop" d="M14,{top} h-8 V{bottom} h8"/>'
    yield f'<text x="4" y="{bottom + 14}">for ever</text>'


def _described(trace: Trace) -> str:
    return "; ".join(f"{n}. {s.by} {step_text(s)}" for n, s in enumerate(trace.steps, 1))


def _x(lane: int) -> int:
    return LEFT + LANE // 2 + LANE * lane


def _text(text: str) -> str:
    """Text without characters that XML 1.0 forbids (https://www.w3.org/TR/xml/#charsets)."""
    return escape(re.sub(r"[\ud800-\udfff\ufffe\uffff]+", "�", clean(text)))
