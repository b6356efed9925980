"""Solver engines on unusual models: wrong models are errors, nothing is proved without an initial state, and numbers
may be wide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from planrace.checker import Options, check
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.symbolic.bmc import Bounded
from planrace.checker.engines.symbolic.transition import Steps
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    Instance,
    ModelError,
    Protocol,
    Step,
    array,
    integers,
    step,
    subsets,
    such_that,
    taken,
    update,
    when,
)
from planrace.model.language.terms import constant
from planrace.properties import invariant, reachable, step_invariant
from tests import naive
from tests.engines.symbolic.searches import engine

ENGINES = ["bmc", "induction", "spacer"]
FAR = 2**40


def verdicts(report: Report) -> dict[str, str]:
    return {f.name: f.verdict.word for f in report.findings}


def resting(start: int = 0) -> Instance:
    """A number from 0 to 3 that stays what it is; it starts with ``start``, whatever its sort says: so no definition
    and no call for an instance has checked it."""
    p = Protocol("resting")
    n = p.variable("n", integers(0, 3), 0)

    @p.action(by="nobody")
    def stay() -> Step:
        return step(update(n, n))

    p.declare(invariant("nothing", n != n, "no state is good"))  # noqa: PLR0124  (a term)
    system = p.system()
    (v,) = system.variables
    return Instance(replace(system, variables=(replace(v, initially=constant(start, v.sort)),)), ())


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("start", [-1, 4, 9])
def test_an_initial_value_out_of_its_range_is_an_error(name: str, start: int) -> None:
    instance = resting(start)
    with pytest.raises(ModelError, match=f"variable n starts with {start}, which its sort does not hold"):
        engine(name)(instance, instance.system.properties).run()


@pytest.mark.parametrize("name", ENGINES)
def test_without_an_initial_state_nothing_holds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever makes the initial state impossible, no engine concludes anything from that."""
    instance = resting()
    monkeypatch.setattr(Steps, "_check_initial", lambda _: None)
    monkeypatch.setattr(Steps, "_values", lambda *_: [7])
    with pytest.raises(ModelError, match="resting has no initial state"):
        engine(name)(instance, instance.system.properties).run()


@pytest.mark.parametrize("name", ENGINES)
def test_engines_agree_if_no_action_is_ever_enabled(name: str) -> None:
    p = Protocol("still")
    n = p.variable("n", integers(0, 3), 0)

    @p.action(by="nobody")
    def leap() -> Step:
        return step(when(n > 5), update(n, 1))

    p.declare(invariant("zero", n == 0, "zero"), step_invariant("never", ~taken("leap"), "never"))
    p.declare(reachable("one", n == 1, "one"), reachable("sometimes", taken("leap"), "sometimes"))
    p.final(n == 0)  # else that nothing happens is an error
    report = check(p, options=Options(engine=name))
    assert verdicts(report) == verdicts(check(p))
    assert {f.how for f in report.findings} == {"bounded model checking, complete: the initial state enables no step"}
    assert [(w.kind, w.subject) for w in report.warnings] == [("never happens", "leap")]


@pytest.mark.parametrize("name", ENGINES)
def test_a_value_out_of_range_is_an_error_wherever_the_search_ends(name: str) -> None:
    p = Protocol("over")
    n = p.variable("n", integers(0, 5), 0)
    m = p.variable("m", integers(0, 40), 0)

    @p.action(by="clock")
    def up() -> Step:
        return step(when(m >= 3), update(n, n + 3))

    @p.action(by="clock")
    def more() -> Step:
        return step(when(m < 40), update(m, m + 1))

    p.declare(invariant("few", m != 35, "few"))
    with pytest.raises(RangeError, match="up assigns n the value 6"):
        check(p, options=Options(engine=name, depth=10))


def counting() -> Protocol:
    """A wide number beside sets: of two members, of members far away, and in an array."""
    p = Protocol("counting")
    n = p.variable("n", integers(0, FAR), 0)
    near = p.variable("near", subsets(integers(0, 1)), set())
    far = p.variable("far", subsets(integers(FAR - 1, FAR)), set())
    row = p.variable("row", array(integers(1, 2), subsets(integers(0, 1))), set())

    @p.action(by="a")
    def double() -> Step:
        return step(when(n < FAR // 2), update(n, n + n + 1), update(near, near | {1}))

    @p.action(by="a")
    def leap() -> Step:
        return step(when(n == 7), update(n, FAR), update(far, far | {FAR}), update(row[2], row[1] | {0}))

    p.declare(
        invariant("not-seven", n != 7, "n is not 7"),
        invariant("near-is-one", near.issubset({1}), "zero is never near"),
        invariant("far-is-at-the-end", ~n.isin(far) | (n == FAR), "who is far is at the end"),
        reachable("far", n.isin(far), "n gets far"),
        reachable("both", ({n} | near) == {1, FAR}, "the number and what is near"),
        reachable("row", row[2] == such_that(integers(0, 1), lambda x: x == 0), "the row is written"),
        invariant("apart", (near & far) == set(), "near and far have nothing in common"),
        invariant("unlike", ~(n + n + 2).isin((far | {n + n + 2}) - {n + n + 2}), "what is taken away is gone"),
    )
    return p


@pytest.mark.parametrize("name", ENGINES)
def test_a_wide_number_beside_a_set(name: str) -> None:
    report = check(counting(), options=Options(engine=name, depth=41))
    shortest = naive.search(counting().system().instance()).shortest
    assert {f.name: f.depth for f in report.findings if f.depth is not None} == shortest
    assert Verdict.UNKNOWN not in {f.verdict for f in report.findings}


def test_what_the_solver_does_not_know_is_no_range_that_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    import z3

    instance = resting()
    bounded = Bounded(instance, instance.system.properties, limits=Limits(depth=3))
    bounded.deepen(0)
    monkeypatch.setattr(bounded.solving, "check", lambda *_: z3.unknown)
    assert "the solver gave up at depth 1" in str(bounded.leaves_no_range(1))
