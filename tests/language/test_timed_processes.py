"""Processes that wait for time: held against a simulation in plain Python, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from planrace.checker import Options, check, mutate
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    Changes,
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    either,
    forall,
    index,
    integers,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.model.patterns import crash
from planrace.model.processes import Process, at, or_, process, wait
from planrace.properties import invariant, leads_to, reachable

PLACES = ("ASK", "AWAIT", "REST")


def clients(first: int, patience: int, rest: int, limit: int | None, members: int = 2) -> tuple[Protocol, Process]:
    """Clients that ask, wait for an answer with little patience, and rest."""
    p = Protocol("clients")
    who = index("client", members, symmetric=True)
    answered = p.variable("answered", array(who, boolean()), False)
    p.fault("crash", "a client begins anew")

    @process(p, who)
    def client(i):  # type: ignore[no-untyped-def]
        while True:
            update(answered[i], False)
            yield at("ASK", within=first), says("asks")
            at("AWAIT")
            with either():
                when(answered[i])
                yield says("is served")
            with or_():
                wait(patience)
                yield says("gives up")
            yield at("REST", after=rest, within=limit)

    @p.action(who, by="server")
    def answer(i: Term) -> Step:
        return step(when(~answered[i]), update(answered[i], True))

    crash(p, client, fault="crash")
    return p, client


def simulated(
    first: int, patience: int, rest: int, limit: int | None, members: int = 2, *, crashes: bool
) -> set[tuple[Any, ...]]:
    """The steps of the same in plain Python: each client is at a place, for so many ticks, answered or not."""
    most = {0: first, 1: patience, 2: rest if limit is None else limit}
    deadline = {0: first, 2: limit}

    def steps(state: tuple[tuple[int, int, bool], ...]) -> Iterator[tuple[str, Any, Any]]:
        due = False
        for n, (place, ticks, answered) in enumerate(state):
            can = []
            if place == 0:
                can.append(("client_ask", (1, 0, False)))
            if place == 1 and answered:
                can.append(("client_await_is_served", (2, 0, answered)))
            if place == 1 and ticks >= patience:
                can.append(("client_await_gives_up", (2, 0, answered)))
            if place == 2 and ticks >= rest:
                can.append(("client_rest", (0, 0, answered)))
            due |= bool(can) and deadline.get(place) == ticks
            if not answered:
                can.append(("answer", (place, ticks, True)))
            if crashes and place:
                can.append(("crash", (0, 0, answered)))
            for name, after in can:
                yield name, n + 1, (*state[:n], after, *state[n + 1 :])
        later = tuple((place, min(ticks + 1, most[place]), answered) for place, ticks, answered in state)
        if not due and later != state:
            yield "tick", None, later

    start = ((0, 0, False),) * members
    found, seen, todo = set(), {start}, [start]
    while todo:
        state = todo.pop()
        for name, n, after in steps(state):
            found.add((state, name, n, after))
            if after not in seen:
                seen.add(after)
                todo.append(after)
    return found


@pytest.mark.parametrize("given", [(2, 1, 0, None), (1, 3, 1, 2), (0, 2, 2, 2), (3, 0, 1, None), (1, 1, 0, 1)], ids=str)
@pytest.mark.parametrize("crashes", [False, True], ids=["", "crashes"])
def test_steps_are_those_of_a_simulation(given: tuple[Any, ...], crashes: bool) -> None:
    p, _ = clients(*given)
    interpreter = Interpreter(p.system(faults=["crash"] if crashes else []).instance())

    def plain(state: Any) -> Any:
        values = dict(zip([v.name for v in interpreter.instance.system.variables], state, strict=True))
        return tuple(zip(values["client"], values["client_ticks"], map(bool, values["answered"]), strict=True))

    found, seen, todo = set(), {interpreter.initial()}, [interpreter.initial()]
    while todo:
        state = todo.pop()
        for move, after in interpreter.moves(state):
            found.add((plain(state), move.action.name, move.choice[0] if move.choice else None, plain(after)))
            if after not in seen:
                seen.add(after)
                todo.append(after)
    assert found == simulated(*given, crashes=crashes)


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc", "induction"])
def test_engines_agree_on_a_process_that_waits(engine: str) -> None:
    p, client = clients(1, 2, 1, 2)
    who = client.sorts[0]
    asks = forall(who, lambda i: client.at(i, "ASK").implies(client.elapsed(i, capped=True) <= 1))
    p.declare(
        invariant("in-time", asks, "clients ask in time"),
        reachable("patient", taken("client_await_gives_up"), "somebody gives up"),
    )
    found = check(p, options=Options(engine=engine, depth=7 if engine == "bmc" else None)).findings
    assert found[0].verdict.word == ("unknown" if engine == "bmc" else "holds")
    assert (found[1].verdict.word, found[1].depth) == ("holds", 5)


def test_a_timeout_comes_in_liveness_and_limits_are_mutated() -> None:
    p, client = clients(1, 2, 1, 2, members=1)
    who = client.sorts[0]
    p.declare(
        leads_to("goes-on", client.all_at("AWAIT"), client.all_at("REST"), "…"),
        invariant("rests", forall(who, lambda i: client.at(i, "AWAIT") | (client.elapsed(i, capped=True) <= 2)), "…"),
        reachable("late", client.all_at("ASK") & taken("tick"), "…"),
    )
    judged = {str(j.mutant): j.status.value for j in mutate(p).judged}
    assert judged["client at REST: within=3 for 2"] == "killed"
    assert judged["client at ASK: within=0 for 1"] == "killed"
    assert judged["client at AWAIT: after=3 for 2"] == judged["client at AWAIT: after=1 for 2"] == "survived"
    assert "client at REST: after=0 for 1" in judged


def test_a_protection_that_blocks_a_step_with_a_deadline_is_told() -> None:
    p, client = clients(1, 1, 0, None)
    p.declare(invariant("nothing", ~client.all_at("AWAIT") | client.all_at("AWAIT"), "…"))

    @p.protection("closed", "nobody asks")
    def closed(change: Changes) -> None:
        change.step(client, "ASK").require(lambda i: client.at(i) != client.point("ASK"))

    with pytest.raises(ModelError, match="client has to leave ASK within 1 tick, and cannot: time would stop"):
        check(p, with_protections=["closed"], options=Options(exhaustive=True))


def test_actions_are_timed_by_steps_of_processes() -> None:
    p, client = clients(1, 3, 0, None)
    who = client.sorts[0]
    asked = p.variable("noted", array(who, integers(0, 1)), 0)

    @p.action(who, by="scribe", since=client.steps("ASK"), until=client.steps("AWAIT"), after=1)
    def note(i: Term) -> Step:
        return step(when(asked[i] == 0), update(asked[i], 1))

    assert client.steps("AWAIT") == ("client_await_is_served", "client_await_gives_up")
    assert [str(p) for p in p.system().clocks[0].positions] == ["i"]
    with pytest.raises(ModelError, match="point of process client"):
        client.steps("LOST")


# Mistakes --------------------------------------------------------------------------------------------------------
def one(p: Protocol, **_: Any) -> Any:
    return process(p, index("client", 2))


def test_what_has_no_meaning_is_refused_at_its_line() -> None:
    p = Protocol("wrong")
    flag = p.variable("flag", boolean(), False)

    with pytest.raises(DefinitionError, match=r"process w, ASK: a point has one deadline, and these are 1 and 2"):

        @one(p)
        def w(i):  # type: ignore[no-untyped-def]
            wait(1, within=1)
            yield at("ASK", within=2)

    with pytest.raises(DefinitionError, match=r"after=3 and within=2 leave no time"):

        @one(p)
        def v(i):  # type: ignore[no-untyped-def]
            wait(3)
            yield at("ASK", within=2)

    with pytest.raises(DefinitionError, match=r'process u, ASK: within= says .* fairness="none"'):

        @one(p)
        def u(i):  # type: ignore[no-untyped-def]
            yield at("ASK", within=2, fairness="none")

    with pytest.raises(DefinitionError, match=r"wait: after=-1 may be negative|wait=-1|after=-1 may be negative"):

        @one(p)
        def t(i):  # type: ignore[no-untyped-def]
            yield wait(-1)

    with pytest.raises(DefinitionError, match=r"time could stand still for ever: ASK and GO may have within=0"):

        @one(p)
        def s(i):  # type: ignore[no-untyped-def]
            while True:
                yield at("ASK", within=0)
                update(flag, ~flag)
                yield at("GO", within=0)

    _, client = clients(1, 2, 1, 2)
    with pytest.raises(DefinitionError, match=r"process client counts ticks up to 2 only.*capped=True"):
        forall(client.sorts[0], lambda i: client.elapsed(i) <= 1)
    with pytest.raises(DefinitionError, match=r"process client takes client for its ticks"):
        client.elapsed()
