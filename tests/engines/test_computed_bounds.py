"""Bounds that are computed from parameters: the same numbers in every engine, for every size, and in what is told."""

from __future__ import annotations

from typing import Any

import pytest

from planrace import local, process
from planrace.checker import check, prove
from planrace.checker.engines.proof.second_solver import confirm
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.listing import listed
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Term,
    array,
    index,
    integers,
    maximum,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.patterns import ordered, timer, unordered
from planrace.properties import invariant, reachable
from tests.proving import proving

pytestmark = pytest.mark.usefixtures("own_cache")

SEARCHES = ["explicit", "native", "induction", "spacer"]


def tickets(size: int | None = None, *, too_few: bool = False) -> Protocol:
    """Workers take tickets and stamp them; ``size`` makes all bounds numbers."""
    p = Protocol("tickets", "workers take tickets")
    n: Any = p.parameter("n", 2, 1, 4) if size is None else size
    worker, ticket = index("worker", n), integers(0, 2 * n - int(too_few), "ticket")
    stamp = integers(n - 1, n // 2 + n, "stamp")
    issued = p.variable("issued", ticket, 0)
    held = p.variable("held", array(worker, ticket), 0)
    used = p.variable("used", subsets(stamp), set())
    p.fault("loss", "a worker loses its ticket", at_most=n + 1)

    @p.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(when(held[w] == 0, issued < 2 * n), update(issued, issued + 1), update(held[w], issued + 1))

    @p.action(worker, stamp, by=worker)
    def use(w: Term, s: Term) -> Step:
        return step(when(held[w] == s, ~s.isin(used)), update(used, used | {s}))

    @p.action(worker, by=worker, fault="loss")
    def lose(w: Term) -> Step:
        return step(when(held[w] > 0), update(held[w], 0))

    p.final(issued >= 0)
    p.declare(
        invariant("bounded", issued <= 2 * n, "no more tickets than there are"),
        reachable("last", issued == 2 * n, "all tickets"),
    )
    return p


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_states_are_those_of_the_numbers(n: int) -> None:
    computed, numbers = check(tickets(), n=n, faults=["loss"]), check(tickets(n), faults=["loss"])
    assert computed.exploration is not None
    assert numbers.exploration is not None
    assert (computed.exploration.states, computed.exploration.transitions) == (
        numbers.exploration.states,
        numbers.exploration.transitions,
    )
    assert {f.name: f.verdict for f in computed.findings} == {f.name: f.verdict for f in numbers.findings}


@pytest.mark.parametrize("engine", [*SEARCHES, "bmc", "simulate"])
def test_a_value_beyond_a_computed_bound_is_an_error_in_every_engine(engine: str) -> None:
    with pytest.raises(ModelError, match=r"take assigns (issued|held\[w\]) the value \d, which its sort does not hold"):
        check(tickets(too_few=True), faults=["loss"], engine=engine)


@pytest.mark.parametrize("engine", SEARCHES)
def test_every_engine_agrees(engine: str) -> None:
    report = check(tickets(), n=1, properties=["bounded"], faults=["loss"], engine=engine)
    assert report.verdict is Verdict.HOLDS


def test_bounds_are_proved_for_every_size_and_confirmed() -> None:
    made = proving(tickets().variant("tickets"), faults=["loss"])
    report = made.run([p for p in made.system.properties if p.name == "bounded"])
    assert report.verdict is Verdict.HOLDS
    assert "at most n + 1" in report.proofs[0].statement
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    texts = dict(scripts(made.decider.obligations, made.discharged()))
    assert confirm(texts.items()).doubted == ()


def test_a_value_beyond_a_computed_bound_is_never_proved() -> None:
    with pytest.raises(ModelError, match="which its sort does not hold"):
        prove(tickets(too_few=True), faults=["loss"])


def test_a_sort_that_no_size_fills_is_refused_with_the_size() -> None:
    p = Protocol("empty")
    n = p.parameter("n", 1, 1, 4)
    x = p.variable("x", integers(2, n + 2), 3)

    @p.action(by="somebody")
    def go() -> Step:
        return step(update(x, 2))

    p.declare(invariant("in", x > 1, "it is in its range"))
    assert check(p).verdict is Verdict.HOLDS
    q = Protocol("late")
    m = q.parameter("m", 1, 0, 4)
    y = q.variable("y", integers(0, 2 * m), 3)

    @q.action(by="somebody")
    def went() -> Step:
        return step(update(y, 2))

    q.declare(invariant("in", y > 1, "it is in its range"))
    with pytest.raises(ModelError, match=r"3 is out of the range of number, 0…2 · m, which is 0…2 \(.*here m=1\)"):
        check(q)


def test_a_parameter_of_another_protocol_is_refused_in_a_computed_bound() -> None:
    foreign = Protocol("other").parameter("n", 1, 1, 4)
    with pytest.raises(DefinitionError, match="variable x: n is a parameter of another protocol"):
        Protocol("own").variable("x", integers(0, foreign + 1), 0)
    own = Protocol("own")
    with pytest.raises(DefinitionError, match="fault crash: n is a parameter of another protocol"):
        own.fault("crash", "it fails", at_most=2 * foreign)
    with pytest.raises(DefinitionError, match=r"fault late: at_most=k - 2 may be negative \(declare k with a greater"):
        own.fault("late", "it fails", at_most=own.parameter("k", 3, 1, 4) - 2)


def test_patterns_and_loops_take_computed_bounds() -> None:
    p = Protocol("lines")
    n = p.parameter("n", 2, 1, 3)
    line = ordered(p, "line", integers(0, n + 1, "code"), capacity=n + 1, blank=0)
    bag = unordered(p, "bag", integers(0, n), copies=maximum(n, 2))
    left = timer(p, "left", longest=2 * n)
    sent = p.variable("sent", integers(0, n + 1), 0)

    @process(p)
    def sender() -> Any:
        k = local(integers(0, n + 1), 0)
        for k in range(n - 1, n + 1):
            update(sent, sent + 1)
            line.sending(k)
            bag.sending(n)
            left.starting(2 * n)
            yield

    p.final(sent == 2)
    p.declare(reachable("all", (sent == 2) & (left.left == 2 * n), "both turns are taken"))
    assert check(p).verdict is Verdict.HOLDS
    assert check(p, n=3).verdict is Verdict.HOLDS


def test_what_is_told_shows_the_bound_as_it_is_written() -> None:
    made = tickets()
    assert listed(made.variant("more")).faults == {"loss": "a worker loses its ticket (at most n + 1 in a run)"}
    report = check(made, faults=["loss"])
    assert report.at_most == {"loss": 3}
