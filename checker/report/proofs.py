"""What text and JSON reports say of proofs for every size, and of the table of ``check prove --all``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..table import Cell, MatrixReport
from ..vocabulary import INITIALLY, Certificate, Obligation, Verdict
from .blocks import Block, Document, Facts, Grid, Heading, Paragraph

MATRIX_SCHEMA = "planrace/matrix/1"
MODEL = "{}: else a step would be a model error"


# A proof -------------------------------------------------------------------------------------------------------
def certificate(proof: Certificate) -> Iterator[Block]:
    """The statement (of which sizes it is, too), what it assumes, the invariant, every obligation with its time."""
    yield Heading(f"Proof: {', '.join(proof.properties)}")
    yield Paragraph(f"Proved: {proof.statement}", "holds" if proof.complete else "unknown")
    yield Paragraph(f"Assumed: {proof.assumptions}")
    invariant = [o for o in proof.obligations if o.kind != "schedule"]
    schedule = [o for o in proof.obligations if o.kind == "schedule"]
    order = {c.name: n for n, c in enumerate(proof.conjuncts)}
    facts = sorted(dict.fromkeys(o.fact for o in invariant), key=lambda name: order.get(name, len(order)))
    if proof.conjuncts:
        count = len(proof.conjuncts)
        words = "1 conjunct" if count == 1 else f"{count} conjuncts"
        yield Paragraph(f"The invariant has {words}; it holds initially, and every step keeps it.")
    elif invariant:
        yield Paragraph("It needs no invariant: every step satisfies it, from whatever state.")
    yield Facts(tuple(_legend(proof, facts)))
    if facts:
        yield Paragraph("Milliseconds for each obligation: the action down, the conjunct across.")
        yield Grid(("", *(f"#{n}" for n in range(1, len(facts) + 1))), tuple(_times(invariant, facts)))
    if schedule:
        yield Paragraph("The schedule: where its rule applies the step is enabled, and lowers the measure.")
        yield Facts(tuple((f"{_ms(o)} ms", f"{o.fact} ({o.action})", _shown(o)) for o in schedule))


def _legend(proof: Certificate, facts: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    meanings = {c.name: (c.kind, f"{c.name}: {c.meaning}") for c in proof.conjuncts}
    asked = {o.fact: (o.kind, MODEL.format(o.fact)) for o in proof.obligations if o.kind == "model"}
    for n, name in enumerate(facts, 1):
        kind, told = meanings.get(name) or asked.get(name) or ("step property", f"{name}: obeyed by every step")
        yield f"#{n}", told, kind


def _times(obligations: Sequence[Obligation], facts: Sequence[str]) -> Iterator[tuple[str, ...]]:
    cells = {(o.action, o.fact): o for o in obligations}
    actions = dict.fromkeys(o.action for o in obligations)
    for action in sorted(actions, key=lambda a: a != INITIALLY):
        found = (cells.get((action, fact)) for fact in facts)
        yield action, *("" if o is None else _ms(o) if o.proved else "?" for o in found)


def _ms(o: Obligation) -> str:
    return f"{1000 * o.seconds:.0f}"


def _shown(o: Obligation) -> str:
    return "shown" if o.proved else f"not shown: {o.reason}"


def certificate_json(proof: Certificate) -> dict[str, Any]:
    """A proof as values that JSON holds."""
    return {
        "properties": list(proof.properties),
        "statement": proof.statement,
        "assumptions": proof.assumptions,
        "conjuncts": [{"name": c.name, "kind": c.kind, "meaning": c.meaning} for c in proof.conjuncts],
        "obligations": [
            {
                "kind": o.kind,
                "fact": o.fact,
                "action": o.action,
                "proved": o.proved,
                "uses": list(o.uses),
                "seconds": round(o.seconds, 6),
                "reason": o.reason or None,
            }
            for o in proof.obligations
        ],
    }


# The table -----------------------------------------------------------------------------------------------------
def matrix_document(report: MatrixReport, exit_code: int) -> Document:
    """The table as text: one grid a property, protections down, faults across."""
    closing = (
        f"{report.decided} of {len(report.cells)} cells decided for every size, {report.undecided} undecided "
        f"(exit {exit_code})"
    )
    return Document(tuple(_matrix(report)), closing, "holds" if not report.undecided else "unknown")


def _matrix(report: MatrixReport) -> Iterator[Block]:
    yield Heading(f"{report.protocol}: every set of protections, every property, every set of faults")
    given = f" Assumed of the sizes: {', '.join(report.assumptions)}." if report.assumptions else ""
    yield Paragraph(
        f"∀: proved for every size. A number: violated, by a counterexample of so many steps on a small instance. "
        f"?: not decided.{given} {report.queries:,} queries, {report.seconds:.1f} s."
    )
    short = {**_letters(report.protections, str.upper), **_letters(report.faults, str.lower)}
    yield Facts(tuple((short[n], n, "protection") for n in report.protections))
    yield Facts(tuple((short[n], n, "fault") for n in report.faults))
    cells = {(c.property, c.protections, c.faults): c for c in report.cells}
    rows = list(dict.fromkeys(c.protections for c in report.cells))
    columns = sorted(
        dict.fromkeys(c.faults for c in report.cells), key=lambda f: (len(f), *map(report.faults.index, f))
    )
    for name in report.properties:
        yield Heading(name)
        header = ("", *(_word(f, short) for f in columns))
        lines = ((_word(p, short), *(_cell(cells.get((name, p, f))) for f in columns)) for p in rows)
        yield Grid(header, tuple(lines))


def _cell(cell: Cell | None) -> str:
    if cell is None or cell.verdict is Verdict.UNKNOWN:
        return "?"
    return "∀" if cell.verdict is Verdict.HOLDS else str(cell.depth)


def _word(names: Sequence[str], short: dict[str, str]) -> str:
    return "".join(short[n] for n in names) or "-"


def _letters(names: Sequence[str], case: Any) -> dict[str, str]:
    """A letter for each name: its first that is still free, else a number."""
    found: dict[str, str] = {}
    for n, name in enumerate(names, 1):
        free = [case(c) for c in name if c.isalpha() and case(c) not in found.values()]
        found[name] = free[0] if free else str(n)
    return found


def matrix_json(report: MatrixReport) -> dict[str, Any]:
    """The table as values that JSON holds (``docs/matrix.schema.json``)."""
    return {
        "schema": MATRIX_SCHEMA,
        "protocol": report.protocol,
        "parameters": dict(report.parameters),
        "protections": list(report.protections),
        "faults": list(report.faults),
        "properties": list(report.properties),
        "assumptions": list(report.assumptions),
        "undecided": report.undecided,
        "interrupted": report.interrupted,
        "queries": report.queries,
        "seconds": round(report.seconds, 6),
        "cells": [
            {
                "protections": list(c.protections),
                "faults": list(c.faults),
                "property": c.property,
                "verdict": c.verdict.word,
                "how": c.how,
                "conjuncts": list(c.conjuncts),
                "depth": c.depth,
                "parameters": None if c.parameters is None else dict(c.parameters),
            }
            for c in report.cells
        ],
    }
