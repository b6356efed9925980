"""How refinements write abstract states and steps about concrete variables: ranges, starts, guards, binders, arrays."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.checker import Verdict, refine
from planrace.model.language import (
    If,
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    each,
    either,
    exists,
    first,
    forall,
    index,
    integers,
    one_of,
    primed,
    step,
    subsets,
    update,
    when,
)

SMALLEST = integers(0, 2)


def number(name: str, most: int, start: Any = 0, chosen: Any = SMALLEST) -> tuple[Any, Term]:
    """A protocol of one number, which becomes any number of ``chosen``."""
    p = Protocol(name)
    x = p.variable("x", integers(0, most), start)

    @p.action(chosen, by="somebody")
    def become(k: Term) -> Step:
        return step(update(x, k))

    return p, x


def answers(p: Any, to: str) -> list[tuple[str, int | None]]:
    return [(f.verdict.word, f.depth) for f in refine(p, to).findings]


def test_a_state_out_of_range_is_reached_by_no_step() -> None:
    """The abstract step itself would be a model error there."""
    abstract, p = Protocol("careless"), Protocol("larger")
    n, x = abstract.variable("n", integers(0, 2), 0), p.variable("x", integers(0, 5), 0)

    @abstract.action(by="somebody")
    def up() -> Step:
        return step(update(n, n + 1))

    @p.action(by="somebody")
    def go_up() -> Step:
        return step(when(x < 5), update(x, x + 1))

    p.final(x == 5)
    p.refines(abstract, {n: x})
    assert answers(p, "careless") == [("holds", None), ("violated", 3)]


def test_initial_states_that_are_chosen() -> None:
    for most, start, so in ((2, 2, "holds"), (2, 3, "violated"), (3, 1, "violated")):
        (abstract, n), (p, x) = number("any", most, anything), number("started", 5, start)
        abstract.initially(n != 1)
        p.refines(abstract, {n: x})
        assert answers(p, "any")[0] == (so, None if so == "holds" else 0)
    for start, so in ((2, "holds"), (1, "violated")):
        (abstract, n), (p, x) = number("any", 2, one_of(0, 2)), number("started", 5, start)
        p.refines(abstract, {n: x})
        assert answers(p, "any")[0] == (so, None if so == "holds" else 0)


def test_conditions_on_the_initial_states_of_the_code() -> None:
    """A state that the conditions exclude is not initial, so it need not be one of the abstract protocol."""
    (abstract, n), (p, x) = number("zero", 5), number("some", 5, anything)
    p.refines(abstract, {n: x})
    assert answers(p, "zero")[0] == ("violated", 0)
    p.initially(x < 1)
    assert answers(p, "zero")[0] == ("holds", None)


def test_a_choice_outside_of_its_sort_is_none() -> None:
    (abstract, n), (p, x) = number("narrow", 3), number("wide", 3, 0, integers(1, 3))
    p.refines(abstract, {n: x}, choosing={"become": {"k": primed(x)}})
    assert answers(p, "narrow") == [("holds", None), ("violated", 1)]


def test_parts_of_a_guard_stay_behind_those_that_give_them_a_value() -> None:
    abstract, p = Protocol("divides"), Protocol("sets")
    n, x = abstract.variable("n", integers(0, 2), 0), p.variable("x", integers(0, 2), 0)

    @abstract.action(integers(0, 2), integers(0, 2), by="somebody")
    def divide(a: Term, b: Term) -> Step:
        return step(when(either(a > 0, b > 5), 2 // a == 2), update(n, b))

    @p.action(by="somebody")
    def become_two() -> Step:
        return step(update(x, 2))

    p.refines(abstract, {n: x})
    assert answers(p, "divides") == [("holds", None), ("holds", None)]


@pytest.mark.parametrize("other", [False, True])
def test_rows_of_arrays(other: bool) -> None:
    """A row is assigned as a whole; its elements are those at the inner position."""

    def rows(name: str, flipped: bool) -> tuple[Any, Term]:
        p = Protocol(name)
        a = index("a", 2, ordered=True)
        x = p.variable("x", array(a, array(a, integers(0, 2))), 0)

        @p.action(a, by="somebody")
        def fill(i: Term) -> Step:
            return step(update(x[i], each(a, lambda j: If(j == first(a), *((2, 1) if flipped else (1, 2))))))

        return p, x

    (abstract, n), (p, x) = rows("table", False), rows("grid", other)
    p.refines(abstract, {n: x})
    assert answers(p, "table") == [("holds", None), ("violated", 1) if other else ("holds", None)]


def test_quantifiers_that_say_the_same_stay_apart() -> None:
    abstract, p = Protocol("quantified"), Protocol("plain")
    who = index("who", 2)
    n, x = (q.variable("x", array(who, integers(0, 2)), 0) for q in (abstract, p))

    @abstract.action(who, by="somebody")
    def up(i: Term) -> Step:
        nobody, some = ~exists(who, lambda j: n[j] > 0), forall(who, lambda j: n[j] > 0)
        return step(when(either(nobody, some), n[i] < 2), update(n[i], n[i] + 1))

    @p.action(who, by="somebody")
    def go_up(i: Term) -> Step:
        return step(when(x[i] < 2), update(x[i], x[i] + 1))

    p.final(forall(who, lambda i: x[i] == 2))
    p.refines(abstract, {n: x})
    assert answers(p, "quantified") == [("holds", None), ("violated", 2)]


@pytest.mark.parametrize("engine", ["explicit", "bmc"])
def test_sets_of_a_narrower_sort(engine: str) -> None:
    """What stands for a set may hold fewer members than it; their union holds all."""
    abstract, p = Protocol("sets"), Protocol("own")
    few, many = integers(1, 2), integers(1, 4)
    a, b = abstract.variable("a", subsets(many), {1}), abstract.variable("b", subsets(many), {4})
    x, y = p.variable("x", subsets(few), {1}), p.variable("y", subsets(many), {4})

    @abstract.action(by="somebody")
    def join() -> Step:
        return step(when(~a.issubset(b)), update(b, a | b))

    @p.action(by="somebody")
    def put_together() -> Step:
        return step(when(~x.issubset(y)), update(y, y | x))

    p.final(x.issubset(y))
    p.refines(abstract, {a: x, b: y})
    report = refine(p, "sets", engine=engine, depth=3)
    assert Verdict.VIOLATED not in [f.verdict for f in report.findings]


def test_an_index_that_only_actions_have() -> None:
    """That of the same name and size stands for it, also if one of them is symmetric."""
    abstract, p = Protocol("anybody"), Protocol("somebody")
    n, x = (q.variable("n", integers(0, 2), 0) for q in (abstract, p))
    size = p.parameter("size", 2, 1, 3)
    who = index("who", size, symmetric=True)
    done = p.variable("done", array(who, boolean()), False)

    @abstract.action(index("who", abstract.parameter("size", 2, 1, 3)), by="somebody")
    def up(i: Term) -> Step:
        return step(when(n < 2), update(n, n + 1))

    @p.action(who, by=who)
    def go_up(i: Term) -> Step:
        return step(when(~done[i], x < 2), update(done[i], True), update(x, x + 1))

    p.final(forall(who, lambda i: done[i]))
    p.refines(abstract, {n: x})
    assert answers(p, "anybody") == [("holds", None), ("holds", None)]
