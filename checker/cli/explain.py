"""``check explain``: other forms of a saved report."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.api.calls import load
from planrace.checker.cli.deliver import Delivery, told
from planrace.checker.report.formats import choose
from planrace.checker.report.text.document import document


def explain_command(report: str, *, form: Sequence[str], outputs: Sequence[str], trace: str | None) -> int:
    """Read a report and write it in the requested forms; returns the exit code."""
    delivery = Delivery(form, outputs, brief=True, reads=(report,))
    with delivery.working():
        found = load(report)
        if trace is not None:
            choose(found, trace)  # an error lists the traces that there are
    delivery.deliver(told(found, document(found), trace), strict=True)
    return 0
