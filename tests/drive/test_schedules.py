"""Schedules: reproducible, as their papers say, for every driver; and models whose graph nobody knows."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import pytest

from planrace import ModelError, cover, render
from planrace.checker.drive.schedule import OpenStep, PctSchedule, RandomSchedule, RunSchedule, UnseenSchedule
from planrace.checker.results.driving import DivergenceKind, MissReason, PlanMethod
from planrace.checker.results.verdict import Verdict
from tests.drive.gate import Driver, Gate, protocol
from tests.drive.test_cover import ALL, FAULTS, Calm, driver

SCHEDULES = ["random", "pct", "unseen"]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_driver_without_workers_is_scheduled(schedule: str) -> None:
    """Priorities do not lead everywhere."""
    settings: dict[str, Any] = {"pct_depth": 5, "at_least": 90} if schedule == "pct" else {}
    report = cover(protocol, Driver, schedule=schedule, seed=4, length=8, **settings)
    assert report
    assert report.total == ALL
    assert report.method is PlanMethod(schedule)
    assert report.refusals == report.refusals_total > 0


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("gate", FAULTS, ids=lambda g: g.__name__)
def test_faults_are_found_shortened_and_repeated(gate: type[Gate], schedule: str) -> None:
    kind, run, code = FAULTS[gate]
    found = cover(protocol, driver(gate), schedule=schedule, seed=1, length=10).divergence
    assert found is not None
    assert found.kind is kind
    assert code in found.code
    assert (found.repeated, found.minimal) == (True, True)
    assert len(found.run.split()) <= len(run.split()) + 2
    again = cover(protocol, driver(gate), run=found.run).divergence
    assert again is not None
    assert again.kind is kind


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_seed_repeats_everything(schedule: str) -> None:
    def steps(seed: int) -> list[str]:
        taken: list[str] = []

        class Noting(Driver):
            def turn(self, d: int) -> str | None:
                taken.append(f"turn {d}")
                return super().turn(d)

            def blow(self, d: int) -> None:
                taken.append(f"blow {d}")
                super().blow(d)

        report = cover(protocol, Noting, schedule=schedule, seed=seed, length=10, max_steps=60)
        assert f"seed {seed}" in render(report)
        return taken

    assert steps(1) == steps(1)
    assert steps(1) != steps(2)


def test_outcomes_are_counted_too() -> None:
    report = cover(protocol, Driver, schedule="random", criterion="outcomes", seed=1)
    assert report.performed == report.total == 4


def test_runs_begin_anew_after_their_length() -> None:
    report = cover(protocol, Driver, schedule="random", seed=1, length=3, max_steps=30)
    assert report.resets == 10
    assert report.length == 3
    assert dict(report.missed)[MissReason.STOPPED] > 0


def test_a_run_ends_where_nothing_is_left_to_do() -> None:
    """The key is worn out after two turns and two takes, and the wind has blown."""
    report = cover(protocol, Driver, schedule="random", seed=1, max_steps=50)
    assert report.resets > 3


def test_without_a_budget_there_is_one() -> None:
    class Stuck(Driver):
        blow = None  # type: ignore[assignment]
        refuses = ()

        def observe(self) -> dict[str, Any]:
            return {"used": self._gate.used}

    report = cover(protocol, Stuck, schedule="random", seed=1)
    assert report.exit_code == 3
    assert report.steps == 2_000
    assert "the budget of 2,000 steps" in " ".join(render(report).split())


# Without a graph -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_model_that_is_too_large_is_never_green(schedule: str) -> None:
    report = cover(protocol, Driver, {"doors": 3}, schedule=schedule, seed=1, max_states=5, max_steps=100)
    assert (report.verdict, report.exit_code, report.graph_known) == (Verdict.UNKNOWN, 3, False)
    assert report.total == 0
    assert 10 < report.performed < 100
    assert 5 < report.states < report.performed
    text = " ".join(render(report).split())
    assert f"gate: {report.performed} different transitions of the model were performed on your code" in text
    assert "undecided: the model has too many states to know how many transitions there are (exit 3)" in text
    assert cover(protocol, Driver, schedule=schedule, max_states=5, max_steps=100, at_least=0).exit_code == 3


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_difference_is_found_without_a_graph(schedule: str) -> None:
    gate = next(g for g in FAULTS if FAULTS[g][0] is DivergenceKind.OUTCOME)
    found = cover(protocol, driver(gate), schedule=schedule, seed=1, max_states=5, length=20)
    assert found.exit_code == 1
    assert found.divergence is not None
    assert found.divergence.repeated


def test_the_error_of_a_tour_names_the_schedules() -> None:
    with pytest.raises(ModelError, match="or --schedule random, pct or unseen"):
        cover(protocol, Driver, max_states=5)


def test_uncontrolled_steps_may_happen() -> None:
    assert cover(protocol, Calm, schedule="unseen", seed=1, length=10)


# Requests ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"schedule": "rondom"}, "no schedule is called 'rondom' (did you mean random?)"),
        ({"schedule": "random", "criterion": "pairs"}, "the schedule random counts transitions or outcomes, not pairs"),
        ({"pct_depth": 2}, "the schedule tour has no depth (write schedule='pct' (--schedule pct))"),
        ({"schedule": "pct", "pct_depth": 0}, "pct_depth=0 is not in the range 1…1,000"),
    ],
    ids=str,
)
def test_wrong_requests_are_told(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ModelError) as problem:
        cover(protocol, Driver, **settings)
    assert says in str(problem.value)


# The schedules themselves --------------------------------------------------------------------------------------------
def steps(*actors: str) -> list[OpenStep]:
    return [OpenStep((f"act{n}", ()), actor) for n, actor in enumerate(actors)]


def test_random_takes_every_step_equally_often() -> None:
    schedule = RandomSchedule(1)
    taken = Counter(schedule.choose(0, steps("a", "b", "b", "c")).pick[0] for _ in range(4000))
    assert all(900 < n < 1100 for n in taken.values())


def test_pct_of_depth_one_changes_no_priority() -> None:
    schedule = PctSchedule(1, 1, 50)
    firsts = set()
    for _ in range(60):
        schedule.begin()
        taken = [schedule.choose(0, steps("a", "b", "c")).actor for _ in range(50)]
        assert len(set(taken)) == 1
        firsts.add(taken[0])
    assert firsts == {"a", "b", "c"}


def test_pct_changes_priorities_as_often_as_its_depth_says() -> None:
    """With n actors that never end, a run of depth d has at most d - 1 changes of the actor, and often exactly so
    many; where they are is uniform."""
    schedule = PctSchedule(1, 3, 20)
    places: Counter[int] = Counter()
    most = 0
    for _ in range(600):
        schedule.begin()
        taken = [schedule.choose(0, steps("a", "b", "c", "d")).actor for _ in range(20)]
        changes = [n for n in range(1, 20) if taken[n] != taken[n - 1]]
        most = max(most, len(changes))
        places.update(changes)
    assert most == 2
    assert set(places) == set(range(1, 20))
    assert max(places.values()) < 3 * min(places.values())


def test_pct_finds_an_order_of_two_steps_as_often_as_the_paper_promises() -> None:
    """Two actors of ten steps each; the bug: b takes its first step just before the last one of a. The bound for depth
    2 is 1 / (2 * 20), so 50 times in 2000 runs; chance finds it twice in 2000."""

    def found(schedule: RunSchedule) -> int:
        times = 0
        for _ in range(2000):
            schedule.begin()
            left, taken = {"a": 10, "b": 10}, ""
            while any(left.values()):
                actor = schedule.choose(0, steps(*(x for x in left if left[x]))).actor
                left[actor] -= 1
                taken += actor
            times += taken.startswith("a" * 9 + "b")
        return times

    assert found(PctSchedule(7, 2, 20)) > 35
    assert found(RandomSchedule(7)) < 10


def test_unseen_takes_what_was_taken_least() -> None:
    schedule = UnseenSchedule(1)
    taken = Counter(schedule.choose("s", steps("a", "a", "a")).pick for _ in range(30))
    assert set(taken.values()) == {10}


def test_unseen_goes_towards_what_was_not_seen() -> None:
    schedule = UnseenSchedule(1)
    choices = [OpenStep((f"act{n}", ()), "a", partial(int, n)) for n in (2, 1, 3)]
    for _ in choices:
        schedule.choose("s", choices)
    assert schedule.choose("s", choices).pick[0] == "act1"


def test_pct_comes_back_to_a_worker_that_was_held_first() -> None:
    """One worker claims, the claim expires, another claims, and the first goes on: a change holds the clock back, too,
    although its step is not open when others have gone on."""

    def opened(run: list[str]) -> list[OpenStep]:
        actors = ["first", "second"] + (["clock"] if run and run[-1] != "clock" else [])
        return [OpenStep((a, ()), a) for a in actors]

    schedule = PctSchedule(1, 4, 4)
    seen = Counter[tuple[str, ...]]()
    for _ in range(500):
        schedule.begin()
        run: list[str] = []
        while len(run) < 4:
            run.append(schedule.choose(tuple(run), opened(run)).actor)
        seen[tuple(run)] += 1
    assert seen["first", "clock", "second", "first"] > 500 / (3 * 4**3) / 2
