"""What logs say beside a model, as JSON (``docs/conform.schema.json``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from planrace.checker.report.json.write import to_json, to_plain, trace_json
from planrace.checker.results.conformance import (
    ConformanceReport,
    HiddenStep,
    LogDivergence,
    LoggedEvent,
    LogLine,
    NearMiss,
    StepRate,
)
from planrace.checker.results.trace import Trace

CONFORM_SCHEMA = "planrace/conform/1"


def conformance_json(report: ConformanceReport) -> str:
    """The report as JSON text."""
    value = {
        "schema": CONFORM_SCHEMA,
        "protocol": report.protocol,
        "parameters": dict(report.parameters),
        "unbounded": report.unbounded,
        "faults": list(report.faults),
        "protections": list(report.protections),
        "verdict": report.verdict,
        "interrupted": report.interrupted,
        "stopped": None if report.stopped is None else report.stopped.sentence,
        "streams": [to_plain(s) for s in report.streams],
        "events": report.events,
        "silent": list(report.silent),
        "unseen": list(report.unseen),
        "ignored": report.ignored,
        "late": [str(line) for line in report.late],
        "asked": list(report.properties),
        "hidden": [_hidden(h) for h in report.hidden],
        "every": [to_plain(r) for r in report.every],
        "unsearched": report.unsearched or None,
        "joined": report.joined,
        "violates": [{"property": name, "line": _line(line)} for name, line in report.violates],
        "near": None if report.near is None else _near(report.near),
        "run": None if report.trace is None else _run(report.trace, report.lines, report.told),
        "judged": None if report.judged is None else to_json(report.judged),
        "divergence": None if report.divergence is None else _divergence(report.divergence),
        "logged": [_logged(e) for e in report.logged],
        "rates": [_rate(r) for r in report.rates],
        "seconds": round(report.seconds, 6),
    }
    # A log may have any number of lines: this encoder is twelve times as fast as the usual one with an indentation.
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def _run(trace: Trace, lines: Sequence[LogLine | None], told: Sequence[int | None]) -> dict[str, Any]:
    return {"trace": trace_json(trace), "lines": [_line(line) for line in lines], "told": list(told)}


def _logged(e: LoggedEvent) -> dict[str, Any]:
    return {
        "line": str(e.line),
        "stream": e.stream,
        "says": e.says,
        "earliest": e.earliest,
        "latest": e.latest,
        "optional": e.optional,
    }


def _line(line: LogLine | None) -> str | None:
    return None if line is None else str(line)


def _hidden(h: HiddenStep) -> dict[str, Any]:
    return {"step": h.step, "text": h.text, "fault": h.fault, "after": _line(h.after), "before": _line(h.before)}


def _near(n: NearMiss) -> dict[str, Any]:
    return {
        "further": n.further,
        "property": n.property,
        "step": n.step,
        "line": _line(n.line),
        "texts": list(n.texts),
        "never": n.never,
        "begun": n.begun,
        "states": n.states,
    }


def _rate(r: StepRate) -> dict[str, Any]:
    return {
        "action": r.action,
        "passed": r.passed,
        "failed": r.failed,
        "unknown": r.unknown,
        "line": _line(r.line),
        "why": r.why,
    }


def _divergence(d: LogDivergence) -> dict[str, Any]:
    return {
        "explained": d.explained,
        "last": {name: _line(line) for name, line in d.last},
        "blocked": [
            {"line": str(b.line), "step": b.called, "why": b.why, "enabled": list(b.enabled)} for b in d.blocked
        ],
        "hypotheses": d.hypotheses,
        "repairs": [to_plain(r) for r in d.repairs],
        "run": _run(d.trace, d.lines, d.told),
    }
