"""Lint findings as text and as JSON (``planrace/lint/1``)."""

from __future__ import annotations

from planrace.checker.advice.formatting import json_text
from planrace.checker.advice.lint.finding import LintFindings
from planrace.checker.results.blocks import Document, Paragraph
from planrace.checker.results.detail import Detail
from planrace.checker.results.wording import numbered


# Lint ------------------------------------------------------------------------------------------------------------
def lint_document(found: LintFindings, exit_code: int, detail: Detail = Detail.FULL) -> Document:
    """One paragraph for each finding, like compiler messages; ``VERDICTS``: only their number."""
    count = numbered(len(found), "finding") if found else "nothing found"
    shown = () if detail is Detail.VERDICTS else found
    return Document(
        tuple(Paragraph(str(x), "unknown") for x in shown), f"lint of {found.protocol}: {count} (exit {exit_code})"
    )


def lint_json(found: LintFindings) -> str:
    """The findings as JSON text. Files below the working directory are relative to it; lines count from 1."""
    rows = [
        {
            "kind": x.kind,
            "subject": x.subject,
            "file": None if x.where is None else str(x.where).rpartition(":")[0],
            "line": None if x.where is None else x.where.line,
            "sentence": x.sentence,
            "remedy": x.remedy,
        }
        for x in found
    ]
    return json_text({"schema": "planrace/lint/1", "protocol": found.protocol, "findings": rows})
