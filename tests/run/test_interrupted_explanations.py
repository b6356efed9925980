"""Ctrl-C while something is explained ends the explanations, and takes no verdict away."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planrace.checker import Options, check, find
from planrace.checker.cli.main import run
from planrace.checker.results.guard import INTERRUPTED
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.contract import Answers
from tests.run.test_guarded import EXPLAINERS, MORE, asked, failing, file

__all__ = ["file"]


@pytest.mark.parametrize(
    "name",
    [
        "planrace.checker.explain.beliefs.beliefs",
        "planrace.checker.explain.causes.causes",
        "planrace.checker.explain.least_delay.least_delay",
        "planrace.checker.explain.distinct_causes.different",
        "planrace.checker.engines.scenario.shortest.Shortest.richest",
        "planrace.checker.engines.temporal.dead_ends.explain",
        "planrace.checker.engines.temporal.runbook.runbook",
    ],
)
def test_an_interruption_ends_explanations_and_changes_no_verdict(name: str, file: str) -> None:
    whole = {f.name: f.verdict for f in asked(file).findings}
    with pytest.MonkeyPatch.context() as patch:
        failing(patch, name, KeyboardInterrupt())
        report = asked(file, **MORE.get(name, {}))
    assert report.interrupted
    assert report.exit_code == 130
    undecided = {f.name for f in report.findings if f.verdict is not whole[f.name]}
    # Searches of their own, which are not begun any more.
    assert undecided <= ({"is-taken-for-good", "is-left"} if "temporal" in name else set())
    assert all(f.trace is not None for f in report.findings if f.verdict.word == "violated")
    assert any(EXPLAINERS[name] in w.message and w.message.endswith(INTERRUPTED) for w in report.warnings)


def test_an_interruption_during_explanations_ends_the_command_with_its_report(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, "planrace.checker.explain.causes.causes", KeyboardInterrupt())
    for command in (["-p", file, "--fault", "stuck"], ["prove", "-p", file]):
        assert run([*command, "--format", "json"]) == 130
        told = json.loads(capsys.readouterr().out)
        assert told["interrupted"]
        assert {p["verdict"] for p in told["properties"]} >= {"violated"}


def test_a_search_that_is_interrupted_within_an_explanation_ends_it(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It hears the signal itself; so nothing more must be searched."""
    monkeypatch.setattr("planrace.checker.run.findings.answers_of", lambda _: Answers("explicit", [], interrupted=True))
    for options in (Options(least_delay=True), Options(all_different=True)):
        report = check(find(file), faults=["stuck"], options=options)
        assert report.interrupted
        assert any(w.message.endswith(INTERRUPTED) for w in report.warnings)


def test_an_interruption_between_searches_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machine code is made before the search that would hear of it, and what was decided before is reported."""

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("planrace.checker.run.explicit_engines._lively", interrupt)
    report = check(find("original"), {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1})
    verdicts = {f.name: (f.verdict, f.how) for f in report.findings}
    assert report.interrupted
    assert verdicts["endpoints-converge"] == (Verdict.UNKNOWN, "not decided: it was interrupted")
    assert verdicts["active-plan-never-deleted"][0] is Verdict.VIOLATED
    with pytest.raises(KeyboardInterrupt):
        check(find("original"), {"enactors": 2}, options=Options(properties=("endpoints-converge",)))
