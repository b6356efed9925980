"""A run that the user gives: steps may name their outcomes, and a refused step is not a performed one. What a report
does not compare is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planrace import ModelError, Refused, check, cover, render, replay
from planrace.checker.results.driving import MissReason
from tests.drive.gate import Driver, Gate, protocol
from tests.drive.order.jobs import form
from tests.drive.order.jobs import protocol as jobs
from tests.drive.test_cover import driver
from tests.drive.test_replay_on import broken


@pytest.mark.parametrize(
    ("run", "performed", "refused"),
    [
        ("turn(1)[opened] take turn(1)[jammed]", 3, 0),
        ("turn(1) turn(2) take", 2, 1),
        ("take", 0, 1),
    ],
)
def test_what_both_refuse_is_no_difference_and_not_performed(run: str, performed: int, refused: int) -> None:
    report = cover(protocol, Driver, run=run)
    assert (report.performed, report.total, report.exit_code) == (performed, performed + refused, 0)
    assert report.missed == (((MissReason.REFUSED, refused),) if refused else ())
    assert f"{performed} of {performed + refused} step" in render(report)
    assert ("because the model and the code refuse it" in render(report)) == bool(refused)


def test_a_refused_step_may_name_an_outcome() -> None:
    assert cover(protocol, Driver, run="turn(1)[opened] turn(2)[opened]").missed == ((MissReason.REFUSED, 1),)


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (
            "turn(1)[jammed]",
            r"step 1 of the run, turn\(1\)\[jammed\]: the model ends it as opened \(leave the outcome out",
        ),
        ("turn(1)[shut]", r"no outcome of turn \(step 1 of the run\) is called 'shut' \(there are: jammed, opened\)"),
        (
            "turn(1)[",
            r"step 1 of the run, 'turn\(1\)\[', is no step \(write publish, flip\(1\) or flip\(1\)\[refused\]",
        ),
    ],
)
def test_an_outcome_that_the_model_does_not_have_is_a_mistake(run: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        cover(protocol, Driver, run=run)


@pytest.mark.parametrize(
    ("returned", "named", "performed"), [(None, "late", 1), ("done", "late", 1), ("done", "done", 2)]
)
def test_an_outcome_that_is_not_seen_is_not_called_performed(returned: str | None, named: str, performed: int) -> None:
    """The lease may run out at any time, which nobody sees."""

    class Blind:
        def reset(self) -> None:
            self._busy = [False, False]

        def claim(self, w: int) -> None:
            self._busy[w - 1] = True

        def finish(self, w: int) -> str | None:
            self._busy[w - 1] = False
            return returned

        def observe(self) -> dict[str, Any]:
            return {"busy": self._busy}

    report = cover(jobs, Blind, run=f"claim(1) finish(1)[{named}]")
    assert (report.performed, report.exit_code) == (performed, 0 if performed == 2 else 3)
    assert report.missed == (((MissReason.UNSURE, 1),) if performed == 1 else ())


def test_a_difference_at_a_named_outcome_is_one() -> None:
    class Misnaming(Gate):
        def turn(self, d: int) -> str:
            super().turn(d)
            return "opened"

    found = cover(protocol, driver(Misnaming), run="turn(1) take turn(1)[jammed]").divergence
    assert found is not None
    assert found.code == "ends the step as opened"


def told(report: Any) -> tuple[str, str, Any]:
    return render(report), render(report, "html"), json.loads(render(report, "json"))


@pytest.mark.parametrize("refuses", [(), ("take",), True])
def test_refusals_that_are_not_tried_are_told(refuses: Any) -> None:
    report = cover(protocol, driver(refuses=refuses))
    text, page, data = told(report)
    assert ("Refusals were not tried" in text) == ("Refusals were not tried" in page) == (refuses == ())
    left = {(): ["turn", "take", "blow"], ("take",): ["turn", "blow"]}.get(refuses, [])
    assert data["refusals"]["untried"] == left
    assert cover(protocol, driver(refuses=refuses), run="take").untried == ()


def test_workers_that_a_schedule_lets_refuse_have_tried_it() -> None:
    report = cover(jobs, form("threads"), schedule="random", seed=1, max_steps=40)
    assert report.untried == ()
    assert "Refusals were not tried" not in render(report)
    assert cover(jobs, form("threads"), max_steps=5).untried == ("claim", "expire", "finish")


def test_outcomes_that_the_code_never_names_are_told() -> None:
    class Silent(Gate):
        def turn(self, d: int) -> Any:
            super().turn(d)

    class Once(Gate):
        def turn(self, d: int) -> Any:
            return "jammed" if super().turn(d) == "jammed" else None

    for made, unnamed in ((Silent, ["turn"]), (Once, []), (Gate, [])):
        report = cover(protocol, driver(made))
        text, page, data = told(report)
        assert report
        says = "Outcomes of turn were not compared: the driver never named one."
        assert (says in text) == (says in page) == bool(unnamed)
        assert data["driver"]["unnamed"] == unnamed
    assert "Outcomes of turn were not compared" in render(replay(check(broken), driver(Silent), broken))


def test_a_refusal_that_uncontrolled_steps_explain_is_not_performed() -> None:
    class Keyless(Driver):
        turn = None  # type: ignore[assignment]
        refuses = ()

        def take(self) -> None:
            raise Refused("no key")

        def observe(self) -> dict[str, Any]:
            return {"used": 0}

    report = cover(protocol, Keyless, run="take")
    assert (report.performed, report.missed, report.exit_code) == (0, ((MissReason.REFUSED, 1),), 0)
