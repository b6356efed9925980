"""``check explain``: other formats of a saved report."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.api.calls import load
from planrace.checker.cli.deliver import Delivery, rendering_of_report
from planrace.checker.cli.look import Look
from planrace.checker.report.formats import select_trace
from planrace.checker.report.text.document import document


def explain_command(
    report: str, *, formats: Sequence[str], outputs: Sequence[str], trace: str | None, look: Look
) -> int:
    """Read a report and write it in the requested formats; returns the exit code."""
    delivery = Delivery(formats, outputs, look=look, brief=True, reads=(report,))
    with delivery.working():
        found = load(report)
        if trace is not None:
            select_trace(found, trace)  # an error lists the traces that there are
    delivery.deliver(rendering_of_report(found, document(found, detail=look.detail), trace), strict=True)
    return 0
