"""Verdicts of questions that were asked before, in pytest's own cache directory."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..report.read import ReadError, report_of
from ..vocabulary import Report, Verdict


class Cache:
    """Reports by the fingerprint of their question. Without pytest's cache there is none."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def get(self, key: str) -> Report | None:
        """The report, each of whose findings says that it is an old one."""
        data = self._cache.get(f"planrace/{key}", None) if self._cache is not None else None
        if data is None:
            return None
        try:
            report = report_of(data)
        except ReadError:
            return None
        findings = tuple(replace(f, how=f"{f.how} (cached)") for f in report.findings)
        return replace(report, findings=findings)

    def put(self, key: str, report: Report) -> None:
        """Remember a report that says all: no bound of time or states may have had a part in it."""
        from ..report import to_json

        complete = report.exploration is None or report.exploration.complete
        decided = all(f.verdict is not Verdict.UNKNOWN for f in report.findings)
        if self._cache is not None and decided and (complete or report.verdict is Verdict.VIOLATED):
            self._cache.set(f"planrace/{key}", json.loads(json.dumps(to_json(report))))
