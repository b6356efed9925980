"""What driving a system has found, as JSON (``docs/cover.schema.json``, ``docs/replay.schema.json``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from planrace.checker.report.json.write import to_plain, trace_json, variables_json
from planrace.checker.results.driving import CoverReport, Divergence, DrivenSystem, FurtherSteps, ReplayReport
from planrace.checker.results.explanation import Declared

COVER_SCHEMA, REPLAY_SCHEMA = "planrace/cover/1", "planrace/replay/1"


def cover_json(report: CoverReport) -> str:
    """The report as JSON text."""
    return _text(
        {
            "schema": COVER_SCHEMA,
            **_system(report.system),
            "verdict": report.verdict.word,
            "interrupted": report.interrupted,
            "criterion": report.criterion,
            "length": report.length,
            "method": report.method,
            "depth": report.depth,
            "graph_known": report.graph_known,
            "at_least": report.at_least,
            "performed": report.performed,
            "total": report.total,
            "states": report.states,
            "missed": dict(report.missed),
            "shares": [to_plain(s) for s in report.shares],
            "initial_states": {"begun": report.starts, "total": report.starts_total},
            "resets": report.resets,
            "steps": report.steps,
            "refusals": {"tried": report.refusals, "total": report.refusals_total, "untried": report.untried},
            "seconds": round(report.seconds, 6),
            "planning_seconds": round(report.planning_seconds, 6),
            "driver_seconds": round(report.driver_seconds, 6),
            "seed": report.seed,
            "stopped": None if report.stopped is None else report.stopped.sentence,
            "divergence": None
            if report.divergence is None
            else _divergence(report.divergence, report.system.variables),
        }
    )


def _divergence(d: Divergence, variables: Sequence[Declared]) -> dict[str, Any]:
    return {
        "kind": d.kind,
        "step": d.called,
        "model": d.model,
        "code": d.code,
        "mismatches": [to_plain(m) for m in d.mismatches],
        "answers": [to_plain(a) for a in d.answers],
        "run": d.run,
        "start": d.start,
        "repeat": d.repeat,
        "found_after": d.found_after,
        "repeated": d.repeated,
        "minimal": d.minimal,
        "trace": trace_json(d.trace, variables),
    }


def replay_json(report: ReplayReport) -> str:
    """The report as JSON text."""
    return _text(
        {
            "schema": REPLAY_SCHEMA,
            **_system(report.system),
            "run": report.name,
            "end": report.end,
            "step": report.step,
            "why": report.why,
            "loops": report.loops,
            "further": None if report.further is None else _further(report.further),
            "observed": [list(seen) for seen in report.observed],
            "answers": [[to_plain(a) for a in new] for new in report.answers],
            "mismatches": [to_plain(m) for m in report.mismatches],
            "seconds": round(report.seconds, 6),
            "trace": trace_json(report.trace, report.system.variables),
        }
    )


def _further(f: FurtherSteps) -> dict[str, Any]:
    return {"steps": f.many, "end": f.end, "step": f.step, "why": f.why}


def _system(system: DrivenSystem) -> dict[str, Any]:
    return {
        "protocol": system.protocol,
        "parameters": dict(system.parameters),
        "faults": list(system.faults),
        **({"at_most": dict(system.at_most)} if system.at_most else {}),
        "protections": list(system.protections),
        "driver": to_plain(system.driver),
        "variables": variables_json(system.variables),
    }


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
