"""Mutants: which are made, that each is judged as by a naive search, and that a minimal score can be required."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from planrace.checker import Options, find, mutate, render
from planrace.checker.cli.main import run
from planrace.checker.review.mutation.judge import JudgedMutant, MutantStatus, Mutation, UndecidedMutationError
from planrace.checker.review.mutation.weaken import weaker
from planrace.checker.run.contract import Answers
from planrace.checker.run.registry import answers_of
from planrace.checker.run.request import Request
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.model.language import (
    Instance,
    ModelError,
    Protocol,
    Step,
    System,
    Term,
    boolean,
    everything,
    index,
    integers,
    optional,
    primed,
    says,
    step,
    strong,
    taken,
    update,
    weak,
    when,
)
from planrace.properties import Invariant, eventually, invariant, reachable
from planrace.properties.kinds import Checkable
from tests import ROOT, naive
from tests.systems import random_systems


def door(*, careful: bool = False) -> Protocol:
    """A door that is closed when nobody is inside."""
    p = Protocol("door")
    is_open, inside = p.variable("is_open", boolean(), True), p.variable("inside", integers(0, 2), 0)

    @p.action(by="guest")
    def enter() -> Step:
        return step(when(is_open, inside < 2), update(inside, inside + 1))

    @p.action(by="guest")
    def leave() -> Step:
        return step(when(inside > 0), update(inside, inside - 1))

    @p.action(by="porter")
    def close() -> Step:
        return step(when(is_open, inside == 0), update(is_open, False))

    p.final(~is_open)
    p.declare(
        invariant("nobody-locked-in", is_open | (inside == 0), "nobody is inside when it is closed"),
        reachable("two", taken("enter") & (primed(inside) == 2), "two can be inside"),
    )
    if careful:
        p.declare(
            reachable("closes", ~primed(is_open), "it is closed some time"),
            reachable("empties", taken("leave") & (primed(inside) == 0), "the last one leaves"),
        )
    return p


def statuses(m: Mutation) -> dict[str, tuple[str, str | None]]:
    return {str(j.mutant): (j.status, j.by) for j in m.judged}


def test_every_mutant_of_a_small_protocol() -> None:
    assert statuses(mutate(door())) == {
        "enter: never happens": ("killed", "two"),
        "enter: guard without is_open": ("killed", "nobody-locked-in"),
        "enter: guard without inside < 2": ("killed", "range"),
        "enter: guard with inside ≤ 2 for inside < 2": ("killed", "range"),
        "enter: inside not set": ("killed", "two"),
        "leave: never happens": ("survived", None),
        "leave: guard without 0 < inside": ("killed", "range"),
        "leave: guard with 0 ≤ inside for 0 < inside": ("killed", "range"),
        "leave: inside not set": ("survived", None),
        "close: never happens": ("survived", None),
        "close: guard without is_open": ("equivalent", None),  # it closes what is closed
        "close: guard without inside = 0": ("killed", "nobody-locked-in"),
        "close: is_open not set": ("survived", None),
    }


def test_more_properties_kill_what_survived() -> None:
    before, after = mutate(door()), mutate(door(careful=True))
    assert before.score == pytest.approx(8 / 12)
    assert after.score == 1.0
    assert {j.by for j in after.judged} >= {"closes", "empties"}


def test_the_first_difference_of_a_survivor_is_shown() -> None:
    by_name = {str(j.mutant): j.difference for j in mutate(door()).of(MutantStatus.SURVIVED)}
    assert all(d is not None for d in by_name.values())
    gone = by_name["leave: never happens"]
    assert gone is not None
    assert (gone.after, [s.action for s in gone.run.steps]) == (1, ["enter"])
    assert ([s.action for s in gone.steps], gone.instead) == (["leave"], ())
    other = by_name["close: is_open not set"]
    assert other is not None
    assert other.after == 0
    assert [[c.after for c in s.changed] for s in other.steps] == [[False]]
    assert [s.changed for s in other.instead] == [()]


def test_no_member_is_shown_as_none() -> None:
    """An optional index without a member is shown as none, in a step that is gone and in one that differs."""
    p = Protocol("job")
    worker = index("worker", p.parameter("workers", 2, 1, 3))
    owner = p.variable("owner", optional(worker), None)

    @p.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(when(owner == None), update(owner, w), says("takes it"))  # noqa: E711

    @p.action(by="boss")
    def free() -> Step:
        return step(when(owner != None), update(owner, None), says("frees it"))  # noqa: E711

    p.declare(invariant("owned-or-not", (owner == None) | (owner != None), "it is"))  # noqa: E711
    made = mutate(p)
    said = " ".join(render(made).split())
    assert "(owner: none → 1)" in said
    assert "(owner: 1 → none)" in said
    assert not re.search(r"owner: 0|→ 0", said)
    difference = json.loads(render(made, "json"))["mutants"][0]["difference"]
    assert difference["steps"][0]["changed"][0]["before"] == 0


def test_only_some_actions() -> None:
    assert {j.mutant.subject for j in mutate(door(), actions=["leave"]).judged} == {"leave"}
    with pytest.raises(ModelError, match=r"no action of door is called 'leve' .*did you mean leave"):
        mutate(door(), actions=["leve"])


def test_protections_are_dropped_too() -> None:
    sizes = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 2}
    made = mutate("fixed", sizes, options=Options(properties=("plans-never-regress", "rollback-target-exists")))
    dropped = {j.mutant.subject: (j.status, j.by) for j in made.judged if j.mutant.kind == "protection"}
    assert dropped == {
        "transactional-check": ("killed", "plans-never-regress"),
        "guarded-delete": ("killed", "rollback-target-exists"),
        "tolerant-rollback": ("equivalent", None),  # nothing fails that it would have to tolerate
        "plan-validation": ("equivalent", None),  # no plan is bad without the fault
    }
    assert not [j for j in mutate(find("fixed").system(), sizes, actions=["publish"]).judged if not j.mutant.where]


# Compared with brute force ----------------------------------------------------------------------------------------
def steps_of(instance: Instance) -> set[tuple[Any, ...]]:
    """The steps of reachable states, except those that change nothing."""
    interpreter, found = Interpreter(instance), set()
    frontier: list[State] = list(interpreter.initials())
    seen = set(frontier)
    while frontier:
        state = frontier.pop()
        for move, after in interpreter.moves(state):
            if after != state:
                found.add((state, move.action.name, move.choice, move.outcome.name, after))
            if after not in seen:
                seen.add(after)
                frontier.append(after)
    return found


def verdicts(instance: Instance) -> dict[str, bool]:
    """Whether each property holds, by a search that uses only the interpreter."""
    shortest = naive.search(instance).shortest
    return {p.name: (p.name in shortest) == (p.kind == "reachability") for p in instance.system.properties}


def brute_force(judged: JudgedMutant, instance: Instance) -> str:
    mutant = replace(instance, system=judged.mutant.make())
    try:
        if verdicts(mutant) != verdicts(instance):
            return "killed"
    except RangeError:
        return "killed"
    same = {*Interpreter(mutant).initials()} == {*Interpreter(instance).initials()} and steps_of(mutant) == steps_of(
        instance
    )
    return "equivalent" if same else "survived"


def check_all(system: System, **sizes: int) -> set[str]:
    """Judge all mutants and compare with brute force; the statuses that occurred."""
    instance = system.instance(**sizes)
    made = mutate(system, sizes)
    for j in made.judged:
        if brute_force(j, instance) != j.status:
            # the same steps but for names of outcomes that lead to the same states: told apart by name only
            assert (j.status, brute_force(j, instance)) == ("survived", "equivalent"), str(j.mutant)
            assert j.difference is not None
    return {j.status for j in made.judged}


@pytest.mark.parametrize(
    "name",
    ["lease.py:fixed", "finalizers.py:fixed", "blue_green.py:fixed", "two_phase_commit.py:fixed", "lease.py:protocol"],
)
def test_judged_as_brute_force_does(name: str) -> None:
    system = find(str(ROOT / "examples" / name)).system()
    plain = replace(system, properties=tuple(p for p in system.properties if isinstance(p, Checkable)))
    sizes = {p.name: min(p.default, 2) for p in plain.parameters if p.low <= 2}
    assert check_all(plain, **sizes) >= {"killed", "survived"}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems_are_judged_as_brute_force_does(made: Any) -> None:
    system, states, _ = made
    named = tuple(Invariant(f"p{n}", t, "random", where=None) for n, t in enumerate(states))
    system = replace(system, properties=named)
    try:
        assume(naive.search(system.instance()).states < 3000)
    except RangeError:
        assume(False)
    check_all(system)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_weaker_conditions_hold_wherever_the_condition_does(made: Any) -> None:
    system, states, _ = made
    interpreter = Interpreter(system.instance())
    state = interpreter.initials()[0]
    for _ in range(5):
        for term in states:
            for altered in weaker(term):
                try:
                    assert not interpreter.holds(term, state) or interpreter.holds(altered.term, state), altered.words
                except RangeError:
                    continue
        try:
            state = next((after for _, after in interpreter.moves(state) if after != state), state)
        except RangeError:
            break


# The command ------------------------------------------------------------------------------------------------------
LEASE = str(ROOT / "examples" / "lease.py") + ":fixed"


@pytest.mark.parametrize(("at_least", "code"), [("40", 0), ("48", 0), ("49", 1), ("100", 1)])
def test_a_minimal_score_can_be_required(at_least: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mutate", "-p", LEASE, "--at-least", at_least]) == code
    assert capsys.readouterr().out.splitlines()[-1] == f"score: 48.0% of 25 mutants killed (exit {code})"


def test_what_is_undecided_is_no_success(capsys: pytest.CaptureFixture[str]) -> None:
    """The protocol stays within the bound and its mutants do not; the unfenced lease has exactly as many states."""
    words = ["mutate", "-p", LEASE, "--no-symmetry"]
    assert run([*words, "--max-states", "10"]) == 3
    assert "undecided" in capsys.readouterr().err
    asked = [*words, "--max-states", "700", "--format", "json"]
    assert run(asked) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["score"] < told["best"]
    percent = (told["score"] + told["best"]) * 50
    assert run([*asked, "--at-least", str(percent)]) == 3
    assert run([*asked, "--at-least", "100"]) == 1
    assert run([*asked, "--at-least", "1"]) == 0


def test_json_has_every_mutant(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["mutate", "-p", LEASE, "-o", f"json:{tmp_path / 'm.json'}"]) == 0
    told = json.loads((tmp_path / "m.json").read_text())
    assert told["schema"] == "planrace/mutation/1"
    assert told["score"] == pytest.approx(mutate(LEASE).score)
    survivors = [m for m in told["mutants"] if m["status"] == "survived"]
    assert survivors
    assert all(m["difference"]["run"]["steps"][: m["difference"]["after"]] is not None for m in survivors)
    lines = (ROOT / "examples" / "lease.py").read_text().splitlines()
    unset = next(m for m in survivors if m["change"] == "holder not set" and m["subject"] == "acquire")
    assert "update(holder, w)" in lines[unset["line"] - 1]
    assert capsys.readouterr().out.startswith("score: ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--engine", "bmc"], "mutants need a search; engine bmc is none"),
        (["--property", "nothing"], "no property of lease-fixed is called 'nothing'"),
        (["--action", "stroe"], "did you mean store"),
        (["--at-least", "120"], "not in the range"),
        (["--format", "sarif"], "is not a format of this report"),
    ],
)
def test_bad_requests(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["mutate", "-p", LEASE, *words]) == 2
    assert message in capsys.readouterr().err


def test_time_is_shared_by_all(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UndecidedMutationError, match="undecided"):
        mutate("fixed", options=Options(time_limit=0.0))
    assert run(["mutate", "-p", "fixed", "--time-limit", "0"]) == 3
    assert "time limit" in capsys.readouterr().err


def test_an_interruption_shows_the_results_so_far(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    searched = 0

    def asked(request: Request) -> Answers:
        nonlocal searched
        found = answers_of(request)
        searched += 1
        return replace(found, interrupted=searched == 4)

    monkeypatch.setattr("planrace.checker.review.mutation.judge.answers_of", asked)
    assert run(["mutate", "-p", LEASE]) == 130
    out = " ".join(capsys.readouterr().out.split())
    assert "Interrupted: the rest was not tried." in out
    assert searched == 4
    assert ": not tried" in out


def test_no_mutant_that_differs_is_no_score() -> None:
    """Nothing shows that the properties notice anything."""
    made = Mutation("still", {}, (), (), {}, (), 0.1)
    assert made.score is None
    assert [made.exit_code(at_least) for at_least in (None, 0.0, 80.0)] == [0, 0, 1]


def test_a_choice_that_is_fair_is_dropped() -> None:
    """One that no property needs survives. Its steps are the same, but it is not called equivalent."""
    p = Protocol("two", "one spins, one works")
    on, done = p.variable("on", boolean(), False), p.variable("done", boolean(), False)

    @p.action(by="spinner", fairness="none")
    def spin() -> Step:
        return step(update(on, ~on))

    @p.action(by="worker", fairness="none")
    def work() -> Step:
        return step(when(~done), update(done, True))

    p.fair(weak(everything), weak(work), strong(spin))
    p.declare(reachable("worked", done, "the work can be done"))
    assert "fairness" not in {j.mutant.kind for j in mutate(p).judged}  # no property is one of liveness
    p.declare(eventually("works", done, "the work is done"))
    fair = {str(j.mutant): (j.status, j.by) for j in mutate(p).judged if j.mutant.kind == "fairness"}
    assert fair == {
        "weak fairness of any action: dropped": (MutantStatus.SURVIVED, None),
        "weak fairness of work: dropped": (MutantStatus.KILLED, "works"),
        "strong fairness of spin: dropped": (MutantStatus.SURVIVED, None),
    }
