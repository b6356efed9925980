"""Workers as threads, tasks and processes: each is covered, replayed and scheduled, and a planted race is found."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planrace import CoverReport, check, cover, invariant, render, replay
from planrace.checker.results.driving import DivergenceKind, PlanMethod, ReplayEnd
from tests.drive.order.jobs import FORMS, Phase, form, phase, protocol

SCHEDULES = ["random", "pct", "unseen"]
broken = protocol.variant("jobs-broken").declaring(
    properties=[invariant("never-done", phase != Phase.DONE, "the job is never done")]
)


@pytest.mark.parametrize("name", FORMS)
def test_every_transition_is_covered(name: str) -> None:
    report = cover(protocol, form(name), faults=["crash"])
    assert report
    assert report.performed == report.total == 40
    assert report.system.driver.uncontrolled == ()


@pytest.mark.parametrize("name", FORMS)
def test_what_the_code_must_refuse_is_tried(name: str) -> None:
    """Where the model refuses a claim, the worker that waits there refuses it, too."""
    report = cover(protocol, form(name, refuses=["claim"]))
    assert report
    assert report.refusals == report.refusals_total > 5


@pytest.mark.parametrize("name", FORMS)
def test_a_race_is_found_by_a_tour(name: str) -> None:
    found = cover(protocol, form(name, how="careless")).divergence
    assert found is not None
    assert found.kind is DivergenceKind.OUTCOME
    assert len(found.run.split()) == 4


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", FORMS)
def test_a_race_is_found_by_a_schedule(name: str, schedule: str) -> None:
    settings: dict[str, Any] = {"schedule": schedule, "seed": 5, "length": 12, "max_steps": 200}
    how = "blind" if schedule == "pct" else "careless"  # the latter needs an order of more steps than pct is good for
    report = cover(protocol, form(name, how=how), **settings)
    found = report.divergence
    assert found is not None
    assert (found.kind, found.repeated) == (DivergenceKind.OUTCOME, True)
    assert report.method is PlanMethod(schedule)
    again = cover(protocol, form(name, how=how), run=found.run).divergence
    assert again is not None
    assert again.kind is DivergenceKind.OUTCOME
    assert cover(protocol, form(name), run=found.run)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("name", FORMS)
def test_right_code_is_covered_by_a_schedule(name: str, schedule: str) -> None:
    """Chance and priorities do not lead everywhere in so few steps."""
    settings: dict[str, Any] = {"pct_depth": 6} if schedule == "pct" else {}
    share = 100 if schedule == "unseen" else 60
    report = cover(
        protocol, form(name), schedule=schedule, seed=2, length=12, max_steps=100, at_least=share, **settings
    )
    assert report


@pytest.mark.parametrize("name", FORMS)
def test_a_counterexample_is_replayed(name: str) -> None:
    report = replay(check(broken), form(name), broken)
    assert (report.end, report.exit_code, report.step) == (ReplayEnd.FOLLOWED, 1, 2)
    assert "compared with the model: no difference" in " ".join(render(report).split())


def test_a_worker_that_waits_elsewhere_refuses() -> None:
    """Both workers are named if the step is of none of them, else the one whose step it is."""
    report = cover(protocol, form("threads"), run="claim(1) expire finish(2)")
    assert report.divergence is None  # the model refuses finish(2), too
    found = cover(protocol, form("threads", workers=_only_one), run="claim(2)").divergence
    assert found is not None
    assert (found.kind, found.code) == (
        DivergenceKind.REFUSED,
        "refuses the step: no worker waits there, worker 1 waits at claim(1)",
    )


def _only_one(self: Any) -> Any:
    return {1: self._work(1)}


def test_a_worker_may_end() -> None:
    """It waits nowhere then, and the report of a step that it does not take says so."""

    def once(self: Any) -> Any:
        from planrace.drive import step

        def work(w: int) -> None:
            with step("claim", w):
                self._store.claim(w)

        return {w: lambda w=w: work(w) for w in (1, 2)}

    made = form("threads", workers=once)
    assert cover(protocol, made, run="claim(1) expire claim(2)")
    found = cover(protocol, made, run="claim(1) finish(1)").divergence
    assert found is not None
    assert "no worker waits there, worker 1 has ended" in found.code


def test_json_names_the_schedule() -> None:
    report: CoverReport = cover(protocol, form("tasks"), schedule="pct", pct_depth=2, seed=7, max_steps=30)
    made = json.loads(render(report, "json"))
    assert (made["method"], made["depth"], made["length"], made["seed"]) == ("pct", 2, 100, 7)
    assert made["graph_known"] is True
    assert "(random priorities of depth 2, seed 7)" in " ".join(render(report).split())
