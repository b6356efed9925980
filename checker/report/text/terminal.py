"""Text with colours and tables, for terminals, drawn with rich."""

from __future__ import annotations

from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from planrace.checker.report.text.plain import grid_lines
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
from planrace.checker.results.guard import defect_text

TONES = {"holds": "green", "violated": "bold red", "unknown": "yellow", "": ""}


def draw(report: Document, stream: TextIO | None = None, width: int | None = None) -> None:
    """Draw the document on a terminal, not wider than the terminal."""
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    for block in report.blocks:
        try:
            _draw(console, block)
        except OSError:
            raise  # an error of the terminal, not of the block
        except Exception as problem:
            console.print(Text(f"Unavailable: {defect_text(problem)}.", style=TONES["unknown"]))
    console.print()
    console.print(Text(report.closing, style=TONES[report.tone]))


def _draw(console: Console, block: Block) -> None:
    match block:
        case Heading(text=text):
            console.print()
            console.print(Text(clean(text), style="bold underline"))
        case Paragraph(text=text, tone=tone):
            console.print(Text(clean(text), style=TONES[tone]))
        case Verdicts(rows=rows):
            console.print(_verdicts(rows))
        case Facts(rows=rows):
            console.print(_facts(rows))
        case Timeline(entries=entries):
            console.print(_timeline(entries))
        case Grid():
            for line in grid_lines(block, console.width):
                console.print(Text(line))


def _verdicts(rows: tuple[tuple[str, str, str], ...]) -> Table:
    table = Table(box=None, show_header=True, header_style="dim", padding=(0, 1))
    table.add_column("property", overflow="fold")
    table.add_column("verdict", overflow="fold")
    table.add_column("how", overflow="fold")
    for name, verdict, how in rows:
        table.add_row(Text(clean(name)), Text(verdict, style=TONES[verdict]), Text(clean(how)))
    return table


def _facts(rows: tuple[tuple[str, str, str], ...]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold", ratio=1)
    table.add_column(overflow="fold", justify="right")
    for name, meaning, shown in rows:
        style = "dim" if shown.startswith("not") else "cyan"
        table.add_row(Text(clean(name), style=style), Text(clean(meaning)), Text(clean(shown), style=style))
    return table


def _timeline(entries: tuple[TimelineEntry, ...]) -> Table:
    table = Table(box=None, show_header=True, header_style="dim", padding=(0, 1))
    table.add_column("step", justify="right", overflow="fold")
    table.add_column("who", overflow="fold", style="cyan")
    table.add_column("what", overflow="fold", ratio=1)
    if any(e.facts for e in entries):
        table.add_column("facts", overflow="fold")
    for e in entries:
        cells = [
            Text(f"{'▶ ' if e.mark else ''}{e.number}", style="bold red" if e.mark else ""),
            Text(clean(e.who)),
            _what(e),
        ]
        if len(table.columns) == 4:
            cells.append(Text(", ".join(e.facts), style="magenta"))
        table.add_row(*cells)
    return table


def _what(entry: TimelineEntry) -> Text:
    text = Text(clean(entry.text), style="bold" if entry.mark else "")
    text.append(f"\n{clean(entry.details)}", style="dim")
    for line in entry.sees:
        text.append(f"\n→ {clean(line)}", style="bold yellow")
    return text
