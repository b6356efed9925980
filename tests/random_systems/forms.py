"""Every form of a report about a drawn system: written, parsed by somebody else's parser, and read back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

from planrace.checker import instance_of, lint, render, state_graph
from planrace.checker.report.formats import FORMATS, OF_TRACE
from planrace.checker.report.json.read import report_of
from planrace.checker.report.trace.itf import read_itf
from planrace.checker.results.report import Report

from .judge import Judge

XML = ("svg", "graphml", "junit")
JSON = ("json", "itf", "tlc", "sarif")


def forms(j: Judge) -> None:
    """All forms of the whole report, and of every run in it."""
    report = j.ask("explicit", symmetry=False, exhaustive=True, slicing=False, explain=True)
    if report is None:
        return
    traces = [f.name for f in report.findings if f.trace is not None]
    for form in FORMATS:
        for trace in traces[:3] if form in OF_TRACE else [None]:
            with j.crashes(f"{form} of {trace or 'the report'}"):
                told = render(report, form, trace=trace)
                for what in _wrong(form, told, report, trace):
                    j.complain(f"{form} of {trace or 'the report'}", what)
    _drawn(j)


def _wrong(form: str, told: str, report: Report, trace: str | None) -> Iterator[str]:
    if not told.strip():
        yield "it is empty"
    if form in XML:
        ElementTree.fromstring(told)
    data: Any = json.loads(told) if form in JSON else None
    if form == "json":
        again = report_of(data)
        if render(again, "json") != told:
            yield "read back and written again it differs"
        if [(f.name, f.verdict) for f in again.findings] != [(f.name, f.verdict) for f in report.findings]:
            yield "read back it says something else"
        if render(again, "text") != render(report, "text"):
            yield "read back its text differs"
    if form == "itf":
        found, _ = read_itf(told)
        wanted = next(f.trace for f in report.findings if f.name == trace)
        assert wanted is not None
        if [found.initial, *(s.state for s in found.steps)] != [wanted.initial, *(s.state for s in wanted.steps)]:
            yield "read back its states differ"


def _drawn(j: Judge) -> None:
    """The state graph, and what lint says of the model: nothing of it can fail."""
    about = j.about
    with j.crashes("instance"):
        instance_of(j.protocol, **about)
    if j.truth.sound:
        with j.crashes("graph"):
            graph = state_graph(j.protocol, max_states=2000, **about)
            if (len(graph), graph.number_of_edges()) != (len(j.truth.depths), j.truth.transitions):
                j.complain("graph", f"{len(graph)} states and {graph.number_of_edges()} steps")
            for form in ("dot", "graphml"):
                told = render(graph, form)
                if form == "graphml":
                    ElementTree.fromstring(told)
    with j.crashes("lint"):
        render(lint(j.protocol, **about), "text")
