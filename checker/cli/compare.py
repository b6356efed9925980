"""``check compare``: two reports side by side."""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.api.calls import compare
from planrace.checker.cli.deliver import Delivery, told_of
from planrace.checker.report.errors import ReadError
from planrace.checker.report.json.read import read_report
from planrace.checker.results.report import Report

FORMS = ("text", "json", "markdown")


def compare_command(first: str, second: str, *, form: Sequence[str], outputs: Sequence[str]) -> int:
    """Compare two files; the exit code: 1 where a verdict changed."""
    delivery = Delivery(form, outputs, FORMS, brief=True, reads=(first, second))
    with delivery.working():
        a, b = read_report(first), read_report(second)
        if _saved(a) != _saved(b):
            run, report = (first, second) if _saved(a) else (second, first)
            raise ReadError(f"{run} is a saved run and {report} a report (compare two reports, or two saved runs)")
        found = compare(a, b)
    code = 1 if found.changed else 0
    delivery.deliver(told_of(found, code))
    return code


def _saved(report: Report) -> bool:
    """It is a run that ``check walk`` saved, and says nothing else."""
    return [f.kind for f in report.findings] == ["run"]
