"""Models for SPIN: SPIN counts the same states and transitions as planrace, and finds the same verdicts."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace.checker.api.calls import render
from planrace.checker.api.crosschecking import crosscheck, export_model
from planrace.checker.cli.main import run
from planrace.checker.export import spin
from planrace.checker.export.peers import PeerError
from planrace.checker.export.promela import promela
from planrace.checker.export.promela_terms import HANDLERS
from planrace.checker.export.spin import counted_in
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Op,
    Protocol,
    anything,
    array,
    each,
    first,
    following,
    index,
    integers,
    last,
    maximum,
    minimum,
    otherwise,
    outcome,
    position,
    preceding,
    primed,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.properties import invariant, reachable, step_invariant
from tests import ROOT
from tests.engines.test_every_protocol import EXAMPLES
from tests.random_systems.draw import draw
from tests.random_systems.write import load

needs_spin = pytest.mark.skipif(
    not (os.environ.get("CI") or (shutil.which("spin") and shutil.which("gcc"))), reason="spin or gcc is missing"
)
"""In CI they must be there."""
LONG = pytest.mark.long("SPIN searches random systems")
SEEDS = [26, 40, 63, *(pytest.param(seed, marks=LONG) for seed in (7, 11, 15, 25, 28, 53, 55, 62))]
"""Each of these was wrong once, or seemed to be."""
FEW = Options(max_states=20_000)


def agrees(subject: Any, sizes: dict[str, int] | None = None, **selection: Any) -> None:
    found = crosscheck(subject, sizes, options=FEW, **selection)
    assert found.verdict is Verdict.HOLDS, render(found)


def test_every_operator_has_a_handler() -> None:
    assert set(Op) - set(HANDLERS) == {Op.ENABLED}  # a guard stands in its place


# SPIN agrees -------------------------------------------------------------------------------------------------------
@needs_spin
@pytest.mark.parametrize("seed", SEEDS)
def test_random_systems(seed: int) -> None:
    """Among the usual ones are several initial states, negative numbers and an array that is an index of itself."""
    d = draw(seed).described
    protections = [name for name, _ in d.protections] if d.protected else []
    try:
        found = crosscheck(load(d), d.values, faults=d.on, with_protections=protections, options=FEW)
    except (ModelError, DefinitionError):  # it is wrong, or Promela cannot say it
        return
    assert found.verdict is Verdict.HOLDS, render(found)


def exchange() -> Protocol:
    """Values that change places, through positions that change, too; names that Promela and C keep for themselves."""
    protocol = Protocol("int")
    numbers = integers(0, 2, "number")
    one = protocol.variable("register", numbers, 1)
    second = protocol.variable("step_action", numbers, 2)
    at = protocol.variable("skip", array(numbers, numbers), 0)
    low = protocol.variable("low", integers(-3, 3), anything)
    members = protocol.variable("saved_1", subsets(numbers), {0})

    @protocol.action(by="somebody")
    def assert_() -> Any:
        return step(update(one, second), update(second, one), update(at[one], second))

    @protocol.action(by="somebody")
    def init() -> Any:
        return step(update(at[at[second]], at[at[one]] % 2 + 1))

    @protocol.action(numbers, by="somebody")
    def od(run: Any) -> Any:
        return step(
            when(run != one),
            outcome("down", when(low % 2 == 1), update(low, (low - 1) // 2), update(members, members | {run})),
            otherwise("up", update(low, 0 - low), update(members, members - {one})),
        )

    protocol.declare(
        invariant("apart", one != second, "they differ"),
        step_invariant("if", ~(taken(od, "down") & (primed(low) > low)), "down is down"),
        step_invariant("odd", ~(taken(od, "down") & (low % 2 == 0)), "only what is odd goes down"),
        step_invariant("fi", ~taken(od, run=2) | (low <= primed(low)), "it grows"),
        reachable("do", taken(od, "up") & primed(members).issubset({1}) & (low == -2), "it happens"),
        reachable("never", (low == 3) & (at[0] == 2) & (at[1] == 2) & (at[2] == 2), "it happens"),
    )
    return protocol


@needs_spin
def test_updates_happen_at_once() -> None:
    found = crosscheck(exchange(), options=FEW)
    assert found.verdict is Verdict.HOLDS, render(found)
    assert {a.ours for a in found.answers[3:]} == {"holds", "violated"}
    data = json.loads(render(found, "json"))
    jsonschema.validate(data, json.loads((ROOT / "docs" / "crosscheck.schema.json").read_text()))
    assert (data["verdict"], data["answers"][3]["agrees"]) == ("holds", True)
    assert render(found).endswith("crosscheck: 9 questions, all agree (exit 0)\n")


def walk(least: int) -> Protocol:
    """A walk along ordered members, arrays that begin with different elements, and numbers outside every set."""
    protocol = Protocol("walk")
    slots, levels = index("slot", 3, ordered=True), integers(0, 2, "level")
    at = protocol.variable("at", slots, first(slots))
    level = protocol.variable("level", levels, 0)
    stock = protocol.variable("stock", array(slots, levels), each(slots, lambda s: position(s) - 1))
    debt = protocol.variable("debt", integers(-2, 2), 0)
    each_debt = protocol.variable(
        "each", array(slots, integers(-1, 1)), each(slots, lambda s: maximum(position(s) - 2, least))
    )
    members = protocol.variable("members", subsets(levels), {0})

    @protocol.action(by="somebody")
    def on() -> Any:
        return step(update(at, following(at)), update(level, maximum(level, position(at) - 1, 1)))

    @protocol.action(by="somebody")
    def back() -> Any:
        return step(update(at, preceding(at)), update(stock[at], minimum(stock[at], level, 1)))

    @protocol.action(by="somebody")
    def outside() -> Any:
        return step(when((level - 32).isin(members) | (level + 32).isin(members)), update(members, {1, 2}))

    @protocol.action(by="somebody")
    def borrow() -> Any:
        lower, upper = debt + level >= -2, debt + level <= 2
        return step(when(lower, upper), update(debt, debt + level), update(each_debt[at], 0 - each_debt[at]))

    protocol.declare(invariant("first", (stock[last(slots)] == 2) | (level == 0), "it stays"))
    return protocol


@needs_spin
@pytest.mark.parametrize("least", [0, -1])
def test_members_in_order_and_numbers_outside(least: int) -> None:
    """With -1, an array begins with negative elements, which no declaration of SPIN can say."""
    agrees(walk(least))


def test_ranges_are_asserted_at_both_ends() -> None:
    protocol = Protocol("ends")
    low = protocol.variable("low", integers(-1, 1), 0)

    @protocol.action(by="somebody")
    def turn() -> Any:
        return step(when(low == 0), update(low, low * 2))

    assert "assert(-1 <= low * 2 && low * 2 <= 1)" in str(export_model(protocol, "promela"))


# SPIN disagrees ----------------------------------------------------------------------------------------------------
@needs_spin
@pytest.mark.parametrize(
    ("line", "instead", "differ"),
    [
        ("picked[w] = latest", "skip", {"states", "transitions", "active-is-stored"}),
        (":: pick(2)\n", "", {"states", "transitions", "active-is-stored"}),
        ("!active_is_stored ->", "false ->", {"active-is-stored"}),
        ("assert(latest + 1 <= 2)", "assert(latest + 1 <= 1)", {"values out of range"}),
    ],
)
def test_a_wrong_export_is_noticed(
    line: str, instead: str, differ: set[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def wrong(*given: Any) -> Any:
        made = promela(*given)
        assert line in made.text
        return replace(made, text=made.text.replace(line, instead))

    monkeypatch.setattr(spin, "promela", wrong)
    name = str(next(f for f in EXAMPLES if f.stem == "rollout")) + ":protocol"
    assert {a.question for a in crosscheck(name).answers if a.agrees is False} == differ
    if len(differ) == 1:
        assert run(["crosscheck", "-p", name]) == 1
        said = capsys.readouterr().out
        assert "DIFFER" in said
        assert said.splitlines()[-1] == "crosscheck: 4 questions, 1 of them answered differently (exit 1)"


def test_a_run_that_was_cut_has_no_answer() -> None:
    whole = "errors: 0\n      15 states, stored\n      29 transitions (= stored+matched)\n"
    assert counted_in(whole).states == 15
    for text in ("error: max search depth too small\n" + whole, whole.replace("15 states", "1.5e+08 states"), ""):
        with pytest.raises(PeerError):
            counted_in(text)


# Refusals ----------------------------------------------------------------------------------------------------------
def test_without_spin_it_is_undecided(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    place = tmp_path / "found.json"
    assert run(["crosscheck", "-p", "register", "--format", "text", "-o", f"json:{place}"]) == 3
    assert "Undecided: spin is not installed." in capsys.readouterr().out
    found = json.loads(place.read_text())
    assert (found["verdict"], found["undecided"]) == ("unknown", "spin is not installed")
    assert {a["theirs"] for a in found["answers"]} == {None}


@needs_spin
def test_an_incomplete_search_is_undecided() -> None:
    found = crosscheck("register", options=Options(max_states=2))
    assert found.verdict is Verdict.UNKNOWN
    assert found.undecided == "the search of planrace is not complete (raise --max-states)"


def wide(sort: Any, start: Any) -> Protocol:
    protocol = Protocol("wide")
    variable = protocol.variable("v", sort, start)

    @protocol.action(by="somebody")
    def act() -> Any:
        return step(update(variable, start))

    protocol.declare(invariant("same", variable == start, "it stays"))
    return protocol


@pytest.mark.parametrize(
    ("sort", "start", "what"),
    [
        (subsets(integers(0, 31)), {1}, "may have members from 0 to 31"),
        (integers(0, 2**31), 1, "32 bits"),
        (integers(-(2**31), 0), -1, "32 bits"),
        (integers(0, 2000), anything, "2,001 initial states"),
    ],
)
def test_what_promela_cannot_say_is_refused(sort: Any, start: Any, what: str) -> None:
    protocol = wide(sort, start) if start is not anything else _open(sort)
    with pytest.raises(ModelError, match=what) as caught:
        export_model(protocol, "promela")
    assert caught.value.remedy


def _open(sort: Any) -> Protocol:
    protocol = Protocol("open")
    variable = protocol.variable("v", sort, anything)

    @protocol.action(by="somebody")
    def act() -> Any:
        return step(update(variable, 0))

    return protocol


def test_the_command_writes_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "model.pml"
    assert (
        run(["export", "-p", "original", "-s", "plans=3", "--fault", "crash", "--to", "promela", "-o", str(place)]) == 0
    )
    text = place.read_text(encoding="ascii")
    assert (
        "check export -p original --to promela -s enactors=3 -s endpoints=2 -s plans=3 -s keep=2 --fault crash" in text
    )
    assert "inline take_lock(i) {" in text
    assert ":: take_lock(3)" in text
    assert "#define plans 3" in text
    assert "Not checked here: automation-recovers (recoverability)" in text
    assert "-DCHECK_endpoints_converge" in text
    assert "without automation-recovers" in capsys.readouterr().err
    for more in (["--length", "3"], ["--hide", "crash"], ["--seed", "0"], ["run.json"]):
        assert run(["export", "-p", "original", "--to", "promela", *more]) == 2
    assert run(["export", "--to", "promela"]) == 2
