"""Text without colours, for pipes and files. No line is wider than ``width``."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from planrace.checker.results.blocks import (
    Block,
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

WIDTH = 100
"""The number of columns without a terminal."""
LEAST = 20


def render_plain(report: Document, width: int = WIDTH) -> str:
    """The document as text; the last line is its closing."""
    width = max(width, LEAST)
    lines = [line for block in report.blocks for line in _draw(block, width)]
    while lines and not lines[-1]:
        lines.pop()
    text = "\n".join([*lines, "", *_wrap(report.closing, width)]).lstrip("\n") + "\n"
    return re.sub(r"\n{3,}", "\n\n", text)


def _wrap(text: str, width: int, first: str = "", rest: str | None = None) -> list[str]:
    hanging = first if rest is None else rest
    if len(hanging) > width // 2:
        hanging = hanging[: width // 4]
    return textwrap.wrap(clean(text), width, initial_indent=first, subsequent_indent=hanging) or [first.rstrip()]


def _draw(block: Block, width: int) -> Iterator[str]:
    match block:
        case Heading(text=text):
            yield ""
            yield from _wrap(text, width)
            yield "-" * min(len(clean(text)), width)
        case Paragraph(text=text):
            yield from _wrap(text, width)
            yield ""
        case Verdicts(rows=rows):
            for name, verdict, how in rows:
                yield from _wrap(f"{name}: {how}", width, f"  {verdict.upper():<9} ", " " * 12)
        case Facts(rows=rows):
            for name, meaning, shown in rows:
                yield from _wrap(f"{meaning}: {shown}", width, f"  {name:<4} ", " " * 7)
            yield ""
        case Grid():
            yield from grid_lines(block, width)
            yield ""
        case Timeline(entries=entries):
            for entry in entries:
                yield from _entry(entry, width)
            yield ""


def grid_lines(grid: Grid, width: int) -> Iterator[str]:
    """The table, split into several tables if it is too wide."""
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
            cells = (f"{row[n][: widths[n]]:>{widths[n]}}" for n in range(start, end))
            yield f"  {row[0][: widths[0]]:<{widths[0]}} {' '.join(cells)}".rstrip()
        start = end


def _entry(entry: TimelineEntry, width: int) -> Iterator[str]:
    sign = ">" if entry.mark else " "
    facts = f" <{', '.join(entry.facts)}>" if entry.facts else ""
    yield from _wrap(f"{entry.who} {entry.text}{facts}", width, f"{sign}{entry.number:>4}. ", " " * 7)
    yield from _wrap(entry.details, width, " " * 9, " " * 11)
    for line in entry.sees:
        yield from _wrap(line, width, "       => ", " " * 10)
