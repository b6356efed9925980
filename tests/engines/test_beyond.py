"""A read outside an array is the same error in every engine, wherever it occurs; what is not evaluated is no error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import Options, check
from planrace.checker.engines.symbolic.cti import counterexample_to_induction
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    If,
    Protocol,
    System,
    Term,
    array,
    boolean,
    both,
    changed,
    count,
    each,
    either,
    exists,
    forall,
    index,
    integers,
    otherwise,
    outcome,
    primed,
    says,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.model.language.actions import Step, Update
from planrace.properties import eventually_always, infinitely_often, invariant, leads_to, recoverable, step_invariant
from planrace.properties.kinds import Invariant, Property

pytestmark = pytest.mark.usefixtures("own_cache")

PLACE, LOAD = integers(1, 3, "place"), integers(0, 3, "load")
ENGINES = ["explicit", "native", "bmc", "induction", "spacer"]


@dataclass
class Cart:
    """Variables that terms are about."""

    at: Term
    load: Term
    grid: Term
    held: Term
    flag: Term


def cart(
    guard: Callable[[Cart], Term] = lambda c: c.at > 9,
    ending: Callable[[Cart], Term] | None = None,
    updates: Callable[[Cart], list[Update]] = lambda c: [update(c.flag, True)],
    asked: Callable[[Cart], Property] = lambda c: invariant("quiet", ~c.flag, "nothing happens"),
) -> System:
    """``at`` goes from 1 to 3, and ``go`` does what is given; ``load[at + 1]`` has no value where ``at`` is 3."""
    p = Protocol("cart")
    c = Cart(
        p.variable("at", PLACE, 1),
        p.variable("load", array(PLACE, LOAD), 0),
        p.variable("grid", array(PLACE, array(boolean(), LOAD)), 0),
        p.variable("held", array(PLACE, subsets(LOAD)), set()),
        p.variable("flag", boolean(), False),
    )

    @p.action(by="worker", tags=["help"])
    def move() -> Step:
        return step(when(c.at < 3), update(c.at, c.at + 1), says("moves on"))

    @p.action(by="worker", tags=["help"])
    def go() -> Step:
        if ending is None:
            return step(when(guard(c)), *updates(c))
        return step(when(guard(c)), outcome("first", when(ending(c)), *updates(c)), otherwise("else", *updates(c)))

    p.declare(asked(c))
    return p.system()


def beyond(c: Cart) -> Term:
    """A number from 0 to 3, or none."""
    return c.load[c.at + 1]


GUARDS: dict[str, Callable[[Cart], Term]] = {
    "greater than any": lambda c: beyond(c) > 5,
    "less than any": lambda c: ~(beyond(c) < 9),
    "at most": lambda c: beyond(c) <= -1,
    "equal to none": lambda c: beyond(c) == 7,
    "unequal": lambda c: ~(beyond(c) != 7),
    "both sides": lambda c: beyond(c) < beyond(c),
    "itself": lambda c: beyond(c) != beyond(c),
    "a sum": lambda c: beyond(c) + 1 > 8,
    "a difference": lambda c: beyond(c) - beyond(c) > 9,
    "a position": lambda c: c.load[c.load[c.at + 1] + 1] > 9,
    "a position of one value": lambda c: c.load[If(beyond(c) > 9, 1, 1)] > 9,
    "a row": lambda c: c.grid[c.at + 1][c.flag] > 9,
    "in a set": lambda c: beyond(c).isin({7, 9}),
    "in a set far away": lambda c: beyond(c).isin({70, 900}),
    "of a set": lambda c: (c.at + 0).isin({beyond(c) + 10, 50}),
    "a set": lambda c: (beyond(c) - 9).isin(c.held[1]),
    "of a read set": lambda c: (c.at + 9).isin(c.held[c.at + 1]),
    "the same sets": lambda c: c.held[c.at + 1] != c.held[c.at + 1],
    "an included set": lambda c: ~c.held[c.at + 1].issubset(c.held[c.at + 1]),
    "a set in a union": lambda c: (c.held[1] | {beyond(c)}) == set(),
    "false before the end": lambda c: (beyond(c) > 5) & (c.at > 9),
    "an antecedent": lambda c: ~(beyond(c) > 5).implies(c.at < 9),
    "a test": lambda c: If(beyond(c) > 1, c.at, c.at) > 9,
    "a test of constants": lambda c: If(beyond(c) > 1, 2, 2) > 9,
    "the branch that is taken": lambda c: If(c.at == 3, beyond(c), 0) > 9,
    "for all": lambda c: forall(PLACE, lambda x: (x <= c.at) & (c.load[x + 1] > 9 - 9 - 1)) & (c.at > 9),
    "some": lambda c: exists(PLACE, lambda x: c.load[If(x == 2, c.at + 1, x)] > 9),
    "counted": lambda c: count(PLACE, lambda x: (x == 1) & (beyond(c) > 9)) > 9,
    "such that": lambda c: such_that(PLACE, lambda x: (x == 1) & (beyond(c) > 9)).issubset(set()) & (c.at > 9),
    "an element that is read": lambda c: each(PLACE, lambda x: c.load[x + 1])[c.at] > 9,
    "one of two arrays": lambda c: If(c.at == 3, each(PLACE, lambda x: c.load[x + 1]), c.load)[c.at] > 9,
    "less than the first": lambda c: c.load[3 - c.at] > 9,
}
"""Of each the value is known wherever it has one: the guard is never true."""

FINE: dict[str, Callable[[Cart], Term]] = {
    "after what excludes it": lambda c: (c.at < 3) & (beyond(c) > 5),
    "after what decides": lambda c: ~((c.at == 3) | (beyond(c) < 9)),
    "implied": lambda c: ~(c.at < 3).implies(beyond(c) < 9),
    "the other branch": lambda c: If(c.at < 3, beyond(c), 0) > 9,
    "an element that is not read": lambda c: each(PLACE, lambda x: c.load[x + 1])[1] > 9,
    "the other array": lambda c: If(c.at == 3, c.load, each(PLACE, lambda x: c.load[x + 1]))[c.at] > 9,
    "after a witness": lambda c: ~exists(PLACE, lambda x: c.load[x] + c.load[If(x < 3, x + 1, 3)] < 9),
    "a witness comes first": lambda c: ~exists(PLACE, lambda x: c.load[x + 1] < 9),
    "a counterexample comes first": lambda c: forall(PLACE, lambda x: c.load[x + 1] > 9),
    "inside such that": lambda c: such_that(PLACE, lambda x: (x < 3) & (c.load[x + 1] > 9)) != set(),
    "counted where it is": lambda c: count(PLACE, lambda x: (x < 3) & (c.load[x + 1] > 9)) > 0,
}


def refused(system: System, engine: str, **options: Any) -> RangeError:
    with pytest.raises(RangeError) as raised:
        check(system, options=Options(engine=engine, depth=6 if engine in ENGINES[2:] else None, **options))
    return raised.value


def the_same_error(system: System, *, what: str = "go", run: str = "move(), move()") -> None:
    """Every engine reports the same error."""
    told = {str(refused(system, engine)) for engine in ENGINES}
    told |= {str(refused(system, "native", workers=1))}
    assert len(told) == 1, told
    problem = refused(system, "explicit")
    assert problem.what.startswith(f"{what}: ")
    assert problem.what.endswith(f"after {run}")
    assert "is not in 1…3" in problem.what
    assert problem.where is not None
    assert Path(problem.where.file) == Path(__file__)
    assert refused(system, "simulate", seed=1).where == problem.where


@pytest.mark.parametrize("name", GUARDS)
def test_guards(name: str) -> None:
    the_same_error(cart(GUARDS[name]))


@pytest.mark.parametrize("name", ["greater than any", "a test of constants", "false before the end", "itself"])
def test_conditions_of_outcomes(name: str) -> None:
    the_same_error(cart(lambda c: both(), GUARDS[name], asked=lambda c: invariant("there", c.at < 4, "drawn")))


@pytest.mark.parametrize("name", ["greater than any", "in a set", "the same sets", "a position", "counted", "some"])
def test_properties(name: str) -> None:
    """A search, which would say that it holds, says that it has no value."""
    the_same_error(
        cart(asked=lambda c: invariant("calm", ~GUARDS[name](c), "it never comes about")), what="property calm"
    )


@pytest.mark.parametrize("name", ["greater than any", "a sum", "of a read set"])
def test_properties_of_steps(name: str) -> None:
    system = cart(asked=lambda c: step_invariant("calm", ~primed(GUARDS[name](c)), "it never comes about"))
    the_same_error(system, what="property calm", run="move()")


UPDATES: dict[str, Callable[[Cart], list[Update]]] = {
    "a value that fits": lambda c: [update(c.load[1], beyond(c))],
    "a value that is dropped": lambda c: [update(c.load[1], beyond(c) - beyond(c))],
    "a place": lambda c: [update(c.load[c.at + 1], 0)],
    "a place in a row": lambda c: [update(c.grid[c.at + 1][c.flag], 0)],
    "a row": lambda c: [update(c.grid[c.at + 1], each(boolean(), lambda b: 0))],
    "a whole array": lambda c: [update(c.load, each(PLACE, lambda x: If(x == 1, beyond(c), 0)))],
    "a set": lambda c: [update(c.held[1], {beyond(c)})],
    "a place by a set": lambda c: [update(c.load[If(c.held[1] == set(), c.at + 1, 1)], 0)],
    "a choice": lambda c: [update(c.flag, If(beyond(c) > 5, True, False))],
}


@pytest.mark.parametrize("name", UPDATES)
def test_updates(name: str) -> None:
    the_same_error(cart(lambda c: both(), updates=UPDATES[name]))


@pytest.mark.parametrize("name", UPDATES)
def test_slicing_drops_no_error(name: str) -> None:
    """Nothing depends on the variable that is written, but the model is wrong."""
    system = cart(lambda c: both(), updates=UPDATES[name], asked=lambda c: invariant("there", c.at < 4, "drawn"))
    assert "is not in 1…3" in str(refused(system, "explicit", slicing=True))
    assert "is not in 1…3" in str(refused(system, "native", slicing=True))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", FINE)
def test_what_is_not_evaluated(name: str, engine: str) -> None:
    report = check(cart(FINE[name]), options=Options(engine=engine, depth=8 if engine in ENGINES[2:] else None))
    verdict = report.findings[0].verdict
    assert verdict is Verdict.HOLDS or (verdict is Verdict.UNKNOWN and engine == "bmc")


@pytest.mark.parametrize("engine", ["explicit", "native"])
@pytest.mark.parametrize(
    "asked",
    [
        lambda c: recoverable("calm", beyond(c) < 9, "drawn", helpers=["help"]),
        lambda c: recoverable("calm", c.at == 3, "drawn", wherever=beyond(c) < 9, helpers=["help"]),
        lambda c: eventually_always("calm", beyond(c) < 9, "drawn"),
        lambda c: infinitely_often("calm", beyond(c) < 9, "drawn"),
        lambda c: leads_to("calm", c.at == 1, beyond(c) < 9, "drawn"),
        lambda c: leads_to("calm", beyond(c) > 9, c.at == 3, "drawn"),
    ],
)
def test_continuations(asked: Callable[[Cart], Property], engine: str) -> None:
    problem = refused(cart(asked=asked), engine)
    assert problem.what == "property calm: load[at + 1]: position 4 is not in 1…3, after move(), move()"
    assert problem.where is not None


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_final_states(engine: str) -> None:
    """They are asked about where a run ends, which only a search of all states does."""
    p = Protocol("final")
    at, load = p.variable("at", PLACE, 1), p.variable("load", array(PLACE, LOAD), 0)

    @p.action(by="worker")
    def move() -> Step:
        return step(when(at < 3), update(at, at + 1))

    p.declare(invariant("there", at < 4, "drawn"))
    p.final(load[at + 1] == 0)
    problem = refused(p.system(), engine)
    assert problem.what == "final states: load[at + 1]: position 4 is not in 1…3, after move(), move()"
    assert problem.where is not None
    assert Path(problem.where.file) == Path(__file__)


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc"])
def test_an_antecedent_is_looked_at_where_its_property_is(engine: str) -> None:
    """If the property is decided before its implication, the antecedent is not evaluated."""
    system = cart(asked=lambda c: invariant("calm", (c.at < 3) & (beyond(c) > 5).implies(c.flag), "drawn"))
    report = check(system, options=Options(engine=engine, depth=8, exhaustive=engine != "bmc"))
    assert [(f.verdict, f.depth) for f in report.findings] == [(Verdict.VIOLATED, 2)]


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc"])
def test_a_property_is_evaluated_on_its_whole_level(engine: str) -> None:
    """It is violated in a state where another one, as near, has no value for it; beyond its level nobody asks."""
    p = Protocol("levels")
    at, load = p.variable("at", integers(0, 4, "spot"), 0), p.variable("load", array(PLACE, LOAD), 1)

    @p.action(integers(1, 4, "spot"), by="worker")
    def jump(to: Term) -> Step:
        return step(when(at == 0), update(at, to))

    @p.action(by="worker")
    def back() -> Step:
        return step(when(at == 1), update(at, 4))

    near = invariant("near", (at == 0) | (at == 3) | (at == 2) | (load[at] < 1), "drawn")
    p.declare(near)
    with pytest.raises(RangeError, match=r"property near: load\[at\]: position 4 is not in 1…3, after jump\(4\)"):
        check(p.system(), options=Options(engine=engine, depth=8))
    later = changed(p.system(), lambda change: change.require("jump", lambda to: to < 4))
    report = check(later, options=Options(engine=engine, depth=8, exhaustive=engine != "bmc"))
    assert [f.verdict for f in report.findings] == [Verdict.VIOLATED]


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_orbits(engine: str) -> None:
    p = Protocol("orbits")
    worker = index("worker", 3, symmetric=True)
    at, load = p.variable("at", array(worker, PLACE), 1), p.variable("load", array(PLACE, LOAD), 0)

    @p.action(worker, by=worker)
    def move(w: Term) -> Step:
        return step(when(at[w] < 3), update(at[w], at[w] + 1))

    @p.action(worker, by=worker)
    def go(w: Term) -> Step:
        return step(when(load[at[w] + 1] > 9), update(at[w], 1))

    p.declare(invariant("calm", forall(worker, lambda w: at[w] < 4), "drawn"))
    for symmetry in (True, False):
        problem = refused(p.system(), engine, symmetry=symmetry)
        assert "go: load[at[w] + 1]: position 4 is not in 1…3, after move(" in problem.what


# Two values for one place --------------------------------------------------------------------------------------
ROWS: dict[str, Callable[[Cart], list[Update]]] = {
    "two elements": lambda c: [update(c.load[c.at], 1), update(c.load[1], 2)],
    "a row and an element": lambda c: [
        update(c.grid[c.at], each(boolean(), lambda b: 1)),
        update(c.grid[1][c.flag], 2),
    ],
    "an element and a row": lambda c: [
        update(c.grid[1][c.flag], 2),
        update(c.grid[c.at], each(boolean(), lambda b: 1)),
    ],
    "two rows": lambda c: [
        update(c.grid[c.at], each(boolean(), lambda b: 1)),
        update(c.grid[1], each(boolean(), lambda b: If(b, 1, 2))),
    ],
    "sets": lambda c: [update(c.held[c.at], {1}), update(c.held[1], {1, 2})],
    "positions that read sets": lambda c: [update(c.load[If(c.held[1] == set(), c.at, 2)], 1), update(c.load[1], 2)],
}


@pytest.mark.parametrize("name", ROWS)
def test_two_values(name: str) -> None:
    """Where the positions are equal, in some states, and the values are not."""
    told = set()
    for engine in ENGINES:
        problem = refused(cart(lambda c: both(), updates=ROWS[name]), engine)
        told.add(str(problem))
        assert "two values in one step, after no step" in problem.what
        assert problem.where is not None
    assert len(told) == 1


@pytest.mark.parametrize("name", ROWS)
def test_two_values_in_a_state_that_nothing_leads_to(name: str) -> None:
    """Induction starts in any state; a step that no engine can take is no counterexample to it, and no error."""
    system = cart(
        lambda c: both(c.load[1] == 3, c.at == 1, c.held[1] == set()),
        updates=lambda c: [*ROWS[name](c), update(c.flag, True)],
    )
    for engine in ENGINES:
        report = check(system, options=Options(engine=engine))
        assert report.findings[0].verdict is Verdict.HOLDS, engine
    (quiet,) = system.properties
    assert isinstance(quiet, Invariant)
    assert counterexample_to_induction(system.instance(), [], quiet) is None


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ROWS)
def test_other_places_or_the_same_value(name: str, engine: str) -> None:
    """Where the positions differ, each has its value; and equal values may be written twice."""
    options = Options(engine=engine, depth=8 if engine in ENGINES[2:] else None)
    apart = cart(lambda c: c.at > 1, updates=ROWS[name], asked=_never_three)
    assert check(apart, options=options).findings[0].verdict in (Verdict.HOLDS, Verdict.UNKNOWN)

    def same(c: Cart) -> list[Update]:
        row = each(boolean(), lambda b: If(b, c.load[1], 1))
        return [update(c.grid[c.at], row), update(c.grid[1][False], 1), update(c.load[c.at], 0), update(c.load[2], 0)]

    report = check(cart(lambda c: both(), updates=same, asked=_never_three), options=options)
    assert report.findings[0].verdict in (Verdict.HOLDS, Verdict.UNKNOWN)


def _never_three(c: Cart) -> Property:
    inside = forall(PLACE, lambda x: either(c.load[x] < 3, c.grid[x][True] < 0))
    return invariant("never-three", inside, "no load is full")
