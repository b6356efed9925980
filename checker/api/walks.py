"""Walks in files: start one with a run of a report, and save one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from planrace.checker.explain.model_data import declared, pictures
from planrace.checker.report.formats import select_trace
from planrace.checker.report.json.read import read_report
from planrace.checker.report.json.write import to_plain, trace_json, variables_json
from planrace.checker.report.output import write_whole
from planrace.checker.report.text.values import lines
from planrace.checker.run.walk import TRACE_SCHEMA, Walk, picks_of
from planrace.checker.semantics.replay import ReplayError
from planrace.model.language import ModelError


def replay(walk: Walk, path: str | Path, trace: str | None = None) -> None:
    """Start the walk again with a run of a report. Raises ``ReadError``, ``NoTraceError``, and ``ModelError`` if the
    steps are not possible in the protocol."""
    found = trace_json(select_trace(read_report(path), trace).trace)
    try:
        walk.replay(picks_of(walk.instance, found["steps"]), found["initial"])
    except ReplayError as problem:
        raise ModelError(f"{path}: {problem}", remedy="use the sizes, faults and protections of the report") from None


def take_all(walk: Walk, numbers: Sequence[int]) -> None:
    """Take enabled steps by their numbers, one after another. Raises ``ModelError`` for one that there is none of."""
    for n, number in enumerate(numbers, 1):
        try:
            walk.take(number)
        except IndexError:
            many = len(walk.enabled)
            remedy = f"choose from 1 to {many}" if many else "nothing is enabled there: leave out the rest"
            raise ModelError(f"step {n} of the walk: there is no enabled step {number}", remedy=remedy) from None


def walk_json(walk: Walk) -> dict[str, Any]:
    """The end of a walk as JSON values: the steps so far, the state, what is enabled, and what is violated here."""
    enabled = [
        {"number": n, "by": s.by, "action": s.action, "parameters": dict(s.parameters), "text": s.text}
        for n, s in enumerate(walk.enabled, 1)
    ]
    return {
        "schema": "planrace/walk/1",
        "protocol": walk.instance.system.name,
        "parameters": dict([*walk.instance.parameters.items(), *walk.instance.system.options]),
        "seed": walk.seed,
        "taken": [f"{s.by} {s.text}" for s in walk.trace.steps],
        "state": to_plain(dict(walk.state)),
        "enabled": enabled,
        "violated": walk.broken,
        "judged": walk.promised,
    }


def walk_text(walk: Walk) -> str:
    """The same as text."""
    found = walk_json(walk)
    taken = [f"{n}. {text}" for n, text in enumerate(found["taken"], 1)]
    state = [f"  {name} = {text}" for name, text in lines(walk.state, declared(walk.instance))]
    enabled = [f"  {s['number']:>3}  {s['by']} {s['text']}" for s in found["enabled"]]
    broken = [f"violated here: {name}" for name in found["violated"]]
    return "\n".join([*taken, "state:", *state, *broken, "enabled steps:", *(enabled or ["  none"])]) + "\n"


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
        "trace": trace_json(walk.trace, declared(walk.instance)),
    }
    write_whole(path, json.dumps(data, indent=2, ensure_ascii=False) + "\n")
