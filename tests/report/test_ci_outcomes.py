"""CI formats agree with the exit code, for every expectation and every outcome of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, Report, check, explained
from planrace.checker.cli.main import run
from planrace.checker.report.ci.github import render_annotations, render_summary
from planrace.checker.report.ci.junit import render_junit
from planrace.checker.report.ci.sarif import render_sarif
from planrace.checker.results.outcome import Expectation, RunOutcome
from planrace.checker.results.proof import Confirmation
from planrace.checker.results.report import Finding, ModelWarning
from planrace.checker.results.verdict import Verdict
from tests.report.test_ci_outputs import BLUE, SMALL, junit, sarif, valid

FORMS = ("junit", "sarif", "annotations", "summary")
IDLE = """
from planrace.model.language import *
from planrace.properties import invariant

protocol = Protocol("idle", "counts to two, and would reset at three")
number = protocol.variable("number", integers(0, 3), 0, "it")

@protocol.action(by="environment")
def count():
    return step(when(number < 2), update(number, number + 1))

@protocol.action(by="environment")
def reset():
    return step(when(number == 3), update(number, 0))

protocol.declare(invariant("small", number < 3, "it is small"))
"""
BATON = """
from planrace.model.language import *
from planrace.properties import reachable

protocol = Protocol("baton", "somebody takes it, and that is all")
runner = index("runner", 2)
holder = protocol.variable("holder", optional(runner), None)

@protocol.action(runner, by=runner)
def take(r):
    return step(when(holder == None), update(holder, r))

protocol.declare(reachable("is-taken", holder != None, "somebody takes it"))
"""
WRONG = IDLE.replace("number + 1", "number + True")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new working directory."""
    (tmp_path / "idle.py").write_text(IDLE)
    (tmp_path / "wrong.py").write_text(WRONG)
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    return tmp_path


def written(folder: Path, *words: str) -> tuple[int, dict[str, str]]:
    """The exit code and the CI formats of a run; those of earlier runs are removed."""
    for form in FORMS:
        (folder / form).write_text("of an earlier run")
    code = run([*words, *(w for f in FORMS for w in ("--format", f"{f}:{folder / f}"))])
    return code, {form: (folder / form).read_text() for form in FORMS}


def agreed(code: int, forms: dict[str, str]) -> None:
    """Each format is green if and only if the exit code is 0."""
    suite = junit(forms["junit"])
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0") if code == 0 else suite.get("tests") != "0"
    assert (suite.find("testcase/failure") is not None) == (code == 1)
    assert (suite.find("testcase/error") is not None) == (code not in (0, 1))
    told = valid(forms["sarif"])
    (invocation,) = told["invocations"]
    assert invocation["exitCode"] == code
    assert invocation["executionSuccessful"] == (code in (0, 1, 3))
    failed = [r["level"] for r in told["results"] if r["kind"] == "fail"]
    assert ("error" in failed) == (code in (1, 2)) or not invocation["executionSuccessful"]
    assert bool(failed) == (code != 0) or not invocation["executionSuccessful"]
    assert ("::error " in forms["annotations"]) == (code in (1, 2))
    assert forms["summary"].splitlines()[0].count("✅") == (code == 0)


SIZES = [w for n, v in SMALL.items() for w in ("-s", f"{n}={v}")]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-p", f"{BLUE}:protocol"], 1),
        (["-p", f"{BLUE}:protocol", "--expect", "holds"], 1),
        (["-p", f"{BLUE}:protocol", "--expect", "violated"], 0),
        (["-p", "original", *SIZES, "--expect", "violated", "-x"], 0),  # with properties that are undecided then
        (["-p", f"{BLUE}:fixed"], 0),
        (["-p", f"{BLUE}:fixed", "--expect", "holds"], 0),
        (["-p", f"{BLUE}:fixed", "--expect", "violated"], 1),
        (["-p", f"{BLUE}:fixed", "--max-states", "5", "--expect", "violated"], 3),
        (["-p", "idle.py:protocol"], 0),
        (["-p", "idle.py:protocol", "--strict"], 1),
        (["-p", "wrong.py:protocol"], 2),
        (["-p", "missing.py:protocol"], 2),
        (["-p", "idle.py:protocol", "-s", "sizes=2"], 2),
        (["prove", "-p", f"{BLUE}:fixed"], 0),
        (["prove", "-p", f"{BLUE}:fixed", "--expect", "violated"], 1),
        (["prove", "-p", f"{BLUE}:protocol"], 1),
        (["prove", "-p", "wrong.py:protocol"], 2),
    ],
)
def test_every_format_agrees_with_the_exit_code(
    files: Path, capsys: pytest.CaptureFixture[str], words: list[str], code: int
) -> None:
    came, forms = written(files, *words)
    assert came == code, capsys.readouterr().err
    agreed(code, forms)


def test_rare_outcomes(report: Report) -> None:
    """Interrupted although all properties hold; without a property; with obligations that cvc5 does not confirm."""
    holds = replace(report, findings=tuple(replace(f, verdict=Verdict.HOLDS) for f in report.findings))
    for one, asked, code in (
        (replace(holds, interrupted=True), Expectation(), 130),
        (replace(report, findings=()), Expectation(), 3),
        (replace(holds, confirmation=Confirmation("cvc5", 1, (("old", "unknown"),))), Expectation(), 3),
    ):
        outcome = RunOutcome(one, asked)
        assert outcome.code == code
        agreed(code, dict(zip(FORMS, (f(one, asked) for f in MAKERS), strict=True)))


MAKERS = (render_junit, render_sarif, render_annotations, render_summary)


@pytest.fixture(scope="module")
def report() -> Report:
    return check("original", SMALL, options=explained())


def test_a_wrong_model_is_shown_at_its_line(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, forms = written(files, "-p", "wrong.py:protocol")
    message = capsys.readouterr().err.removeprefix("Error: ").strip()
    line = 1 + WRONG[: WRONG.index("number + True")].count("\n")
    assert message in forms["junit"]
    assert forms["annotations"].startswith(f"::error file=wrong.py,line={line},title=")
    assert message in forms["sarif"]
    (result,) = valid(forms["sarif"])["results"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "wrong.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": line},
    }


def test_a_defect_of_ours_is_no_green_file(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> Report:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr("planrace.checker.cli.check.check", fails)
    code, forms = written(files, "-p", "idle.py:protocol")
    assert code == 70
    assert "a defect of planrace" in forms["junit"]
    assert "::error " in forms["annotations"]


# Further content -------------------------------------------------------------------------------------------------
def lasso(report: Report) -> Finding:
    return next(f for f in report.findings if f.trace is not None and f.trace.loop is not None)


def test_every_format_shows_a_loop(report: Report) -> None:
    f = lasso(report)
    assert f.trace is not None
    assert f.trace.loop is not None
    first = f.trace.loop + 1
    told = f"Steps {first}–{len(f.trace)} repeat for ever."
    only = replace(report, findings=(f,))
    text = junit(render_junit(only)).findtext("testcase/failure") or ""
    assert told in text
    assert "The loop is fair:" in text
    (result,) = sarif(only)["results"]
    assert told in result["message"]["text"]
    assert told in result["codeFlows"][0]["message"]["text"]
    locations = [x for flow in result["codeFlows"][0]["threadFlows"] for x in flow["locations"]]
    again = {x["executionOrder"] for x in locations if x["location"]["message"]["text"].endswith("for ever)")}
    assert again == set(range(first, len(f.trace) + 1))
    assert told in render_annotations(only)
    assert told in render_summary(only)


def test_every_format_shows_warnings(files: Path) -> None:
    told = check("idle.py:protocol")
    assert {w.kind for w in told.warnings} == {"deadlock", "never happens"}
    text = "reset: never happens: its guard is never true."
    assert f"warning: {text}" in (junit(render_junit(told)).findtext("system-out") or "")
    where = 1 + IDLE[: IDLE.index("return step(when(number == 3)")].count("\n")
    (line,) = [x for x in render_annotations(told).splitlines() if "reset" in x]
    assert line.startswith("::warning file=idle.py,line=")
    assert int(line.partition("line=")[2].partition(",")[0]) == where
    assert f"- ⚠️ {text}" in render_summary(told)
    notified = sarif(told)["invocations"][0]["toolExecutionNotifications"]
    assert {n["message"]["text"] for n in notified if n["level"] == "warning"} >= {text}
    assert all(n["locations"][0]["physicalLocation"] for n in notified)
    note = replace(told, warnings=(ModelWarning("outcome never happens", "count", "never ends as x"),))
    assert render_annotations(note) == ""
    assert RunOutcome(note, Expectation(strict=True)).code == 0
    assert "count: never ends as x." in render_summary(note, Expectation(strict=True))


def test_properties_of_proofs_have_lines(files: Path) -> None:
    (files / "blue_green.py").write_text(Path(BLUE).read_text())
    _, forms = written(files, "prove", "-p", "blue_green.py:protocol")
    assert forms["annotations"].startswith("::error file=blue_green.py,line=")
    (result,) = valid(forms["sarif"])["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "blue_green.py"


def test_paths_are_relative_to_the_repository(
    files: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also from a directory in it, with a blank in the name, where only GitHub's variable says where it is, and for
    what lies elsewhere."""
    (files / "src code").mkdir()
    (files / "ci").mkdir()
    (files / "src code" / "blue.py").write_text(Path(BLUE).read_text())
    monkeypatch.chdir(files / "ci")

    def place() -> tuple[dict[str, str], str]:
        report = check("../src code/blue.py:protocol", options=explained())
        (result,) = sarif(report)["results"]
        line = render_annotations(report).partition(",")[0].removeprefix("::error file=")
        return result["locations"][0]["physicalLocation"]["artifactLocation"], line

    inside = ({"uri": "src%20code/blue.py", "uriBaseId": "%SRCROOT%"}, "src code/blue.py")
    assert place() == inside
    (files / ".git").rmdir()
    monkeypatch.setenv("GITHUB_WORKSPACE", str(files))
    assert place() == inside
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path_factory.mktemp("elsewhere")))
    whole = files / "src code" / "blue.py"
    assert place() == ({"uri": whole.as_uri()}, str(whole))


def test_configurations_have_different_identifiers() -> None:
    reports = [
        check(f"{BLUE}:protocol", options=Options(max_states=5)),
        check(f"{BLUE}:protocol", with_protections=["compare-and-set"], options=Options(max_states=5)),
        check("original", SMALL, options=Options(max_states=5)),
        check("original", SMALL, faults=["crash"], options=Options(max_states=5)),
    ]
    assert len({sarif(r)["automationDetails"]["id"] for r in reports}) == len(reports)
    every_size = replace(reports[0], every_size=True)
    assert sarif(every_size)["automationDetails"]["id"] != sarif(reports[0])["automationDetails"]["id"]


def test_results_have_the_coverage(report: Report) -> None:
    assert report.exploration is not None
    told = sarif(report)
    for bag in (told["properties"], *(r["properties"] for r in told["results"])):
        assert (bag["states"], bag["complete"]) == (report.exploration.states, report.exploration.complete)
    assert "informationUri" not in told["tool"]["driver"]  # the project has no page to name
    assert all(rule["help"]["markdown"] for rule in told["tool"]["driver"]["rules"])
    expected = sarif(report, expectation=Expectation(expected=Verdict.VIOLATED))
    assert expected["results"] == []
    assert len(expected["properties"]["expected"]) == len(told["results"])
    kinds = {
        (r["kind"], r["level"])
        for r in sarif(report, expectation=Expectation(expected=Verdict.VIOLATED), everything=True)["results"]
    }
    assert kinds == {("informational", "none"), ("pass", "none")}


def test_the_summary_of_a_job_is_appended_to(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All commands of a step share it; other files are replaced."""
    target = files / "summary.md"
    target.write_text("## before\n")
    words = ["-p", "idle.py:protocol", "--format", f"summary:{target}"]
    assert run(words) == 0
    alone = target.read_text()
    assert "## before" not in alone
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(target))
    assert run(words) == 0
    assert target.read_text().startswith(alone)
    assert target.read_text().count("## idle") == 2
    target.unlink()
    assert run(words) == 0
    assert target.read_text().count("## idle") == 1


def test_json_reports_can_be_converted(files: Path) -> None:
    assert run(["-p", "idle.py:protocol", "--format", "json:idle.json"]) == 0
    assert run(["explain", "idle.json", "--format", "junit:idle.xml", "--format", "sarif:idle.sarif"]) == 0
    assert "never happens" in (junit((files / "idle.xml").read_text()).findtext("system-out") or "")
    assert json.loads((files / "idle.sarif").read_text())["runs"][0]["invocations"][0]["exitCode"] == 0


def test_runs_of_warnings_show_no_member_as_none(files: Path) -> None:
    """As in every other run, an optional index without a member is "none", not a number."""
    (files / "baton.py").write_text(BATON)
    told = check("baton.py:protocol")
    assert [w.kind for w in told.warnings] == ["deadlock"]
    assert "holder: none → 1" in "".join(junit(render_junit(told, Expectation(strict=True))).itertext())
