"""Reports of driving a system along its model, for continuous integration.

JUnit: a case for the question itself, which fails or is an error as the command does; after a covering test a case for
each outcome of an action as well. SARIF and annotations have the line of the driver's method.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from planrace.checker.report.ci import junit, sarif
from planrace.checker.report.ci.github import line_for
from planrace.checker.report.text.driving import (
    closing_text,
    cover_document,
    covered_text,
    missed_texts,
    replay_document,
    replayed_text,
    subject_text,
)
from planrace.checker.report.text.markdown import cell
from planrace.checker.report.text.plain import render_plain
from planrace.checker.report.trace.mermaid import render_mermaid
from planrace.checker.results.blocks import Document, clean
from planrace.checker.results.driving import (
    CoverReport,
    DivergenceKind,
    DrivenSystem,
    OutcomeShare,
    ReplayEnd,
    ReplayReport,
    SystemAnswer,
)
from planrace.checker.results.report import Report
from planrace.checker.results.trace import Source, Trace
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import ending

DIFFERS, FOLLOWS, UNDECIDED = "Differs", "Follows", "Undecided"
SIGNS = {DIFFERS: "❌", FOLLOWS: "❌", UNDECIDED: "⚠️", "": "✅"}
RULES = {
    DIFFERS: ("code-and-model-differ", "The code does something else than the model"),
    FOLLOWS: ("system-follows-run", "The system does what the run of the model does"),
    UNDECIDED: ("undecided", "It could not be decided"),
}


@dataclass(frozen=True)
class _Answer:
    """What a report says, for every format. ``kind`` is empty if all is well. ``told`` is the whole text; ``action`` is
    that of the step at the end of ``trace``."""

    system: DrivenSystem
    question: str
    kind: str
    message: str
    told: str
    code: int
    seconds: float
    figures: Mapping[str, object]
    trace: Trace | None = None
    action: str | None = None
    shares: tuple[OutcomeShare, ...] = ()
    notes: tuple[str, ...] = ()
    repeat: str = ""
    answers: tuple[SystemAnswer, ...] = ()
    """What users of the system got at the end."""
    allowed: bool = True
    """The last step of the trace is the one that the message speaks of."""

    @property
    def source(self) -> Source | None:
        """The line of the driver's method."""
        return None if self.action is None else self.system.sources.get(self.action)


def render_driving(format_name: str, report: CoverReport | ReplayReport, *, now: datetime | None = None) -> str:
    """A report in a format for CI. Tests set the time ``now``."""
    answer = _covered(report) if isinstance(report, CoverReport) else _replayed(report)
    if format_name == "junit":
        return _junit(answer, now)
    makers: dict[str, Callable[[_Answer], str]] = {"sarif": _sarif, "annotations": _annotations, "summary": _summary}
    return makers[format_name](answer)


def _covered(report: CoverReport) -> _Answer:
    d = report.divergence
    message = f"{covered_text(report)}; {closing_text(report)}"
    if d is not None:
        message = f"At {d.called} the model {d.model}; the code {d.code}."
    kind = {Verdict.VIOLATED: DIFFERS, Verdict.UNKNOWN: UNDECIDED, Verdict.HOLDS: ""}[report.verdict]
    figures = {"criterion": report.criterion, "performed": report.performed, "total": report.total}
    return _Answer(
        report.system,
        f"the code does what the model does ({report.criterion})",
        kind,
        message,
        _text(cover_document(report, report.exit_code)),
        report.exit_code,
        report.seconds,
        {**figures, "steps": report.steps, "seed": report.seed},
        None if d is None else d.trace,
        None if d is None else d.called.partition("(")[0],
        report.shares,
        (covered_text(report), *missed_texts(report)),
        "" if d is None else d.repeat,
        () if d is None else d.answers,
        d is None or d.kind is not DivergenceKind.ACCEPTED,
    )


def _replayed(report: ReplayReport) -> _Answer:
    kind = {ReplayEnd.FOLLOWED: FOLLOWS, ReplayEnd.LEFT: "", ReplayEnd.UNDECIDED: UNDECIDED}[report.end]
    steps = report.trace.steps
    at = min(report.last_step, len(steps))
    return _Answer(
        report.system,
        f"the system leaves the run of {report.name}",
        kind,
        replayed_text(report),
        _text(replay_document(report, report.exit_code)),
        report.exit_code,
        report.seconds,
        {"run": report.name, "steps": report.step},
        report.trace,
        steps[at - 1].action if at else None,
        answers=next((new for new in reversed(report.answers) if new), ()),
    )


def _again(a: _Answer) -> str:
    return f" To see it again: {a.repeat}" if a.repeat else ""


def _text(document: Document) -> str:
    return render_plain(document)


# JUnit -------------------------------------------------------------------------------------------------------------
def _junit(a: _Answer, now: datetime | None) -> str:
    main = junit.case_of(a.system.protocol, a.question, a.seconds)
    tag = {"": "system-out", UNDECIDED: "error"}.get(a.kind, "failure")
    junit.add(main, tag, {"type": a.kind, "message": a.message} if a.kind else {}, a.told)
    cases = [main]
    for share in a.shares:
        cases.append(junit.case_of(a.system.protocol, ending(share.action, share.outcome)))
        if share.performed < share.total:
            performed = f"performed {share.performed:,} of {share.total:,}"
            if a.kind:
                junit.add(cases[-1], "skipped", {"type": "NotPerformed", "message": performed}, performed)
            else:
                junit.add(cases[-1], "system-out", {}, performed)
    lists = {"faults": a.system.faults, "protections": a.system.protections}
    named = {name: ", ".join(values) or "none" for name, values in lists.items()}
    properties = {**a.system.parameters, **named, "driver": a.system.driver.name, **a.figures}
    return junit.suite(a.system.protocol, cases, a.seconds, now, properties)


# SARIF -------------------------------------------------------------------------------------------------------------
def _sarif(a: _Answer) -> str:
    properties = {"protocol": clean(a.system.protocol), "parameters": dict(a.system.parameters), **a.figures}
    automation = clean("-".join([a.system.protocol, a.system.driver.name])).replace("/", "_")
    if not a.kind:
        return sarif.log([], automation, a.code, True, [], [], properties)
    name, meaning = RULES[a.kind]
    rule = {
        "id": sarif.own(name),
        "name": a.kind,
        "shortDescription": {"text": meaning},
        "defaultConfiguration": {"level": "error"},
    }
    actions = [(s.action, s.outcome) for s in a.trace.steps] if a.trace is not None else []
    mark = hashlib.sha256(json.dumps([name, a.action, actions]).encode()).hexdigest()
    place: dict[str, Any] = {"logicalLocations": [{"name": clean(a.action or a.system.driver.name)}]}
    if a.source is not None:
        place["physicalLocation"] = sarif.physical(a.source)
    result = {
        "ruleId": sarif.own(name),
        "ruleIndex": 0,
        "kind": "fail",
        "level": "warning" if a.kind == UNDECIDED else "error",
        "message": {"text": clean(f"{a.message}{_again(a)}")},
        "locations": [place],
        "partialFingerprints": {"planrace/v1": mark},
    }
    if a.trace is not None and a.trace.steps:
        s = a.system
        of_driver = Report(s.protocol, {}, (), (), "none", (), None, variables=s.variables, sources=s.sources)
        result["codeFlows"] = [{"threadFlows": sarif.flows(of_driver, a.trace)}]
    return sarif.log([rule], automation, a.code, True, [], [result], properties)


# GitHub ------------------------------------------------------------------------------------------------------------
def _annotations(a: _Answer) -> str:
    if not a.kind:
        return ""
    word = "warning" if a.kind == UNDECIDED else "error"
    return line_for(word, a.source, f"{a.system.protocol}: {a.question}", f"{a.message}{_again(a)}")


def _summary(a: _Answer) -> str:
    lines = [f"## {cell(a.system.protocol)}: {SIGNS[a.kind]} {cell(a.message)}", "", cell(subject_text(a.system)), ""]
    if a.notes:
        lines += [*(f"- {cell(note)}" for note in a.notes), ""]
    if a.shares:
        lines += ["| transitions by action | performed | of |", "| --- | ---: | ---: |"]
        rows = ((ending(s.action, s.outcome), s.performed, s.total) for s in a.shares)
        lines += [f"| {cell(name)} | {done:,} | {of:,} |" for name, done, of in rows]
        lines.append("")
    if a.kind and a.trace is not None and a.trace.steps:
        diagram = render_mermaid(a.trace, witness=not a.allowed, variables=a.system.variables)
        lines += ["```mermaid", diagram.rstrip(), "```", ""]
    if a.answers:
        quoted = [line for found in a.answers for line in (f"$ {found.asked}", *found.answer.splitlines())]
        lines += ["What users get at the end:", "", *(f"    {clean(line)}" for line in quoted), ""]
    lines += [f"To see it again: {cell(a.repeat)}"] if a.repeat else []
    return "\n".join(lines) + "\n"
