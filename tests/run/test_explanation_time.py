"""Telling costs no more than its share: what it has no time for is named, and no verdict depends on it."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

import planrace.checker.run.findings
from planrace.checker import Options, check, find
from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast import explosion
from planrace.checker.advice.forecast.sample import sampled
from planrace.checker.engines.limits import Deadline, look_at_the_clock, time_left, until
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import MANY_STATES, NOT_TOLD, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.findings import explanation_time
from planrace.model.language import Instance, Protocol, integers, step, update, when
from planrace.model.language.actions import Step

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


def verdicts(report: Report) -> dict[str, tuple[Verdict, int | None]]:
    return {f.name: (f.verdict, f.depth) for f in report.findings}


def test_without_time_verdicts_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    full = check("original", SMALL)
    monkeypatch.setattr(planrace.checker.run.findings, "TRACE_SECONDS", 0.0)
    hurried = check("original", SMALL)
    assert verdicts(hurried) == verdicts(full)
    assert (hurried.verdict, hurried.exit_code) == (full.verdict, full.exit_code)
    assert hurried.exploration is not None
    assert full.exploration is not None
    assert hurried.exploration.states == full.exploration.states
    said = [w.message for w in hurried.warnings if w.kind == NOT_TOLD]
    assert said
    assert all("the time for explanations of 0 s was reached (-v gives more)" in w for w in said)
    assert not [w for w in full.warnings if w.kind == NOT_TOLD]


@pytest.mark.parametrize("asked", [Options(verbose=True), Options(all_different=True), Options(alternatives=1)])
def test_requested_explanations_have_no_time_limit(asked: Options, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planrace.checker.run.findings, "TRACE_SECONDS", 0.0)
    report = check("original", SMALL, options=asked)
    assert not [w for w in report.warnings if w.kind == NOT_TOLD]


def test_reasons_why_a_search_is_large_take_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing the step functions of smaller instances took as long as the search."""
    full = check("original", SMALL, max_states=50)
    assert [w for w in full.warnings if w.kind == MANY_STATES]
    monkeypatch.setattr(planrace.checker.run.findings, "TRACE_SECONDS", 0.0)
    report = check("original", SMALL, max_states=50)
    assert verdicts(report) == verdicts(full)
    assert not [w for w in report.warnings if w.kind == MANY_STATES]
    (said,) = [w.message for w in report.warnings if w.subject == "the search"]
    assert said == (
        "is explained without reasons why it is large: the time for explanations of 0 s was reached (-v gives more)"
    )


def test_counting_a_smaller_instance_ends_with_its_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only between two of them: on the clock that stands still all of the budget is left."""
    instance = find("original").system().instance(**SMALL)
    monkeypatch.setattr(explosion, "time", SimpleNamespace(monotonic=lambda: 0.0))
    counts = [
        explosion._Small(instance, SearchBudget(states=10**6, seconds=60.0, total=total), (), 1)._count(instance)
        for total in (60.0, 1e-9)
    ]
    assert counts == [counts[0], None]
    assert counts[0] is not None


def test_a_smaller_instance_is_found_in_a_few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in one for each size below 300: that took all of the budget, and nothing was found."""
    protocol = Protocol("grid")
    size = protocol.parameter("size", 300, 1, 300)
    x = protocol.variable("x", integers(0, size), 0)
    y = protocol.variable("y", integers(0, size), 0)

    @protocol.action(by="somebody")
    def right() -> Step:
        return step(when(x < size), update(x, x + 1))

    @protocol.action(by="somebody")
    def up() -> Step:
        return step(when(y < size), update(y, y + 1))

    samples: list[Instance] = []
    monkeypatch.setattr(explosion, "sampled", lambda i, *a, **k: samples.append(i) or sampled(i, *a, **k))  # type: ignore[func-returns-value]
    found = explosion._Small(protocol.system().instance(), SearchBudget(states=100, seconds=60.0, total=60.0), (), None)
    assert found.base is not None
    assert 40 < found.states <= 100
    assert len(samples) < 40


@pytest.mark.parametrize("asked", [Options(verbose=True), Options(all_different=True), Options(explain=True)])
def test_after_an_interruption_nobody_waits(asked: Options) -> None:
    with explanation_time(asked, interrupted=True):
        left = time_left()
    assert left is not None
    assert left <= planrace.checker.run.findings.INTERRUPTED_SECONDS + 1e-9  # a clock that stands still is rounded


def test_a_report_that_explains_each_step_has_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planrace.checker.run.findings, "TRACE_SECONDS", 0.0)
    report = check("original", SMALL, options=Options(explain=True))
    assert not [w for w in report.warnings if w.kind == NOT_TOLD]
    monkeypatch.setattr(planrace.checker.run.findings, "PAGE_SECONDS", 0.0)
    report = check("original", SMALL, options=Options(explain=True))
    assert [w for w in report.warnings if w.kind == NOT_TOLD]


def test_a_deadline_on_another_clock_counts_as_well() -> None:
    now = [0.0]

    def clock() -> float:
        return now[0]

    with until(10, "outer", time.monotonic), until(5, "inner", clock, "take more"):
        look_at_the_clock()
        now[0] = 5.0
        with pytest.raises(TimeUpError, match=r"^the inner of 5 s was reached \(take more\)$"):
            look_at_the_clock()
    with until(0, "outer", time.monotonic), until(5, "inner", clock):
        with pytest.raises(TimeUpError, match=r"^the outer of 0 s was reached$"):
            look_at_the_clock()
        with until(3, "innermost", clock), pytest.raises(TimeUpError, match="outer"):
            look_at_the_clock()
    with until(5, "outer", clock), until(9, "inner", clock) as found:
        assert found == Deadline(10.0, 5, "outer", clock)
