"""Diagrams of runs: sequence diagrams as Mermaid and SVG, ShiViz logs, state graphs; and converting saved reports."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import networkx
import pytest

from planrace.checker import Options, Report, Trace, check, find
from planrace.checker.cli.main import run
from planrace.checker.report.formats import OF_TRACE, NoTraceError, render_trace, select_trace
from planrace.checker.report.trace.graphs import render_graphml, trace_graph
from planrace.checker.report.trace.lanes import clocks, lanes
from planrace.checker.report.trace.shiviz import PARSER
from planrace.checker.report.trace.svg import WORDS
from planrace.checker.run.state_graph import state_graph
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import ModelError
from tests import HERE

GOLDEN = HERE / "golden"
SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
HOSTILE = '</svg><script>x</script>;end\nloop "%%" {a} -->> b \x1b[31m\u202e'
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def report() -> Report:
    return check(find("original"), SMALL, options=Options(explain=True, alternatives=1))


@pytest.fixture(scope="module")
def trace(report: Report) -> Trace:
    found = report.findings[0].trace
    assert found is not None
    return found


def spoiled(report: Report) -> Report:
    f = report.findings[0]
    assert f.trace is not None
    steps = tuple(replace(s, text=HOSTILE, outcome="end", by=f"{HOSTILE} {s.by}") for s in f.trace.steps)
    return replace(report, findings=(replace(f, trace=replace(f.trace, steps=steps)),), full_match=None)


def test_the_nodes_of_a_run_tell_what_happens(report: Report) -> None:
    """Once they had only numbers: the picture of a run said nothing without the report beside it."""
    f = next(f for f in report.findings if f.trace is not None)
    assert f.trace is not None
    nodes = trace_graph(f.trace, f.insight).nodes
    for n, step in enumerate(f.trace.steps, 1):
        words = nodes[n]["label"].replace("\n", " ")
        assert words.startswith(f"{n}. {step.by} {step.text}")
        assert all(o.text in words for o in step.observed)
    off_the_run = [data["label"] for _, data in nodes(data=True) if not data["run"]]
    assert off_the_run
    assert not any(label.isdecimal() for label in off_the_run)


@pytest.mark.parametrize("form", ["mermaid", "svg", "shiviz", "dot", "graphml"])
def test_golden(form: str, report: Report) -> None:
    text = render_trace(form, report)
    golden = GOLDEN / f"small.{form}"
    if os.environ.get("PLANRACE_GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


def test_mermaid_shows_every_step_once(report: Report, trace: Trace) -> None:
    lines = [line.strip() for line in render_trace("mermaid", report).splitlines()]
    assert lines[0] == "sequenceDiagram"
    arrows = [line for line in lines if "->>" in line]
    assert len(arrows) == len(trace)
    assert sum(line.startswith("participant") for line in lines) == len(lanes(trace).all) == 4
    flips = [line for line in arrows if "flips endpoint" in line]
    endpoint = next(line.split()[1] for line in lines if line.endswith("as endpoint 1"))
    assert flips
    assert all(f"->>{endpoint}:" in line for line in flips)
    match = report.findings[0].match
    assert match is not None
    assert sum(line.startswith("Note right") for line in lines) == sum(
        f.step is not None and not f.onward for f in match.facts
    )


def test_a_lasso_is_a_loop(report: Report) -> None:
    lasso = select_trace(report, "endpoints-converge").trace
    assert lasso.loop is not None
    lines = [line.strip() for line in render_trace("mermaid", report, "endpoints-converge").splitlines()]
    start, end = lines.index("loop for ever"), lines.index("end")
    assert sum("->>" in line for line in lines[start:end]) == len(lasso) - lasso.loop
    assert "for ever" in render_trace("svg", report, "endpoints-converge")


def test_hostile_text_stays_text(report: Report) -> None:
    bad = spoiled(report)
    count = len(select_trace(bad).trace)
    mermaid = render_trace("mermaid", bad)
    assert sum("->>" in line for line in mermaid.splitlines()) == count
    assert not re.search(r"[;<>\"{}%\x1b\u202e]", re.sub(r"#\d+;", "", mermaid.replace("->>", "")))
    drawing = ElementTree.fromstring(render_trace("svg", bad))
    assert not list(drawing.iter(f"{SVG}script"))
    graphs = render_trace("graphml", bad), render_trace("dot", bad)
    assert networkx.parse_graphml(graphs[0]).number_of_edges() >= count
    assert all("\x1b" not in text and "\u202e" not in text for text in (mermaid, *graphs))
    log = render_trace("shiviz", bad).splitlines()
    assert len(log) == 2 + 2 * count


def test_svg_shows_every_step(report: Report, trace: Trace) -> None:
    drawing = ElementTree.fromstring(render_trace("svg", report))
    assert drawing.tag == f"{SVG}svg"
    assert [g.get("aria-label") for g in drawing.iter(f"{SVG}g")] == [f"step {n}" for n in range(1, len(trace) + 1)]
    arrows = sum(e.get("class") == "arrow" for e in drawing.iter(f"{SVG}line"))
    assert arrows == sum(len(lanes(trace).touched(s)) for s in trace.steps) > 0
    width = float(drawing.get("width", "0"))
    for text in drawing.iter(f"{SVG}text"):
        if text.get("class") in ("", "sees", "fact"):
            assert len(text.text or "") <= WORDS
            assert float(text.get("x", "0")) + 7.5 * len(text.text or "") <= width
    assert (drawing.findtext(f"{SVG}desc") or "").count(";") >= len(trace) - 1


def test_shiviz_clocks_order_dependent_steps(report: Report, trace: Trace) -> None:
    text = render_trace("shiviz", report)
    assert text.startswith(PARSER + "\n\n")
    entry = re.compile(PARSER.replace("?<", "?P<"))
    found = [entry.fullmatch(e) for e in re.findall(r"[^\n]+\n[^\n]+", text.split("\n\n", 1)[1])]
    assert len(found) == len(trace)
    assert all(m is not None and json.loads(m["clock"])[m["host"]] >= 1 for m in found)
    insight = report.findings[0].insight
    assert insight is not None
    made = clocks(trace, insight.touched)
    touched = [{*reads, *writes} for reads, writes in insight.touched]
    for i in range(len(made)):
        for j in range(i + 1, len(made)):
            wrote = set(insight.touched[i][1])
            between = set().union(*(set(insight.touched[k][1]) for k in range(i + 1, j)))
            if trace.steps[i].by == trace.steps[j].by or (wrote - between) & touched[j]:
                assert all(made[j].get(who, 0) >= n for who, n in made[i].items())


def test_names_and_texts_that_the_formats_would_misread(report: Report, trace: Trace) -> None:
    """Characters that XML forbids, host names that would become equal, and text that Mermaid reads as a setting."""
    names = ["a b", "a_b", "a\x1b b"]
    steps = tuple(replace(trace.steps[0], by=name, text="wrap: \uffff") for name in names)
    finding = replace(report.findings[0], trace=Trace(trace.initial, steps), insight=None)
    bad = replace(report, findings=(finding,), full_match=None)
    hosts = [line.split()[0] for line in render_trace("shiviz", bad).splitlines()[2::2]]
    assert hosts == ["a_b", "a_b_", "a�_b"]
    ElementTree.fromstring(render_trace("svg", bad))
    assert render_trace("mermaid", bad).count(": wrap#58; ") == len(names)


def test_mermaid_marks_the_last_step(report: Report, trace: Trace) -> None:
    before, last = render_trace("mermaid", report).split("  rect ")
    assert (before.count("->>"), last.count("->>")) == (len(trace) - 1, 1)
    assert last.endswith("  end\n")


# Graphs ----------------------------------------------------------------------------------------------------------
def test_the_neighbourhood_is_the_graph(report: Report, trace: Trace) -> None:
    insight = report.findings[0].insight
    assert insight is not None
    assert insight.neighbourhood is not None
    graph = trace_graph(trace, insight)
    assert graph.number_of_nodes() == len(insight.neighbourhood.states)
    assert sorted(n for n, run_ in graph.nodes(data="run") if run_) == list(range(len(trace) + 1))
    assert [n for n, broken in graph.nodes(data="broken") if broken and n == len(trace)] == [len(trace)]
    plain = trace_graph(trace, replace(insight, neighbourhood=None))
    assert plain.number_of_edges() == sum(map(len, insight.offers))
    assert trace_graph(trace, None).number_of_edges() == len(trace)


def test_the_state_graph() -> None:
    instance = find("original").system().instance(enactors=1, endpoints=1, plans=2, keep=1)
    graph = state_graph(instance, instance.system.properties)
    full = check(
        find("original"),
        {"enactors": 1, "endpoints": 1, "plans": 2, "keep": 1},
        options=Options(exhaustive=True, slicing=False, symmetry=False),
    )
    assert full.exploration is not None
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (full.exploration.states, full.exploration.transitions)
    read = networkx.parse_graphml(render_graphml(graph), node_type=int, force_multigraph=True)
    assert read.nodes == graph.nodes
    assert sorted(read.edges(data="label")) == sorted(graph.edges(data="label"))
    interpreter = Interpreter(instance)
    assert graph.nodes[0]["label"].split("\n")[0] == f"latest = {interpreter.initial()[0]}"
    with pytest.raises(ModelError, match=r"more than 20 states \(take smaller sizes"):
        state_graph(instance, (), 20)


# The command -----------------------------------------------------------------------------------------------------
def test_explain_writes_every_format(report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "report.json"
    asked = ["-p", "original", *(w for n, v in SMALL.items() for w in ("-s", f"{n}={v}")), "--with-alternatives", "1"]
    assert run([*asked, "--format", f"json:{source}"]) == 1
    capsys.readouterr()
    for form in OF_TRACE:
        assert run(["explain", str(source), "--format", f"{form}:{tmp_path / form}"]) == 0
        assert capsys.readouterr().out == "verdict: violated (exit 1)\n"
        assert (tmp_path / form).read_text() == render_trace(form, report)
        assert run(["explain", str(source), "--format", form]) == 0
        assert capsys.readouterr().out == render_trace(form, report)
    assert run(["explain", str(source), "--trace", "plans-never-regress", "--format", "mermaid"]) == 0
    assert "10" not in capsys.readouterr().out.split("p1")[0]
    assert run(["explain", str(source)]) == 0
    assert "Violated by step 12." in capsys.readouterr().out
    assert run(["explain", str(source), "--format", f"html:{tmp_path / 'page.html'}"]) == 0
    assert "<!doctype html>" in (tmp_path / "page.html").read_text()


def test_a_trace_in_itf_is_explained(report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "run.itf.json"
    source.write_text(render_trace("itf", report))
    assert run(["explain", str(source)]) == 0
    out = capsys.readouterr().out
    assert "1. planner publishes plan 1" in out
    source.write_text("{}")
    assert run(["explain", str(source)]) == 2
    assert f"Error: {source}" in capsys.readouterr().err


ERRORS: dict[str, tuple[list[str], str]] = {
    "no such form": (["--format", "pdf"], "'pdf' is not a format of this report; there are text, json, html"),
    "two forms": (["--format", "json", "--format", "svg"], "Standard output takes one format, not json and svg"),
    "no such trace": (["--format", "svg", "--trace", "nobody"], "there is no trace called 'nobody' in the report"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_requests(name: str, report: Report, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words, message = ERRORS[name]
    assert run(["-p", "original", "-s", "plans=2", "-s", "enactors=1", "-o", f"json:{tmp_path / 'r.json'}"]) in (0, 1)
    capsys.readouterr()
    assert run(["explain", str(tmp_path / "r.json"), *words]) == 2
    assert message in capsys.readouterr().err


def test_without_a_violation_there_is_no_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A check that holds exits with 0 even if a format of its counterexample was requested, and says so."""
    asked = ["-p", "fixed", "-s", "plans=2", "-s", "enactors=1", "--property", "plans-never-regress"]
    assert run([*asked, "--format", f"itf:{tmp_path / 'run.itf.json'}"]) == 0
    assert "is not written: there is no trace in the report of fixed" in capsys.readouterr().err
    assert not (tmp_path / "run.itf.json").exists()
    report = check(find("fixed"), {"plans": 2, "enactors": 1}, options=Options(properties=("plans-never-regress",)))
    with pytest.raises(NoTraceError, match="no property is violated"):
        select_trace(report)


def test_graph_of_a_protocol(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["graph", "-p", "original", "-s", "plans=1", "-s", "enactors=1", "-s", "endpoints=1"]
    assert run(asked) == 0
    assert capsys.readouterr().out.startswith("digraph states {")
    assert run([*asked, "--format", "graphml", "-o", str(tmp_path / "g.xml")]) == 0
    assert networkx.read_graphml(tmp_path / "g.xml").number_of_nodes() > 5
    assert run([*asked, "--max-states", "3"]) == 2
    assert "more than 3 states" in capsys.readouterr().err
