"""The pages of what driving a system along its model has found."""

from __future__ import annotations

from planrace.checker.report.html.page import render_document
from planrace.checker.report.text.driving import (
    blind,
    closing_text,
    covered_text,
    divergence_blocks,
    figures,
    missed_texts,
    replay_document,
    replayed_text,
)
from planrace.checker.results.blocks import Block, Bullets, Document, Grid, Heading, Timeline
from planrace.checker.results.detail import Detail
from planrace.checker.results.driving import CoverReport, Criterion, ReplayReport
from planrace.checker.results.wording import ending


def render_cover(report: CoverReport, command: str = "") -> str:
    """The page of a covering run: the share, the first divergence, the outcomes of every action, what is missing."""
    blocks: list[Block] = [Heading(f"{report.system.protocol}: {covered_text(report)}")]
    if report.total:
        what = "steps" if report.criterion is Criterion.GIVEN else str(report.criterion)
        blocks.append(_table(what, [("all", report.performed, report.total)]))
    blocks += figures(report)
    if report.divergence is not None:
        blocks += divergence_blocks(report.divergence, report.system, Detail.FULL)
    if report.shares:
        rows = [(ending(s.action, s.outcome), s.performed, s.total) for s in report.shares]
        blocks += [Heading("Transitions by action"), _table("action", rows)]
    if missed := [*missed_texts(report)]:
        blocks += [Heading("What was not performed, and why"), Bullets(tuple(missed))]
    if unseen := [*blind(report.system)]:
        blocks += [Heading("What the driver does not do, and does not see"), *unseen]
    return render_document(Document(tuple(blocks), closing_text(report), report.verdict.word), command)


def _table(what: str, rows: list[tuple[str, int, int]]) -> Grid:
    """Shares; the page draws a bar beside each."""
    shown = tuple((name, f"{done:,}", f"{of:,}", f"{100 * done / of if of else 0:.1f}%") for name, done, of in rows)
    return Grid((what, "performed", "of", "share"), shown)


def render_replay(report: ReplayReport, command: str = "") -> str:
    """The page of a replay: what was observed and what users got beside each step, and where the run was left."""
    whole = replay_document(report, report.exit_code)
    blocks: list[Block] = [Heading(f"{report.system.protocol}: {replayed_text(report)}")]
    for block in whole.blocks[1:]:
        if isinstance(block, Timeline):
            blocks.append(Heading("Step by step"))
        elif isinstance(block, Grid):
            blocks.append(Heading("What differs"))
        blocks.append(block)
    return render_document(Document(tuple(blocks), whole.closing.partition(" (exit")[0], whole.tone), command)
