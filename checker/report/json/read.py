"""Reading saved reports and runs, so that they can be converted to every format later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from planrace.checker.report.errors import MalformedError, ReadError
from planrace.checker.report.json.consistency import clean_report
from planrace.checker.report.json.decode import ReportForm, SavedForm, content, parsed, typed
from planrace.checker.report.json.reports import REPORTS_SCHEMA
from planrace.checker.report.json.write import SCHEMA
from planrace.checker.results.blocks import clean
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, listed

TRACE_SCHEMA = "planrace/trace/1"
AGAIN = "create it again with check --format json"


def read_report(path: str | Path) -> Report:
    """The report in a file: what ``check --format json`` writes, or a single trace that ``check walk`` saved. Raises
    ``ReadError``."""
    text = content(path)
    try:
        found = parsed(text)
    except MalformedError as problem:
        raise ReadError(f"{path}: {problem} (write it with check --format json)") from None
    return report_of(found, str(path))


def report_of(data: Any, path: str = "it") -> Report:
    """The report in JSON values. Raises ``ReadError``."""
    found = data.get("schema") if isinstance(data, dict) else None
    if found == REPORTS_SCHEMA:
        return report_of(_only_report(data, path), path)
    if found not in (SCHEMA, TRACE_SCHEMA):
        says = f"its schema is {found!r:.60}" if found is not None else "it names no schema"
        raise ReadError(f"{path} is not a report of this version: {says} ({AGAIN})")
    try:
        form: ReportForm | SavedForm = typed(data, ReportForm) if found == SCHEMA else typed(data, SavedForm)
        return clean_report(form.made())
    except MalformedError as problem:
        raise ReadError(f"{path}: {problem} ({AGAIN})") from None


def _only_report(data: dict[str, Any], path: str) -> Any:
    """The report in an envelope that has one. Raises ``ReadError``."""
    try:
        form = typed(data, ReportsForm)
    except MalformedError as problem:
        raise ReadError(f"{path}: {problem} ({AGAIN})") from None
    if len(form.reports) != 1:
        names = listed([clean(r.name) for r in form.reports])
        what = f"{path} has the reports of {counted(len(form.reports), 'check')}: {names}"
        raise ReadError(f"{what} (write one of them with check --only NAME --format json)")
    (one,) = form.reports
    if one.report is None:
        why = "there is none" if one.error is None else clean(one.error.message)
        raise ReadError(f"{path} has no report, because check {clean(one.name)} was wrong: {why}")
    return one.report


class _ErrorForm(msgspec.Struct):
    message: str


class _ResultForm(msgspec.Struct):
    name: str
    report: dict[str, Any] | None
    error: _ErrorForm | None = None


class ReportsForm(msgspec.Struct):
    """The reports of several checks, as far as one of them is read."""

    reports: list[_ResultForm]


def is_itf(path: Path) -> bool:
    """The file name is that of a trace in ITF."""
    return path.name.endswith(".itf.json")


def read_itf_report(path: str) -> Report:
    """A trace in ITF as a report with nothing else. Raises ``ReadError``."""
    from planrace.checker.report.text.values import with_changes
    from planrace.checker.report.trace.itf import TraceFormatError, read_itf

    try:
        trace, variables = read_itf(content(path))
        trace = with_changes(trace, variables)
        alone = Finding("run", "run", "a run that was saved", Verdict.UNKNOWN, "not judged", trace)
        name = Path(path).name.removesuffix(".itf.json")
        return clean_report(Report(name, {}, (), (), "none", (alone,), None, variables=variables))
    except (TraceFormatError, MalformedError) as problem:
        raise ReadError(f"{path}: {problem}") from problem
