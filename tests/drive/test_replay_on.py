"""Replay of runs on a system: it does it too, it leaves the run, or that could not be decided."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planrace import (
    ModelError,
    Refused,
    ReplayReport,
    Report,
    Walk,
    check,
    forall,
    infinitely_often,
    instance_of,
    invariant,
    render,
    replay,
    save,
)
from planrace.checker.results.driving import ReplayEnd
from planrace.model.language import changed
from tests import ROOT
from tests.drive.gate import Driver, Gate, protocol, side, used
from tests.drive.test_cover import Lamp, Lamps, lamps, lit

broken = protocol.variant("gate-broken").declaring(
    properties=[invariant("unused", used < 2, "the key is not worn out")]
)
"""A property that the model violates in four steps."""


endless = lamps.variant("lamps-endless").declaring(
    properties=[infinitely_often("both", forall(Lamp, lambda x: lit[x]), "both are lit again and again")]
)
"""A property that the model violates by a lasso."""


@pytest.fixture(scope="module")
def report() -> Report:
    found = check(broken)
    assert not found
    return found


def on(report: Report, gate: type = Gate, **more: Any) -> ReplayReport:
    return replay(report, type("Driver", (Driver,), {"made": gate, **more}), broken)


def test_a_system_that_does_it_too(report: Report) -> None:
    found = on(report)
    assert (found.end, found.exit_code, found.step) == (ReplayEnd.FOLLOWED, 1, 4)
    text = " ".join(render(found).split())
    assert text.startswith("gate-broken: your system does it too, 4 steps")
    assert "observed:" not in text  # all of it is, and is as in the run
    assert "Read back after each of 4 steps and compared with the model: no difference." in text
    assert "your system does it too (exit 1)" in text
    plain = json.loads(render(found, "json"))
    assert plain["end"] == "followed"
    assert plain["observed"][-1] == ["holder: 1 → none", "used: 1 → 2"]
    assert plain["answers"] == []


def test_a_system_that_refuses_leaves_the_run(report: Report) -> None:
    class Stubborn(Gate):
        def take(self) -> None:
            if self.used == 1:
                raise Refused("worn out")
            super().take()

    found = on(report, Stubborn)
    assert (found.end, found.exit_code, found.step) == (ReplayEnd.LEFT, 0, 4)
    assert render(found).startswith("gate-broken: your system leaves the run at step 4: it refuses the step: worn out")


def test_what_is_observed_in_part_is_told_beside_the_step(report: Report) -> None:
    class Half(Driver):
        def observe(self) -> dict[str, Any]:
            return {"used": super().observe()["used"]}

    text = " ".join(render(replay(report, Half, broken)).split())
    assert "holder: 1 → none, used: 1 → 2; observed: used: 1 → 2" in text


class Telling(Driver):
    """Shows what somebody sees who looks at the gate."""

    def show(self) -> dict[str, str]:
        used = self.observe()["used"]
        return {"look": "a gate", "ask the keeper": f"the key was used\n{used} times"}


def test_answers_are_shown_where_they_change(report: Report) -> None:
    found = replay(report, Telling, broken)
    told = [[(a.asked, a.answer.splitlines()[-1]) for a in new] for new in found.answers]
    keeper = "ask the keeper"
    assert told == [[("look", "a gate"), (keeper, "0 times")], [], [(keeper, "1 times")], [], [(keeper, "2 times")]]
    lines = render(found).splitlines()
    at = lines.index("    0. reset leads to the initial state")
    quoted = ["$ look", "a gate", "$ ask the keeper", "the key was used", "0 times"]
    assert [line.strip() for line in lines[at + 1 : at + 6]] == quoted
    assert json.loads(render(found, "json"))["answers"][2] == [{"asked": keeper, "answer": "the key was used\n1 times"}]


def test_where_a_system_leaves_the_run_all_changed_answers_are_shown(report: Report) -> None:
    class Stubborn(Telling):
        def take(self) -> None:
            if self.observe()["used"] == 1:
                raise Refused("worn out")
            super().take()

    found = replay(report, Stubborn, broken)
    assert (found.step, [a.answer for a in found.answers[4]]) == (4, ["the key was used\n1 times"])
    text = " ".join(render(found).split())
    assert "> 4. " in text
    assert "in the run: holder: 1 → none, used: 1 → 2 => your system refuses the step: worn out" in text
    assert "Read back after each of 3 steps" in text


def test_a_system_that_does_something_else_leaves_the_run(report: Report) -> None:
    class Other(Gate):
        def take(self) -> None:
            self.key = None

    found = on(report, Other)
    assert (found.end, found.step) == (ReplayEnd.LEFT, 2)
    assert [(m.place, m.expected, m.observed) for m in found.mismatches] == [("used", "1", "0")]


def test_an_exception_decides_nothing(report: Report) -> None:
    class Breaking(Gate):
        def take(self) -> None:
            raise KeyError("key")

    found = on(report, Breaking)
    assert (found.end, found.exit_code, found.step) == (ReplayEnd.UNDECIDED, 3, 2)
    assert "KeyError: 'key', which is no refusal" in " ".join(render(found).split())


def test_a_step_that_the_driver_does_not_perform_decides_nothing(report: Report) -> None:
    found = on(report, take=None, refuses=())
    assert (found.end, found.exit_code, found.step) == (ReplayEnd.UNDECIDED, 3, 2)
    assert "the driver has no method take" in render(found)


def test_files_of_reports_and_walks_are_read(report: Report, tmp_path: Path) -> None:
    from planrace.checker.api.walks import save_walk

    save(report, tmp_path / "report.json")
    walk = Walk(instance_of(protocol), 1)
    walk.wander(3)
    save_walk(walk, tmp_path / "walk.json")
    assert replay(tmp_path / "report.json", Driver, broken).exit_code == 1
    assert replay(tmp_path / "walk.json", Driver, protocol).exit_code == 1


def test_the_driver_may_name_the_protocol(report: Report) -> None:
    class Knowing(Driver):
        protocol = broken

    assert replay(report, Knowing).exit_code == 1
    with pytest.raises(ModelError, match=r"nothing says where that protocol is \(name it with protocol=… \(-p\), or"):
        replay(report, Driver)


def test_protections_of_the_report_are_those_of_the_run() -> None:
    """A run of the unprotected protocol is performed as it is, whichever variant is named."""
    driver = str(ROOT / "examples/driving/lease_driver.py:Driver")
    found = check(str(ROOT / "examples/lease.py:protocol"))
    for name in ("protocol", "fixed"):
        done = replay(found, driver, str(ROOT / f"examples/lease.py:{name}"))
        assert (done.end, done.step, done.system.protections) == (ReplayEnd.LEFT, 7, ())
        assert "ends the step as refused" in done.why


def test_another_protocol_is_refused(report: Report) -> None:
    from planrace import System

    system = protocol.system()
    other = changed(system, lambda change: change.require("take", used < 1))
    assert isinstance(other, System)
    with pytest.raises(ModelError, match="does not allow the run: step 4, take"):
        replay(report, Driver, other)


def test_a_loop_is_performed_several_times() -> None:
    found = check(endless)
    trace = found.findings[0].trace
    assert trace is not None
    assert trace.loop is not None
    most = sum(s.action == "douse" for s in trace.steps)

    class Weary(Lamps):
        _times = 0

        def douse(self, x: int) -> None:
            self._times += 1
            if self._times > most:
                raise Refused("weary")
            super().douse(x)

    done = replay(found, Lamps, endless, loops=4)
    assert done.exit_code == 1
    assert done.step == len(trace) + 3 * (len(trace) - trace.loop)
    assert "4 times" in render(done)
    assert replay(found, Weary, endless).exit_code == 0
    assert replay(found, Weary, endless, loops=1).exit_code == 1


def test_the_name_of_no_run_is_told(report: Report) -> None:
    from planrace.checker.report.formats import NoTraceError

    with pytest.raises(NoTraceError):
        replay(report, Driver, broken, name="no-such")
    assert side is not None


def test_a_system_of_which_nothing_is_compared_is_undecided(report: Report) -> None:
    """Every step is performed, and code that does anything at all would do it too."""
    methods = {name: lambda self, *_: None for name in protocol.actions}
    blind = type("Blind", (), {"reset": lambda self: None, "observe": lambda self: {}, **methods})
    found = replay(report, blind, broken)
    assert (found.end, found.exit_code, found.step) == (ReplayEnd.UNDECIDED, 3, 4)
    assert "nothing was compared: the driver observes no variable" in " ".join(render(found).split())
