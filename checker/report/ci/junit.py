"""JUnit XML with one test case for each property, structured as by pytest 9 (``--junit-xml``).

A violation is a failure. An undecided property is an error, because a skipped test is green everywhere. An expected
violation passes, with its run in ``system-out``; properties that stay undecided beside it are skipped. Every other
reason why the run fails is a test case of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from planrace.checker.report.text.document import how, induction_blocks, run_blocks, violation
from planrace.checker.report.text.plain import render_plain
from planrace.checker.results.blocks import Block, Document, Paragraph
from planrace.checker.results.explanation import Declared
from planrace.checker.results.outcome import Broken, Complaint, Expectation, FindingStatus, RunOutcome, warned_text
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.wording import counted, limited

KINDS = {"invariant": "InvariantViolated", "step invariant": "StepInvariantViolated"}


def render_junit(report: Report, expectation: Expectation | None = None, *, now: datetime | None = None) -> str:
    """The report as JUnit XML, judged by the expectation ``expectation``. Tests set the time ``now``."""
    outcome, times = RunOutcome(report, expectation or Expectation()), _times(report)
    cases = [case_of(report.protocol, f.name, times[f.name]) for f in report.findings]
    for case, f in zip(cases, report.findings, strict=True):
        _judge(case, f, f.variables or report.variables, outcome.of(f))
    for complaint in outcome.complaints:
        cases.append(case_of(report.protocol, complaint.title))
        _complain(cases[-1], complaint, report.variables)
    warnings = [f"warning: {warned_text(w)}" if w.strict else warned_text(w) for w in outcome.warnings]
    return suite(report.protocol, cases, sum(times.values()), now, _properties(report), "\n".join(warnings))


def render_broken(broken: Broken, *, now: datetime | None = None) -> str:
    """JUnit XML for a run without a report: one test case, which is an error."""
    case = case_of(broken.protocol, "the run")
    add(case, "error", {"type": "NoReport", "message": f"exit {broken.code}"}, broken.message)
    return suite(broken.protocol, [case], 0.0, now)


def suite(
    protocol: str,
    cases: Sequence[ElementTree.Element],
    seconds: float,
    now: datetime | None,
    properties: Mapping[str, object] | None = None,
    out: str = "",
) -> str:
    """The file with one test suite."""
    counted = {f"{tag}s": str(sum(c.find(tag) is not None for c in cases)) for tag in ("error", "failure")}
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": _clean(f"planrace.{protocol}"),
            "tests": str(len(cases)),
            **counted,
            "skipped": str(sum(c.find("skipped") is not None for c in cases)),
            "time": f"{seconds:.3f}",
            "timestamp": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        },
    )
    if properties:
        listed = ElementTree.SubElement(suite, "properties")
        for name, value in properties.items():
            ElementTree.SubElement(listed, "property", {"name": _clean(name), "value": _clean(str(value))})
    suite.extend(cases)
    if out:
        add(suite, "system-out", {}, out)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _properties(report: Report) -> dict[str, object]:
    values: dict[str, object] = {
        **report.parameters,
        "faults": ", ".join(limited(report.faults, report.at_most)) or "none",
    }
    values["protections"] = ", ".join(report.protections) or "none"
    if report.exploration is not None:
        e = report.exploration
        values |= {"states": e.states, "transitions": e.transitions, "complete": str(e.complete).lower()}
    return values


def _times(report: Report) -> dict[str, float]:
    """Seconds for each property: an equal share of the search, and of the proof that proves it."""
    searched = report.exploration.seconds if report.exploration is not None else 0.0
    times = {f.name: searched / len(report.findings) for f in report.findings}
    for proof in report.proofs:
        for name in proof.properties:
            times[name] += sum(o.seconds for o in proof.obligations) / len(proof.properties)
    return times


def case_of(protocol: str, name: str, seconds: float = 0.0) -> ElementTree.Element:
    """A test case, which passes unless something is added."""
    named = {"classname": _clean(f"planrace.{protocol}"), "name": _clean(name), "time": f"{seconds:.6f}"}
    return ElementTree.Element("testcase", named)


def _judge(case: ElementTree.Element, f: Finding, variables: Sequence[Declared], judged: FindingStatus) -> None:
    """Add the result of a property to its test case."""
    match judged:
        case FindingStatus.HOLDS:
            add(case, "system-out", {}, f"holds: {how(f)}")
        case FindingStatus.EXPECTED:
            add(case, "system-out", {}, _text(*violation(f, variables, {}), closing=f.how))
        case FindingStatus.FAILED:
            message = f"violated in {counted(f.depth, 'step')}" if f.depth is not None else f"violated: {f.how}"
            text = _text(*violation(f, variables, {}), closing=f.how)
            add(case, "failure", {"type": KINDS.get(f.kind, "Violated"), "message": message}, text)
        case FindingStatus.OPEN:
            add(case, "skipped", {"type": "Undecided", "message": f"undecided: {f.how}"}, f.how)
        case FindingStatus.UNDECIDED:
            blocks = () if f.cti is None else tuple(induction_blocks(f.name, f.cti, variables))
            add(case, "error", {"type": "Undecided", "message": f.how}, _text(*blocks, closing=f.how))


def _complain(case: ElementTree.Element, c: Complaint, variables: Sequence[Declared]) -> None:
    kind = "".join(word.capitalize() for word in c.kind.split())
    run = () if c.trace is None else tuple(run_blocks(c.trace, None, variables))
    attributes = {"type": kind, "message": c.message}
    add(case, "error" if c.undecided else "failure", attributes, _text(Paragraph(c.message), *run, closing=c.kind))


def _text(*blocks: Block, closing: str) -> str:
    return render_plain(Document(blocks, closing))


def add(parent: ElementTree.Element, tag: str, attributes: dict[str, str], text: str) -> None:
    """Adds an element with attributes and text, both without what XML forbids."""
    child = ElementTree.SubElement(parent, tag, {n: _clean(v) for n, v in attributes.items()})
    child.text = _clean(text)


def _clean(text: str) -> str:
    """Text without characters that XML 1.0 forbids even as references (section 2.2)."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", text)
