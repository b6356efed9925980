"""Every protocol of the examples and of the documents goes through every engine and every form: none ends with an error
of ours, no two engines disagree, nothing that explains is missing, and a report that is read tells the same."""

from __future__ import annotations

import ast
import json
import linecache
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from planrace import checker
from planrace.checker import Options, Report, Verdict, check, find, lint, render, state_graph
from planrace.checker.report.formats import OF_TRACE, WHOLE, NoTraceError
from planrace.checker.report.json.read import report_of
from planrace.checker.report.text.comparison import compare
from planrace.checker.results.outcome import Expectation, RunOutcome
from planrace.checker.results.report import UNAVAILABLE
from planrace.checker.run.protocols import names_in
from planrace.checker.run.registry import ENGINES
from planrace.model.language import Protocol, Variant
from tests import ROOT
from tests.docs.test_site import FENCED

EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PAGES = [
    p
    for p in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if {"Protocol(", "declare("} <= set(re.findall(r"Protocol\(|declare\(", p.read_text()))
]
"""Pages with protocols that have properties: a protocol about facts or a refinement may have none."""
SMALL = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}
BUILT_IN = {
    "original": SMALL,
    "fixed": SMALL,
    "design": {"endpoints": 1, "plans": 2},
    "register": {"names": 2, "top": 2},
    "prefixes": {},
    "snapshot": {},
}
LIMITS: dict[str, dict[str, Any]] = {
    "auto": {"max_states": 20_000},
    "explicit": {"max_states": 2_000},
    "native": {"max_states": 20_000, "workers": 1},
    "simulate": {"runs": 5, "depth": 15, "seed": 1},
    "bitstate": {"runs": 2, "depth": 15, "seed": 1, "workers": 1, "bit_array": 2**20},
    "bmc": {"depth": 2, "time_limit": 1.0},
    "induction": {"depth": 2, "time_limit": 1.0},
    "spacer": {"time_limit": 0.5},
    "proof": {"time_limit": 1.0},
}
Subject = Protocol | Variant


# Where protocols are -----------------------------------------------------------------------------------------------
def in_page(page: Path, monkeypatch: pytest.MonkeyPatch) -> list[Subject]:
    """What the code of a page declares. Its checks are left out: other tests make them."""
    nothing = SimpleNamespace(findings=(), verdict=Verdict.HOLDS, exploration=None)
    for name in ("check", "prove", "mutate", "save"):
        monkeypatch.setattr(checker, name, lambda *_, **__: nothing)
    made: list[Subject] = []
    for kind in (Protocol, Variant):
        monkeypatch.setattr(kind, "__init__", noting(kind.__init__, made))
    for text in code(page):
        tree = ast.parse(text)
        tree.body = [s for s in tree.body if not isinstance(s, ast.Assert)]
        linecache.cache[page.name] = (len(text), None, text.splitlines(keepends=True), page.name)  # processes are read
        exec(compile(tree, page.name, "exec"), {"__name__": page.stem})
    monkeypatch.undo()
    return [s for s in made if protocol_of(s).actions and protocol_of(s).properties]


def noting(begin: Callable[..., None], made: list[Subject]) -> Callable[..., None]:
    def noted(self: Subject, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        made.append(self)

    return noted


def code(page: Path) -> list[str]:
    """The blocks of a page that belong together: those of a file, and those of no file."""
    files: dict[str, str] = {}
    for block in FENCED.finditer(page.read_text()):
        name = block["name"] or ""
        if block["kind"] == "python" and not re.match(r"test_|conftest", name):
            files[name] = files.get(name, "") + block["text"] + "\n"
    return [text for text in files.values() if "Protocol(" in text]


def protocol_of(subject: Subject) -> Protocol:
    return subject.protocol if isinstance(subject, Variant) else subject


# What is done with them --------------------------------------------------------------------------------------------
def through_everything(subject: Subject, sizes: dict[str, int] | None = None) -> None:
    """Without faults in every engine and form, with all of them in every form."""
    report = through_forms(subject, sizes)
    through_engines(subject, sizes, report)
    if protocol_of(subject).faults:
        through_forms(subject, sizes, tuple(protocol_of(subject).faults))
    lint_of = lint(subject)
    for form in ("text", "json"):
        assert render(lint_of, form)


def through_forms(subject: Subject, sizes: dict[str, int] | None, faults: tuple[str, ...] = ()) -> Report:
    options = Options(max_states=20_000, explain=True, alternatives=1, least_delay=True, time_limit=20.0)
    report = check(subject, sizes, faults=faults, options=options)
    in_every_form(report)
    assert not compare(report, report).changed
    if report.exploration is not None and report.exploration.states <= 60 and not faults:
        graph = state_graph(subject, sizes)
        assert all(render(graph, form) for form in ("dot", "graphml"))
    return report


def in_every_form(report: Report, part: int | None = None) -> None:
    """A report, and what is read of its JSON, alike; in a third of the forms if ``part`` says which."""
    whole, of_trace = (tuple(f) if part is None else tuple(f)[part % 3 :: 3] for f in (WHOLE, OF_TRACE))
    missing = [w.message for w in report.warnings if w.kind == UNAVAILABLE]
    assert missing == []
    if report.exploration is not None:  # JSON rounds it
        report = replace(report, exploration=replace(report.exploration, seconds=round(report.exploration.seconds, 3)))
    again = report_of(json.loads(render(report, "json")))
    runs = [f.name for f in report.findings if f.trace is not None]
    for form in whole:
        text = render(report, form)
        assert steady(render(again, form)) == steady(text), form
        assert "efect of planrace" not in text
    for form in of_trace:
        for name in runs:
            assert render(report, form, trace=name) == render(again, form, trace=name), form
        if not runs:
            with pytest.raises(NoTraceError):
                render(replace(report, full_match=None), form)


def steady(text: str) -> str:
    """Without dates, and without times that JSON rounds."""
    return re.sub(r'\d\d:\d\d:\d\d|time="[\d.]+"', "…", text)


def through_engines(subject: Subject, sizes: dict[str, int] | None, whole: Report) -> None:
    """No two engines disagree; an engine that cannot answer says unknown, and why. Each form is asked of each engine
    for every third protocol or so."""
    known = {f.name: f.verdict for f in whole.findings if f.verdict is not Verdict.UNKNOWN}
    for part, (engine, limits) in enumerate(LIMITS.items(), len(protocol_of(subject).name)):
        report = check(subject, sizes if engine != "proof" else None, options=Options(engine=engine, **limits))
        for f in report.findings:
            if engine != "proof":
                assert f.verdict in (Verdict.UNKNOWN, known.get(f.name, f.verdict)), f"{engine}: {f.name}: {f.how}"
            assert f.how or f.trace is not None
        assert report.exit_code in (0, 1, 3)
        assert RunOutcome(report, Expectation(strict=True)).code in (0, 1, 3)
        in_every_form(report, part)


def each(subjects: list[Subject]) -> Iterator[Subject]:
    assert subjects
    yield from subjects


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda p: p.stem)
def test_examples(file: Path) -> None:
    for name in names_in(str(file)):
        through_everything(find(name))


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_pages(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for subject in each(in_page(page, monkeypatch)):
        through_everything(subject)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_dns_protocol(name: str) -> None:
    through_everything(find(name), BUILT_IN[name])


def test_all_of_them_are_here() -> None:
    assert {*LIMITS} == {*ENGINES} - {"cluster"}  # which starts processes for each: it has tests of its own
    assert {"cookbook", "language", "tutorial", "pytest", "gallery"} <= {p.stem for p in PAGES}
