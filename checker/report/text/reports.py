"""The text of several checks: a report for each, a table of all, one closing line."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.report.text.document import document, how, subject
from planrace.checker.results.blocks import Block, Document, Grid, Heading, Paragraph, Verdicts
from planrace.checker.results.detail import Detail
from planrace.checker.results.outcome import Broken, RunOutcome, warned_text
from planrace.checker.results.reports import CheckResult, Reports
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined


def reports_document(reports: Reports, detail: Detail = Detail.FULL) -> Document:
    """The text of all checks. ``VERDICTS``: only the table; ``USUAL``: of a check that went as expected only the
    verdicts."""
    results = () if detail is Detail.VERDICTS else reports.results
    blocks = [b for r in results for b in _result(r, detail)]
    blocks += [Heading(counted(len(reports.results), "check")), *_overview(reports)]
    return Document(tuple(blocks), f"verdict: {_good(reports)} (exit {reports.code})", _tone(reports.code))


def reports_page(reports: Reports) -> Document:
    """The same for a page, in full: the table comes first."""
    blocks = [Heading(_good(reports)), *_overview(reports)]
    blocks += [b for r in reports.results for b in _result(r, Detail.FULL)]
    return Document(tuple(blocks), f"verdict: {_good(reports)} (exit {reports.code})", _tone(reports.code))


def _good(reports: Reports) -> str:
    good = len(reports.results) - len(reports.failed)
    return f"{good} of {counted(len(reports.results) + len(reports.left), 'check')} as expected"


def _overview(reports: Reports) -> Iterator[Block]:
    yield _table(reports)
    if reports.left:
        yield Paragraph(f"Not checked after the interruption: {joined(reports.left)}.", "unknown")


def _tone(code: int) -> str:
    return {0: Verdict.HOLDS, 1: Verdict.VIOLATED, 2: Verdict.VIOLATED}.get(code, Verdict.UNKNOWN).word


def _result(result: CheckResult, detail: Detail) -> Iterator[Block]:
    outcome = result.outcome
    yield Heading(f"{result.name}: {result.sentence}")
    if isinstance(outcome, Broken):
        yield Paragraph(outcome.message, _tone(outcome.code))
    elif outcome.code == 0 and detail is not Detail.FULL:
        yield from _brief(outcome)
    else:
        whole = document(outcome.report, outcome.code, outcome.reason, detail).blocks
        yield from whole[1:] if isinstance(whole[0], Heading) else whole


def _brief(outcome: RunOutcome) -> Iterator[Block]:
    report = outcome.report
    yield Paragraph(f"{report.protocol}: {subject(report)}.")
    yield Verdicts(tuple((f.name, f.verdict.word, how(f)) for f in report.findings))
    yield from (Paragraph(f"Warning: {warned_text(w)}", "unknown") for w in report.warnings if w.strict)


def _table(reports: Reports) -> Grid:
    rows = []
    for r in reports.results:
        e = r.report.exploration if r.report is not None else None
        states, seconds = ("–", "–") if e is None else (f"{e.states:,}", f"{e.seconds:.2f}")
        rows.append((r.name, r.sentence, states, seconds, str(r.code)))
    return Grid(("check", "outcome", "states", "seconds", "exit"), tuple(rows))
