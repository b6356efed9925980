"""Text that is safe in Markdown."""

from __future__ import annotations

from planrace.checker.results.blocks import clean


def cell(text: str | None) -> str:
    """Text with all Markdown syntax escaped."""
    if text is None:
        return "–"
    plain = "".join(f"&#{ord(ch)};" if ch in "|<>&`*_[]\\~$" else ch for ch in clean(text))
    return plain.replace("@", "@&#8203;")  # otherwise GitHub would notify the user of that name
