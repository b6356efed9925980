"""Walks in files: start one with a run of a report, and save one."""

from __future__ import annotations

import json
from pathlib import Path

from planrace.checker.explain.model_data import declared, pictures
from planrace.checker.report.formats import select_trace
from planrace.checker.report.json.read import read_report
from planrace.checker.report.json.write import to_plain, trace_json, variables_json
from planrace.checker.report.output import write_whole
from planrace.checker.run.walk import TRACE_SCHEMA, Walk, picks_of
from planrace.checker.semantics.replay import ReplayError
from planrace.model.language import ModelError


def replay(walk: Walk, path: str | Path, trace: str | None = None) -> None:
    """Start the walk again with a run of a report. Raises ``ReadError``, ``NoTraceError``, and ``ModelError`` if the
    steps are not possible in the protocol."""
    steps = trace_json(select_trace(read_report(path), trace).trace)["steps"]
    try:
        walk.replay(picks_of(walk.instance, steps))
    except ReplayError as problem:
        raise ModelError(f"{path}: {problem}", remedy="use the sizes, faults and protections of the report") from None


def save_walk(walk: Walk, path: str | Path) -> None:
    """Write the run so far. Raises ``OutputError``."""
    system = walk.instance.system
    data = {
        "schema": TRACE_SCHEMA,
        "protocol": system.name,
        "parameters": dict([*walk.instance.parameters.items(), *system.options]),
        "faults": list(system.faults),
        "protections": list(system.protections),
        "variables": variables_json(declared(walk.instance)),
        "pictures": to_plain(pictures(walk.instance)),
        "trace": trace_json(walk.trace),
    }
    write_whole(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
