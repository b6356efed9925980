"""Answers of another checker beside ours as JSON (``docs/crosscheck.schema.json``)."""

from __future__ import annotations

import json
from dataclasses import asdict

from planrace.checker.results.crosscheck import Crosscheck


def crosscheck_json(found: Crosscheck) -> str:
    """The comparison as JSON text."""
    answers = [{**asdict(a), "agrees": a.agrees} for a in found.answers]
    data = {"schema": "planrace/crosscheck/1", "verdict": found.verdict.word, **asdict(found), "answers": answers}
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
