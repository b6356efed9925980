"""The JSON report, schema ``planrace/report/1`` (``docs/report.schema.json``)."""

from __future__ import annotations

import json
from typing import Any

from ..vocabulary import Exploration, Finding, Match, Report, Step, Trace, Unreached, Warned
from .continuations import fairness_json, hopeless_json, runbook_json
from .proofs import certificate_json

SCHEMA = "planrace/report/1"


def render_json(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False) + "\n"


def to_json(report: Report) -> dict[str, Any]:
    """The report as values that JSON holds."""
    return {
        "schema": SCHEMA,
        "protocol": report.protocol,
        "parameters": dict(report.parameters),
        "faults": list(report.faults),
        "protections": list(report.protections),
        "engine": report.engine,
        "verdict": report.verdict.word,
        "interrupted": report.interrupted,
        "exploration": _exploration(report.exploration),
        "properties": [_finding(f) for f in report.findings],
        "left_out": [{"name": n, "kind": k, "why": w} for n, k, w in report.left_out],
        "warnings": [_warned(w) for w in report.warnings],
        "postmortem": _postmortem(report),
        "every_size": report.every_size,
        "proofs": [certificate_json(p) for p in report.proofs],
    }


def _exploration(e: Exploration | None) -> dict[str, Any] | None:
    if e is None:
        return None
    return {
        "states": e.states,
        "transitions": e.transitions,
        "depth": e.depth,
        "complete": e.complete,
        "stopped": e.stopped,
        "symmetry": e.symmetry,
        "seconds": round(e.seconds, 6),
        "states_per_second": e.states_per_second,
        "peak_memory_bytes": e.peak_memory_bytes,
        "seed": e.seed,
        "workers": e.workers,
        "sliced": list(e.sliced),
    }


def _warned(w: Warned) -> dict[str, Any]:
    return {
        "kind": w.kind,
        "subject": w.subject,
        "message": w.message,
        "strict": w.strict,
        "trace": None if w.trace is None else _trace(w.trace),
    }


def _finding(f: Finding) -> dict[str, Any]:
    return {
        "name": f.name,
        "kind": f.kind,
        "meaning": f.meaning,
        "verdict": f.verdict.word,
        "how": f.how,
        "depth": f.depth,
        "trace": None if f.trace is None else _trace(f.trace),
        "postmortem": None if f.match is None else _match(f.match),
        "parameters": None if f.parameters is None else dict(f.parameters),
        "unreached": None if f.unreached is None else _unreached(f.unreached),
        "hopeless": None if f.hopeless is None else hopeless_json(f.hopeless),
        "fairness": fairness_json(f.fairness),
        "runbook": None if f.runbook is None else runbook_json(f.runbook),
    }


def _unreached(u: Unreached) -> dict[str, Any]:
    return {"parameters": dict(u.parameters), "trace": _trace(u.trace)}


def _trace(trace: Trace) -> dict[str, Any]:
    return {
        "initial": dict(trace.initial),
        "steps": [_step(s) for s in trace.steps],
        "loop": trace.loop,
    }


def _step(s: Step) -> dict[str, Any]:
    return {
        "action": s.action,
        "parameters": dict(s.parameters),
        "by": s.by,
        "role": s.role,
        "outcome": s.outcome,
        "fault": s.fault,
        "text": s.text,
        "changed": [{"place": c.place, "before": c.before, "after": c.after} for c in s.changed],
        "observed": [{"title": o.title, "member": o.member, "text": o.text} for o in s.observed],
        "state": dict(s.state),
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "scenario": match.scenario,
        "matched": match.matched,
        "missing": match.missing,
        "alignment": [{"fact": f.fact, "step": f.step} for f in match.facts if f.step is not None],
        "roles": dict(match.roles),
        "holds": match.holds,
        "full": match.full,
    }


def _postmortem(report: Report) -> dict[str, Any] | None:
    """The fullest match of the run: of the trace found by search, else of a property's counterexample.

    ``source`` is the property whose trace is meant, or null where ``trace`` stands here.
    """
    telling = report.telling
    if telling is not None and telling.match is not None and telling.trace is not None:
        return {**_match(telling.match), "source": None, "how": telling.how, "trace": _trace(telling.trace)}
    matched = [(f.name, f.match) for f in report.findings if f.match is not None]
    if not matched:
        return None
    name, best = max(matched, key=lambda pair: len(pair[1].matched))
    how = telling.how if telling is not None else "match of the property's counterexample"
    return {**_match(best), "source": name, "how": how, "trace": None}
