"""``check compare``: two reports side by side."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.api.calls import compare_named
from planrace.checker.cli.deliver import Delivery, rendering_of
from planrace.checker.cli.look import Look
from planrace.checker.report.json.read import read_report

FORMATS = ("text", "json", "markdown")


def compare_command(first: str, second: str, *, formats: Sequence[str], outputs: Sequence[str], look: Look) -> int:
    """Compare two files; returns the exit code: 1 if a verdict changed."""
    delivery = Delivery(formats, outputs, FORMATS, look=look, brief=True, reads=(first, second))
    with delivery.working():
        found = compare_named(read_report(first), read_report(second), (first, second))
    code = 1 if found.changed else 0
    delivery.deliver(rendering_of(found, code, look.detail))
    return code
