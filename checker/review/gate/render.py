"""The answer of the gate as text (blocks of a report) and as JSON (``planrace/establishment/1``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from planrace.checker.advice.formatting import json_text
from planrace.checker.results.blocks import Block, Document, Grid, Heading, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.wording import limited
from planrace.checker.review.gate.conditions import Establishment, GateOutcome, JudgedCondition

TONES = {
    GateOutcome.ESTABLISHED: "holds",
    GateOutcome.UNDECIDED: "unknown",
    GateOutcome.NOT_ESTABLISHED: "violated",
}


def establishment_document(made: Establishment, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """Every condition, and what keeps it from being met; ``VERDICTS``: only whether it is."""
    report = made.evidence.report
    sizes = ", ".join(f"{n}={v}" for n, v in report.parameters.items()) or "no parameters"
    faults, protections = (
        ", ".join(limited(report.faults, report.at_most)) or "none",
        ", ".join(report.protections) or "none",
    )
    blocks: list[Block] = [
        Heading(f"{report.protocol}: {made.outcome}"),
        Paragraph(f"{sizes}; faults: {faults}; protections: {protections}."),
        Grid(("condition", "status"), tuple((c.condition, c.status) for c in made.conditions)),
    ]
    if detail is not Detail.VERDICTS:
        blocks += [block for c in made.conditions for block in _condition(c)]
    return Document(tuple(blocks), f"{made.outcome} (exit {exit_code})", TONES[made.outcome])


def _condition(c: JudgedCondition) -> Iterator[Block]:
    yield Paragraph(f"{c.condition}: {c.status}: {c.why}{':' if c.open else '.'}")
    for text in c.open:
        yield Paragraph(f"- {text}")


def establishment_json(made: Establishment) -> str:
    """The answer as JSON text. ``open`` lists what keeps a condition from being met; where it is met, what a
    reader should know all the same."""
    report, mutation, request = made.evidence.report, made.evidence.mutation, made.request
    value: dict[str, Any] = {
        "schema": "planrace/establishment/1",
        "protocol": report.protocol,
        "parameters": dict(report.parameters),
        "faults": list(report.faults),
        **({"at_most": dict(report.at_most)} if report.at_most else {}),
        "protections": list(report.protections),
        "established": made.established,
        "outcome": made.outcome,
        "interrupted": made.interrupted,
        "at_least": request.at_least,
        "score": None if mutation is None else mutation.score,
        "every_size": request.every_size,
        "violated": list(request.violated),
        "accepted": list(request.accepted),
        "verdicts": {f.name: f.verdict.word for f in report.findings},
        "conditions": [
            {"condition": c.condition, "status": c.status, "why": c.why, "open": list(c.open)} for c in made.conditions
        ],
    }
    return json_text(value)
