"""Advice about sizes: forecasts against known counts, what multiplies states, what is still to come."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from checker import Options, check, find
from checker.advice import (
    Budget,
    Remaining,
    explain_explosion,
    explosion_document,
    forecast,
    forecast_document,
    forecast_json,
    tail,
)
from checker.cli.main import run
from checker.cli.progress import line
from checker.limits import Progress
from checker.report import render_plain
from model.language import (
    If,
    Instance,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    exists,
    first,
    forall,
    index,
    integers,
    step,
    subsets,
    update,
    when,
)
from properties import invariant

ROOT = Path(__file__).parent.parent
EXAMPLE = str(ROOT / "examples" / "blue_green.py")
SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
QUICK = Budget(states=2000, native=False)


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


def test_machine_code_counts_what_python_does_not_get_done() -> None:
    made = forecast(instance("fixed", **SMALL), budget=Budget(states=100), symmetric=False)
    assert made.rate.engine == "native"
    assert made.rate.complete
    assert made.states is not None
    assert (made.states.low, made.states.high) == (880, 880)


ROWS = [r for r in json.loads((Path(__file__).parent / "counts.json").read_text()) if not r["symmetry"]]


@pytest.mark.parametrize("budget", [1000, 5000])
def test_true_counts_lie_in_the_interval(budget: int) -> None:
    """Of the whole table as of smaller budgets (see docs/advice.md) every interval holds the truth."""
    known = [r for r in ROWS if budget < r["states"] < 40_000]
    told = []
    for row in known:
        sizes = {k: row[k] for k in SMALL}
        asked = find(row["protocol"]).system(row["faults"]).instance(**sizes)
        made = forecast(asked, budget=Budget(states=budget, seconds=60, total=60, native=False), symmetric=False)
        assert made.at_least <= row["states"]
        if made.states is not None:
            told.append(made.states.low <= row["states"] <= made.states.high)
    assert len(told) >= 0.6 * len(known)
    assert sum(told) >= 0.9 * len(told)


def test_where_nothing_can_be_said_it_says_so() -> None:
    made = forecast(instance("fixed", enactors=1, endpoints=1, plans=1, keep=0), budget=QUICK)
    assert made.states is not None
    lonely = Protocol("lonely")  # no parameters, and levels that grow: nothing to continue
    place = integers(1, 20)
    bits = lonely.variable("bits", subsets(place), set())

    @lonely.action(place, by="somebody")
    def flip(n: Term) -> Step:
        return step(update(bits, If(n.isin(bits), bits - {n}, bits | {n})))

    lonely.declare(invariant("never-full", exists(place, lambda n: ~n.isin(bits)), "there is room"))
    made = forecast(lonely.system().instance(), budget=Budget(states=3000, native=False))
    assert made.states is None
    assert 3000 <= made.at_least <= 2**20
    assert made.seconds is None
    text = render_plain(forecast_document(made, None))
    assert f"at least {made.at_least:,} states" in text
    assert json.loads(forecast_json(made, None))["states"] is None


def test_time_and_memory_follow_from_the_states() -> None:
    made = forecast(instance("original", enactors=2, endpoints=1, plans=4, keep=2), budget=QUICK, symmetric=False)
    assert made.states is not None
    assert made.seconds is not None
    assert made.memory is not None
    assert not made.states.exact
    assert math.isclose(made.seconds.low * made.rate.per_second, made.states.low)
    low, high = made.rate.bytes_per_state
    assert made.memory.low == made.states.low * low
    assert made.memory.high == made.states.high * high
    assert made.memory.low < made.memory.middle < made.memory.high


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
    """So many dice, thrown once each, and a variable that is always the first's."""
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


def test_it_is_measured_on_a_smaller_instance_where_there_are_too_many() -> None:
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


def test_an_undecided_report_points_there() -> None:
    from checker.report import document

    def text(**limits: int) -> str:
        return render_plain(document(check(find("fixed"), SMALL, options=Options(**limits)), 3))  # type: ignore[arg-type]

    assert "check forecast" in text(states=50)
    assert "check forecast" not in text()


# What is still to come -------------------------------------------------------------------------------------------
def test_the_tail_of_levels_that_shrink() -> None:
    assert tail([8, 4, 2, 1]) == 1
    assert tail([1, 2, 4, 8]) is None
    assert tail([8, 4, 2]) is None
    assert tail([8, 4, 4, 1]) is None
    assert tail([1, 8, 4, 2, 1]) == 1


def test_progress_says_what_is_to_come_once_levels_shrink() -> None:
    def event(depth: int, states: int, task: str = "searching") -> Progress:
        return Progress(task, states, 0, depth, 1.0, 2**20)

    remaining = Remaining()
    sizes = [1, 100, 800, 400, 200, 100]
    told = [remaining.after(event(d, sum(sizes[: d + 1]))) for d in range(len(sizes))]
    assert told == [None, None, None, None, None, 100]
    assert remaining.after(event(5, sum(sizes) + 60)) == 40
    assert line(event(5, 1601), 100.0).endswith(", at most about 100 to come")
    assert "to come" not in line(event(1, 101))
    assert remaining.after(event(0, 1)) is None  # another search
    assert remaining.after(event(6, 2000, "simulating")) is None


def test_the_document_shows_what_comes_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "docs" / "advice.md").read_text()
    shown = re.findall(r"^```console\n\$ check (.*)\n((?:.*\n)*?)```", text, re.MULTILINE)
    assert len(shown) == 2
    for command, output in shown:
        assert run(command.split()) == 0
        real = capsys.readouterr().out.splitlines()
        assert [x for x in output.splitlines() if x != "…" and x not in real] == []
