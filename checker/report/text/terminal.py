"""The same text with colours, written with rich, which knows what each kind of terminal takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TextIO

from rich.console import Console
from rich.text import Text

from planrace.checker.report.text.layout import Line, Style, laid_out
from planrace.checker.report.text.plain import WIDTH
from planrace.checker.results.blocks import Document

STYLES: Mapping[Style, str] = {
    Style.NORMAL: "",
    Style.HOLDS: "green",
    Style.VIOLATED: "bold red",
    Style.UNKNOWN: "yellow",
    Style.HEADING: "bold",
    Style.WHO: "cyan",
    Style.DETAILS: "dim",
    Style.SEEN: "bold yellow",
    Style.QUOTED: "bright_blue",
    Style.FACT: "magenta",
    Style.MARK: "bold",
}


def draw(report: Document, stream: TextIO | None = None, width: int = WIDTH) -> None:
    """Write the document with colours, whatever the stream is and whatever the environment says of colours: who calls
    has decided that."""
    console = Console(
        file=stream, width=width, force_terminal=True, color_system="standard", no_color=False, highlight=False
    )
    for line in laid_out(report, width):
        console.print(styled(line), soft_wrap=True)


def styled(line: Line) -> Text:
    """A line with its styles."""
    text = Text(line.text, style=STYLES[line.style])
    for span in line.spans:
        text.stylize(STYLES[span.style], span.start, span.stop)
    return text
