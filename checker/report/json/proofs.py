"""Proofs and the table of all proofs as JSON."""

from __future__ import annotations

from typing import Any

from planrace.checker.report.text.proofs import _confirmation
from planrace.checker.results.matrix import MatrixReport
from planrace.checker.results.proof import Certificate

MATRIX_SCHEMA = "planrace/matrix/1"


def certificate_json(proof: Certificate) -> dict[str, Any]:
    """A proof as JSON values."""
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


def matrix_json(report: MatrixReport) -> dict[str, Any]:
    """The table as JSON values (``docs/matrix.schema.json``)."""
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
        "confirmation": None if report.confirmation is None else _confirmation(report.confirmation),
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
