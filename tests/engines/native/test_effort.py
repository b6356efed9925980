"""The cost of uninterruptible work is estimated before it starts, and machine code is compiled only if it is
worthwhile."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.checker.advice.forecast.rate import measured
from planrace.checker.api.calls import check
from planrace.checker.engines import limits
from planrace.checker.engines.explicit import step_function as kernel
from planrace.checker.engines.explicit.search import BATCH, Search
from planrace.checker.engines.limits import CostlyError, Limits, afford, until, worth
from planrace.checker.engines.native import jit as machine
from planrace.checker.engines.native.effort import effort
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.translate import Translator
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import NO_MACHINE_CODE, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.run import strategies as searches
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.model.language import Protocol, array, forall, index, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant, reachable

pytestmark = pytest.mark.usefixtures("own_cache")


def boxes(n: int, most: int = 2) -> Protocol:
    """Two rows of boxes; a step fills one of each row. Positions are written out: n · n instances."""
    protocol = Protocol(f"boxes{n}")
    above, below = index("above", n), index("below", n)
    x = protocol.variable("x", array(above, integers(0, most)), 0)
    y = protocol.variable("y", array(below, integers(0, most)), 0)

    @protocol.action(above, below, by="somebody")
    def fill(a: Any, b: Any) -> Step:
        return step(when(x[a] < most, y[b] <= x[a]), update(x[a], x[a] + 1), update(y[b], y[b] + 1))

    protocol.final(forall(above, lambda a: x[a] == most))
    protocol.declare(
        invariant("bounded", forall(above, lambda a: x[a] <= most), "no box has too much"),
        reachable("full", forall(above, lambda a: x[a] == most), "all are full"),
    )
    return protocol


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that takes a hundred seconds, and must not be called."""

    def called(*_: object) -> None:
        raise AssertionError("LLVM was called")

    monkeypatch.setattr(machine, "effort", lambda _: 100.0)
    monkeypatch.setattr(machine.Machine, "_optimise", called)
    monkeypatch.setattr(searches, "OUTGROWN", 50)


# Estimates -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("characters", "seconds"),
    [(169_000, 1.5), (667_000, 6.9), (700_000, 6.8), (1_515_000, 19.7), (3_084_000, 52.0)],
)
def test_the_estimate_is_what_was_measured(characters: int, seconds: float) -> None:
    assert seconds / 1.35 < effort(characters) < seconds * 1.35


def test_more_to_translate_takes_more_than_its_share() -> None:
    assert effort(0) == 0
    assert 2 * effort(10**6) < effort(2 * 10**6)


def test_work_that_is_too_long_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(limits, "time", clock)
    afford("counting", 1e9)  # nothing bounds it
    with until(10.0):
        clock.now = 6.0
        afford("counting", 4.0 + limits.SPARE)
        with pytest.raises(CostlyError, match=r"^counting takes about 6 s, for which the time limit of 10 s leaves no"):
            afford("counting", 5.5 + limits.SPARE / 2)
    with pytest.raises(CostlyError) as refused:
        worth("counting", 3.0, 2.0)
    worth("counting", 3.0, None)
    assert refused.value.effort == 3.0


def test_the_translation_looks_at_the_clock() -> None:
    with pytest.raises(TimeUpError), until(0.0):
        Translator("late").add("def f(x):\n return x\n")


def test_a_step_function_that_takes_long_to_compile_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "LINE", 1.0)
    report = check(boxes(4), options=Options(engine="explicit", time_limit=5.0))
    assert {f.verdict for f in report.findings} == {Verdict.UNKNOWN}
    assert "the time limit of 5 s leaves no time" in report.findings[0].how


def test_what_is_kept_on_disk_changes_no_choice_but_takes_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a search does must not depend on what was run before it; else its counts would, too."""
    instance = boxes(3).system().instance()
    monkeypatch.setattr(machine, "effort", lambda _: 100.0)
    for _ in range(2):  # first it is not kept, then it is
        with pytest.raises(CostlyError):
            NativeSearch(instance, [], workers=1, most=99.0)
        NativeSearch(instance, [], workers=1)
    with until(60.0):  # less than it takes to make
        assert NativeSearch(instance, [], workers=1).program.machine.cached


def test_a_forecast_does_not_wait_for_it(slow: None) -> None:
    assert measured(boxes(5).system().instance(), 5.0, symmetric=False, sliced=()) is None


# Searches --------------------------------------------------------------------------------------------------------
def told(report: Report) -> Any:
    """What does not depend on the engine."""
    assert report.exploration is not None
    covered = report.exploration
    counts = covered.states, covered.transitions, covered.depth, covered.complete
    return counts, [(f.name, f.verdict, f.depth) for f in report.findings]


WHOLE = Options(engine="explicit", symmetry=False, exhaustive=True)


def auto(**more: Any) -> Options:
    return Options(**{**vars(WHOLE), "engine": "auto", "workers": 1, **more})


def test_auto_goes_on_in_python_while_machine_code_takes_longer(slow: None) -> None:
    report = check(boxes(4), options=auto())
    assert report.engine == "explicit"
    assert told(report) == told(check(boxes(4), options=WHOLE))
    assert report.exploration is not None
    assert report.exploration.states > 500
    assert not [w for w in report.warnings if w.kind == NO_MACHINE_CODE]


@pytest.mark.parametrize("states", [60, 300])
def test_a_bound_of_states_ends_it_as_it_does_in_python(states: int, slow: None) -> None:
    report = check(boxes(5), options=auto(max_states=states, exhaustive=False))
    assert report.verdict is Verdict.UNKNOWN
    assert f"the bound of {states} states was reached" in report.findings[0].how


def test_auto_makes_machine_code_when_the_search_has_taken_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    whole = Search.go_on

    def counted(self: Search, *bounds: Any) -> Any:
        answers, covered = whole(self, *bounds)
        made.append(covered.transitions)
        return answers, covered

    monkeypatch.setattr(Search, "go_on", counted)
    monkeypatch.setattr(searches, "OUTGROWN", 50)
    monkeypatch.setattr(searches, "STEP", 0.01)
    monkeypatch.setattr(machine, "effort", lambda _: 5.0)
    report = check(boxes(4, 3), options=auto())
    assert report.engine == "native"
    assert 500 <= made.pop() < 1500  # of more than 10,000
    assert not made
    assert told(report) == told(check(boxes(4, 3), options=WHOLE))


@pytest.mark.parametrize(("outgrown", "steps"), [(20_000, 10_000_000), (5_000, 2_500_000), (300, 150_000)])
def test_slower_steps_pay_sooner(outgrown: int, steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds: list[Any] = []
    search = Search(boxes(2).system().instance(), [], limits=Limits(states=outgrown))
    answers, covered = search.run()

    def went_on(_: Search, *given: Any) -> Any:
        bounds.append(given)
        return answers, covered

    monkeypatch.setattr(Search, "go_on", went_on)

    def costly(*_: object) -> Any:
        raise CostlyError("making machine code takes long", 7.0)

    searches._continued(search, answers, covered, None, costly, None)
    assert bounds == [(searches.MOST, steps)]


@pytest.mark.parametrize("engine", ["auto", "native"])
def test_without_time_for_machine_code_the_search_stays_in_python(
    engine: str, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "STEP", 1.0)  # so that it would pay soon
    monkeypatch.setattr(searches, "QUICK", 1000.0)
    report = check(boxes(4), options=auto(engine=engine, time_limit=60.0))
    assert told(report) == told(check(boxes(4), options=WHOLE))
    (said,) = [w.message for w in report.warnings if w.kind == NO_MACHINE_CODE]
    assert "machine code takes about 100 s, for which the time limit of 60 s leaves no time" in said


def test_a_graph_that_there_is_no_time_for_is_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    """The search's code is kept on disk, that of its graph is not."""
    sizes = {"plans": 2, "endpoints": 1, "enactors": 2}
    wanted: dict[str, Any] = {"engine": "native", "properties": ["endpoints-converge"], "workers": 1}
    monkeypatch.setattr(
        "planrace.checker.engines.native.graph.Machine", lambda *_: afford("making machine code", 100.0)
    )
    report = check(find("fixed"), sizes, options=Options(**wanted, time_limit=60.0))
    assert report.verdict is Verdict.UNKNOWN
    assert "for which the time limit of 60 s leaves no time" in report.findings[0].how


# Going on --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bounds", [(1,), (70, 71, 500), (1300,)])
@pytest.mark.parametrize("name", ["original", "fixed"])
def test_a_continued_search_equals_an_uninterrupted_one(name: str, bounds: tuple[int, ...]) -> None:
    instance = find(name).system(["bad-plan"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    asked = [p for p in instance.system.properties if p.kind in ("invariant", "step invariant", "reachability")]
    whole = Search(instance, asked, exhaustive=True)
    straight, covered = whole.run()
    cut = Search(instance, asked, exhaustive=True, limits=Limits(states=bounds[0]))
    cut.run()
    for n in bounds[1:]:
        assert cut.full
        cut.go_on(n)
    assert cut.full
    answers, after = cut.go_on()
    assert not cut.full
    assert list(cut.states()) == list(whole.states())
    assert cut.levels == whole.levels
    assert (after.transitions, after.depth, after.complete) == (covered.transitions, covered.depth, True)
    for one, other in zip(answers, straight, strict=True):
        assert one.verdict is other.verdict
        if other.recording is not None and one.recording is not None:
            assert one.recording.states == other.recording.states


def test_a_bound_of_steps_ends_a_search_that_may_go_on() -> None:
    search = Search(boxes(4).system().instance(), [], exhaustive=True, limits=Limits(states=20))
    search.run()
    _, covered = search.go_on(steps=2000)
    assert search.full
    assert 2000 <= covered.transitions < 2000 + BATCH * 16
    _, covered = search.go_on()
    assert covered.complete


def test_states_of_many_steps_are_looked_at_more_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planrace.checker.engines.explicit.search.MANY", 100)
    search = Search(boxes(4).system().instance(), [], exhaustive=True, limits=Limits(states=200))
    _, covered = search.run()
    assert 200 <= covered.states < 200 + 200
