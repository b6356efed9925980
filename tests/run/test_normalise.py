"""``--normalise``: what it changes in a report, and when it is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check, check_project, render
from planrace.checker.cli.main import run
from planrace.checker.report.json.read import read_report
from planrace.checker.results.report import Report
from planrace.model.language import (
    ModelError,
    Protocol,
    Step,
    Term,
    forall,
    integers,
    step,
    subsets,
    update,
    when,
)
from planrace.properties import invariant, recoverable
from tests import ROOT
from tests.pyprojects import make_project

SMALL: dict[str, Any] = {"enactors": 2, "endpoints": 1, "plans": 4, "keep": 1}


def both(name: str, **more: Any) -> tuple[Report, Report]:
    """Reports without the normal form and with it."""
    sort = more.pop("sort", "generation")
    return check(name, **more), check(name, **more, normalise=sort)


def verdicts(report: Report) -> list[tuple[str, str, int | None]]:
    return [(f.name, f.verdict.word, f.depth) for f in report.findings]


def states(report: Report) -> int:
    assert report.exploration is not None
    return report.exploration.states


@pytest.mark.parametrize("name", ["original", "fixed"])
def test_verdicts_and_lengths_are_the_same(name: str) -> None:
    """Of all kinds of property: also of recovery, and of liveness, which is decided without."""
    plain, normal = both(name, **SMALL, exhaustive=True)
    assert verdicts(normal) == verdicts(plain)
    assert states(normal) < 0.7 * states(plain)
    for f in normal.findings:
        assert f.trace is None or len(f.trace) == f.depth


EXAMPLES = {
    "rollout:protocol": ("version", {"versions": 5}),
    "rollout:fixed": ("version", {"versions": 5}),
    "sessions:half": ("session", {"sessions": 6}),
    "blue_green:protocol": ("version", {"releases": 4}),
    "lease:protocol": ("token", {}),
    "lease:fixed": ("token", {"workers": 1, "leases": 5}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    sort, sizes = EXAMPLES[name]
    file, attribute = name.split(":")
    plain, normal = both(f"{ROOT}/examples/{file}.py:{attribute}", **sizes, sort=sort, exhaustive=True)
    assert verdicts(normal) == verdicts(plain)
    assert states(normal) < states(plain)
    assert sorted(w.message for w in normal.warnings) == sorted(w.message for w in plain.warnings)


def test_the_report_says_so(tmp_path: Path) -> None:
    report = check("fixed", **SMALL, normalise="plan", symmetry=False)
    assert "without symmetry reduction, up to the normal form of plan;" in " ".join(render(report).split())
    text = render(report, "json")
    assert json.loads(text)["exploration"]["normalised"] == "plan"
    (tmp_path / "report.json").write_text(text)
    assert render(read_report(tmp_path / "report.json"), "json") == text


def test_without_it_json_has_no_such_key() -> None:
    text = render(check("fixed", enactors=1, endpoints=1, plans=1), "json")
    assert "normalised" not in json.loads(text)["exploration"]


def test_scenarios() -> None:
    plain, normal = both(f"{ROOT}/examples/sessions.py:half", sessions=5, scenario="not-found", sort="session")
    assert (plain.findings[0].depth, plain.findings[0].verdict) == (
        normal.findings[0].depth,
        normal.findings[0].verdict,
    )
    assert normal.findings[0].how != plain.findings[0].how  # which names the states


def test_variables_that_are_left_out_are_not_live() -> None:
    plain, normal = both("original", **SMALL, properties=["active-plan-never-deleted"], exhaustive=True)
    assert normal.exploration is not None
    assert normal.exploration.sliced == ("empty", "rollback")
    assert verdicts(normal) == verdicts(plain)
    assert states(normal) < states(plain)


def small() -> tuple[Protocol, Term, Term]:
    """A counter, and somebody who remembers a generation."""
    protocol = Protocol("small", "somebody remembers a generation")
    generation = integers(0, 6, "generation")
    latest, seen = protocol.variable("latest", generation, 0), protocol.variable("seen", generation, 0)

    @protocol.action(by="planner")
    def publish() -> Step:
        return step(when(latest < 6), update(latest, latest + 1))

    @protocol.action(by="worker", tags=["helper"])
    def look() -> Step:
        return step(update(seen, latest))

    protocol.final(latest == 6)
    protocol.declare(invariant("there", seen <= latest, "what is seen is there"))
    return protocol, latest, seen


def test_warnings_are_about_all_states() -> None:
    """An antecedent about numbers that nothing holds is not kept by the normal form. So it is not called vacuous,
    although it is true in a state only that the search has not seen."""
    protocol, latest, seen = small()
    generation = integers(1, 6, "plan")
    kept = protocol.variable("kept", subsets(generation), set())

    @protocol.action(by="worker")
    def keep() -> Step:
        return step(when(seen > 0), update(kept, {seen}))

    between = forall(generation, lambda g: ((seen > 0) & (g > seen) & (g < latest - 3)).implies(~g.isin(kept)))
    protocol.declare(invariant("between", between, "nothing is kept between the two"))
    plain, normal = check(protocol), check(protocol, normalise="generation", exhaustive=True)
    assert verdicts(normal) == verdicts(plain)
    assert not [w for w in (*plain.warnings, *normal.warnings) if w.kind == "vacuous"]


# What is refused -----------------------------------------------------------------------------------------------
def test_a_system_for_which_it_is_not_sound() -> None:
    protocol, _, seen = small()

    @protocol.action(by="worker")
    def go_back() -> Step:
        return step(when(seen > 1), update(seen, seen - 1))

    with pytest.raises(ModelError, match="action go_back assigns seen the value seen - 1, which is neither") as caught:
        check(protocol, normalise="generation")
    assert caught.value.where is not None
    assert caught.value.where.file == __file__


def test_a_property_for_which_it_is_not_sound() -> None:
    protocol, latest, seen = small()
    protocol.declare(invariant("odd", (seen % 2 == 1) | (latest < 6), "odd ones only"))
    with pytest.raises(ModelError, match="property odd computes seen % 2 from generations"):
        check(protocol, normalise="generation")
    assert check(protocol, normalise="generation", properties=["there"])


def test_a_runbook_that_would_name_generations() -> None:
    protocol, latest, seen = small()

    @protocol.action(integers(1, 6, "plan"), by="operator", tags=["manual"])
    def choose(g: Term) -> Step:
        return step(when(g == latest), update(seen, g))

    goal = recoverable("recovers", seen == latest, "it is seen", helpers=["helper"], manual=["manual"])
    protocol.declare(goal)
    with pytest.raises(ModelError, match="the runbook of recovers would name each generation of choose by a number"):
        check(protocol, normalise="generation")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["--normalise", "phase"],
            "normal form: phase is no range of integers in original (there are: generation, plan)",
        ),
        (["--normalise", "plans"], "no range of integers is called 'plans' in original (did you mean plan?)"),
        (
            ["--normalise", "plan", "--engine", "bmc"],
            "engine bmc counts no states up to a normal form (leave out --normalise or use --engine explicit)",
        ),
        (["--normalise", "plan", "--engine", "simulate"], "engine simulate counts no states up to a normal form"),
        (["--normalise", "plan", "--engine", "proof"], "engine proof counts no states up to a normal form"),
        (["--normalise", "plan", "-s", "planner=endless"], "there must be one counter that gives out each plan"),
    ],
)
def test_bad_requests(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["-p", "original", *words]) == 2
    assert says in " ".join(capsys.readouterr().err.split())


def test_checks_of_a_project(tmp_path: Path) -> None:
    section = '[[tool.planrace.check]]\nprotocol = "lease.py:fixed"\nnormalise = "token"\n'
    make_project(tmp_path, section)
    (found,) = check_project(tmp_path / "pyproject.toml").results
    assert "up to the normal form of token" in " ".join(render(found.report).split())


def test_the_command() -> None:
    assert (
        run(["-q", "-p", "fixed", *(w for n, v in SMALL.items() for w in ("-s", f"{n}={v}")), "--normalise", "plan"])
        == 0
    )
