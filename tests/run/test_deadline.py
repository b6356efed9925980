"""One time limit for all that a run does: whatever it ends is told as not decided or not told, and nothing is false."""

from __future__ import annotations

import threading
from itertools import count

import pytest

from planrace.checker.api.calls import check, state_graph
from planrace.checker.cli.main import run
from planrace.checker.engines import limits
from planrace.checker.engines.limits import (
    LimitGuard,
    Limits,
    ProcessorClock,
    deadline,
    look_at_the_clock,
    time_left,
    timed,
    until,
)
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import NOT_TOLD, ModelWarning, Report
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.run.ranges import RANGES
from planrace.model.language import Protocol, Term, boolean, integers, step, update, when
from planrace.model.language.actions import Step
from tests import ROOT

EVERYTHING = Options(explain=True, alternatives=1, beside=find("fixed"), least_delay=True, all_different=True)
SIZES = {"plans": 2}


class Ticking:
    """A clock on which a second passes with every look."""

    def __init__(self) -> None:
        self.looks = 0

    def monotonic(self) -> float:
        self.looks += 1
        return float(self.looks)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Ticking:
    made = Ticking()
    monkeypatch.setattr(limits, "time", made)
    return made


# Deadlines -------------------------------------------------------------------------------------------------------
def test_the_sooner_of_two_deadlines_counts_and_is_taken_back() -> None:
    assert deadline() is None
    with until(60.0) as outer:
        assert outer is not None
        with until(3600.0) as inner:
            assert inner == outer
        with until(1.0, "budget of causes") as inner:
            assert inner is not None
            assert inner.reason == "the budget of causes of 1 s was reached"
        with until(None) as same:
            assert same == outer
    assert deadline() is None
    assert time_left() is None


def test_a_deadline_is_taken_back_after_an_error() -> None:
    with pytest.raises(TimeUpError, match="the time limit of 0 s was reached"), until(0.0):
        look_at_the_clock()
    look_at_the_clock()


def test_another_thread_does_not_see_it() -> None:
    seen = []
    with until(0.0):
        other = threading.Thread(target=lambda: seen.append(deadline()))
        other.start()
        other.join()
    assert seen == [None]


def test_a_limit_guard_keeps_the_deadline_that_it_was_made_under() -> None:
    with until(0.0):
        limit_guard = LimitGuard("searching", Limits(seconds=100.0))
    assert limit_guard.look(0, 0, 0) == StopReason(StopKind.TIME, "the time limit of 0 s was reached")
    assert limit_guard.seconds_left == 0.0
    assert limit_guard.milliseconds_left == 1
    assert LimitGuard("searching", Limits(seconds=100.0)).look(0, 0, 0) is None


def test_a_loop_looks_before_its_first_turn_and_then_now_and_then(clock: Ticking) -> None:
    done: list[int] = []
    with pytest.raises(TimeUpError), until(10.0):
        done.extend(timed(range(10_000), 100))
    assert len(done) in range(800, 1200)
    assert clock.looks in range(8, 15)


def test_a_state_graph_looks_at_the_clock_within_a_state() -> None:
    """One state may have thousands of steps."""
    protocol = Protocol("one")
    x = protocol.variable("x", boolean(), False)

    @protocol.action(integers(1, 200), by="somebody")
    def go(n: Term) -> Step:
        return step(when(~x, n > 0), update(x, True))

    ticks = count()
    with pytest.raises(TimeUpError), until(100.0, clock=lambda: float(next(ticks))):
        state_graph(protocol)


# Runs that are cut ----------------------------------------------------------------------------------------------
def looks() -> int:
    """How often a run that is never cut looks at the clock."""
    made = Ticking()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "time", made)
        check(find("original"), SIZES, options=EVERYTHING)
    return made.looks


@pytest.fixture(scope="module")
def whole() -> Report:
    return check(find("original"), SIZES, options=EVERYTHING)


def test_wherever_a_run_is_cut_it_says_nothing_false_and_what_is_missing(
    whole: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    verdicts = {f.name: f.verdict for f in whole.findings}
    told = {f.name for f in whole.findings if f.insight is not None}
    most, met = looks(), set()
    for share in (0.0, 0.02, 0.1, 0.2, 0.4, 0.6, 0.8, 0.97):
        monkeypatch.setattr(limits, "time", Ticking())
        seconds = float(round(most * share))
        report = check(find("original"), SIZES, options=Options(**{**vars(EVERYTHING), "time_limit": seconds}))
        said = f"the time limit of {seconds:g} s was reached"
        for f in report.findings:
            assert f.verdict in (verdicts[f.name], Verdict.UNKNOWN)
            assert f.verdict is not Verdict.UNKNOWN or said in f.how
            unexplained = [w for w in report.warnings if w.kind == NOT_TOLD and w.subject == f.name]
            assert all(said in w.message for w in unexplained)
            if f.name in told and f.verdict is Verdict.VIOLATED:
                assert f.insight is not None or unexplained
        met.add((report.verdict, any(w.kind == NOT_TOLD for w in report.warnings)))
    assert {(Verdict.UNKNOWN, False), (Verdict.VIOLATED, True)} <= met


def test_missing_explanations_are_notes() -> None:
    assert not ModelWarning(NOT_TOLD, "safe", "explained without its causes").strict


LEASE = str(ROOT / "examples" / "lease.py")
COMMANDS = {
    "bounded": ["-p", f"{LEASE}:protocol", "--engine", "bmc", "--depth", "12"],
    "k-induction": ["-p", f"{LEASE}:fixed", "--engine", "induction"],
    "spacer": ["-p", f"{LEASE}:fixed", "--engine", "spacer"],
    "simulated": ["-p", f"{LEASE}:protocol", "--engine", "simulate", "--seed", "1"],
    "native": ["-p", f"{LEASE}:fixed", "--engine", "native"],
    "scenario": ["-p", "original", "-s", "plans=2", "-s", "endpoints=1", "--scenario", "postmortem"],
    "proved": ["prove", "-p", f"{LEASE}:fixed"],
    "refuted": ["prove", "-p", f"{LEASE}:protocol"],
    "inferred": ["prove", "-p", f"{LEASE}:fixed", "--infer"],
    "confirmed": ["prove", "-p", f"{LEASE}:fixed", "--confirm"],
    "table": ["prove", "--all", "-p", f"{LEASE}:fixed"],
    "mutants": ["mutate", "-p", f"{LEASE}:fixed", "--action", "send"],
    "established": ["establish", "-p", f"{LEASE}:fixed", "-s", "leases=2", "--at-least", "40"],
    "lint": ["lint", "-p", f"{LEASE}:fixed"],
    "graph": ["graph", "-p", f"{LEASE}:fixed"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_cut_anywhere_without_a_false_word(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = COMMANDS[command]
    clock = Ticking()
    monkeypatch.setattr(limits, "time", clock)
    whole = run([*words, "--time-limit", str(RANGES["time_limit"].high)])
    most = clock.looks
    capsys.readouterr()
    for share in (0.0, 0.3, 0.7):
        monkeypatch.setattr(limits, "time", Ticking())
        seconds = round(most * share)
        code = run([*words, "--time-limit", str(seconds)])
        out, err = capsys.readouterr()
        assert code in (3, whole), err
        assert "Traceback" not in err
        assert code != 3 or f"time limit of {seconds} s was reached" in " ".join((out + err).split())
        assert code == 3 or share or command == "simulated"  # whose first run ends before its first look


@pytest.mark.parametrize("engine", ["auto", "native"])
def test_machine_code_that_there_is_no_time_for_is_no_error(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it, while it is made, and while it runs."""
    monkeypatch.setattr("planrace.checker.run.strategies.OUTGROWN", 50)
    clock = Ticking()
    monkeypatch.setattr(limits, "time", clock)

    def run_for(seconds: float) -> Report:
        sizes = {"plans": 2, "endpoints": 1}
        return check(find("fixed"), sizes, options=Options(engine=engine, symmetry=False, time_limit=seconds))

    whole = {f.name: f.verdict for f in run_for(1e6).findings}
    most = clock.looks
    for share in range(12):
        monkeypatch.setattr(limits, "time", Ticking())
        for f in run_for(float(most * share // 12)).findings:
            assert f.verdict in (whole[f.name], Verdict.UNKNOWN)
            assert f.verdict is not Verdict.UNKNOWN or "time limit" in f.how


@pytest.mark.parametrize(
    ("limit", "told"),
    [(8 * 2**30, "8 GiB"), (3 * 2**29, "1.5 GiB"), (260 * 2**20, "260 MiB"), (1024, "1 KiB"), (5, "5 bytes")],
)
def test_a_memory_limit_is_named_as_the_user_gave_it(limit: int, told: str) -> None:
    assert str(limits.memory_reached(limit)) == f"the memory limit of {told} was reached"


def test_processor_time_is_asked_for_about_every_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not at every look, and also where the other clock is put back; a deadline on it ends work none the less."""

    class Clocks:
        now, spent, asked = 5.0, 0.0, 0

        def perf_counter(self) -> float:
            return self.now

        def process_time(self) -> float:
            self.asked += 1
            return self.spent

    clocks = Clocks()
    monkeypatch.setattr(limits, "perf_counter", clocks.perf_counter)
    monkeypatch.setattr(limits, "process_time", clocks.process_time)
    clock = ProcessorClock()
    with until(1.0, "time for explanations", clock):
        for _ in range(1000):
            clocks.now += 0.0001
            clocks.spent += 0.0001
            look_at_the_clock()
        assert 90 <= clocks.asked <= 110
        clocks.spent = 1.5
        clocks.now = 0.0
        with pytest.raises(TimeUpError, match="time for explanations"):
            look_at_the_clock()
