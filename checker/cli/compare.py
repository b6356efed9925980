"""``check compare``: two reports side by side."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..report.compare import compare, comparison_document, comparison_json, comparison_markdown
from ..report.read import read_report
from .deliver import Delivery, Told

FORMS = ("text", "json", "markdown")


def compare_command(first: str, second: str, forms: Sequence[str], outputs: Sequence[str]) -> int:
    """Compare two files; the exit code: 1 where a verdict changed."""
    delivery = Delivery(forms, outputs, FORMS, brief=True)
    found = compare(read_report(first), read_report(second))
    code = 1 if found.changed else 0
    makers = {"json": partial(comparison_json, found), "markdown": partial(comparison_markdown, found)}
    delivery.deliver(Told(comparison_document(found, code), makers))
    return code
