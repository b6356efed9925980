"""Reports of earlier checks, in pytest's cache directory.

A file has a report, the key under which it is found, the question that it answers, and a digest of all that. When the
file is read, these are compared, the report is compared with the question, and runs of violations are replayed. If
anything differs, the check is done again, as if there were no file: a test must never pass with the verdict of another
question.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from planrace.checker.engines.answer import shows
from planrace.checker.report.errors import MalformedError, ReadError
from planrace.checker.report.json.decode import content, parsed
from planrace.checker.report.json.read import report_of
from planrace.checker.report.json.write import render_json, trace_json
from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.contract import Ability
from planrace.checker.run.registry import able
from planrace.checker.run.walk import picks_of
from planrace.checker.semantics.describe import start_of
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import ReplayError, record
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Invariant, StepInvariant

CACHED = " (cached)"
SCHEMA = "planrace/cached/1"

CachedRequest = Mapping[str, Any]
"""The question, in values of JSON. The entries named in ``SAID`` are also in every report."""
SAID = ("protocol", "parameters", "faults", "protections")


class VerdictCache:
    """Reports by the fingerprint of their question. Each is a file that is written completely or not at all, so that
    processes can share it. Without pytest's cache nothing is cached."""

    def __init__(self, cache: Any) -> None:
        self._folder = _folder(cache)

    def get(
        self, key: str | None, question: CachedRequest | None = None, instance: Instance | None = None
    ) -> Report | None:
        """The cached report, marked as such in each finding; None if there is none that can be read and answers the
        question. Runs of violations are replayed in ``instance``."""
        if self._folder is None or key is None:
            return None
        try:
            data = parsed(content(self._folder / f"{key}.json"))
            if not isinstance(data, dict) or data != _file(key, question, data.get("report")):
                return None
            report = report_of(data["report"])
        except (MalformedError, ReadError):
            return None
        if not lasting(report) or not _answers(report, question or {}) or not _replayed(report, instance):
            return None
        findings = tuple(replace(f, how=f"{f.how}{CACHED}") for f in report.findings)
        return replace(report, findings=findings)

    def put(self, key: str | None, report: Report, question: CachedRequest | None = None) -> None:
        """Cache a report that did not depend on a limit. If it cannot be written, it is only not cached."""
        if self._folder is None or key is None or not lasting(report):
            return
        try:
            data = _file(key, question, json.loads(render_json(report)))
            write_whole(self._folder / f"{key}.json", json.dumps(data, ensure_ascii=False) + "\n")
        except OutputError:
            return


def _folder(cache: Any) -> Any:
    try:
        return cache.mkdir("planrace") if cache is not None else None
    except OSError:
        return None


def _file(key: str, question: CachedRequest | None, report: Any) -> dict[str, Any]:
    """The content of a file."""
    data = {"schema": SCHEMA, "key": key, "question": json.loads(json.dumps(question)), "report": report}
    text = json.dumps(data, sort_keys=True)
    return {**data, "digest": hashlib.sha256(text.encode()).hexdigest()}


def _answers(report: Report, question: CachedRequest) -> bool:
    """Whether the report is about the question and its verdicts agree with its traces."""
    said = {"protocol": report.protocol, "parameters": report.parameters}
    said |= {"faults": list(report.faults), "protections": list(report.protections)}
    if any(name in question and question[name] != said[name] for name in SAID):
        return False
    if not set(question.get("properties", ())) <= {f.name for f in report.findings}:
        return False
    return all(map(_shown, report.findings))


def _shown(f: Finding) -> bool:
    """Whether verdict and trace agree: an invariant has a run exactly if it is violated; an unreachable state has
    none."""
    if f.kind in ("invariant", "step invariant"):
        return (f.verdict is Verdict.VIOLATED) is (f.trace is not None)
    return f.kind != "reachability" or f.verdict is not Verdict.VIOLATED or f.trace is None


def _replayed(report: Report, instance: Instance | None) -> bool:
    """Whether the interpreter accepts the runs of violations, and each violates its property."""
    if instance is None or report.every_size:
        return True
    declared = {p.name: p for p in instance.system.properties}
    for f in report.findings:
        p = declared.get(f.name)
        if f.trace is None or f.verdict is not Verdict.VIOLATED or not isinstance(p, Invariant | StepInvariant):
            continue
        try:
            interpreter = Interpreter(instance)
            start = start_of(interpreter, f.trace.initial)
            run = record(interpreter, picks_of(instance, trace_json(f.trace)["steps"]), start)
        except (ModelError, ReplayError, LookupError, TypeError, ValueError):  # a step does not exist here
            return False
        if not shows(p, run):
            return False
    return True


def lasting(report: Report) -> bool:
    """Whether the report is true under any limits: all is decided, and what holds has a complete search or a proof."""
    decided = bool(report.findings) and all(f.verdict is not Verdict.UNKNOWN for f in report.findings)
    complete = able(report.engine, Ability.ARGUES) or (report.exploration is not None and report.exploration.complete)
    return decided and not report.interrupted and (complete or report.verdict is Verdict.VIOLATED)
