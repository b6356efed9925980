"""JUnit XML, one test case a property, in the shape that pytest 9 writes (``--junit-xml``).

Violated is a failure, undecided an error (a skipped test is green everywhere); a violation that was expected passes
with its run in ``system-out``.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

from ..vocabulary import Finding, Report, Verdict, counted
from .because import finding_because
from .blocks import Document, Heading, Paragraph
from .document import how, timeline
from .plain import render_plain

KINDS = {"invariant": "InvariantViolated", "step invariant": "StepInvariantViolated"}


def render_junit(report: Report, *, expected: str | None = None, now: datetime | None = None) -> str:
    """The report as JUnit XML. ``expected`` is what ``--expect`` said; ``now`` stands for the present, in tests."""
    cases = [_case(report, f, expected) for f in report.findings]
    seconds = report.exploration.seconds if report.exploration is not None else 0.0
    suite = ElementTree.Element(
        "testsuite",
        {
            "name": _clean(f"planrace.{report.protocol}"),
            "tests": str(len(cases)),
            "failures": str(sum(c.find("failure") is not None for c in cases)),
            "errors": str(sum(c.find("error") is not None for c in cases)),
            "skipped": "0",
            "time": f"{seconds:.3f}",
            "timestamp": (now or datetime.now(UTC)).isoformat(timespec="seconds"),
        },
    )
    suite.append(_properties(report))
    suite.extend(cases)
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _properties(report: Report) -> ElementTree.Element:
    values: dict[str, object] = {**report.parameters, "faults": ", ".join(report.faults) or "none"}
    values["protections"] = ", ".join(report.protections) or "none"
    if report.exploration is not None:
        e = report.exploration
        values |= {"states": e.states, "transitions": e.transitions, "complete": str(e.complete).lower()}
    found = ElementTree.Element("properties")
    for name, value in values.items():
        ElementTree.SubElement(found, "property", {"name": _clean(name), "value": _clean(str(value))})
    return found


def _case(report: Report, f: Finding, expected: str | None) -> ElementTree.Element:
    named = {"classname": _clean(f"planrace.{report.protocol}"), "name": _clean(f.name), "time": "0.000"}
    case = ElementTree.Element("testcase", named)
    if f.verdict is Verdict.VIOLATED and expected == "violated":
        _add(case, "system-out", {}, _story(report, f))
    elif f.verdict is Verdict.VIOLATED:
        message = f"violated in {counted(f.depth, 'step')}" if f.depth is not None else f"violated: {f.how}"
        _add(case, "failure", {"type": KINDS.get(f.kind, "Violated"), "message": message}, _story(report, f))
    elif f.verdict is Verdict.UNKNOWN:
        _add(case, "error", {"type": "Undecided", "message": f.how}, f.how)
    else:
        _add(case, "system-out", {}, f"holds: {how(f)}")
    return case


def _add(case: ElementTree.Element, tag: str, attributes: dict[str, str], text: str) -> None:
    child = ElementTree.SubElement(case, tag, {n: _clean(v) for n, v in attributes.items()})
    child.text = _clean(text)


def _story(report: Report, f: Finding) -> str:
    """The run in words."""
    if f.trace is None:
        return f.how
    told = Document(
        (
            Heading(f.meaning),
            timeline(f.trace, f.match, f.variables or report.variables),
            Paragraph(finding_because(f)),
        ),
        f.how,
    )
    return render_plain(told)


def _clean(text: str) -> str:
    """Text that XML 1.0 can hold (section 2.2): other characters are not allowed even as references."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "\N{REPLACEMENT CHARACTER}", text)
