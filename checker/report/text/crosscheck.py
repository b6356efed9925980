"""Answers of another checker beside ours as blocks of a text report."""

from __future__ import annotations

from planrace.checker.results.blocks import Block, Document, Grid, Heading, Paragraph
from planrace.checker.results.crosscheck import ComparedAnswer, Crosscheck
from planrace.checker.results.detail import Detail
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted


def crosscheck_document(found: Crosscheck, code: int, detail: Detail = Detail.FULL) -> Document:
    """A row for each question; ``VERDICTS``: only the last line."""
    closing = f"crosscheck: {_agreement(found)} (exit {code})"
    if detail is Detail.VERDICTS:
        return Document((), closing)
    sizes = ", ".join(f"{n}={v}" for n, v in found.parameters.items()) or "no sizes"
    faults, protections = ", ".join(found.faults) or "none", ", ".join(found.protections) or "none"
    blocks: list[Block] = [
        Heading(f"{found.protocol} in {found.peer}"),
        Paragraph(f"{sizes}; faults: {faults}; protections: {protections}."),
    ]
    if found.answers:
        blocks.append(Grid(("", "planrace", found.peer, ""), tuple(_row(a) for a in found.answers)))
    blocks += [Paragraph(f"Not asked: {p.name} ({p.kind}): {p.why}.") for p in found.left_out]
    if found.undecided is not None:
        blocks.append(Paragraph(f"Undecided: {found.undecided}."))
    if found.verdict is Verdict.VIOLATED:
        blocks.append(Paragraph("One of the two has a defect, or the export does. Please report it."))
    return Document(tuple(blocks), closing)


def _agreement(found: Crosscheck) -> str:
    differ = sum(a.agrees is False for a in found.answers)
    missing = sum(a.agrees is None for a in found.answers)
    asked = counted(len(found.answers), "question")
    if differ:
        return f"{asked}, {differ} of them answered differently"
    if found.verdict is Verdict.HOLDS:
        return f"{asked}, all agree"
    return f"undecided, {missing} of {asked} not answered by both"


def _row(a: ComparedAnswer) -> tuple[str, str, str, str]:
    word = {True: "agree", False: "DIFFER", None: "undecided"}[a.agrees]
    return a.question, _answer(a.ours), _answer(a.theirs), word


def _answer(value: int | str | None) -> str:
    return "?" if value is None else f"{value:,}" if isinstance(value, int) else value
