"""Times of actions: held against a simulation in plain Python, engine against engine, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, check, mutate, prove
from planrace.checker.cli.main import run
from planrace.checker.run.listed_steps import listed_steps
from planrace.checker.semantics.context import RangeError
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    DefinitionError,
    If,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    elapsed,
    forall,
    index,
    integers,
    optional,
    step,
    update,
    when,
)
from planrace.model.patterns import clock, timer
from planrace.properties import eventually_always, infinitely_often, invariant, leads_to, lemma, proof, reachable
from tests import naive
from tests.timed import LateError, Timed, as_plain, draw, graph_of, protocol_of

SEARCHES = ("explicit", "native")
SOLVERS = ("bmc", "induction", "spacer")
LATE = r"finish has to happen within limit ticks of grab, and cannot: time would stop"


# The oracle ------------------------------------------------------------------------------------------------------
def model_graph(made: Timed) -> set[Any]:
    """All steps between reachable states of the model, in the simulation's words."""
    interpreter = Interpreter(protocol_of(made).system().instance())
    names = [v.name for v in interpreter.instance.system.variables]

    def plain(state: Any) -> Any:
        return as_plain(made, dict(zip(names, state, strict=True)))

    found, seen, todo = set(), {interpreter.initial()}, [interpreter.initial()]
    while todo:
        state = todo.pop()
        for move, after in interpreter.moves(state):
            found.add((plain(state), move.action.name, move.choice[0] if move.choice else None, plain(after)))
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return found


def test_states_and_steps_are_those_of_a_simulation() -> None:
    late = ticks = 0
    for made in map(draw, range(60)):
        try:
            wanted = graph_of(made)
        except LateError:
            late += 1
            with pytest.raises(RangeError, match=r"has to happen within .* of .*, and cannot: time would stop"):
                model_graph(made)
        else:
            ticks += any(name == "tick" for _, name, _, _ in wanted)
            assert model_graph(made) == wanted
    assert ticks > 20
    assert late > 10


@pytest.mark.parametrize("engine", SEARCHES)
def test_searches_agree_with_the_interpreter_on_random_times(engine: str) -> None:
    for made in map(draw, range(100, 102 if engine == "native" else 115)):
        p = protocol_of(made)
        p.declare(invariant("any", p.variables["house"].term >= 0, "always"))
        options = Options(engine=engine, exhaustive=True, slicing=False, symmetry=False)
        try:
            found = naive.search(p.system().instance())
        except RangeError:
            with pytest.raises(ModelError, match="time would stop"):
                check(p, options=options)
            continue
        if found.transitions:
            coverage = check(p, options=options).exploration
            assert coverage is not None
            assert (coverage.states, coverage.transitions) == (found.states, found.transitions)


# A lease ---------------------------------------------------------------------------------------------------------
def lease() -> Protocol:
    """A lease that runs out while its holder works."""
    p = Protocol("lease")
    client = index("client", p.parameter("clients", 2, 1, 3), symmetric=True)
    work, limit = p.parameter("work", 2, 0, 4), p.parameter("limit", 3, 0, 4)
    working = p.variable("working", array(client, boolean()), False)
    holder = p.variable("holder", optional(client), None)

    @p.action(client, by=client)
    def grab(c: Term) -> Step:
        return step(when(holder == None, ~working[c]), update(holder, c), update(working[c], True))  # noqa: E711

    @p.action(client, by=client, since=grab, within=work)
    def finish(c: Term) -> Step:
        return step(when(working[c]), update(working[c], False), update(holder, If(holder == c, None, holder)))

    @p.action(by="server", since=grab, after=limit)
    def expire() -> Step:
        return step(when(holder != None), update(holder, None))  # noqa: E711

    p.declare(invariant("exclusive", forall(client, lambda c: working[c].implies(holder == c)), "it holds the lease"))
    p.argue(
        proof(
            [
                lemma("counted", forall(client, lambda c: working[c] == (elapsed(p, finish, c) >= 0)), "it counts"),
                lemma(
                    "together",
                    forall(
                        client,
                        lambda c: (working[c] & (holder == c)).implies(
                            elapsed(p, expire, capped=True) == elapsed(p, finish, c)
                        ),
                    ),
                    "both clocks count alike",
                ),
            ],
            assuming=[work < limit],
        )
    )
    return p


@pytest.mark.parametrize("engine", [*SEARCHES, *SOLVERS])
def test_a_lease_that_is_long_enough_in_every_engine(engine: str) -> None:
    p, options = lease(), Options(engine=engine, depth=6)
    (found,) = check(p, options=options).findings
    assert found.verdict.word == ("unknown" if engine == "bmc" else "holds")
    (found,) = check(p, options=options, limit=2).findings
    assert (found.verdict.word, found.depth) == ("violated", 4)


def test_symmetry_keeps_verdicts_and_lengths() -> None:
    for limit in (2, 3):
        (one,), (other,) = (
            check(lease(), limit=limit, clients=3, options=Options(symmetry=s)).findings for s in (True, False)
        )
        assert (one.verdict, one.depth) == (other.verdict, other.depth)


def test_the_threshold_is_found_by_trying_limits() -> None:
    words = [check(lease(), work=2, limit=n).verdict.word for n in range(5)]
    assert words == ["violated", "violated", "violated", "holds", "holds"]


def test_proved_for_every_size_with_limits_that_stay_open() -> None:
    assert prove(lease()).verdict.word == "holds"


def test_mutants_of_limits_are_noticed() -> None:
    killed = {str(j.mutant): j.status.value for j in mutate(lease()).judged}
    assert killed["finish: within=3 for work"] == "killed"
    assert killed["expire: after=2 for limit"] == "killed"
    assert killed["finish: within=1 for work"] == killed["expire: after=4 for limit"] == "survived"


# Deadlines that cannot be met ------------------------------------------------------------------------------------
def jammed(*, until: bool = False) -> Protocol:
    """Work that has to be finished, and sometimes cannot be."""
    p = Protocol("jammed")
    client = index("client", 2, symmetric=True)
    limit = p.parameter("limit", 2, 1, 5)
    working = p.variable("working", array(client, boolean()), False)
    stuck, other = p.variable("stuck", boolean(), False), p.variable("other", boolean(), False)

    @p.action(client, by=client)
    def grab(c: Term) -> Step:
        return step(when(~working[c], ~stuck), update(working[c], True))

    @p.action(client, by=client, since=grab, within=limit, until="jam" if until else None)
    def finish(c: Term) -> Step:
        return step(when(working[c], ~stuck), update(working[c], False))

    @p.action(by="server")
    def jam() -> Step:
        return step(when(~stuck), update(stuck, True))

    @p.action(by="server")
    def unjam() -> Step:
        return step(when(stuck), update(stuck, False))

    p.declare(invariant("nothing", ~other, "a property that times have nothing to do with"))
    return p


@pytest.mark.parametrize("engine", [*SEARCHES, *SOLVERS, "simulate"])
def test_a_missed_deadline_is_an_error_in_every_engine(engine: str) -> None:
    with pytest.raises(ModelError, match=LATE) as told:
        check(jammed(), options=Options(engine=engine, depth=8))
    assert "until=" in str(told.value)
    assert "tick()" in str(told.value)


def test_a_missed_deadline_is_an_error_of_a_proof() -> None:
    with pytest.raises(ModelError, match=LATE):
        prove(jammed())


def test_until_ends_a_duty() -> None:
    assert check(jammed(until=True)).verdict.word == "holds"


def test_time_waits_only_while_something_that_is_due_can_happen() -> None:
    p = Protocol("chain")
    first, second = p.variable("first", boolean(), False), p.variable("second", boolean(), False)

    def declare(early: dict[str, Any]) -> None:
        @p.action(by="one", **early)
        def prepare() -> Step:
            return step(when(~first), update(first, True))

        @p.action(by="two", since="initially", within=1)
        def commit() -> Step:
            return step(when(first, ~second), update(second, True))

    declare({"since": "initially", "within": 1})
    p.final(second)
    p.declare(invariant("in-time", second | (elapsed(p, "commit") >= 0), "committed, or the clock runs"))
    assert check(p).verdict.word == "holds"  # both are due, and the second waits for the first
    q, p = p, Protocol("chain")
    first, second = p.variable("first", boolean(), False), p.variable("second", boolean(), False)
    declare({})
    p.declare(invariant("nothing", first | ~first, "always"))
    with pytest.raises(ModelError, match="commit has to happen within 1 tick of the beginning"):
        check(p, options=Options(exhaustive=True))
    assert q.name == p.name


# Fairness --------------------------------------------------------------------------------------------------------
def test_runs_in_which_time_stands_still_are_unfair() -> None:
    p = Protocol("zeno")
    spun, done = p.variable("spun", boolean(), False), p.variable("done", boolean(), False)

    @p.action(by="busy")
    def spin() -> Step:
        return step(update(spun, ~spun))

    @p.action(by="slow", since="initially", after=3)
    def finish() -> Step:
        return step(when(~done), update(done, True))

    p.declare(
        eventually_always("finishes", done, "the timeout comes although somebody is busy"),
        infinitely_often("spins", spun, "…"),
    )
    assert [f.verdict.word for f in check(p).findings] == ["holds", "holds"]


def test_time_goes_on_although_something_urgent_stops_it_again_and_again() -> None:
    p = Protocol("urgent-zeno")
    asked, done = p.variable("asked", boolean(), False), p.variable("done", boolean(), False)

    @p.action(by="busy")
    def ask() -> Step:
        return step(when(~asked), update(asked, True))

    @p.action(by="server", since=ask, within=0)
    def answer() -> Step:
        return step(when(asked), update(asked, False))

    @p.action(by="slow", since="initially", after=2, fairness="strong")
    def finish() -> Step:
        return step(when(~done), update(done, True))

    p.declare(eventually_always("finishes", done, "the timeout comes"))
    assert check(p).verdict.word == "holds"


def test_a_deadline_is_kept_in_liveness() -> None:
    p = Protocol("urgent")
    asked = p.variable("asked", boolean(), False)

    @p.action(by="user", fairness="none")
    def ask() -> Step:
        return step(when(~asked), update(asked, True))

    @p.action(by="server", since=ask, within=1)
    def answer() -> Step:
        return step(when(asked), update(asked, False))

    p.declare(leads_to("answered", asked, ~asked, "…"))
    assert check(p).verdict.word == "holds"


# Timers ----------------------------------------------------------------------------------------------------------
def test_timers_and_timed_actions_have_one_clock() -> None:
    p = Protocol("oven")
    heat = timer(p, "heat", 3)
    state = p.variable("state", integers(0, 2, "state"), 0)
    clock(p, heat, name="passes")

    @p.action(by="cook")
    def begin() -> Step:
        return step(when(state == 0), heat.starting(3), update(state, 1))

    @p.action(by="cook", since=begin, within=2)
    def turn() -> Step:
        return step(when(state == 1), update(state, 2))

    p.final(state == 2)
    p.declare(
        invariant("one-clock", (state == 1).implies(heat.left + elapsed(p, turn) == 3), "they advance together"),
        reachable("late", (state == 1) & (elapsed(p, turn) == 2), "…"),
    )
    assert "tick" not in p.system().actions
    assert check(p).verdict.word == "holds"
    clock(p, timer(p, "second", 1), name="other")
    with pytest.raises(DefinitionError, match="passes and other are two clocks"):
        p.system()


# Reports ---------------------------------------------------------------------------------------------------------
def test_reports_show_clocks_as_off_or_as_ticks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "late.py"
    file.write_text(
        "from planrace import *\n"
        "protocol = Protocol('late', 'a reply that comes late')\n"
        "asked = protocol.variable('asked', boolean(), False)\n"
        "@protocol.action(by='client')\n"
        "def ask():\n"
        "    return step(when(~asked), update(asked, True))\n"
        "@protocol.action(by='server', since=ask, after=1, within=2)\n"
        "def reply():\n"
        "    return step(when(asked), update(asked, False))\n"
        "@protocol.action(by='client')\n"
        "def look():\n"
        "    return step(when(asked), says('has waited for {t}', t=elapsed(protocol, reply)))\n"
        "protocol.declare(step_invariant('at-once', ~taken('reply'), 'there is no reply'))\n"
    )
    assert run(["-p", f"{file}:protocol", "--format", f"json:{tmp_path / 'r.json'}"]) == 1
    text = capsys.readouterr().out
    assert "reply_ticks: off → 0" in text
    assert "time passes by a tick" in text
    assert "reply_ticks: 1 → off" in text
    assert run(["explain", str(tmp_path / "r.json")]) == 0
    assert "off → 0" in capsys.readouterr().out
    assert run(["list", "-p", f"{file}:protocol", "--steps"]) == 0
    text = capsys.readouterr().out
    assert "asked ∧ (1 ≤ reply_ticks)" in text
    assert "reply: server, not before 1 tick and within 2 ticks since ask  [late.py:7]" in text


def test_steps_are_listed_with_their_times() -> None:
    steps = {s.name: s.time for s in listed_steps(lease().variant("lease"))}
    assert steps["finish(c)"] == "within work ticks since grab, for each c"
    assert steps["expire"] == "not before limit ticks since grab"
    assert steps["grab(c)"] == steps["tick"] == ""
