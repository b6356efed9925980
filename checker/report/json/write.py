"""Reports as JSON (``docs/report.schema.json``)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from typing import Any

from planrace.checker.report.json.proofs import certificate_json
from planrace.checker.report.trace.wholes import plain_wholes
from planrace.checker.results.bitstate import Bitstate
from planrace.checker.results.explanation import Declared
from planrace.checker.results.proof import InductionCounterexample
from planrace.checker.results.report import Coverage, Finding, ModelWarning, Others, Report
from planrace.checker.results.scenario import FullMatch, Match
from planrace.checker.results.temporal import DeadEnd, Fairness, Runbook
from planrace.checker.results.trace import Trace, TraceStep


def runbook_json(book: Runbook) -> dict[str, Any]:
    """A runbook as JSON values."""
    return {
        "interventions": [{"steps": list(i.steps), "states": i.states} for i in book.interventions],
        "helpless": book.helpless,
    }


def dead_end_json(h: DeadEnd) -> dict[str, Any]:
    """A dead end as JSON values."""
    return {
        "states": h.states,
        "whole": h.whole,
        "never": list(h.never),
        "vain": [{"action": v.action, "outcome": v.outcome, "states": v.states} for v in h.vain],
        "refused": [
            {"action": r.action, "outcome": r.outcome, "place": r.place, "tried": r.tried, "reasons": list(r.reasons)}
            for r in h.refused
        ],
    }


def fairness_json(fairness: tuple[Fairness, ...]) -> list[dict[str, Any]]:
    """The fairness of a loop as JSON values."""
    return [
        {"action": x.action, "choice": list(x.choice), "words": list(x.words), "kind": x.kind, "how": x.how}
        for x in fairness
    ]


SCHEMA = "planrace/report/1"
OF_PROPERTY = "match of the property's counterexample"
"""How the match was found if there was no search for one."""


def render_json(report: Report) -> str:
    """The report as JSON text."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False) + "\n"


def to_json(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    return {
        "schema": SCHEMA,
        "protocol": report.protocol,
        "parameters": dict(report.parameters),
        "faults": list(report.faults),
        **({"at_most": dict(report.at_most)} if report.at_most else {}),
        "protections": list(report.protections),
        "engine": report.engine,
        "verdict": report.verdict.word,
        "interrupted": report.interrupted,
        "exploration": _exploration(report.exploration),
        "properties": [_finding(f, report.variables) for f in report.findings],
        "left_out": [{"name": n, "kind": k, "why": w} for n, k, w in report.left_out],
        "warnings": [_warned(w, report.variables) for w in report.warnings],
        "postmortem": _postmortem(report),
        "every_size": report.every_size,
        "variables": variables_json(report.variables),
        "pictures": [to_plain(p) for p in report.pictures],
        "sources": {name: to_plain(where) for name, where in report.sources.items()},
        "proofs": [certificate_json(p) for p in report.proofs],
        "confirmation": to_plain(report.confirmation),
    }


def variables_json(variables: Sequence[Declared]) -> list[dict[str, Any]]:
    """Variables as JSON values. ``part`` is left out for variables that store no channel, ``whole`` for those that are
    no leaves."""
    return [{k: to_plain(x) for k, x in vars(v).items() if x is not None} for v in variables]


def _exploration(e: Coverage | None) -> dict[str, Any] | None:
    if e is None:
        return None
    normalised = {} if e.normalised is None else {"normalised": e.normalised}
    partition = {} if e.partition is None else {"partition": e.partition}
    return {
        "states": e.states,
        "transitions": e.transitions,
        "depth": e.depth,
        "complete": e.complete,
        "stopped": None if e.stopped is None else e.stopped.sentence,
        "symmetry": e.symmetry,
        "states_per_orbit": e.states_per_orbit,
        "seconds": round(e.seconds, 6),
        "states_per_second": e.states_per_second,
        "peak_memory_bytes": e.peak_memory_bytes,
        "seed": e.seed,
        "workers": e.workers,
        "sliced": list(e.sliced),
        **normalised,
        **partition,
        **({} if e.resumed is None else {"resumed": to_plain(e.resumed)}),
        **({} if e.checkpoint is None else {"checkpoint": to_plain(e.checkpoint)}),
        **({} if e.bitstate is None else {"bitstate": _bitstate(e.bitstate)}),
        **({} if e.found_share is None else {"found_share": list(e.found_share)}),
    }


def _bitstate(b: Bitstate) -> dict[str, Any]:
    rows = [
        {**vars(s), "order": s.order.value, "omission": b.omission(s), "omission_at_end": b.last(s)} for s in b.searches
    ]
    return {"bits": b.bits, "hashes": b.hashes, "searches": rows}


def _warned(w: ModelWarning, variables: Sequence[Declared]) -> dict[str, Any]:
    return {
        "kind": w.kind,
        "subject": w.subject,
        "message": w.message,
        "strict": w.strict,
        "trace": None if w.trace is None else trace_json(w.trace, variables),
    }


def _finding(f: Finding, variables: Sequence[Declared]) -> dict[str, Any]:
    own = f.variables or variables
    return {
        "name": f.name,
        "kind": f.kind,
        "meaning": f.meaning,
        "verdict": f.verdict.word,
        "how": f.how,
        "depth": f.depth,
        "trace": None if f.trace is None else trace_json(f.trace, own),
        "postmortem": None if f.match is None else _match(f.match),
        "parameters": None if f.parameters is None else dict(f.parameters),
        "unreached": None if f.cti is None else _cti_json(f.cti, own),
        "hopeless": None if f.dead_end is None else dead_end_json(f.dead_end),
        "fairness": fairness_json(f.fairness),
        "runbook": None if f.runbook is None else runbook_json(f.runbook),
        "insight": None if f.insight is None else to_plain(f.insight),
        "others": None if f.others is None else _others(f.others, own),
        "variables": variables_json(f.variables),
        **({} if f.departure is None else {"departure": to_plain(f.departure)}),
    }


def _others(others: Others, variables: Sequence[Declared]) -> dict[str, Any]:
    runs = [{"trace": trace_json(trace, variables), "causes": to_plain(why)} for trace, why in others.runs]
    return {"how": others.how, "runs": runs}


def _cti_json(u: InductionCounterexample, variables: Sequence[Declared]) -> dict[str, Any]:
    return {"parameters": dict(u.parameters), "trace": trace_json(u.trace, variables)}


def trace_json(trace: Trace, variables: Sequence[Declared] = ()) -> dict[str, Any]:
    """A trace as JSON values. ``wholes`` are the records, sequences and maps of each state, the initial one first; it
    is left out where ``variables`` have none."""
    steps = tuple(trace.steps)  # of a long run each is made when it is asked for
    together = [plain_wholes(s, variables) for s in (trace.initial, *(x.state for x in steps))]
    return {
        "initial": dict(trace.initial),
        "steps": [_step(s) for s in steps],
        "loop": trace.loop,
        **({"chosen": list(trace.chosen)} if trace.chosen else {}),
        **({"wholes": together} if any(together) else {}),
    }


def _step(s: TraceStep) -> dict[str, Any]:
    return {
        "action": s.action,
        "parameters": dict(s.parameters),
        "by": s.by,
        "role": s.role,
        "outcome": s.outcome,
        "fault": s.fault,
        "text": s.text,
        "changed": [to_plain(c) for c in s.changed],
        "observed": [to_plain(o) for o in s.observed],
        "state": dict(s.state),
    }


def _match(match: Match) -> dict[str, Any]:
    return {
        "scenario": match.scenario,
        "matched": match.matched,
        "missing": match.missing,
        "alignment": [{"fact": f.fact, "step": f.step} for f in match.facts if f.step is not None],
        "facts": [to_plain(f) for f in match.facts],
        "roles": dict(match.roles),
        "holds": match.holds,
        "full": match.full,
    }


def _postmortem(report: Report) -> dict[str, Any] | None:
    """The fullest match: of the trace found by search, or else of a property's counterexample.

    ``source`` is the property whose trace it is, or null if ``trace`` is included here.
    """
    full_match = report.full_match
    if full_match is not None and full_match.match is not None and full_match.trace is not None:
        own = _full_run(full_match, report.variables)
        return {**_match(full_match.match), "source": None, "how": full_match.how, **own}
    matched = [(f.name, f.match) for f in report.findings if f.match is not None]
    if not matched:
        return None
    name, best = max(matched, key=lambda pair: len(pair[1].matched))
    how = full_match.how if full_match is not None else OF_PROPERTY
    return {**_match(best), "source": name, "how": how, "trace": None, "insight": None}


def _full_run(full_match: FullMatch, variables: Sequence[Declared]) -> dict[str, Any]:
    return {
        "trace": None if full_match.trace is None else trace_json(full_match.trace, variables),
        "insight": None if full_match.insight is None else to_plain(full_match.insight),
    }


def to_plain(value: Any) -> Any:
    """A dataclass, or the value of a field of one, as JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, dict):
        return {k: to_plain(v) for k, v in value.items()}
    return [to_plain(v) for v in value] if isinstance(value, list | tuple) else value
