"""Model errors are obligations of every proof: ranges, positions, two values for one place, names."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from planrace.checker import Report, check, matrix, prove, render
from planrace.checker.engines.proof.decide import Decider
from planrace.checker.engines.proof.second_solver import confirm
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    If,
    ModelError,
    Protocol,
    Term,
    array,
    boolean,
    each,
    first,
    following,
    forall,
    index,
    integers,
    optional,
    primed,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.terms import Value
from planrace.properties import invariant, lemma, proof, recoverable, step_invariant
from planrace.properties.schedule import Plan, plan, schedule, take
from tests.proving import proving

Made = Callable[[], Protocol]


def counter(grows: Callable[[Term, Term], Term], most: int = 5) -> Protocol:
    """A number in 0…n, and a step that changes it."""
    protocol = Protocol("counter")
    n = protocol.parameter("n", 2, 1, most)
    x = protocol.variable("x", integers(0, n), 0)

    @protocol.action(by="someone")
    def up() -> Step:
        return grows(x, n.term)  # type: ignore[return-value]

    protocol.declare(invariant("safe", x >= 0, "x is no less than 0"))
    return protocol


def leaves_its_range() -> Protocol:
    return counter(lambda x, n: step(update(x, x + 1)))  # type: ignore[arg-type, return-value]


def two_values() -> Protocol:
    """For i = j the two updates contradict each other."""
    protocol = Protocol("two values")
    node = index("node", protocol.parameter("n", 2, 1, 5))
    x = protocol.variable("x", array(node, boolean()), False)

    @protocol.action(node, node, by="someone")
    def go(i: Term, j: Term) -> Step:
        return step(update(x[j], True), update(x[i], False))

    protocol.declare(invariant("safe", forall(node, lambda i: x[i].implies(x[i])), "nothing"))
    return protocol


def beyond_the_array() -> Protocol:
    protocol = Protocol("beyond")
    size = protocol.parameter("size", 3, 1, 6)
    slot = integers(1, size, "slot")
    made = protocol.variable("made", integers(0, size), 0)
    done = protocol.variable("done", array(slot, boolean()), False)

    @protocol.action(by="maker")
    def make() -> Step:
        return step(when(~done[made + 1]), update(done[made + 1], True), update(made, If(made < size, made + 1, made)))

    protocol.declare(invariant("safe", made >= 0, "made is no less than 0"))
    return protocol


def a_property_beyond_the_array() -> Protocol:
    """The steps are correct; the property reads outside the array."""
    protocol = Protocol("asked")
    size = protocol.parameter("size", 3, 1, 6)
    slot = integers(1, size, "slot")
    made = protocol.variable("made", integers(0, size), 0)
    done = protocol.variable("done", array(slot, boolean()), False)

    @protocol.action(by="maker")
    def make() -> Step:
        return step(when(made < size), update(made, made + 1))

    protocol.declare(invariant("safe", ~done[made + 1], "nothing is done"))
    return protocol


def a_set_that_grows() -> Protocol:
    protocol = Protocol("set")
    n = protocol.parameter("n", 2, 1, 5)
    seen = protocol.variable("seen", subsets(integers(0, n)), set())
    at = protocol.variable("at", integers(0, n), 0)

    @protocol.action(by="someone")
    def see() -> Step:
        return step(update(seen, seen | {at + 1}), update(at, If(at < n, at + 1, at)))

    protocol.declare(invariant("safe", at >= 0, "at is no less than 0"))
    return protocol


WRONG: dict[str, tuple[Made, str]] = {
    "range": (leaves_its_range, r"test_wrong_models\.py:\d+: up assigns x the value 2.*at n=1 \(strengthen the guard"),
    "two values": (two_values, r"go assigns x\[i\] two values in one step.*at n=1"),
    "position": (beyond_the_array, r"done\[made \+ 1\]: position 2 is not in 1…1.*at size=1"),
    "property": (a_property_beyond_the_array, r"done\[made \+ 1\]: position 2 is not in 1…1.*at size=1"),
    "set": (a_set_that_grows, r"see assigns seen the value .*2.*, which its sort does not hold.*at n=1"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_model_error_is_also_found_by_a_proof(name: str) -> None:
    """A regression: all of these were proved for every size."""
    made, message = WRONG[name]
    for infer in (False, True):
        with pytest.raises(ModelError, match=message):
            prove(made(), infer=infer)
    with pytest.raises(ModelError):
        check(made())


def test_an_error_of_great_sizes_only_is_found() -> None:
    protocol = Protocol("late")
    k = protocol.parameter("k", 2, 1, 50)
    z = protocol.variable("z", integers(0, 7), 0)

    @protocol.action(by="someone")
    def up() -> Step:
        return step(when(z < k), update(z, z + 1))

    protocol.declare(invariant("safe", z >= 0, "z is no less than 0"))
    assert check(protocol).verdict is Verdict.HOLDS
    assert prove(protocol, {"k": 7}).verdict is Verdict.HOLDS
    with pytest.raises(ModelError, match=r"up assigns z the value 8.*at k=8"):
        prove(protocol)


def pair(*lemmas: Callable[[Term, Term], Value]) -> Protocol:
    """Two numbers that are always alike: the range of the second rests on that."""
    protocol = Protocol("pair")
    n = protocol.parameter("n", 2, 1, 400)
    a = protocol.variable("a", integers(0, n), 0)
    b = protocol.variable("b", integers(0, n), 0)

    @protocol.action(by="someone")
    def up() -> Step:
        return step(when(a < n), update(a, a + 1), update(b, b + 1))

    protocol.declare(invariant("safe", a >= 0, "a is no less than 0"))
    protocol.argue(proof([lemma(f"lemma {k}", x(a, b), "of both") for k, x in enumerate(lemmas)]))
    return protocol


def test_a_range_that_is_not_shown_leaves_all_unknown() -> None:
    """No error is reachable, but this is not shown; with a lemma that shows it, everything is proved."""
    report = prove(pair())
    (found,) = report.findings
    assert found.verdict is Verdict.UNKNOWN
    assert found.how.startswith("not proved: range of b is not shown after up (the solver has a counterexample")
    assert "from the state that is shown up assigns b the value 2, which its sort does not hold" in found.how
    assert found.cti is not None
    assert (dict(found.cti.trace.initial), found.cti.trace.steps) == ({"a": 0, "b": 1}, ())
    assert "a: 0, b: 1" in render(report)
    assert prove(pair(lambda a, b: a == b)).verdict is Verdict.HOLDS


def slots(guarded: bool = True) -> Protocol:
    """A place that is computed and guarded."""
    protocol = Protocol("slots")
    size = protocol.parameter("size", 3, 1, 6)
    slot = integers(1, size, "slot")
    made = protocol.variable("made", integers(0, size), 0)
    done = protocol.variable("done", array(slot, boolean()), False)

    @protocol.action(by="maker")
    def make() -> Step:
        return step(when(made < size, ~done[made + 1]), update(done[made + 1], True), update(made, made + 1))

    protocol.declare(invariant("in order", forall(slot, lambda s: (s <= made).implies(done[s])), "made is done"))
    return protocol


def test_a_guarded_position_is_proved() -> None:
    report = prove(slots())
    assert report.verdict is Verdict.HOLDS
    assert report.findings[0].how == "proof for every size: 1 conjunct and 1 range, 5 obligations"
    shown = {(o.kind, o.fact, o.action) for p in report.proofs for o in p.obligations}
    assert ("model", "every position is inside its array", "make") in shown
    assert ("conjunct", "range of made", "initially") in shown
    assert ("conjunct", "range of made", "make") in shown


def test_such_obligations_are_exported_and_confirmed() -> None:
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    made = proving(slots().variant("slots"))
    assert made.run(made.system.properties).verdict is Verdict.HOLDS
    texts = dict(scripts(made.decider.obligations, made.discharged()))
    assert any("every-position-is-inside-its-array-make" in name for name in texts)
    assert any("range-of-made-make" in name for name in texts)
    answer = confirm(texts.items())
    assert (answer.doubted, answer.asked) == ((), 5)


def rows(*, apart: bool) -> Protocol:
    """A row and an element of a row in one step."""
    protocol = Protocol("rows")
    node = index("node", protocol.parameter("n", 2, 1, 3))
    seen = protocol.variable("seen", array(node, array(node, boolean())), False)

    @protocol.action(node, node, node, by="someone")
    def go(i: Term, j: Term, k: Term) -> Step:
        guard = when(i != j) if apart else when()
        return step(guard, update(seen[i], each(node, lambda m: m == i)), update(seen[j][k], True))

    protocol.declare(invariant("safe", forall(node, lambda i: forall(node, lambda j: seen[i][j] | ~seen[i][j])), "it"))
    return protocol


def test_a_row_and_an_element_of_it_are_two_values() -> None:
    assert prove(rows(apart=True)).verdict is Verdict.HOLDS
    with pytest.raises(ModelError, match=r"go assigns seen\[j\]\[k\] two values in one step"):
        prove(rows(apart=False))


def test_values_that_agree_are_one() -> None:
    protocol = Protocol("agreed")
    node = index("node", protocol.parameter("n", 2, 1, 3))
    x = protocol.variable("x", array(node, boolean()), False)

    @protocol.action(node, node, by="someone")
    def go(i: Term, j: Term) -> Step:
        return step(update(x[i], True), update(x[j], i == j))

    protocol.declare(invariant("safe", forall(node, lambda i: x[i] | ~x[i]), "it"))
    assert prove(protocol).verdict is Verdict.HOLDS
    assert check(protocol).verdict is Verdict.HOLDS


# Names ---------------------------------------------------------------------------------------------------------
def test_actions_that_differ_in_their_names_only_are_two() -> None:
    """A regression: a result for the first action was reused for the second, so that "the second never happens" was
    proved."""
    protocol = Protocol("twins")
    protocol.variable("s", integers(0, 1), 0)
    protocol.action(by="x")(named("one"))
    protocol.action(by="x")(named("two"))
    protocol.declare(
        step_invariant("no one", ~taken("one"), "one never happens"),
        step_invariant("no two", ~taken("two"), "two never happens"),
    )
    assert [f.verdict for f in prove(protocol).findings] == [Verdict.VIOLATED] * 2


def named(name: str) -> Callable[[], Step]:
    def rest() -> Step:
        return step()

    rest.__name__ = name
    return rest


@pytest.mark.parametrize("name", ["safe", "range of a"])
def test_conjuncts_have_names_of_their_own(name: str) -> None:
    """A regression: the last conjunct of a name replaced the others, so a lemma that always holds stood for the
    range."""
    system = pair().system()
    (a, _) = system.variables
    system = replace(system, proofs=(proof([lemma(name, a.term >= 0, "a again")]),))
    with pytest.raises(ModelError, match=rf"{name} has the name of another conjunct"):
        Decider(system)


# Faults --------------------------------------------------------------------------------------------------------
def leased() -> Protocol:
    """Only a fault frees what is held."""
    protocol = Protocol("leased")
    client = index("client", protocol.parameter("clients", 2, 1, 3))
    held = protocol.variable("held", boolean(), False)
    protocol.fault("expiry", "a lease runs out")

    @protocol.action(client, by=client)
    def grab(_: Term) -> Step:
        return step(when(~held), update(held, True))

    @protocol.action(by="clock", fault="expiry", tags=["lease"])
    def expire() -> Step:
        return step(when(held), update(held, False))

    @schedule("frees", meaning="the lease runs out")
    def wait() -> Plan:
        return plan(held | ~held, [take("expire", "expire", when=held)], [If(held, 1, 0)])

    protocol.declare(recoverable("frees", ~held, "it can become free", helpers={"lease"}))
    protocol.argue(proof([], schedules=[wait]))
    return protocol


def test_recovery_by_a_fault_does_not_count_without_the_fault() -> None:
    assert check(leased()).verdict is Verdict.VIOLATED
    assert prove(leased()).verdict is Verdict.UNKNOWN
    assert prove(leased(), faults=["expiry"]).verdict is Verdict.HOLDS


def test_schedules_may_share_their_rules() -> None:
    """A regression: a result about a rule on the way to one goal was reused for another goal."""
    protocol = Protocol("shared")
    n = protocol.parameter("n", 2, 1, 3)
    left = protocol.variable("left", integers(0, n), n)
    stuck = protocol.variable("stuck", boolean(), False)

    @protocol.action(by="worker", tags=["work"])
    def work() -> Step:
        return step(when(left > 0), update(left, left - 1), update(stuck, True))

    rule = take("work", "work", when=left > 0)

    @schedule("done", meaning="work")
    def finish() -> Plan:
        return plan(left >= 0, [rule], [left])

    @schedule("free", meaning="work")
    def free() -> Plan:
        return plan((left > 0) & ~stuck, [rule], [left])

    protocol.declare(
        recoverable("done", left == 0, "all is done", helpers={"work"}),
        recoverable(
            "free",
            (left == 0) & ~stuck,
            "all is done and nothing stuck",
            wherever=(left > 0) & ~stuck,
            helpers={"work"},
        ),
    )
    protocol.argue(proof([], schedules=[finish, free]))
    assert {f.name: f.verdict for f in prove(protocol).findings} == {"done": Verdict.HOLDS, "free": Verdict.UNKNOWN}
    assert {f.name: f.verdict for f in check(protocol).findings} == {"done": Verdict.HOLDS, "free": Verdict.VIOLATED}


def test_a_model_that_is_wrong_with_a_fault_is_right_without() -> None:
    protocol = Protocol("faulty")
    n = protocol.parameter("n", 2, 1, 5)
    x = protocol.variable("x", integers(0, n), 0)
    protocol.fault("flood", "too much comes")

    @protocol.action(by="someone")
    def up() -> Step:
        return step(when(x < n), update(x, x + 1))

    @protocol.action(by="weather", fault="flood")
    def pour() -> Step:
        return step(update(x, x + 2))

    protocol.declare(invariant("safe", x >= 0, "x is no less than 0"))
    report = prove(protocol)
    assert report.verdict is Verdict.HOLDS
    assert "with flood the model is wrong: pour assigns x the value 2" in report.findings[0].how
    assert prove(protocol, infer=True).verdict is Verdict.HOLDS
    with pytest.raises(ModelError, match="pour assigns x the value 2"):
        prove(protocol, faults=["flood"])
    with pytest.raises(ModelError, match=r"pour assigns x the value 2.*, at n=1, with no protection and flood"):
        matrix(protocol)


# Optional members ----------------------------------------------------------------------------------------------
def holders() -> Protocol:
    """Members and optional members meet in comparisons, positions, sets and parameters."""
    protocol = Protocol("holders")
    node = index("node", protocol.parameter("n", 2, 1, 3), ordered=True)
    holder = protocol.variable("holder", optional(node), first(node))
    known = protocol.variable("known", subsets(optional(node)), set())
    seen = protocol.variable("seen", subsets(node), set())
    count_of = protocol.variable("of", array(optional(node), boolean()), False)

    @protocol.action(node, by=node)
    def take_it(i: Term) -> Step:
        return step(when(holder == None), update(holder, i), update(seen, seen | {i}), update(count_of[i], True))  # noqa: E711

    @protocol.action(node, by=node)
    def give(i: Term) -> Step:
        return step(when(holder == i), update(holder, None), update(known, seen), update(count_of[holder], True))

    @protocol.action(optional(node), by="someone")
    def name(m: Term) -> Step:
        return step(update(holder, m))

    protocol.declare(
        invariant("members", forall(node, lambda i: i.isin(known).implies(i.isin(seen))), "who is known was seen"),
        invariant("subset", known.issubset(seen), "who is known was seen"),
        invariant("no less", (seen - known) == (seen - known), "it is what it is"),
        invariant("one of them", (seen & known).issubset(known | seen), "the meet is in the join"),
        invariant("not none", ~known.issubset(seen) | ~(holder == None) | (following(first(node)) >= first(node)), "."),  # noqa: E711
        step_invariant("named", taken("name", m=holder).implies(primed(holder) == holder), "naming the holder"),
        step_invariant("given", taken("give", i=first(node)).implies(holder == first(node)), "the first gives"),
    )
    return protocol


def test_members_meet_optional_members() -> None:
    """A regression: combining sets of members with sets of optional members crashed."""
    report: Report = prove(holders())
    assert {f.name: f.verdict for f in report.findings} == {f.name: Verdict.HOLDS for f in report.findings}
    assert check(holders()).verdict is Verdict.HOLDS


def test_the_obligations_are_in_the_table(tmp_path: Path) -> None:
    """Every action is listed under what must not happen."""
    text = render(prove(slots()))
    assert re.search(r"every position is inside its array", text)
    assert re.search(r"range of made: made stays in the range of its sort", text)
