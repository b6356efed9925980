"""Which protections suffice, as JSON."""

from __future__ import annotations

import json
from typing import Any

from planrace.checker.results.fixes import EverySizeVerdict, FixPoint, FixReport, MinimalSet, PointVerdict

FIXES_SCHEMA = "planrace/fixes/1"


def fixes_json(report: FixReport) -> str:
    """The report as JSON text (``docs/fixes.schema.json``)."""
    value = {
        "schema": FIXES_SCHEMA,
        "protocol": report.protocol,
        "parameters": dict(report.parameters),
        "larger": dict(report.larger),
        "faults": list(report.faults),
        "always": list(report.always),
        "properties": [{"name": n, "meaning": report.meanings[n]} for n in report.properties],
        "protections": [
            {"name": i.name, "meaning": i.meaning, "plausible": i.plausible, "argument": i.argument or None}
            for i in report.ideas
        ],
        "max_set": report.max_set,
        "alone": [_point(p) for row in report.alone for p in row],
        "levels": [
            {
                "size": x.size,
                "searched": x.searched,
                "sufficient": x.sufficient,
                "undecided": x.undecided,
                "left_out": x.left_out,
            }
            for x in report.levels
        ],
        "minimal": [_minimal(m) for m in report.minimal],
        "apparent": [_point(p) for p in report.apparent],
        "undecided": [_point(p) for p in report.undecided],
        "expected": [list(e) for e in report.expected],
        "unmet": [list(e) for e in report.unmet],
        "pruning": report.pruning,
        "points": report.points,
        "cached": report.cached,
        "seconds": round(report.seconds, 6),
        "interrupted": report.interrupted,
        "stopped": report.stopped,
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _minimal(m: MinimalSet) -> dict[str, Any]:
    return {
        "protections": list(m.protections),
        "small": _point(m.small),
        "large": _point(m.large),
        "members": [{"name": x.name, "without": _point(x.without)} for x in m.members],
        "under": [_point(p) for p in m.under],
        "broken_by": {v.property: [list(f) for f in m.broken_by(v.property)] for v in m.small.verdicts}
        if m.under
        else {},
        "more": [_point(p) for p in m.more],
        "proofs": [_proof(v) for v in m.proofs],
        "proof_command": m.proof_command or None,
    }


def _proof(v: EverySizeVerdict) -> dict[str, Any]:
    return {
        "property": v.property,
        "verdict": v.verdict.word,
        "how": v.how,
        "parameters": None if v.parameters is None else dict(v.parameters),
        "length": v.length,
    }


def _point(p: FixPoint) -> dict[str, Any]:
    return {
        "protections": list(p.protections),
        "faults": list(p.faults),
        "parameters": dict(p.parameters),
        "states": p.states or None,
        "command": p.command,
        "verdicts": [_verdict(v) for v in p.verdicts],
    }


def _verdict(v: PointVerdict) -> dict[str, Any]:
    return {
        "property": v.property,
        "kind": v.kind,
        "verdict": v.verdict.word,
        "how": v.how,
        "length": v.length,
        "open": v.open or None,
        "acts": list(v.acts),
        "steps": [{"action": s.action, "who": s.who, "text": s.text, "sees": list(s.sees)} for s in v.steps],
    }
