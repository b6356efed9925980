"""The text of several checks: a report for each, a table of all, one closing line."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.report.text.document import document, how, left_out, subject
from planrace.checker.results.blocks import Block, Document, Grid, Heading, Paragraph, Verdicts
from planrace.checker.results.detail import Detail
from planrace.checker.results.outcome import Broken, RunOutcome, warned_text
from planrace.checker.results.reports import CheckResult, Reports
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined


def reports_document(reports: Reports, detail: Detail = Detail.FULL) -> Document:
    """The text of all checks. ``VERDICTS``: only the table, and what is undecided or left out; ``USUAL``: only the
    verdicts of a check that went as expected."""
    results = () if detail is Detail.VERDICTS else reports.results
    blocks = [b for r in results for b in _result(r, detail)]
    blocks += [Heading(counted(len(reports.results), "check")), *_overview(reports)]
    if detail is Detail.VERDICTS:
        blocks += [Paragraph(text, "unknown") for r in reports.results for text in _gaps(r)]
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


def _gaps(result: CheckResult) -> Iterator[str]:
    """What the table does not tell, although a reader needs it: what is undecided, not checked or warned of."""
    outcome = result.outcome
    if isinstance(outcome, Broken):  # its error is on standard error
        return
    reasons: dict[str, list[str]] = {}
    for f in outcome.report.findings:
        if f.verdict is Verdict.UNKNOWN:
            reasons.setdefault(f.how, []).append(f.name)
    yield from (f"{result.name}: {joined(names)}: {why}." for why, names in reasons.items())
    yield from (f"{result.name}: {name}: left out: {why}." for name, _, why in outcome.report.left_out)
    yield from (f"{result.name}: {c.message}" for c in outcome.complaints if c.kind == "warnings")


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
    yield from left_out(report)
    yield from (Paragraph(f"Warning: {warned_text(w)}", "unknown") for w in report.warnings if w.strict)


def _table(reports: Reports) -> Grid:
    rows = []
    for r in reports.results:
        e = r.report.exploration if r.report is not None else None
        states, seconds = ("–", "–") if e is None else (f"{e.states:,}", f"{e.seconds:.2f}")
        rows.append((r.name, r.sentence, states, seconds, str(r.code)))
    return Grid(("check", "outcome", "states", "seconds", "exit"), tuple(rows))
