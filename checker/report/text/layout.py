"""The lines of a text report, not wider than a number of columns. ``plain`` and ``terminal`` write them, the latter
with colours, so both show the same text."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from planrace.checker.results.blocks import (
    Block,
    Bullets,
    Document,
    Facts,
    Grid,
    Heading,
    Paragraph,
    Timeline,
    TimelineEntry,
    Verdicts,
    clean,
)

LEAST = 20
"""The fewest columns."""
SECOND = "\0"
"""Stands for the second column of a wide character while a text is wrapped; no clean text contains it."""


class Style(StrEnum):
    """How a part of a line looks. The first four are the tones of a block."""

    NORMAL = ""
    HOLDS = "holds"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    HEADING = "heading"
    WHO = "who"
    DETAILS = "details"
    SEEN = "seen"
    QUOTED = "quoted"
    FACT = "fact"
    MARK = "mark"


@dataclass(frozen=True)
class Span:
    """A part of a line, from ``start`` up to ``stop``, that has a style of its own."""

    start: int
    stop: int
    style: Style


@dataclass(frozen=True)
class Line:
    """A line of text with its style, and with parts that look different."""

    text: str
    style: Style = Style.NORMAL
    spans: tuple[Span, ...] = ()

    def lead(self, length: int, style: Style) -> Line:
        """The line with another style for its first ``length`` characters."""
        return replace(self, spans=(*self.spans, Span(0, min(length, len(self.text)), style)))

    def shows(self, part: str, style: Style) -> Line:
        """The line with another style for the last occurrence of ``part``, if it is there."""
        at = self.text.rfind(part) if part else -1
        return self if at < 0 else replace(self, spans=(*self.spans, Span(at, at + len(part), style)))


BLANK = Line("")


def laid_out(report: Document, width: int) -> list[Line]:
    """The lines of a document; the last one is its closing (or its last line, if it is longer than a line)."""
    width = max(width, LEAST)
    lines = [line for block in report.blocks for line in _draw(block, width)]
    closing = _wrap(report.closing, width, style=Style(report.tone))
    return list(_spaced([*lines, BLANK])) + closing if any(x.text for x in lines) else closing


def _spaced(lines: list[Line]) -> Iterator[Line]:
    """The lines without blank ones at the start, and never two of these together."""
    blank = True
    for line in lines:
        if line.text or not blank:
            yield line
        blank = not line.text


def _wrap(text: str, width: int, first: str = "", rest: str | None = None, style: Style = Style.NORMAL) -> list[Line]:
    """The text on lines. Names with hyphens stay whole, unless one is wider than a line."""
    hanging = first if rest is None else rest
    if len(hanging) > width // 2:
        hanging = hanging[: width // 4]
    wrapped = textwrap.wrap(
        _widened(clean(text)), width, initial_indent=first, subsequent_indent=hanging, break_on_hyphens=False
    ) or [first.rstrip()]
    return [Line(line.replace(SECOND, ""), style) for line in wrapped]


def _widened(text: str) -> str:
    """The text with a mark after each character that takes two columns, since textwrap counts characters."""
    if text.isascii():
        return text
    from rich.cells import cell_len

    return "".join(c + SECOND if cell_len(c) == 2 else c for c in text)


def _draw(block: Block, width: int) -> Iterator[Line]:
    match block:
        case Heading(text=text):
            yield BLANK
            yield from _wrap(text, width, style=Style.HEADING)
            yield Line("-" * min(len(clean(text)), width), Style.DETAILS)
        case Paragraph(text=text, tone=tone):
            yield from _wrap(text, width, style=Style(tone))
            yield BLANK
        case Verdicts(rows=rows):
            for name, verdict, how in rows:
                yield from _verdict(name, verdict, how, width)
            yield BLANK
        case Facts(rows=rows):
            yield from (line for row in rows for line in _fact(row, width))
            yield BLANK
        case Bullets(rows=rows):
            yield from (line for row in rows for line in _wrap(row, width, "  ", " " * 6))
            yield BLANK
        case Grid():
            yield from map(Line, grid_lines(block, width))
            yield BLANK
        case Timeline(entries=entries):
            for entry in entries:
                yield from _entry(entry, width)
            yield BLANK


def _verdict(name: str, verdict: str, how: str, width: int) -> Iterator[Line]:
    lead = f"  {verdict.upper():<9} "
    first, *rest = _wrap(f"{name}: {how}" if how else name, width, lead, " " * 12)
    yield first.lead(len(lead), Style(verdict))
    yield from rest


def _fact(row: tuple[str, str, str], width: int) -> Iterator[Line]:
    name, meaning, shown = row
    style = Style.DETAILS if shown.startswith("not") else Style.WHO
    *others, last = _wrap(f"{meaning}: {shown}", width, f"  {name:<4} ", " " * 7)
    first, *more = [*others, last.shows(clean(shown), style)]
    yield first.lead(3 + len(name), style)
    yield from more


def _entry(entry: TimelineEntry, width: int) -> Iterator[Line]:
    sign = ">" if entry.mark else " "
    lead = f"{sign}{entry.number:>4}. "
    facts = f" <{', '.join(entry.facts)}>" if entry.facts else ""
    base = Style.MARK if entry.mark else Style.NORMAL
    first, *rest = _wrap(f"{entry.who} {entry.text}{facts}", width, lead, " " * 7, base)
    number, who = Span(0, len(lead), base), Span(len(lead), min(len(lead) + len(entry.who), len(first.text)), Style.WHO)
    for line in (replace(first, spans=(number, who)), *rest):
        yield line.shows(clean(facts).strip(), Style.FACT)
    if entry.details:
        yield from _wrap(entry.details, width, " " * 9, " " * 11, Style.DETAILS)
    for seen in entry.sees:
        yield from _wrap(seen, width, "       => ", " " * 10, Style.SEEN)
    for quoted in entry.quoted:
        yield from _wrap(quoted, width, " " * 9, " " * 13, Style.QUOTED)


def grid_lines(grid: Grid, width: int) -> Iterator[str]:
    """The table, split into several tables if it is too wide. A cell takes half of the width at most."""
    rows = [[clean(c) for c in row] for row in (grid.header, *grid.rows)]
    widths = [min(max(map(len, column)), width // 2) for column in zip(*rows, strict=True)]
    start = 1
    while start < len(widths):
        end, used = start, 2 + widths[0]
        while end < len(widths) and (end == start or used + 1 + widths[end] <= width):
            used += 1 + widths[end]
            end += 1
        if start > 1:
            yield ""
        for row in rows:
            cells = (f"{_cut(row[n], widths[n]):>{widths[n]}}" for n in range(start, end))
            yield f"  {_cut(row[0], widths[0]):<{widths[0]}} {' '.join(cells)}".rstrip()
        start = end


def _cut(text: str, width: int) -> str:
    """The text, or its beginning and a mark that it goes on."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
