"""Members of ordered indexes as a ring and as numbers, and the least member: the same in every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check, prove
from planrace.checker.engines.proof.second_solver import confirm
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Term,
    array,
    boolean,
    both,
    distance,
    enumeration,
    exists,
    first,
    following,
    forall,
    index,
    integers,
    last,
    least,
    optional,
    position,
    preceding,
    predecessor,
    step,
    subsets,
    successor,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.operators import Op
from planrace.model.language.terms import make
from planrace.properties import invariant
from tests.engines.test_beyond import ENGINES, Cart, cart, refused
from tests.proving import proving

pytestmark = pytest.mark.usefixtures("own_cache")

SEARCHES = ["explicit", "native", "induction", "spacer"]
SIZE = 3


def walking(wrong: int = 0) -> Protocol:
    """Two members are chosen, and what the operators make of them is kept; the table says what Python computes."""
    p = Protocol("walking")
    place = index("place", SIZE, ordered=True)
    number = integers(0, SIZE, "number")
    x, y = (p.variable(n, place, first(place)) for n in "xy")
    found = {n: p.variable(n, place, first(place)) for n in ("before", "after", "left", "right", "next")}
    steps, at = p.variable("steps", number, 0), p.variable("at", number, 1)
    chosen = p.variable("chosen", boolean(), False)

    @p.action(place, place, by="somebody")
    def choose(a: Term, b: Term) -> Step:
        made = {
            "before": preceding(a),
            "after": following(a),
            "left": predecessor(a),
            "right": successor(a),
            "next": least(place, lambda z: z > a, default=b),
        }
        return step(
            when(~chosen),
            update(chosen, True),
            update(x, a),
            update(y, b),
            update(steps, distance(a, b)),
            update(at, position(a)),
            *(update(found[n], value) for n, value in made.items()),
        )

    p.final(chosen)
    table = []
    for a in range(1, SIZE + 1):
        for b in range(1, SIZE + 1):
            wanted = {
                "before": max(a - 1, 1),
                "after": min(a + 1, SIZE),
                "left": (a - 2) % SIZE + 1,
                "right": a % SIZE + 1,
                "next": min([z for z in range(1, SIZE + 1) if z > a], default=b),
            }
            same = [position(found[n]) == v for n, v in wanted.items()]
            same += [steps == (b - a) % SIZE + wrong * (a == SIZE), at == a]
            table.append((chosen & (position(x) == a) & (position(y) == b)).implies(both(*same)))
    p.declare(invariant("like Python", both(*table), "it is what Python computes"))
    return p


@pytest.mark.parametrize("engine", SEARCHES)
def test_walks_are_those_of_python(engine: str) -> None:
    assert check(walking(), engine=engine).verdict is Verdict.HOLDS


@pytest.mark.parametrize("engine", [*SEARCHES, "bmc"])
def test_another_distance_is_noticed(engine: str) -> None:
    assert check(walking(wrong=1), engine=engine).findings[0].verdict is Verdict.VIOLATED


def token(jump: bool = False) -> Protocol:
    """A token goes round; a message follows it."""
    p = Protocol("token", "a token goes round a ring")
    node = index("node", p.parameter("nodes", 3, 1, 5), ordered=True)
    holder = p.variable("holder", node, first(node))
    behind = p.variable("behind", node, first(node))
    lead = p.variable("lead", boolean(), False)

    @p.action(by="network")
    def go() -> Step:
        return step(when(~lead), update(holder, successor(holder)), update(lead, True))

    @p.action(by="network")
    def follow() -> Step:
        return step(when(lead), update(behind, predecessor(behind) if jump else successor(behind)), update(lead, False))

    apart = successor(behind) == holder
    p.declare(
        invariant("close", (distance(behind, holder) <= 1) & (lead.implies(apart)), "at most one node behind"),
        invariant("together", (~lead).implies(behind == holder), "the message has come"),
        invariant("back", predecessor(successor(holder)) == holder, "one forth and one back"),
        invariant("numbered", (position(holder) >= 1) & (position(holder) <= position(last(node))), "it is a number"),
        invariant("injective", forall(node, lambda n: (position(n) == position(holder)).implies(n == holder)), "own"),
    )
    return p


def test_a_ring_is_proved_for_every_size_and_confirmed() -> None:
    made = proving(token().variant("token"))
    assert made.run(made.system.properties).verdict is Verdict.HOLDS
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    texts = dict(scripts(made.decider.obligations, made.discharged()))
    assert confirm(texts.items()).doubted == ()


def test_a_step_back_in_the_ring_is_refuted() -> None:
    report = prove(token(jump=True), properties=["together"])
    assert {f.name: f.verdict for f in report.findings}["together"] is Verdict.VIOLATED


# The least member ----------------------------------------------------------------------------------------------
MISSING: dict[str, Callable[[Cart], Term]] = {
    "number": lambda c: least(integers(1, 3), lambda z: z > c.at) > 9,
    "whatever it is compared with": lambda c: least(integers(1, 3), lambda z: z > c.at) == 0,
    "whatever it is multiplied by": lambda c: least(integers(1, 3), lambda z: z > c.at) * 0 > 1,
    "of a set": lambda c: least(c.held[1]) > 9,
    "of a set with a condition": lambda c: least(c.held[1], lambda z: z > c.at) > 9,
    "position": lambda c: c.load[least(integers(1, 3), lambda z: z > c.at)] > 9,
    "within a quantifier": lambda c: exists(integers(1, 2), lambda x: least(integers(1, 3), lambda z: z > c.at) > 9),
    "read on the way": lambda c: least(integers(1, 3), lambda z: c.load[c.at + z] > 9, default=1) > 9,
}


@pytest.mark.parametrize("name", MISSING)
def test_a_least_member_that_is_not_there_is_the_same_error_in_every_engine(name: str) -> None:
    system = cart(MISSING[name])
    told = {str(refused(system, engine)) for engine in [*ENGINES, "simulate"]}
    problem = refused(system, "explicit")
    assert told == {str(problem)}
    assert problem.what.startswith("go: ")
    assert problem.where is not None


@pytest.mark.parametrize("engine", SEARCHES)
def test_a_least_member_that_is_guarded_or_has_a_default_is_no_error(engine: str) -> None:
    later = integers(1, 3)
    guarded = cart(lambda c: exists(later, lambda z: z > c.at) & (least(later, lambda z: z > c.at) > 9))
    assert check(guarded, engine=engine).findings[0].verdict is Verdict.HOLDS
    default = cart(lambda c: least(later, lambda z: z > c.at, default=9) == 9)
    assert check(default, engine=engine).findings[0].verdict is Verdict.VIOLATED


@pytest.mark.parametrize("engine", SEARCHES)
def test_a_property_without_a_least_member_has_no_value(engine: str) -> None:
    system = cart(asked=lambda c: invariant("calm", least(integers(1, 3), lambda z: z > c.at) > 0, "there is one"))
    assert "property calm: least(z ∈ number. at < z): there is none" in refused(system, engine).what


def tickets(guarded: bool = True, *, open_size: bool = False) -> Protocol:
    """The first free ticket is taken."""
    p = Protocol("tickets", "tickets are taken in order")
    worker = index("worker", p.parameter("workers", 2, 1, 4), symmetric=True)
    ticket = index("ticket", p.parameter("tickets", 2, 1, 4), ordered=True) if open_size else integers(1, 3, "ticket")
    used = p.variable("used", subsets(ticket), set())
    taken = p.variable("taken", array(worker, boolean()), False)

    @p.action(worker, by=worker)
    def take(w: Term) -> Step:
        free = least(ticket, lambda t: ~t.isin(used))
        guard = when(exists(ticket, lambda t: ~t.isin(used))) if guarded else when()
        return step(guard, when(~taken[w]), update(taken[w], True), update(used, used | {free}))

    no_gaps = forall(ticket, lambda t: t.isin(used).implies(forall(ticket, lambda s: (s < t).implies(s.isin(used)))))
    p.final(both())
    p.declare(invariant("no-gaps", no_gaps, "no ticket is passed over"))
    return p


def test_a_guarded_least_member_is_proved_and_confirmed() -> None:
    made = proving(tickets().variant("tickets"))
    report = made.run(made.system.properties)
    assert report.verdict is Verdict.HOLDS
    shown = {(o.kind, o.fact, o.action) for q in report.proofs for o in q.obligations}
    assert ("model", "no least member is missing", "take") in shown
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    texts = dict(scripts(made.decider.obligations, made.discharged()))
    assert confirm(texts.items()).doubted == ()


def test_a_least_member_that_may_be_missing_is_never_proved() -> None:
    with pytest.raises(ModelError, match=r"take: least\(t ∈ ticket\. .*\): there is none"):
        prove(tickets(guarded=False))


def test_a_least_member_of_open_size_is_left_undecided_and_searched() -> None:
    report = prove(tickets(open_size=True))
    assert report.verdict is Verdict.UNKNOWN
    assert "choosing among the members of ticket, whose size is open" in report.findings[0].how
    for engine in SEARCHES:
        assert check(tickets(open_size=True), engine=engine).verdict is Verdict.HOLDS


def test_a_least_member_may_be_an_initial_value() -> None:
    p = Protocol("late")
    n = p.parameter("n", 3, 1, 4)
    x = p.variable("x", integers(0, 4), least(integers(0, 4), lambda z: z * z > n))

    @p.action(by="somebody")
    def go() -> Step:
        return step(when(x > 0), update(x, x - 1))

    p.declare(invariant("root", x <= 2, "3 < 2 * 2"))
    assert check(p).verdict is Verdict.HOLDS
    q = Protocol("never")
    m = q.parameter("m", 9, 1, 9)
    y = q.variable("y", integers(0, 4), least(integers(0, 4), lambda z: z > m))
    q.action(by="somebody")(go_down(y))
    q.declare(invariant("root", y <= 2, "there is none"))
    with pytest.raises(ModelError, match=r"there is none at these sizes \(give it a default"):
        check(q)


def go_down(y: Term) -> Callable[[], Step]:
    def go() -> Step:
        return step(when(y > 0), update(y, y - 1))

    return go


LETTER = enumeration("letter", "A B")
FRIEND, GUEST = index("friend", 2, symmetric=True), index("guest", 2)
ORDERED = index("rank", 2, ordered=True)
SLIPS: dict[str, tuple[str, Callable[[], Any]]] = {
    "symmetric": (
        r"least: members of friend are interchangeable, so none of them comes first \(give the action a parameter over",
        lambda: least(FRIEND, lambda f: both()),
    ),
    "no order": (
        r"least: no guest comes first \(declare guest with ordered=True, and take the index itself",
        lambda: least(GUEST, lambda g: both()),
    ),
    "optional": (
        r"least: no rank or none comes first",
        lambda: least(optional(ORDERED), lambda g: g != None),  # noqa: E711
    ),
    "truth": (r"least: no truth value comes first", lambda: least(boolean(), lambda b: b)),
    "no function": (r"least\(letter\) lacks its function", lambda: least(LETTER)),
    "default of another sort": (
        r"If: one branch is a letter, the other a whole number",
        lambda: least(LETTER, lambda x: x == LETTER.B, default=1),
    ),
    "ring of what has no order": (r"successor: guest is not an ordered index", lambda: successor(of(GUEST))),
    "number of what has no order": (r"position: friend is not an ordered index", lambda: position(of(FRIEND))),
    "distance of two sorts": (
        r"distance: .* is a letter, but a rank is expected",
        lambda: distance(of(ORDERED), LETTER.A),
    ),
}


def of(sort: Any) -> Term:
    """Any member."""
    return make(Op.BOUND, (), sort, ("m", 0))


@pytest.mark.parametrize("name", SLIPS)
def test_slips_are_told_with_their_remedy(name: str) -> None:
    message, slip = SLIPS[name]
    with pytest.raises(DefinitionError, match=message):
        slip()
