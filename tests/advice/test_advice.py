"""Advice about sizes: forecasts compared with known counts, what multiplies states, remaining states."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker import Options, check, find
from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.cone import cone
from planrace.checker.advice.forecast.explosion import explain_explosion
from planrace.checker.advice.forecast.forecast import forecast
from planrace.checker.advice.forecast.render import explosion_document, forecast_document, forecast_json
from planrace.checker.advice.forecast.tail import Remaining, near_the_peak, tail
from planrace.checker.api.progress import line
from planrace.checker.cli.main import run
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits, Progress
from planrace.checker.report.json.read import report_of
from planrace.checker.report.json.write import render_json
from planrace.checker.report.text.document import document
from planrace.checker.report.text.plain import render_plain
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    If,
    Instance,
    Protocol,
    Step,
    System,
    Term,
    array,
    boolean,
    both,
    exists,
    first,
    forall,
    index,
    integers,
    primed,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.properties import invariant, reachable
from tests import HERE, ROOT
from tests.systems import everything, random_systems

EXAMPLE = str(ROOT / "examples" / "blue_green.py")
SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
QUICK = SearchBudget(states=2000, native=False)


# Forecasts -------------------------------------------------------------------------------------------------------
def instance(name: str, **sizes: int) -> Instance:
    return find(name).system().instance(**sizes)


def test_a_small_search_is_counted() -> None:
    made = forecast(instance("fixed", **SMALL), budget=QUICK, symmetric=False)
    assert made.states is not None
    assert made.states.exact
    assert made.states.low == 880
    assert made.sample.levels[:4] == (1, 1, 3, 8)
    assert sum(made.sample.levels) == 880


def test_machine_code_counts_what_is_too_much_for_python() -> None:
    made = forecast(instance("fixed", **SMALL), budget=SearchBudget(states=100), symmetric=False)
    assert made.rate.engine == "native"
    assert made.rate.complete
    assert made.states is not None
    assert (made.states.low, made.states.high) == (880, 880)


ROWS = [r for r in json.loads((HERE / "counts.json").read_text()) if not r["symmetry"]]


@pytest.mark.parametrize("budget", [1000, 5000])
def test_true_counts_lie_in_the_interval(budget: int) -> None:
    """For small budgets too, nearly every interval contains the true count (see docs/advice.md)."""
    known = [r for r in ROWS if budget < r["states"] < 40_000]
    told = []
    for row in known:
        sizes = {k: row[k] for k in SMALL}
        asked = find(row["protocol"]).system(row["faults"]).instance(**sizes)
        made = forecast(asked, budget=SearchBudget(states=budget, seconds=60, total=60, native=False), symmetric=False)
        assert made.at_least <= row["states"]
        if made.states is not None:
            told.append(made.states.low <= row["states"] <= made.states.high)
    assert len(told) >= 0.6 * len(known)
    assert sum(told) >= 0.9 * len(told)


def test_without_an_estimate_there_is_a_lower_bound() -> None:
    made = forecast(instance("fixed", enactors=1, endpoints=1, plans=1, keep=0), budget=QUICK)
    assert made.states is not None
    lonely = Protocol("lonely")  # no parameters, and levels that grow: nothing to continue
    place = integers(1, 20)
    bits = lonely.variable("bits", subsets(place), set())

    @lonely.action(place, by="somebody")
    def flip(n: Term) -> Step:
        return step(update(bits, If(n.isin(bits), bits - {n}, bits | {n})))

    lonely.declare(invariant("never-full", exists(place, lambda n: ~n.isin(bits)), "there is room"))
    made = forecast(lonely.system().instance(), budget=SearchBudget(states=3000, native=False))
    assert made.states is None
    assert 3000 <= made.at_least <= 2**20
    assert made.seconds is None
    text = render_plain(forecast_document(made))
    assert f"at least {made.at_least:,} states" in text
    assert json.loads(forecast_json(made))["states"] is None


def test_time_and_memory_follow_from_the_states() -> None:
    made = forecast(instance("original", enactors=2, endpoints=1, plans=4, keep=2), budget=QUICK, symmetric=False)
    assert made.states is not None
    assert made.seconds is not None
    assert made.memory is not None
    assert not made.states.exact
    assert made.transitions is not None
    assert math.isclose(made.seconds.low * made.rate.steps_per_second, made.transitions.low)
    assert made.memory == made.stores[0].memory
    low, high = made.rate.bytes_per_state
    assert made.memory.low == made.rate.base[0] + made.states.low * low
    assert made.memory.high == made.rate.base[1] + made.states.high * high
    assert made.memory.low < made.memory.middle < made.memory.high


@pytest.mark.parametrize(
    "asked", ["-p fixed -s plans=2", "-p fixed -s plans=3 --no-symmetry", "-p original -s plans=3"]
)
def test_the_forecast_of_memory_is_for_the_whole_process(asked: str) -> None:
    """Each runs in its own process: the peak lies in the interval, or misses it by at most a quarter."""

    def told(*command: str) -> Any:
        code = "import sys; from planrace.checker.cli import main; main()"
        done = subprocess.run(
            [sys.executable, "-c", code, *command, "--format", "json"], capture_output=True, text=True, check=False
        )
        return json.loads(done.stdout)

    exhaustive = "--exhaustive" if "--no-symmetry" in asked else "--engine=native"
    peak = told(*asked.split(), exhaustive)["exploration"]["peak_memory_bytes"]
    memory = told("forecast", *asked.split(), "--sample", "500", "--no-explain")["memory"]
    assert memory["low"] / 1.25 < peak < memory["high"] * 1.25


def test_the_command_forecast(capsys: pytest.CaptureFixture[str]) -> None:
    small = [x for n, v in SMALL.items() for x in ("-s", f"{n}={v}")]
    assert run(["forecast", "-p", "fixed", *small]) == 0
    text = capsys.readouterr().out
    assert "What multiplies the states" in text
    assert text.endswith("forecast: 880 states\n")
    assert run(["forecast", "-p", "fixed", *small, "--no-symmetry", "--no-explain", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "planrace/forecast/1"
    assert found["states"] == {"low": 880, "middle": 880, "high": 880}
    assert found["explosion"] is None
    assert run(["forecast", "-p", "fixed", "--property", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


# What multiplies states ------------------------------------------------------------------------------------------
def dice(*, ordered: bool = False, named: bool = False) -> Protocol:
    """Dice that are thrown once each, and a variable that always equals the first one."""
    p = Protocol("dice")
    die = index("die", p.parameter("dice", 3, 2, 6), ordered=ordered or named)
    eyes = p.variable("eyes", array(die, integers(0, 6)), 0)
    thrown = p.variable("thrown", array(die, boolean()), False)
    cup = p.fault("cup", "somebody looks into the cup")
    looked = p.variable("looked", boolean(), False)
    faces = integers(1, 6)

    @p.action(die, faces, by=die)
    def throw(d: Term, n: Term) -> Step:
        return step(when(~thrown[d]), update(eyes[d], n), update(thrown[d], True))

    @p.action(by="somebody", fault=cup)
    def look() -> Step:
        return step(when(~looked), update(looked, True))

    if named:
        p.declare(invariant("first-is-low", eyes[first(die)] < 7, "it has six faces"))
    p.declare(invariant("fair", looked | ~looked | forall(die, lambda d: thrown[d] | (eyes[d] == 0)), "nobody cheats"))
    return p


def test_what_multiplies_the_states() -> None:
    asked = dice().system(faults=["cup"]).instance()
    x = explain_explosion(asked, budget=QUICK)
    assert x.complete
    assert x.states == 7**3 * 2
    of = {v.name: v for v in x.variables}
    assert (of["eyes"].values, of["eyes"].ratio) == (7**3, x.states / 2**4)
    assert of["looked"].ratio == 2
    assert of["thrown"].ratio == 1  # the eyes say it
    assert x.variables[0].name == "eyes"
    steps = {a.name: a for a in x.actions}
    assert steps["look"].steps == 7**3
    assert sum(a.found for a in x.actions) == x.states - 1
    assert math.isclose(sum(a.step_share for a in x.actions), 1)
    cuts = {c.name: c for c in x.cuts}
    assert (cuts["dice"].fewer, cuts["dice"].ratio, cuts["dice"].to) == (7**2 * 2, 7, "2")
    assert (cuts["cup"].fewer, cuts["cup"].to) == (7**3, "off")


def test_a_large_instance_is_measured_on_a_smaller_one() -> None:
    x = explain_explosion(dice().system().instance(dice=6), budget=QUICK)
    assert x.parameters == {"dice": 6}
    assert x.measured_at == {"dice": 3}
    assert (x.complete, x.states) == (True, 7**3)
    assert "Measured on all 343 states" in render_plain(explosion_document(x))


def test_sorts_that_could_be_symmetric() -> None:
    (told,) = (a for a in explain_explosion(dice().system().instance(), budget=QUICK).advice if a.kind == "symmetry")
    assert told.subject == "die"
    assert told.ratio == 7**3 / math.comb(9, 3)  # multisets of three out of seven
    ordered = explain_explosion(dice(ordered=True).system().instance(), budget=QUICK)
    assert [a.subject for a in ordered.advice if a.kind == "symmetry"] == ["die"]
    named = explain_explosion(dice(named=True).system().instance(), budget=QUICK)
    assert not any(a.kind == "symmetry" for a in named.advice)
    ours = explain_explosion(instance("fixed", **{**SMALL, "endpoints": 2}), budget=QUICK)
    assert not any(a.kind == "symmetry" for a in ours.advice)  # one sort is symmetric already, one is walked


def test_slices_of_single_properties() -> None:
    x = explain_explosion(instance("original", **SMALL), budget=QUICK)
    sliced = [a for a in x.advice if a.kind == "slicing"]
    assert any("active-plan-never-deleted" in a.subject and "rollback" in a.sentence for a in sliced)
    assert all(a.ratio is not None and a.ratio > 1 for a in sliced)


def halves(top: int, *, joined: bool = False) -> Protocol:
    """Two independent counters, or one that waits for the other."""
    p = Protocol("halves")
    number = integers(0, top)
    left = p.variable("left", number, 0)
    right = p.variable("right", number, 0)

    @p.action(by="left")
    def count_left() -> Step:
        return step(when(left < top), update(left, left + 1))

    @p.action(by="right")
    def count_right() -> Step:
        return step(when(right < top, left > 0 if joined else both()), update(right, right + 1))

    p.final((left == top) & (right == top))
    p.declare(
        invariant("left-counts", left <= top, "left stays"),
        invariant("right-counts", right <= top, "right stays"),
        reachable("right-moves", taken("count_right") & (primed(right) == 1), "right moves"),
    )
    return p


def test_what_a_property_depends_on() -> None:
    def cones(p: Protocol) -> list[tuple[str, ...]]:
        asked = p.system()
        return [cone(asked.instance(), q) for q in asked.properties]

    assert cones(halves(9)) == [("count_left",), ("count_right",), ("count_right",)]
    both = ("count_left", "count_right")
    assert cones(halves(9, joined=True)) == [("count_left",), both, both]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_a_separate_protocol_has_the_same_verdict(drawn: tuple[System, list[Term], list[Term]]) -> None:
    """On random systems, a subsystem has the same verdicts and lengths of runs as the whole."""
    system, states, steps = drawn
    for p in everything(states, steps):
        kept = cone(system.instance(), p)
        part = replace(system, actions={n: system.actions[n] for n in kept})
        found = []
        try:
            for s in (system, part):
                answers, covered = Search(s.instance(), [p], exhaustive=True, limits=Limits(states=2000)).run()
                found += [(a.verdict, a.recording and len(a.recording.moves)) for a in answers if covered.complete]
        except RangeError:
            continue
        if len(found) == 2:
            assert found[0] == found[1]


def test_subsystems_and_wide_numbers() -> None:
    whole = {(a.kind, a.subject): a for a in explain_explosion(halves(30).system().instance(), budget=QUICK).advice}
    apart = whole["subsystem", "right-counts, right-moves"]
    assert "independent of count_left" in apart.sentence
    assert "without these and left has 31 states" in apart.sentence
    assert apart.ratio == 31
    assert "from 0 to 30: a smaller bound, or a parameter" in whole["bound", "left"].sentence
    large = explain_explosion(halves(3000).system().instance(), budget=QUICK)
    text = " ".join(render_plain(explosion_document(large)).split())
    assert not large.complete
    assert "has 3,001" not in text  # more than the budget
    assert "left: its values range from 0 to 3,000: a smaller bound, or a parameter" in text
    assert "No tried change" not in text
    joined = explain_explosion(halves(30, joined=True).system().instance(), budget=QUICK)
    assert [a.subject for a in joined.advice if a.kind == "subsystem"] == ["left-counts"]


def test_a_search_that_reached_its_bound_says_what_multiplies_its_states() -> None:
    """In the report itself, measured on the run or on a smaller instance; not if a time limit or no limit ended it."""
    report = check(find("fixed"), SMALL, options=Options(max_states=50))
    (many,) = (w for w in report.warnings if w.kind == "many states")
    assert not many.strict
    text = " ".join(render_plain(document(report, 3)).split())
    assert many.message in text
    assert (
        "Measured on all 880 states of enactors=2, endpoints=1, plans=3, keep=1: variables that multiply them: " in text
    )
    assert re.search(r"actions that find them: \w+ \d+%, ", text)
    assert re.search(r"Reduction factors: [\d.]+ with \w+=1", text)
    assert report_of(json.loads(render_json(report))).warnings == report.warnings
    for options in (
        Options(),
        Options(depth=3),
        Options(time_limit=0.0),
        Options(engine="simulate", max_states=50, seed=1),
    ):
        assert not any(w.kind == "many states" for w in check(find("fixed"), SMALL, options=options).warnings)


def test_an_undecided_report_recommends_a_forecast() -> None:
    def text(**limits: int) -> str:
        return render_plain(document(check(find("fixed"), SMALL, options=Options(**limits)), 3))  # type: ignore[arg-type]

    assert "check forecast" in text(max_states=50)
    assert "check forecast" not in text()


# Remaining states ------------------------------------------------------------------------------------------------
def test_the_tail_of_levels_that_shrink() -> None:
    assert tail([8, 4, 2, 1]) == 1
    assert tail([1, 2, 4, 8]) is None
    assert tail([8, 4, 2]) is None
    assert tail([8, 4, 4, 1]) is None
    assert tail([1, 8, 4, 2, 1]) == 1


def test_progress_shows_the_remaining_states_once_levels_shrink() -> None:
    def event(depth: int, states: int, task: str = "searching") -> Progress:
        return Progress(task, states, 0, depth, 1.0, 2**20)

    remaining = Remaining()
    sizes = [1, 100, 800, 400, 200, 100]
    told = [remaining.after(event(d, sum(sizes[: d + 1]))) for d in range(len(sizes))]
    assert told == [None, None, None, None, None, 100]
    assert remaining.after(event(5, sum(sizes) + 60)) == 40
    assert line(event(5, 1601), 100.0).endswith(", at most about 100 to come (less than 1 s)")
    assert line(event(5, 1000), 20_000.0, 3000.0).endswith(", at most about 20,000 to come (20 s)")
    assert line(event(5, 1000), None, 300_000.0).endswith(", as a rule of thumb at most 300,000 to come (5 minutes)")
    assert "to come" not in line(event(1, 101))
    assert remaining.after(event(0, 1)) is None  # another search
    assert remaining.roughly() is None
    assert remaining.after(event(6, 2000, "simulating")) is None


def test_a_rule_of_thumb_near_the_peak() -> None:
    """It applies before levels shrink three times in a row, and is correct in 9 of 10 searches with known counts."""
    assert not near_the_peak([1, 2, 4, 8, 16])
    assert not near_the_peak([10, 20, 39, 60])
    assert near_the_peak([10, 20, 30, 32])
    remaining = Remaining()
    for depth, states in enumerate((10, 30, 60, 92, 120)):
        remaining.after(Progress("searching", states, 0, depth, 1.0, 2**20))
    assert remaining.roughly() == 3 * 120
    right = []
    for row in (r for r in ROWS if 800 <= r["states"] < 40_000):
        asked = find(row["protocol"]).system(row["faults"]).instance(**{k: row[k] for k in SMALL})
        levels = forecast(
            asked, budget=SearchBudget(states=10**6, seconds=60, native=False), symmetric=False
        ).sample.levels
        done = [levels[:n] for n in range(1, len(levels))]
        right += [sum(d) * 4 >= row["states"] for d in done if sum(d) >= 200 and near_the_peak(d) and tail(d) is None]
    assert len(right) >= 20
    assert sum(right) >= 0.85 * len(right)
