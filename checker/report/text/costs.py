"""Costs of protections as blocks of a text report."""

from __future__ import annotations

from planrace.checker.results.blocks import Block, Bullets, Document, Grid, Heading, Paragraph
from planrace.checker.results.costs import CostKind, CostTable
from planrace.checker.results.detail import Detail
from planrace.checker.results.wording import counted


def costs_document(made: CostTable, detail: Detail = Detail.FULL) -> Document:
    """A row for each protection; ``VERDICTS``: only the last line."""
    names = list(made.meanings)
    closing = f"costs: {counted(len(names), 'cost')}, {counted(len(made.rows), 'row')}"
    if detail is Detail.VERDICTS:
        return Document((), closing)
    sizes = ", ".join(f"{n}={v}" for n, v in made.parameters.items()) or "no parameters"
    faults, protections = ", ".join(made.faults) or "none", ", ".join(made.protections) or "none"
    table = tuple((", ".join(row.protections) or "(none added)", *(v.text for v in row.values)) for row in made.rows)
    blocks: list[Block] = [
        Heading(f"{made.protocol}: costs"),
        Paragraph(f"{sizes}; faults: {faults}; protections: {protections}."),
        Bullets(tuple(f"{name}: {meaning}" for name, meaning in made.meanings.items())),
        Grid(("protection", *names), table),
    ]
    unknown = [
        f"{', '.join(row.protections) or made.protocol}, {v.name}: {v.how}"
        for row in made.rows
        for v in row.values
        if v.kind is CostKind.UNKNOWN
    ]
    blocks += [Paragraph(f"Not known: {text}.") for text in unknown]
    return Document(tuple(blocks), closing)
