"""What a mapping makes of the lines of logs, as text."""

from __future__ import annotations

from planrace.checker.results.blocks import clean
from planrace.checker.results.mapping import LineKind, MappingExplanation
from planrace.checker.results.wording import joined

LONG = 100
"""The most characters of a line that are shown."""


def mapping_text(found: MappingExplanation) -> str:
    """Each line with what it is below it, and counts. Control characters of logs are not shown to terminals."""
    rows: list[str] = []
    for x in found.lines:
        text = x.line.text if len(x.line.text) <= LONG else f"{x.line.text[:LONG]}…"
        rows.append(f"{x.line}: {text}")
        details = [d for d in x.details if d] or [""]
        rows += [f"  {x.kind.value}{f': {d}' if d else ''}" for d in details]
    shown = [f"{found.counts[kind]:,} {kind.value}" for kind in LineKind if found.counts.get(kind)]
    rows += ["", f"All lines, by {found.mapping}: {', '.join(shown) or 'there are none'}."]
    if found.never:
        rows.append(f"No line is {joined(found.never)}.")
    return "\n".join(map(clean, rows)) + "\n"
