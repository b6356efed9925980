"""``check explain``: other forms of a report that was written before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..report import document
from ..report.read import is_itf, read_itf_report, read_report
from .deliver import Delivery, told


def explain_command(report: str, forms: Sequence[str], outputs: Sequence[str], trace: str | None) -> int:
    """Read a report and write it in the forms that are asked for; the exit code."""
    delivery = Delivery(forms, outputs, brief=True)
    found = read_itf_report(report) if is_itf(Path(report)) else read_report(report)
    delivery.deliver(told(found, document(found), trace), strict=True)
    return 0
