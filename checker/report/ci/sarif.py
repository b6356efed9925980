"""SARIF 2.1.0 (OASIS), for code scanning: a violated property is a result at the guard at fault.

A run has one thread flow for each process; ``executionOrder`` orders the steps of all flows, which shows races. GitHub
turns every result into an alert. So by default only what fails the run is a result; undecided properties are warnings.
Properties that hold or whose violation was expected are listed in the properties of the run, and warnings that do not
fail it are notifications. ``everything`` adds all other results, for consumers that follow §3.27.9: a result whose kind
is not "fail" has the level "none".
"""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from planrace.checker.report.ci.places import location
from planrace.checker.report.ci.step_to_fix import source_of, step_at_fault
from planrace.checker.report.text.because import why
from planrace.checker.report.text.continuations import continued
from planrace.checker.report.text.markdown import cell
from planrace.checker.report.text.values import changes, state_before
from planrace.checker.report.trace.lanes import step_text
from planrace.checker.results.blocks import clean
from planrace.checker.results.outcome import (
    Broken,
    Complaint,
    Expectation,
    FindingStatus,
    RunOutcome,
    warned_about,
    warned_text,
)
from planrace.checker.results.report import Finding, ModelWarning, Report
from planrace.checker.results.trace import Source, Trace, TraceStep
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
KINDS = {
    FindingStatus.FAILED: ("fail", "error"),
    FindingStatus.UNDECIDED: ("fail", "warning"),
    FindingStatus.OPEN: ("open", "none"),
    FindingStatus.EXPECTED: ("informational", "none"),
    FindingStatus.HOLDS: ("pass", "none"),
}
"""Kind and level of a result. With ``everything``, undecided properties are open."""
HELP = "A result shows a run that violates it, with one thread flow for each process; `check` shows the run as text."


def render_sarif(report: Report, expectation: Expectation | None = None, *, everything: bool = False) -> str:
    """The report as SARIF, judged by the expectation ``expectation``."""
    outcome = RunOutcome(report, expectation or Expectation())
    judged = [outcome.of(f) for f in report.findings]
    results = [
        _result(report, f, n, j, everything=everything)
        for n, (f, j) in enumerate(zip(report.findings, judged, strict=True))
        if everything or KINDS[j][0] == "fail"
    ]
    kinds = list(dict.fromkeys(c.kind for c in outcome.complaints))
    rules = [*map(_rule, report.findings), *map(_complaint_rule, kinds)]
    results += [_complaint(report, c, len(report.findings) + kinds.index(c.kind)) for c in outcome.complaints]
    named = zip(report.findings, judged, strict=True)
    properties: dict[str, Any] = {
        "protocol": clean(report.protocol),
        "parameters": dict(report.parameters),
        "holds": [clean(f.name) for f in report.findings if f.verdict is Verdict.HOLDS],
        "expected": [clean(f.name) for f, j in named if j is FindingStatus.EXPECTED],
        **_covered(report),
    }
    notified = [_notification(report, w) for w in outcome.warnings]
    return log(rules, _id(report), outcome.code, not report.interrupted, notified, results, properties)


def render_broken(broken: Broken) -> str:
    """SARIF for a run without a report: a notification, and a result if a line of the author's file shows why."""
    name = "no-report"
    place = {} if broken.source is None else {"locations": [{"physicalLocation": physical(broken.source)}]}
    message = {"text": clean(broken.message)}
    rule = {
        "id": own(name),
        "name": "NoReport",
        "shortDescription": {"text": "The protocol cannot be checked as it is"},
        "defaultConfiguration": {"level": "error"},
    }
    print_ = hashlib.sha256(json.dumps([name, broken.protocol, broken.message]).encode()).hexdigest()
    result = {
        "ruleId": own(name),
        "ruleIndex": 0,
        "kind": "fail",
        "level": "error",
        "message": message,
        "partialFingerprints": {"planrace/v1": print_},
        **place,
    }
    notified = {"level": "error", "message": message, "descriptor": {"id": own(name)}, **place}
    automation = clean(broken.protocol).replace("/", "_")
    return log([rule], automation, broken.code, False, [notified], [result] if place else [], {})


def log(
    rules: list[dict[str, Any]],
    automation: str,
    code: int,
    successful: bool,
    notified: list[dict[str, Any]],
    results: list[dict[str, Any]],
    properties: dict[str, Any],
) -> str:
    """The file with one run."""
    invocation = {"executionSuccessful": successful, "exitCode": code}
    run = {
        "tool": {"driver": {"name": "planrace", "semanticVersion": _version(), "rules": rules}},
        "automationDetails": {"id": f"planrace/{automation}/"},
        "invocations": [{**invocation, **({"toolExecutionNotifications": notified} if notified else {})}],
        "columnKind": "unicodeCodePoints",
        "results": results,
        **({"properties": properties} if properties else {}),
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False) + "\n"


def _version() -> str:
    try:
        return version("planrace")
    except PackageNotFoundError:  # run from a directory that was never installed
        return "0.0.0"


def _id(report: Report) -> str:
    """An identifier of the configuration: the protocol, its sizes, protections and faults."""
    words = [report.protocol, *(f"{name}{value}" for name, value in report.parameters.items())]
    words += ["every-size"] if report.every_size else []
    words += [w for p in report.protections for w in ("with", p)] + [w for f in report.faults for w in ("fault", f)]
    return clean("-".join(words)).replace("/", "_")


def _rule(f: Finding) -> dict[str, Any]:
    return {
        "id": clean(f.name),
        "name": "".join(word.capitalize() for word in clean(f.name).replace("_", "-").split("-")) or "Property",
        "shortDescription": {"text": clean(f.meaning)},
        "fullDescription": {"text": clean(f"{f.kind}: {f.meaning}")},
        "help": {"text": clean(f"{f.name} ({f.kind}): {f.meaning}. {HELP}"), "markdown": _markdown(f)},
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["correctness", "concurrency"]},
    }


def _markdown(f: Finding) -> str:
    return f"**{cell(f.name)}** ({cell(f.kind)})\n\n{cell(f.meaning)}.\n\n{HELP}\n"


def own(kind: str) -> str:
    """The name of a rule that is no property."""
    return f"planrace/{kind.replace(' ', '-')}"


def _complaint_rule(kind: str) -> dict[str, Any]:
    return {
        "id": own(kind),
        "name": "".join(word.capitalize() for word in kind.split()),
        "shortDescription": {"text": kind.capitalize()},
        "defaultConfiguration": {"level": "error"},
    }


def _complaint(report: Report, c: Complaint, rule: int) -> dict[str, Any]:
    mark = hashlib.sha256(json.dumps([c.kind, c.title]).encode()).hexdigest()
    found: dict[str, Any] = {
        "ruleId": own(c.kind),
        "ruleIndex": rule,
        "kind": "fail",
        "level": "warning" if c.undecided else "error",
        "message": {"text": clean(c.message)},
        "locations": [_location(report, None, c.about or report.protocol)],
        "partialFingerprints": {"planrace/v1": mark},
    }
    if c.trace is not None and c.trace.steps:
        found["codeFlows"] = [{"threadFlows": flows(report, c.trace)}]
    return found


def _notification(report: Report, w: ModelWarning) -> dict[str, Any]:
    return {
        "level": "warning" if w.strict else "note",
        "message": {"text": clean(warned_text(w))},
        "descriptor": {"id": own(w.kind)},
        "locations": [_location(report, None, warned_about(w) or report.protocol)],
    }


def _covered(report: Report) -> dict[str, Any]:
    """The coverage of the search."""
    e = report.exploration
    return {} if e is None else {"states": e.states, "transitions": e.transitions, "complete": e.complete}


def _result(report: Report, f: Finding, rule: int, judged: FindingStatus, *, everything: bool) -> dict[str, Any]:
    kind, level = KINDS[FindingStatus.OPEN if everything and judged is FindingStatus.UNDECIDED else judged]
    found: dict[str, Any] = {
        "ruleId": clean(f.name),
        "ruleIndex": rule,
        "kind": kind,
        "level": level,
        "message": {"text": clean(_message(f))},
        "locations": [_location(report, step_at_fault(f), f.name, of_property=True)],
        "partialFingerprints": {"planrace/v1": _fingerprint(f)},
        "properties": {"how": clean(f.how), "depth": f.depth, **_covered(report)},
    }
    if f.trace is not None and f.trace.steps:
        on = {"message": {"text": clean(continued(f))}} if continued(f) else {}
        found["codeFlows"] = [{"threadFlows": flows(report, f.trace), **on}]
    return found


def _message(f: Finding) -> str:
    if f.verdict is Verdict.VIOLATED:
        steps = f" in {counted(f.depth, 'step')}" if f.depth is not None else ""
        return f"Violated{steps}: {f.meaning}. {why(f)}".strip()
    return f"{f.verdict.word}: {f.how}"


def _location(report: Report, step: TraceStep | None, name: str, *, of_property: bool = False) -> dict[str, Any]:
    """The location of a step's guard; without a step or a known line, that of the declaration of ``name``."""
    named = report.source_of_property(name) if of_property else report.sources.get(name)
    source = (source_of(report, step) if step is not None else None) or named
    what = name if step is None else step.action
    found: dict[str, Any] = {"logicalLocations": [{"name": clean(what), "kind": "function"}]}
    if source is not None:
        found["physicalLocation"] = physical(source)
    return found


def physical(source: Source) -> dict[str, Any]:
    """A line of a file."""
    return {"artifactLocation": location(source.file), "region": {"startLine": source.line}}


def flows(report: Report, trace: Trace) -> list[dict[str, Any]]:
    """A thread flow for each process."""
    actors = dict.fromkeys(s.by for s in trace.steps)
    steps = list(enumerate(trace.steps, 1))
    return [
        {"id": clean(who), "locations": [_flow_location(report, trace, n, s) for n, s in steps if s.by == who]}
        for who in actors
    ]


def _flow_location(report: Report, trace: Trace, number: int, step: TraceStep) -> dict[str, Any]:
    place = _location(report, step, step.action)
    again = " (again and again, for ever)" if trace.loop is not None and number > trace.loop else ""
    place["message"] = {"text": f"{number}. {clean(step.by)} {step_text(step)}{again}"}
    changed = changes(step, state_before(trace, number), report.variables)
    state = {clean(c.place): {"text": clean(c.after)} for c in changed}
    return {"executionOrder": number, "location": place, **({"state": state} if state else {})}


def _fingerprint(f: Finding) -> str:
    """Equal for runs of the same actions that violate the same property, independent of lines in the file."""
    actions = [(s.action, s.outcome) for s in f.trace.steps] if f.trace is not None else []
    return hashlib.sha256(json.dumps([f.name, f.verdict.word, actions]).encode()).hexdigest()
