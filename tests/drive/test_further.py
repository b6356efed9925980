"""Steps after a run: the replay goes on to steps that the user names, by the shortest way to each."""

from __future__ import annotations

import json
from typing import Any

import pytest

from planrace import ModelError, Refused, ReplayReport, Report, check, invariant, render, replay
from planrace.checker.drive import further
from planrace.checker.results.driving import ReplayEnd
from tests.drive.gate import Driver, Gate, protocol, used
from tests.drive.test_cover import Lamps
from tests.drive.test_replay_on import broken, endless
from tests.drive.test_schemas import validate


@pytest.fixture(scope="module")
def report() -> Report:
    return check(broken)


def then(report: Report, steps: str, gate: type = Gate, **more: Any) -> ReplayReport:
    return replay(report, type("Driver", (Driver,), {"made": gate, **more}), broken, then=steps)


early = protocol.variant("gate-early").declaring(properties=[invariant("new", used < 1, "the key was never used")])
"""A property that the model violates in two steps: a door is opened, the key is taken."""


def test_the_shortest_way_to_each_step_is_taken() -> None:
    found = replay(check(early), Driver, early, then="blow(2) turn[jammed]")
    first = found.trace.steps[0].parameters["d"]
    calls = [(s.action, *s.parameters.values()) for s in found.trace.steps[2:]]
    between = [("turn", 2), ("take",)] if first == 1 else []
    assert calls == [*between, ("blow", 2), ("turn", 1 if first == 1 else 2)]
    assert found.trace.steps[-1].outcome == "jammed"
    assert found.further is not None
    many = len(calls)
    assert (found.step, found.last_step, found.further.many, found.further.end) == (
        2,
        2 + many,
        many,
        ReplayEnd.FOLLOWED,
    )
    assert found.exit_code == 1


def test_only_steps_that_the_driver_performs_are_taken() -> None:
    windless = type("Windless", (Driver,), {"blow": None, "refuses": ()})
    with pytest.raises(ModelError, match="action that the driver performs"):
        replay(check(early), windless, early, then="blow(1)")


def test_the_text_counts_both(report: Report) -> None:
    text = " ".join(render(then(report, "turn(2)")).split())
    assert text.startswith("gate-broken: your system does it too, 4 steps, and takes 1 further step ---")
    assert "The run of unused, 4 steps, and 1 further step." in text
    assert "> 4. " in text
    assert "> 5. " not in text
    assert "Read back after each of 5 steps" in text


class Shy(Gate):
    """Refuses to be turned a third time."""

    def turn(self, d: int) -> str:
        if self.used == 2:
            raise Refused("closed for today")
        return super().turn(d)


class Fragile(Gate):
    def turn(self, d: int) -> str:
        if self.used == 2:
            raise KeyError("key")
        return super().turn(d)


def test_leaving_the_further_steps_is_not_leaving_the_run(report: Report) -> None:
    found = then(report, "turn(2)", Shy)
    assert found.further is not None
    assert (found.end, found.exit_code, found.step) == (ReplayEnd.FOLLOWED, 1, 4)
    assert (found.further.end, found.further.step) == (ReplayEnd.LEFT, 5)
    text = " ".join(render(found).split())
    assert "4 steps; of 1 further step it leaves step 5: it refuses the step: closed for today" in text
    assert "> 5. " in text
    assert "=> your system refuses the step: closed for today" in text
    assert "Read back after each of 4 steps" in text
    assert text.endswith("your system does it too; further steps: it leaves them (exit 1)")


def test_further_steps_may_be_undecided(report: Report) -> None:
    found = then(report, "turn(2)", Fragile)
    assert found.further is not None
    assert (found.exit_code, found.further.end) == (1, ReplayEnd.UNDECIDED)
    assert "of 1 further step step 5 is undecided: the system raises" in " ".join(render(found).split())


def test_a_run_that_is_left_has_no_further_steps(report: Report) -> None:
    class Stubborn(Gate):
        def take(self) -> None:
            raise Refused("mine")

    found = then(report, "turn(2)", Stubborn)
    assert (found.end, found.further, len(found.trace)) == (ReplayEnd.LEFT, None, 4)
    assert json.loads(render(found, "json"))["further"] is None


@pytest.mark.parametrize("gate", [Gate, Shy, Fragile])
def test_their_json_is_valid(gate: type, report: Report) -> None:
    found = then(report, "turn(2)", gate)
    validate(found, "replay")
    assert json.loads(render(found, "json"))["further"]["steps"] == 1


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ("turn(", r"further step 1, 'turn\(', is no step \(write publish, flip\(1\) or flip\[refused\]"),
        ("turn(2) tke", r"no action that the driver performs \(further step 2\) is called 'tke' \(did you mean take\?"),
        ("turn[jamed]", r"no outcome of turn \(further step 1\) is called 'jamed' \(did you mean jammed\?"),
        ("turn(1,2)", r"further step 1 is turn\(1,2\) \(write turn\(d\)"),
        ("turn(3)", r"the parameter is 3 \(write one from 1 to 2"),
        ("take", "no steps that the driver performs lead on to take"),
    ],
)
def test_mistakes_in_them_are_told(steps: str, says: str, report: Report) -> None:
    with pytest.raises(ModelError, match=says):
        then(report, steps)


def test_the_search_is_bounded(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(further, "MOST_STATES", 1)
    with pytest.raises(ModelError, match=r"take was not found in the 1 states nearest to the step before it \(name"):
        then(report, "take")


def test_an_action_of_another_choice_names_the_choice() -> None:
    pytest.importorskip("dns")
    found = check("original", {"enactors": 2, "endpoints": 1}, properties=["plans-never-regress"])
    with pytest.raises(ModelError, match=r"only with operator=on \(add -s operator=on"):
        replay(found, "dns:embedded", then="install(1)")
    with pytest.raises(ModelError, match="does not begin in the initial state"):
        replay(found, "dns:embedded", parameters={"enactors": 3}, then="publish")


def test_a_loop_has_no_end_to_go_on_from() -> None:
    with pytest.raises(ModelError, match="a run with a loop has no end to go on from"):
        replay(check(endless), Lamps, endless, then="light(1)")
