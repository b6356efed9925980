"""SARIF 2.1.0 (OASIS), for code scanning: a violated property is a result at the guard at fault.

A run has one thread flow for each process, with ``executionOrder`` across them: that is how a race looks in it.
GitHub takes whatever stands among the results for an alert, so by default these are failures only, with undecided
properties as warnings; what holds is named under the run's properties. ``everything`` is for strict consumers
(§3.27.9: a result whose kind is not "fail" has the level "none").
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import Any

from ..vocabulary import Finding, Report, Source, Step, Trace, Verdict, counted
from .because import finding_because
from .blocks import clean
from .fault import source_of, step_at_fault
from .lanes import told
from .values import after_text

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://pypi.org/project/planrace/"


def render_sarif(report: Report, *, everything: bool = False) -> str:
    """The report as SARIF."""
    rules = {f.name: n for n, f in enumerate(report.findings)}
    shown = [f for f in report.findings if everything or f.verdict is not Verdict.HOLDS]
    run = {
        "tool": {
            "driver": {
                "name": "planrace",
                "semanticVersion": _version(),
                "informationUri": HOME,
                "rules": [_rule(f) for f in report.findings],
            }
        },
        "automationDetails": {"id": f"planrace/{_id(report)}/"},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, f, rules[f.name], everything=everything) for f in shown],
        "properties": {
            "protocol": clean(report.protocol),
            "parameters": dict(report.parameters),
            "holds": [f.name for f in report.findings if f.verdict is Verdict.HOLDS],
        },
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _version() -> str:
    try:
        return version("planrace")
    except PackageNotFoundError:  # run from a directory that was never installed
        return "0.0.0"


def _id(report: Report) -> str:
    """Tells configurations apart: the protocol, its sizes and faults."""
    sizes = "".join(f"-{name}{value}" for name, value in report.parameters.items())
    return clean(f"{report.protocol}{sizes}{''.join(f'-{x}' for x in report.faults)}").replace("/", "_")


def _rule(f: Finding) -> dict[str, Any]:
    return {
        "id": clean(f.name),
        "name": "".join(word.capitalize() for word in clean(f.name).replace("_", "-").split("-")) or "Property",
        "shortDescription": {"text": clean(f.meaning)},
        "fullDescription": {"text": clean(f"{f.kind}: {f.meaning}")},
        "help": {"text": "Every interleaving of the protocol was searched, as far as the report says."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["correctness", "concurrency"]},
    }


def _result(report: Report, f: Finding, rule: int, *, everything: bool) -> dict[str, Any]:
    kind, level = _judged(f.verdict, everything=everything)
    found: dict[str, Any] = {
        "ruleId": clean(f.name),
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": clean(_message(f))},
        "locations": [_location(report, step_at_fault(f), f.name)],
        "partialFingerprints": {"planrace/v1": _fingerprint(f)},
        "properties": {"how": clean(f.how), "depth": f.depth},
    }
    if f.trace is not None and f.trace.steps:
        found["codeFlows"] = [{"threadFlows": _flows(report, f.trace)}]
    return found


def _judged(verdict: Verdict, *, everything: bool) -> tuple[str, str]:
    if verdict is Verdict.VIOLATED:
        return "fail", "error"
    if verdict is Verdict.HOLDS:
        return "pass", "none"
    return ("open", "none") if everything else ("fail", "warning")


def _message(f: Finding) -> str:
    if f.verdict is Verdict.VIOLATED:
        steps = f" in {counted(f.depth, 'step')}" if f.depth is not None else ""
        return f"Broken{steps}: {f.meaning}. {finding_because(f)}".strip()
    return f"{f.verdict.word}: {f.how}"


def _location(report: Report, step: Step | None, name: str) -> dict[str, Any]:
    """The guard of a step; where there is no step, or nobody knows its place, the property of that name."""
    source = (source_of(report, step) if step is not None else None) or report.sources.get(name)
    what = name if step is None else step.action
    found: dict[str, Any] = {"logicalLocations": [{"name": clean(what), "kind": "function"}]}
    if source is not None:
        found["physicalLocation"] = _physical(source)
    return found


def _physical(source: Source) -> dict[str, Any]:
    path = PurePath(source.file)
    place: dict[str, Any] = {"uri": path.as_uri() if path.is_absolute() else path.as_posix()}
    if not path.is_absolute():
        place["uriBaseId"] = "%SRCROOT%"
    return {"artifactLocation": place, "region": {"startLine": source.line}}


def _flows(report: Report, trace: Trace) -> list[dict[str, Any]]:
    """A thread flow for each process."""
    actors = dict.fromkeys(s.by for s in trace.steps)
    steps = list(enumerate(trace.steps, 1))
    return [
        {"id": clean(who), "locations": [_flow_location(report, n, s) for n, s in steps if s.by == who]}
        for who in actors
    ]


def _flow_location(report: Report, number: int, step: Step) -> dict[str, Any]:
    place = _location(report, step, step.action)
    variables = report.variables
    place["message"] = {"text": f"{number}. {clean(step.by)} {told(step)}"}
    state = {clean(c.place): {"text": clean(after_text(c, variables))} for c in step.changed}
    return {"executionOrder": number, "location": place, **({"state": state} if state else {})}


def _fingerprint(f: Finding) -> str:
    """The same for the same property broken by the same actions, wherever these stand in the file."""
    actions = [(s.action, s.outcome) for s in f.trace.steps] if f.trace is not None else []
    return hashlib.sha256(json.dumps([f.name, f.verdict.word, actions]).encode()).hexdigest()
