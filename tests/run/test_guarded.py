"""What explains or reports a verdict cannot change it: each explainer and each form fails once, in every way."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, Report, check, find, prove, render
from planrace.checker.cli.main import run
from planrace.checker.report.formats import FORMATS, WHOLE
from planrace.checker.results.guard import Guard, TimeUpError
from planrace.checker.results.report import NOT_TOLD, OF_MODEL, UNAVAILABLE, ModelWarning
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import DefinitionError, ModelError

pytest_plugins = ["pytester"]

PROTOCOL = """
from planrace.model.language import *
from planrace.properties import *

protocol = Protocol("slots", "workers take a slot that they have seen free")
Worker = index("worker", 2)
STUCK = protocol.fault("stuck", "the slot gets stuck")
slot = protocol.variable("slot", optional(Worker), None)
seen = protocol.variable("seen", array(Worker, boolean()), False)
stuck = protocol.variable("stuck", boolean(), False)


@protocol.observe("slot")
def looks():
    return [(stuck, says("is stuck"))]


@protocol.action(Worker, by=Worker, tags=["automation"])
def look(w):
    return step(when(~seen[w], slot == None), update(seen[w], True), says("sees that the slot is free"))


@protocol.action(Worker, by=Worker, tags=["automation", "milestone"])
def take(w):
    return step(
        when(seen[w]),
        outcome("taken", when(~stuck), update(slot, w), update(seen[w], False), says("takes the slot of {s}", s=slot)),
        otherwise("not-taken"),
    )


@protocol.action(by="operator", tags=["by-hand"])
def clear():
    return step(when(stuck), update(stuck, False), update(slot, None))


@protocol.action(by="environment", fault=STUCK)
def get_stuck():
    return step(when(~stuck), update(stuck, True))


protocol.declare(
    step_invariant("nobody-is-ousted", ~(taken("take", outcome="taken") & (slot != None)), "nobody ousts another"),
    recoverable("can-move", ~stuck, "it can move", helpers={"automation"}, manual={"by-hand"}),
    recoverable("can-be-taken", slot != None, "it can be taken", helpers={"automation"}),
    eventually_always("is-taken-for-good", slot != None, "the slot is taken in the end"),
    eventually_always("is-left", slot == None, "the slot is left in the end"),
    reachable("is-taken", slot != None, "it can be taken"),
    invariant("always-somebody", (slot != None) | exists(Worker, lambda w: ~seen[w]), "somebody may look"),
)
who, other = role("who", Worker), role("other", Worker)
protocol.scenario(
    scenario(
        "story",
        "a worker is ousted",
        (who, other),
        fact("A", "one takes it", event(taken("take", outcome="taken", w=who))),
        fact("B", "the other takes it", event(taken("take", outcome="taken", w=other), after=("A",))),
        fact("C", "it gets stuck then", event(primed(stuck), after=("B",))),
        where=who != other,
    )
)


@protocol.protection("look-again", "who takes the slot looks again")
def look_again(change):
    change.guard("take", lambda w: slot == None)


fixed = protocol.variant("slots-fixed", ["look-again"])
"""

ERRORS = [
    ValueError("a"),
    KeyError("b"),
    RecursionError("c"),
    AssertionError("d"),
    ModelError("e"),
    DefinitionError("f"),
    RangeError("g"),
    MemoryError("h"),
    NotImplementedError("i"),
]
EXPLAINERS = {
    "planrace.checker.explain.beliefs.beliefs": "beliefs",
    "planrace.checker.explain.causes.causes": "causes",
    "planrace.checker.explain.least_delay.least_delay": "delays",
    "planrace.checker.explain.happens_before.reduced": "happens-before edges",
    "planrace.checker.explain.states.enabled_steps": "enabled steps",
    "planrace.checker.explain.states.truths": "truth values",
    "planrace.checker.explain.dependencies.touched": "places read and written",
    "planrace.checker.explain.side_by_side.repeated_in": "steps in the other variant",
    "planrace.checker.explain.states.neighbourhood": "neighbouring states",
    "planrace.checker.explain.recovery.Recovery.last": "recoverable states",
    "planrace.checker.explain.dependencies.places_read": "causes",
    "planrace.checker.explain.distinct_causes.different": "counterexamples that differ",
    "planrace.checker.explain.model_data.declared": "sorts of variables",
    "planrace.checker.explain.model_data.pictures": "pictures",
    "planrace.checker.explain.model_data.sources": "lines of the author's file",
    "planrace.checker.run.findings.Narrator._guided": "searches for it",
    "planrace.checker.engines.scenario.guide.Guide.run": "searches for it",
    "planrace.checker.engines.scenario.match.match": "matches with the scenario",
    "planrace.checker.engines.scenario.shortest.Shortest.richest": "fuller ones of its shortest runs",
    "planrace.checker.semantics.describe.Describer.words": "words of its steps",
    "planrace.checker.semantics.describe.Describer.observed": "words of its steps",
    "planrace.checker.semantics.describe.Describer.step": "steps",
    "planrace.checker.engines.temporal.dead_ends.explain": "reasons why there is no recovery",
    "planrace.checker.engines.temporal.runbook.runbook": "runbooks",
    "planrace.checker.engines.explicit.vacuity.VacuityCheck.warnings": "warnings",
    "planrace.checker.advice.lint.undeclared.not_declared": "parts that are not declared",
}
MORE: dict[str, dict[str, Any]] = {
    "planrace.checker.explain.least_delay.least_delay": {"least_delay": True},
    "planrace.checker.explain.distinct_causes.different": {"all_different": True},
}
"""What is only told where it is asked for."""


def failing(monkeypatch: pytest.MonkeyPatch, name: str, problem: BaseException) -> None:
    """Have a function raise an error, wherever it is called from."""
    parts = name.split(".")
    for n in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = importlib.import_module(".".join(parts[:n]))
        except ModuleNotFoundError:
            continue
        break
    for part in parts[n:-1]:
        owner = getattr(owner, part)

    def fail(*_: object, **__: object) -> None:
        raise problem

    original = getattr(owner, parts[-1])
    monkeypatch.setattr(owner, parts[-1], fail)
    for module in [m for n, m in sys.modules.items() if n.startswith("planrace.")]:
        for bound in [n for n, value in vars(module).items() if value is original]:
            monkeypatch.setattr(module, bound, fail)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "slots.py").write_text(PROTOCOL)
    monkeypatch.chdir(tmp_path)
    return "slots.py:protocol"


def asked(file: str, **more: Any) -> Report:
    beside = find(file.replace("protocol", "fixed"))
    return check(find(file), faults=["stuck"], options=Options(beside=beside, explain=True, alternatives=1, **more))


def decided(report: Report) -> object:
    counts = report.exploration
    assert counts is not None
    verdicts = {f.name: (f.verdict, f.how) for f in report.findings}
    return verdicts, (counts.states, counts.transitions, counts.depth), report.exit_code, report.interrupted


# Explainers ------------------------------------------------------------------------------------------------------
def test_every_explanation_is_there_if_none_fails(file: str) -> None:
    report = asked(file, least_delay=True, all_different=True)
    assert [w for w in report.warnings if w.kind in (UNAVAILABLE, NOT_TOLD)] == []
    words = {f.name: f.verdict.word for f in report.findings}
    assert words == {
        "nobody-is-ousted": "violated",
        "can-move": "holds",
        "can-be-taken": "violated",
        "is-taken-for-good": "holds",
        "is-left": "violated",
        "is-taken": "holds",
        "always-somebody": "violated",
    }
    insights = [f.insight for f in report.findings if f.insight is not None and f.insight.causes is not None]
    assert any(i.beliefs and i.neighbourhood and i.beside and i.causes.delay for i in insights if i.causes)
    assert any(f.dead_end for f in report.findings)
    assert any(f.runbook for f in report.findings)
    assert any(f.others for f in report.findings)
    assert report.full_match is not None


@pytest.mark.parametrize("name", EXPLAINERS)
def test_an_explainer_that_fails_changes_nothing_else(name: str, file: str) -> None:
    whole = decided(asked(file))
    errors = (
        ERRORS if name == "planrace.checker.explain.beliefs.beliefs" else [ERRORS[len(name) % len(ERRORS)], KeyError(0)]
    )
    for problem in errors:
        with pytest.MonkeyPatch.context() as patch:
            failing(patch, name, problem)
            report = asked(file, **MORE.get(name, {}))
        assert decided(report) == whole
        said = [w for w in report.warnings if w.kind == UNAVAILABLE]
        assert any(EXPLAINERS[name] in w.message and " are unavailable: " in w.message for w in said)
        if not isinstance(problem, MemoryError):
            assert all("please report it" in w.message for w in said)
            assert any(type(problem).__name__ in w.message for w in said)
        for form in {*FORMATS} - {"tlc", "shiviz"} if report.findings[0].trace else WHOLE:
            assert "unavailable" in render(report, form), form


def test_a_defect_names_the_place_of_ours(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "planrace.checker.explain.causes.causes", ValueError("a"))
    said = [w.message for w in asked(file).warnings if w.kind == UNAVAILABLE]
    assert said
    assert all("ValueError in planrace.checker." in message for message in said)


def test_what_makes_states_many_may_fail(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    failing(monkeypatch, "planrace.checker.advice.forecast.outgrown.outgrown", KeyError("x"))
    report = check(find(file), options=Options(max_states=5, properties=("always-somebody",)))
    assert report.verdict.word == "unknown"
    (said,) = [w for w in report.warnings if w.kind == UNAVAILABLE]
    assert said.message.startswith("reasons why it is large are unavailable: KeyError")


@pytest.mark.parametrize("name", ["match", "Explainer.trace", "Explainer.insight"])
def test_a_run_that_shows_a_scenario_is_found_even_if_its_explanation_fails(name: str, file: str) -> None:
    options = Options(scenario="story", explain=True)
    where = {
        "match": "planrace.checker.explain.beliefs.beliefs",
        "Explainer.trace": "planrace.checker.semantics.describe.Describer.words",
    }
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, where.get(name, "planrace.checker.explain.causes.causes"), ValueError("x"))
        report = check(find(file), faults=["stuck"], options=options)
    assert report.verdict.word == "holds"
    assert report.findings[0].trace is not None


def test_proofs_and_their_counterexamples_are_the_same_if_explanations_fail(
    file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {f.name: f.verdict for f in prove(find(file)).findings}
    assert {v.word for v in whole.values()} >= {"violated"}
    for name in (
        "planrace.checker.explain.beliefs.beliefs",
        "planrace.checker.semantics.describe.Describer.words",
        "planrace.checker.explain.model_data.declared",
        "planrace.checker.advice.lint.undeclared.not_declared",
    ):
        with pytest.MonkeyPatch.context() as patch:
            failing(patch, name, KeyError("x"))
            report = prove(find(file))
        assert {f.name: f.verdict for f in report.findings} == whole
        assert any(w.kind == UNAVAILABLE for w in report.warnings)


def test_unavailable_warnings_of_the_model_are_strict() -> None:
    assert ModelWarning(UNAVAILABLE, OF_MODEL, "warnings are unavailable").strict
    assert not ModelWarning(UNAVAILABLE, "safe", "beliefs are unavailable").strict


def test_a_guard_says_each_reason_once() -> None:
    def late() -> None:
        raise TimeUpError("the time limit of 1 s was reached")

    guard = Guard()
    for what in ("causes", "beliefs", "causes"):
        assert guard.attempt("safe", what, late, 5) == 5
    assert guard.attempt("safe", "words", lambda: 7, None) == 7
    assert guard.warnings == (
        ModelWarning(NOT_TOLD, "safe", "is explained without causes and beliefs: the time limit of 1 s was reached"),
    )


# Forms -----------------------------------------------------------------------------------------------------------
MAKERS = {
    "json": "planrace.checker.report.json.write.render_json",
    "html": "planrace.checker.report.html.page.render_html",
    "junit": "planrace.checker.report.ci.junit.render_junit",
    "sarif": "planrace.checker.report.ci.sarif.render_sarif",
    "annotations": "planrace.checker.report.ci.github.render_annotations",
    "summary": "planrace.checker.report.ci.github.render_summary",
    "mermaid": "planrace.checker.report.trace.mermaid.render_mermaid",
    "svg": "planrace.checker.report.trace.svg.render_svg",
    "shiviz": "planrace.checker.report.trace.shiviz.render_shiviz",
    "itf": "planrace.checker.report.trace.itf.render_itf",
    "tlc": "planrace.checker.report.trace.tlc.render_tlc",
    "dot": "planrace.checker.report.trace.graphs.render_dot",
    "graphml": "planrace.checker.report.trace.graphs.render_graphml",
}


@pytest.mark.parametrize("form", MAKERS)
def test_a_format_that_fails_leaves_the_others(
    form: str, file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All files but that one are there, and the exit code is the verdict's; a sentence says what is missing."""
    assert {*MAKERS, "text"} == {*FORMATS}
    failing(monkeypatch, MAKERS[form], ERRORS[len(form) % len(ERRORS)])
    places = [word for other in MAKERS for word in ("--format", f"{other}:out.{other}")]
    assert run(["-p", file, "--fault", "stuck", *places]) == 1
    out, err = capsys.readouterr()
    assert "verdict: violated (exit 1)" in out
    assert f"there is no {form} of this report" in err
    assert "Traceback" not in err
    written = {p.suffix[1:] for p in Path().glob("out.*")}
    fails_too = {"summary": {"summary"}, "mermaid": {"mermaid", "summary"}}.get(form, {form})
    assert {*MAKERS} - fails_too <= written
    assert form not in written


def test_a_format_that_fails_on_standard_output_leaves_the_exit_code(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, MAKERS["json"], KeyError("x"))
    assert run(["-p", file, "--fault", "stuck", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no json of this report" in err
    assert "verdict: violated (exit 1)" in err


PARTS = ["coverage", "subject", "continuation", "finding_because", "timeline", "match_blocks", "_telling", "runbook"]


@pytest.mark.parametrize("name", [*PARTS, "_blocks"])
def test_a_part_of_the_text_that_fails_leaves_the_others(
    name: str, file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, f"planrace.checker.report.text.document.{name}", AttributeError("no such thing"))
    assert run(["-p", file, "--fault", "stuck"]) == 1
    out, err = capsys.readouterr()
    assert "no such thing" in " ".join(out.split())
    assert out.endswith("verdict: violated (exit 1)\n")
    assert err == ""


def test_other_results_keep_their_exit_code_if_their_text_fails(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, attribute in (("a", "protocol"), ("b", "fixed")):
        run(["-p", f"slots.py:{attribute}", "--format", f"json:{name}.json"])
    assert run(["compare", "a.json", "b.json"]) == 1
    failing(monkeypatch, "planrace.checker.report.text.comparison.comparison_document", KeyError("x"))
    failing(monkeypatch, "planrace.checker.advice.lint.render.lint_document", KeyError("x"))
    capsys.readouterr()
    assert run(["compare", "a.json", "b.json", "--format", "markdown:c.md"]) == 1
    assert Path("c.md").exists()
    assert run(["lint", "-p", file]) == 0
    assert "Unavailable: the text of this report: KeyError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "maker"),
    [
        (["prove", "--all"], "planrace.checker.report.text.proofs.matrix_document"),
        (["forecast"], "planrace.checker.advice.forecast.render.forecast_document"),
        (["mutate", "--action", "take"], "planrace.checker.review.mutation.render.mutation_document"),
        (["establish"], "planrace.checker.review.gate.render.establishment_document"),
    ],
)
def test_no_command_fails_for_its_text(
    command: list[str], maker: str, file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run([*command, "-p", file])
    failing(monkeypatch, maker, AttributeError("no such thing"))
    capsys.readouterr()
    assert run([*command, "-p", file, "--format", "json:out.json"]) == code
    assert Path("out.json").exists()
    out, err = capsys.readouterr()
    assert ("Unavailable: the text of this report: AttributeError" in out) or out == f"exit {code}\n"
    assert "Traceback" not in err
    assert run([*command, "-p", file]) == code
    assert "Unavailable: the text of this report: AttributeError" in capsys.readouterr().out


def test_a_terminal_that_cannot_be_drawn_on_gets_plain_text(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, "planrace.checker.report.text.terminal.draw", ValueError("no such colour"))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run(["lint", "-p", file]) == 0
    assert "(exit 0)" in capsys.readouterr().out


def test_a_test_fails_or_passes_even_if_its_explanation_fails(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.makepyfile(
        """
        from counter import fixed, protocol

        def test_fix(model_check):
            model_check(fixed)

        def test_no_fix(model_check):
            model_check(protocol)

        def test_no_fix_is_expected(model_check):
            model_check(protocol, expect="violated", explain=True)
        """
    )
    failing(monkeypatch, "planrace.checker.explain.beliefs.beliefs", KeyError("x"))
    failing(monkeypatch, "planrace.checker.report.html.page.render_html", ValueError("x"))
    failing(monkeypatch, "planrace.checker.report.text.document.coverage", ValueError("x"))
    result = project.runpytest_inprocess()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*model_check: expected holds, found violated*", "*html: not written: ValueError*"])


def test_an_error_before_the_report_is_shown_even_if_its_format_fails(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, "planrace.checker.report.ci.junit.render_broken", KeyError("x"))
    assert run(["-p", file, "--fault", "no-such-fault", "--format", "junit:out.xml"]) == 2
    assert "no-such-fault" in capsys.readouterr().err


def test_automatic_variants_that_cannot_be_compared_are_left_out(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The one that is named is an error."""
    extra = """
LATE = protocol.fault("late", "it is late")


@protocol.protection("broken", "cannot be applied with the fault")
def broken(change):
    if change.has("get_stuck"):
        change.guard("no_such_action", lambda: slot == None)


wrong = protocol.variant("wrong", ["look-again", "broken"])
"""
    Path("slots.py").write_text(PROTOCOL + extra)
    assert run(["-p", file, "--fault", "stuck", "--format", "json:out.json"]) == 1
    assert run(["-p", file, "--fault", "stuck", "--format", "json:out.json", "--beside", "slots.py:wrong"]) == 2
    assert "no_such_action" in capsys.readouterr().err
