"""Verdicts of questions that were asked before, in pytest's own cache directory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..ask import SYMBOLIC
from ..report import OutputError, render_json, write_whole
from ..report.errors import ReadError
from ..report.read import read_report
from ..vocabulary import Report, Verdict

CACHED = " (cached)"


class Cache:
    """Reports by the fingerprint of their question, one file each, written whole or not at all, so that processes may
    share them. Without pytest's cache there is none."""

    def __init__(self, cache: Any) -> None:
        self._folder = cache.mkdir("planrace") if cache is not None else None

    def get(self, key: str | None) -> Report | None:
        """The report, each of whose findings says that it is an old one; None where there is none that can be read."""
        if self._folder is None or key is None:
            return None
        try:
            report = read_report(self._folder / f"{key}.json")
        except ReadError:
            return None
        findings = tuple(replace(f, how=f"{f.how}{CACHED}") for f in report.findings)
        return replace(report, findings=findings)

    def put(self, key: str | None, report: Report) -> None:
        """Remember a report that no bound had a part in. A place that cannot be written only costs time."""
        if self._folder is None or key is None or not lasting(report):
            return
        try:
            write_whole(self._folder / f"{key}.json", render_json(report))
        except OutputError:
            return


def lasting(report: Report) -> bool:
    """It will be true again under any bounds: all is decided, what holds by a complete search or an argument."""
    decided = bool(report.findings) and all(f.verdict is not Verdict.UNKNOWN for f in report.findings)
    argued = report.engine in (*SYMBOLIC, "proof")
    complete = argued or (report.exploration is not None and report.exploration.complete)
    return decided and not report.interrupted and (complete or report.verdict is Verdict.VIOLATED)
