"""The open encoding: every operator; explicit search never contradicts a proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import pytest
import z3
from hypothesis import HealthCheck, given, settings

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.proof.decide import Decider
from planrace.checker.engines.proof.encoding import _HANDLERS as OPENED
from planrace.checker.engines.proof.encoding import Open, OpenFrame
from planrace.checker.engines.proof.houdini import Prover
from planrace.checker.engines.proof.obligations import Obligations
from planrace.checker.engines.proof.sorts import UnencodableError
from planrace.checker.engines.proof.wellformed import defined
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    If,
    Index,
    ModelError,
    Op,
    Protocol,
    System,
    Term,
    array,
    boolean,
    both,
    count,
    each,
    exists,
    first,
    following,
    forall,
    index,
    integers,
    last,
    optional,
    step,
    subsets,
    such_that,
    sum_of,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.terms import equal
from planrace.properties import Invariant, StepInvariant, invariant, step_invariant
from planrace.properties.dns import fixed, original
from tests.systems import random_systems


def test_every_operator_has_a_handler() -> None:
    assert set(OPENED) == set(Op) - {Op.ENABLED}  # a guard stands in its place


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_what_is_proved_holds_in_every_state(drawn: tuple[System, list[Term], list[Term]]) -> None:
    """Random systems have fixed sizes; a proof uses sizes that are numbers: it may fail, but must not be wrong."""
    system, states, steps = drawn
    properties: list[Invariant | StepInvariant] = [
        *(invariant(f"state {k}", t, "random") for k, t in enumerate(states)),
        *(invariant(f"not state {k}", ~t, "random") for k, t in enumerate(states)),
        *(step_invariant(f"step {k}", t, "random") for k, t in enumerate(steps)),
        *(step_invariant(f"no step {k}", ~t, "random") for k, t in enumerate(steps)),
    ]
    system = replace(system, properties=tuple(properties))
    try:
        decider = Decider(system, rlimit=200_000)
        proved = [p for p in properties if decider.proves(system, p)]
        answers, _ = Search(system.instance(), proved, exhaustive=True, limits=Limits(states=300)).run()
    except (ModelError, UnencodableError):
        return  # a value or a position out of range, or a term without an open encoding
    assert [a.property.name for a in answers if a.verdict is Verdict.VIOLATED] == []


Worker = index("worker", 3)
Place = index("place", 4, ordered=True)
Small = integers(0, 3, "small")


def valid(term: Term) -> bool:
    """The axioms imply a term without variables."""
    empty = Protocol("none")
    empty.variable("x", boolean(), False)
    protocol = Protocol("one")
    protocol.variable("at", array(Worker, Place), first(Place))
    protocol.variable("load", array(Place, subsets(Small)), set())

    @protocol.action(by="nobody")
    def rest() -> Step:
        return step()

    encoder = Open(protocol.system())
    formula = encoder.encode(term, OpenFrame({}, encoder.state))
    solver = z3.Solver()
    solver.set("rlimit", 1_000_000)
    solver.add(z3.Not(formula), *encoder.axioms())
    return bool(solver.check() == z3.unsat)


def test_the_order_of_an_index() -> None:
    assert valid(forall(Place, lambda p: first(Place) <= p))
    assert valid(forall(Place, lambda p: p <= last(Place)))
    assert valid(following(last(Place)) == last(Place))
    assert valid(forall(Place, lambda p: (p == last(Place)) | (p < following(p))))
    assert valid(forall(Place, lambda p: forall(Place, lambda q: ~((p < q) & (q < following(p))))))
    assert not valid(forall(Place, lambda p: p < last(Place)))
    assert not valid(exists(Place, lambda p: p < first(Place)))


def as_many_as(number: int, sort: Index) -> Term:
    """There are at least that many different members."""

    def more(found: tuple[Term, ...]) -> Term:
        if len(found) == number:
            return both(*(a != b for a, b in combinations(found, 2)))
        return exists(sort, lambda x: more((*found, x)))

    return more(())


@pytest.mark.parametrize("ordered", [False, True])
def test_a_size_that_is_a_number_is_known(ordered: bool) -> None:
    for size in (2, 3):
        sort = index(f"of {size}", size, ordered=ordered)
        assert valid(as_many_as(size, sort))
        assert valid(~as_many_as(size + 1, sort))
    unknown = index("of any", Protocol("none").parameter("size", 3, 2, 5), ordered=ordered)
    assert not valid(as_many_as(3, unknown))
    assert not valid(~as_many_as(3, unknown))


def test_a_computed_position_has_a_value_where_it_never_leaves_the_array() -> None:
    """k + 1 where k is not the last slot, however many slots there are; of any other that is not shown."""
    protocol = Protocol("slots")
    slots = protocol.parameter("slots", 2, 1, 4)
    slot = integers(1, slots, "slot")
    line = protocol.variable("line", array(slot, boolean()), False)
    length = protocol.variable("length", integers(0, slots), 0)

    @protocol.action(by="nobody")
    def rest() -> Step:
        return step(update(length, length))

    encoder = Open(protocol.system())
    frame = OpenFrame({}, encoder.state)

    def has_a_value(read: Term) -> bool:
        solver = z3.Solver()
        solver.set("rlimit", 1_000_000)
        in_range = [encoder.range(v, encoder.state) for v in protocol.variables.values() if v.name == "length"]
        solver.add(*encoder.axioms(), *in_range, z3.Not(defined(encoder, read, frame)))
        return bool(solver.check() == z3.unsat)

    inside: list[Callable[[Term], Term]] = [
        lambda k: line[k],
        lambda k: line[If(k == slots, k, k + 1)],
        lambda k: line[If(k == 1, k, k - 1)],
        lambda k: (k < slots).implies(line[k + 1]),
        lambda k: (k >= slots) | line[k + 1] | line[k],
        lambda k: (length > 0) & line[length],
        lambda k: If(k == slots, line[k], line[k + 1]),
        lambda k: exists(slot, lambda j: (j < slots) & line[j + 1] & line[k]),
        lambda k: (k < slots).implies(each(slot, lambda j: line[j + 1])[k]),  # the others are not read
        lambda k: (k < slots).implies(each(slot, lambda j: each(slot, lambda i: line[i + 1] | line[j + 1]))[k][k]),
        lambda k: (length == 0) | (count(boolean(), lambda b: line[length] == b) == 1),
    ]
    for body in inside:
        assert has_a_value(forall(slot, body)), body
    leaving: list[Callable[[Term], Term]] = [
        lambda k: line[k + 1],
        lambda k: line[If(k == slots, k, k + 2)],
        lambda k: line[If(k < 2, k, k - 2)],
        lambda k: line[length],
        lambda k: line[1] & line[2],
        lambda k: line[k + 1] & (k < slots),  # too late: it is read first
        lambda k: line[k + 1] | (k >= slots),
        lambda k: exists(slot, lambda j: line[j + 1] & line[k]),
        lambda k: each(slot, lambda j: line[j + 1])[k],
        lambda k: each(slot, lambda j: line[k])[k + 1],
    ]
    for body in leaving:
        assert not has_a_value(forall(slot, body)), body


def test_sets_and_arrays_are_functions() -> None:
    low = such_that(Small, lambda x: x <= 1)
    assert valid(low == such_that(Small, lambda x: x < 2))
    assert valid(low.issubset(such_that(Small, lambda x: x <= 2)))
    assert not valid(such_that(Small, lambda x: x <= 2).issubset(low))
    assert valid((low | {3}) - {0, 1} == such_that(Small, lambda x: x == 3))
    assert valid(forall(Place, lambda p: each(Place, following)[p] == following(p)))
    assert valid(count(Small, lambda x: x < 2) == 2)


def test_what_has_no_open_encoding_is_named() -> None:
    some = index("some", Protocol("none").parameter("size", 3, 2, 5))
    with pytest.raises(UnencodableError, match=r"sum.*some, whose size is open"):
        valid(sum_of(some, lambda _: 1) == 3)
    assert valid(count(Worker, lambda w: w == w) == 3)  # noqa: PLR0124  (a term)


def adding(*, open_sizes: bool) -> tuple[System, Invariant]:
    """At most two workers are busy, as a sum says; the number of workers is open, or 9."""
    protocol = Protocol("counting")
    worker = index("worker", protocol.parameter("workers", 9, 1, 16) if open_sizes else 9)
    busy = protocol.variable("busy", array(worker, boolean()), False)

    @protocol.action(worker, by=worker)
    def begin(w: Term) -> Step:
        return step(when(count(worker, lambda v: busy[v]) < 2), update(busy[w], True))

    few = invariant("few", sum_of(worker, lambda w: If(busy[w], 1, 0)) <= 2, "few are busy")
    protocol.declare(few)
    return protocol.system(), few


def test_a_failure_to_encode_is_unknown_not_a_crash() -> None:
    system, few = adding(open_sizes=True)
    decision = Decider(system).decide(system, few)
    assert decision.verdict is Verdict.UNKNOWN
    assert "no open encoding" in decision.how
    assert "adding up" in decision.how


@pytest.mark.parametrize(("open_sizes", "fixed_sizes"), [(False, {}), (True, {"workers": 9})])
def test_a_protocol_of_one_size_is_decided_by_a_complete_search(open_sizes: bool, fixed_sizes: dict[str, int]) -> None:
    system, few = adding(open_sizes=open_sizes)
    decision = Decider(system, fixed_sizes).decide(system, few)
    assert decision.verdict is Verdict.HOLDS
    assert decision.argument is None
    assert decision.how == "complete search of its only size, 46 states"


def maybe_nobody() -> tuple[Protocol, Index, Term]:
    protocol = Protocol("maybe nobody")
    human = index("person", protocol.parameter("people", 1, 0, 3))
    awake = protocol.variable("awake", array(human, boolean()), False)
    last_seen = protocol.variable("last", optional(human), None)

    @protocol.action(human, by=human)
    def wake(p: Term) -> Step:
        return step(update(awake[p], True), update(last_seen, p))

    return protocol, human, awake


def test_an_index_may_be_empty() -> None:
    """Z3's sorts are never empty, but an index may be: what holds for some member need not hold at every size."""
    protocol, human, awake = maybe_nobody()
    nobody = protocol.variables["last"].term
    asked = {
        "awake or not": (forall(human, lambda p: awake[p] | ~awake[p]), True),
        "somebody": (exists(human, lambda p: awake[p] | ~awake[p]), False),
        "somebody if there are any": (exists(human, lambda p: p == p) | forall(human, lambda p: awake[p]), True),  # noqa: PLR0124
        "seen is there": (equal(nobody, None) | exists(human, lambda p: p == nobody), True),
        "all who are none": (such_that(human, lambda p: p == p) == such_that(human, lambda p: awake[p]), False),  # noqa: PLR0124
        "optional": (exists(optional(human), lambda m: equal(m, None)), True),
    }
    protocol.declare(*(invariant(name, term, "of people") for name, (term, _) in asked.items()))
    system = protocol.system()
    decider = Decider(system)
    verdicts = {p.name: decider.decide(system, p).verdict for p in system.properties}
    assert verdicts == {n: Verdict.HOLDS if holds else Verdict.VIOLATED for n, (_, holds) in asked.items()}


@pytest.mark.parametrize("size", [0, 1, 2, 3])
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("number", [False, True])
def test_the_axioms_have_a_model_of_every_size(size: int, ordered: bool, number: bool) -> None:
    """Contradictory axioms would prove everything; for a size of 0 they did."""
    protocol = Protocol("sized")
    n = protocol.parameter("n", 1, 0, 3)
    if number and size == 0:
        return  # no index has a size that is written as 0
    node = index("node", size if number else n, ordered=ordered)
    protocol.variable("known", array(node, subsets(optional(node))), set())

    @protocol.action(node, by=node)
    def rest(_: Term) -> Step:
        return step()

    encoder = Open(protocol.system())
    solver = z3.Solver()
    solver.add(*encoder.axioms(), encoder.parameters["n"] == size)
    assert solver.check() == z3.sat


def test_the_first_of_an_empty_sort_is_not_encoded() -> None:
    protocol = Protocol("queue of nobody")
    place = index("place", protocol.parameter("places", 1, 0, 3), ordered=True)
    free = protocol.variable("free", array(place, boolean()), True)

    @protocol.action(by="somebody")
    def sit() -> Step:
        return step(when(free[first(place)]), update(free[first(place)], False))

    protocol.declare(invariant("seated", forall(place, lambda p: free[p] | ~free[p]), "free or not"))
    system = protocol.system()
    (p,) = system.properties
    with pytest.raises(UnencodableError, match="place may have no member"):
        Prover(system, Obligations(system)).decide(p)
    with pytest.raises(ModelError, match=r"position 1 is not in 1…0.*at places=0"):
        Decider(system).decide(system, p)


@pytest.mark.parametrize("sizes", [{"enactors": 2, "endpoints": 2, "plans": 2, "keep": 1}])
def test_the_finite_encoding_agrees(sizes: dict[str, int]) -> None:
    """What is inductive for every size is inductive on an instance, by the other encoding and another solver logic."""
    for system in (fixed.system(["crash", "lock-expiry", "bad-plan"]), original.system([], ["transactional-check"])):
        facts = Prover(system, Obligations(system)).strongest()
        terms = [x.holds for a in system.proofs for x in a.lemmas if x.name in facts]
        terms += [p.holds for p in system.properties if p.name in facts]
        assert len(terms) > 5
        steps = Steps(system.instance(**sizes), terms)
        solver = z3.SolverFor("QF_BV")
        known = [steps.at(steps.legal(), 0), *(steps.at(steps.holds(t), 0) for t in terms)]
        solver.add(*known, steps.at(steps.relation, 0))
        solver.add(z3.Or(*(z3.Not(steps.at(steps.holds(t), 1)) for t in terms)))
        assert solver.check() == z3.unsat
        solver = z3.SolverFor("QF_BV")
        solver.add(*known, steps.at(steps.out_of_range, 0))
        ranges = [n for n in facts if n.startswith("range of")]
        assert (solver.check() == z3.unsat) == (len(ranges) == len(system.variables) - 2)  # all but lock and cursor


def test_a_parameter_that_may_be_none_meets_a_member() -> None:
    protocol = Protocol("chosen")
    node = index("node", 2, ordered=True)
    held = protocol.variable("held", node, last(node))

    @protocol.action(optional(node), by="somebody")
    def drop(q: Term) -> Step:
        return step(when(q == held), update(held, held))

    protocol.declare(step_invariant("own", taken("drop", q=held), "what is held is dropped"))
    system = protocol.system()
    found = Decider(system).decide(system, system.properties[0])
    assert found.verdict is Verdict.HOLDS
