"""Budgets of covering tests, the share asked for, interruptions, and what reports say."""

from __future__ import annotations

import json
import time

from planrace import CoverReport, cover, render
from planrace.checker.results.driving import MissReason
from planrace.checker.results.verdict import Verdict
from tests.drive.gate import Driver, Gate, protocol
from tests.drive.test_cover import ALL, Misnaming, driver


# Budgets -------------------------------------------------------------------------------------------------------------
def test_a_budget_of_steps_is_undecided_and_samples_every_outcome_first() -> None:
    report = cover(protocol, Driver, max_steps=12, seed=3)
    assert (report.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    assert report.steps == 12
    assert dict(report.missed) == {MissReason.STOPPED: report.total - report.performed}
    assert all(s.performed for s in report.shares)
    assert "because the budget of 12 steps was reached (seed 3)" in " ".join(render(report).split())
    assert cover(protocol, Driver, max_steps=12, seed=3).shares == report.shares


def test_a_budget_of_time_is_undecided() -> None:
    class Slow(Driver):
        def turn(self, d: int) -> str | None:
            time.sleep(0.05)
            return super().turn(d)

    report = cover(protocol, Slow, time_limit=0.3)
    assert report.exit_code == 3
    assert report.stopped is not None
    assert 0 < report.performed < report.total


def test_the_share_asked_for_decides() -> None:
    assert cover(protocol, Driver, max_steps=40, at_least=20.0)
    assert not cover(protocol, Driver, max_steps=5, at_least=20.0)


def test_an_interruption_says_what_was_covered() -> None:
    class Interrupting(Gate):
        def take(self) -> None:
            if self.used == 1:
                raise KeyboardInterrupt
            super().take()

    report = cover(protocol, driver(Interrupting))
    assert report.interrupted
    assert report.exit_code == 130
    assert report.performed > 0


def test_nothing_to_perform_is_never_green() -> None:
    class Idle(Driver):
        turn = None  # type: ignore[assignment]
        refuses = ()

    report = cover(protocol, Idle)
    assert report.total == 0
    assert not report
    assert report.exit_code == 3
    assert "there is nothing to perform" in render(report)


# Reports -------------------------------------------------------------------------------------------------------------
def test_json_says_the_same() -> None:
    report = cover(protocol, driver(Misnaming))
    made = json.loads(render(report, "json"))
    assert made["schema"] == "planrace/cover/1"
    assert made["verdict"] == "violated"
    assert made["divergence"]["kind"] == "outcome"
    assert made["divergence"]["trace"]["steps"][-1]["outcome"] == "jammed"
    assert made["performed"] == report.performed
    assert repr(report) == f"<CoverReport gate: {report.performed} of {ALL} transitions: violated>"


def test_the_first_sentence_counts() -> None:
    def first(report: CoverReport) -> str:
        return render(report).splitlines()[0]

    assert (
        first(cover(protocol, Driver)) == f"gate: {ALL} of {ALL} transitions of the model were performed on your code"
    )
    assert "4 of 4 outcomes of the model" in first(cover(protocol, Driver, criterion="outcomes"))
    assert "pairs of steps of the model" in first(cover(protocol, Driver, criterion="pairs"))
    assert "runs of at most 2 steps" in first(cover(protocol, Driver, criterion="runs", length=2))
    assert "1 of 1 step of the given run" in first(cover(protocol, Driver, run="turn(1)"))
