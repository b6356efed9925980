"""The data of pages about proofs and about the table of ``check prove --all``, as the pages show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from planrace.checker.report.text.document import sentence, sizes_text
from planrace.checker.report.text.proofs import (
    SCHEDULE,
    TIMES,
    MatrixLayout,
    cell_text,
    confirmed_text,
    invariant_text,
    laid_out,
    matrix_layout,
    milliseconds,
    shown_text,
)
from planrace.checker.report.text.values import state_before, state_text
from planrace.checker.results.matrix import Cell, MatrixReport
from planrace.checker.results.proof import Certificate, Confirmation, Obligation
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.wording import counted


def proof_data(report: Report) -> dict[str, Any] | None:
    """The properties, proofs and confirmation of a report about every size; None for other reports."""
    if not report.every_size:
        return None
    return {
        "asked": [_finding_data(f, report) for f in report.findings],
        "left_out": [{"name": name, "kind": kind, "why": why} for name, kind, why in report.left_out],
        "proofs": [_proof(p) for p in report.proofs],
        "confirmation": confirmation_data(report.confirmation) if report.proofs else None,
        "times": TIMES,
        "rules": SCHEDULE,
    }


def confirmation_data(answer: Confirmation | None) -> dict[str, Any]:
    """The answer of a second solver as a sentence, and the obligations that it does not confirm."""
    doubted = [] if answer is None else [f"{name}: {why}" for name, why in answer.doubted]
    return {"text": confirmed_text(answer), "doubted": doubted}


def _finding_data(f: Finding, report: Report) -> dict[str, Any]:
    u, variables = f.cti, f.variables or report.variables
    return {
        "name": f.name,
        "kind": f.kind,
        "word": f.verdict.word,
        "meaning": f.meaning,
        "how": f.how,
        "unreached": None
        if u is None
        else {
            "sizes": sizes_text(u.parameters),
            "state": state_text(u.trace.initial, variables),
            "steps": [sentence(s, state_before(u.trace, n), variables) for n, s in enumerate(u.trace.steps, 1)],
        },
    }


def _proof(proof: Certificate) -> dict[str, Any]:
    found = laid_out(proof)
    return {
        "title": ", ".join(proof.properties),
        "complete": proof.complete,
        "statement": proof.statement,
        "assumptions": proof.assumptions,
        "invariant": invariant_text(proof, found),
        "facts": [{"name": f.name, "kind": f.kind, "meaning": f.meaning} for f in found.facts],
        "rows": [{"action": action, "cells": list(map(_cell, cells))} for action, cells in found.rows],
        "schedule": [_cell(o, f"{o.fact} ({o.action})") for o in found.schedule],
        "count": counted(len(proof.obligations), "obligation"),
    }


def _cell(o: Obligation | None, name: str = "") -> dict[str, Any] | None:
    if o is None:
        return None
    uses = f"; uses {', '.join(o.uses)}" if o.uses else ""
    return {"name": name, "proved": o.proved, "ms": milliseconds(o), "why": shown_text(o) + uses}


# The table -----------------------------------------------------------------------------------------------------
def matrix_data(report: MatrixReport) -> dict[str, Any]:
    """The table of all protections and faults."""
    found = matrix_layout(report)
    return {
        "note": found.note,
        "legend": [{"letter": letter, "name": name, "kind": kind} for letter, name, kind in found.legend],
        "columns": [{"label": label, "title": _set(names, "no fault")} for label, names in found.columns],
        "tables": [{"name": name, "rows": list(_rows(report, found, name))} for name in report.properties],
        "closing": found.closing,
        "word": "holds" if report.exit_code == 0 else "unknown",
        "confirmation": confirmation_data(report.confirmation),
    }


def _rows(report: MatrixReport, found: MatrixLayout, name: str) -> Iterator[Mapping[str, Any]]:
    for label, protections in found.rows:
        cells = [found.cells.get((name, protections, faults)) for _, faults in found.columns]
        yield {"label": label, "title": _set(protections, "no protection"), "cells": list(map(_decided, cells))}


def _decided(cell: Cell | None) -> dict[str, Any]:
    if cell is None:
        return {"text": "?", "word": "unknown", "how": "not tried"}
    at = f" (at {sizes_text(cell.parameters)})" if cell.parameters is not None else ""
    rests = f"; the invariant: {', '.join(cell.conjuncts)}" if cell.conjuncts else ""
    return {"text": cell_text(cell), "word": cell.verdict.word, "how": f"{cell.how}{at}{rests}"}


def _set(names: tuple[str, ...], none: str) -> str:
    return ", ".join(names) or none


def matrix_title(report: MatrixReport) -> str:
    """The title of the page."""
    left = f", {counted(report.undecided, 'cell')} undecided" if report.undecided else ""
    return f"{report.protocol}: every set of protections and faults{left}"
