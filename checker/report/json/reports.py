"""Several checks as JSON (``docs/reports.schema.json``): an envelope around their reports."""

from __future__ import annotations

import json
from typing import Any

from planrace.checker.report.json.write import to_json, to_plain
from planrace.checker.results.outcome import Broken
from planrace.checker.results.reports import CheckResult, Reports

REPORTS_SCHEMA = "planrace/reports/1"


def render_reports_json(reports: Reports) -> str:
    """The results as JSON text."""
    return json.dumps(reports_json(reports), indent=2, ensure_ascii=False) + "\n"


def reports_json(reports: Reports) -> dict[str, Any]:
    """The results as JSON values."""
    return {
        "schema": REPORTS_SCHEMA,
        "exit": reports.code,
        "interrupted": reports.interrupted,
        "reports": [_result(r) for r in reports.results],
        "left": list(reports.left),
    }


def _result(result: CheckResult) -> dict[str, Any]:
    found = {"name": result.name, "exit": result.code}
    if isinstance(result.outcome, Broken):
        error = {"message": result.outcome.message, "source": to_plain(result.outcome.source)}
        return {**found, "expected": None, "strict": None, "error": error, "report": None}
    wanted = result.outcome.expectation
    expected = None if wanted.expected is None else wanted.expected.word
    return {
        **found,
        "expected": expected,
        "strict": wanted.strict,
        "error": None,
        "report": to_json(result.outcome.report),
    }
