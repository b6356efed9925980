"""Text without colours, for pipes and files. No line is wider than ``width``."""

from __future__ import annotations

from planrace.checker.report.text.layout import laid_out
from planrace.checker.results.blocks import Document

WIDTH = 100
"""The number of columns without a terminal."""


def render_plain(report: Document, width: int = WIDTH) -> str:
    """The document as text; the last line is its closing."""
    return "".join(f"{line.text}\n" for line in laid_out(report, width))
