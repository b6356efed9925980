"""Quantifiers, sums and counts over members of a set, its size, and equal arrays: the same in every engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check, prove
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    Protocol,
    Term,
    array,
    count,
    each,
    exists,
    forall,
    index,
    integers,
    optional,
    size_of,
    step,
    subsets,
    such_that,
    sum_of,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.properties import invariant

pytestmark = pytest.mark.usefixtures("own_cache")

WORKER, NUMBER = index("worker", 2), integers(1, 3, "number")


def marks(asked: Callable[[Any, Any, Any], Any]) -> Protocol:
    """Workers see numbers in any order; a clerk copies what they have seen, and adds up how many."""
    p = Protocol("marks")
    seen = p.variable("seen", array(WORKER, subsets(NUMBER)), set())
    copy = p.variable("copy", array(WORKER, subsets(NUMBER)), set())
    total = p.variable("total", integers(0, 6), 0)

    @p.action(WORKER, NUMBER, by=WORKER)
    def see(w: Term, x: Term) -> Step:
        return step(when(seen == copy, ~x.isin(seen[w])), update(seen[w], seen[w] | {x}))

    @p.action(by="clerk")
    def write() -> Step:
        many = sum_of(WORKER, lambda w: size_of(seen[w]))
        return step(when(seen != copy), update(copy, seen), update(total, many))

    p.final(size_of(such_that(WORKER, lambda w: size_of(seen[w]) == 3)) == 2)
    p.declare(invariant("asked", asked(seen, copy, total), "it is asked"))
    return p


TRUE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "one by one": lambda seen, copy, total: (
        total
        <= count(WORKER, lambda w: size_of(copy[w]) >= 1)
        + count(WORKER, lambda w: size_of(copy[w]) >= 2)
        + count(WORKER, lambda w: size_of(copy[w]) >= 3)
    ),
    "the copy is a part": lambda seen, copy, total: forall(
        WORKER, lambda w: forall(copy[w], lambda x: x.isin(seen[w]))
    ),
    "sums": lambda seen, copy, total: forall(
        WORKER, lambda w: sum_of(seen[w], lambda x: 2 * x) <= 6 * size_of(seen[w])
    ),
    "some": lambda seen, copy, total: (total > 0).implies(exists(WORKER, lambda w: exists(copy[w], lambda x: x >= 1))),
    "a part of a set": lambda seen, copy, total: forall(
        WORKER, lambda w: such_that(seen[w], lambda x: x > 1).issubset(seen[w] - {1})
    ),
    "counted": lambda seen, copy, total: forall(WORKER, lambda w: count(seen[w], lambda x: x > 1) <= 2),
    "one more at most": lambda seen, copy, total: (
        sum_of(WORKER, lambda w: size_of(seen[w])) <= sum_of(WORKER, lambda w: size_of(copy[w])) + 1
    ),
}
FALSE: dict[str, Callable[[Any, Any, Any], Any]] = {
    "equal arrays": lambda seen, copy, total: seen == copy,
    "an array of one value": lambda seen, copy, total: copy == each(WORKER, lambda w: set()),
    "six": lambda seen, copy, total: total < 6,
    "all of a set": lambda seen, copy, total: forall(WORKER, lambda w: forall(seen[w], lambda x: x < 3)),
    "none of a set": lambda seen, copy, total: ~exists(WORKER, lambda w: exists(seen[w], lambda x: x == 3)),
    "sum of a set": lambda seen, copy, total: sum_of(WORKER, lambda w: sum_of(copy[w], lambda x: x)) < 12,
    "two above": lambda seen, copy, total: forall(WORKER, lambda w: count(seen[w], lambda x: x > 1) < 2),
}


@pytest.mark.parametrize("engine", ["explicit", "native"])
@pytest.mark.parametrize("name", TRUE)
def test_what_holds(name: str, engine: str) -> None:
    report = check(marks(TRUE[name]), engine=engine)
    assert report.findings[0].verdict is Verdict.HOLDS
    assert report.exploration is not None
    # 64 pairs of sets that are copied, and 192 with one element more: 6 · 2⁵
    assert report.exploration.states == 64 + 192


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc"])
@pytest.mark.parametrize("name", FALSE)
def test_what_does_not_hold(name: str, engine: str) -> None:
    assert check(marks(FALSE[name]), engine=engine, depth=12).findings[0].verdict is Verdict.VIOLATED


def test_arrays_of_arrays_and_of_optional_members_are_compared() -> None:
    p = Protocol("grids")
    a = p.variable("a", array(WORKER, array(NUMBER, optional(WORKER))), None)
    b = p.variable("b", array(WORKER, array(NUMBER, optional(WORKER))), None)

    @p.action(WORKER, NUMBER, WORKER, by=WORKER)
    def put(w: Term, x: Term, v: Term) -> Step:
        return step(when(a == b, a == each(WORKER, lambda u: each(NUMBER, lambda y: None))), update(a[w][x], v))

    @p.action(by="clerk")
    def copy() -> Step:
        return step(when(a != b), update(b, a))

    p.final(a == b)
    p.declare(invariant("row", exists(WORKER, lambda w: a[w] == b[w]), "one row at least is the same"))
    for engine in ("explicit", "native"):
        report = check(p, engine=engine)
        assert report.findings[0].verdict is Verdict.HOLDS
        assert report.exploration is not None
        assert report.exploration.states == 1 + 12 + 12


def test_they_are_proved_for_every_size() -> None:
    p = Protocol("copies")
    worker = index("worker", p.parameter("n", 2, 1, 4), symmetric=True)
    new = p.variable("new", array(worker, subsets(worker)), set())
    old = p.variable("old", array(worker, subsets(worker)), set())

    @p.action(worker, worker, by=worker)
    def meet(v: Term, w: Term) -> Step:
        return step(when(new == old), update(new[v], new[v] | {w}))

    @p.action(by="clerk")
    def copy() -> Step:
        return step(when(new != old), update(old, new))

    p.declare(
        invariant("kept", forall(worker, lambda v: forall(old[v], lambda w: w.isin(new[v]))), "nobody is forgotten")
    )
    assert prove(p).verdict is Verdict.HOLDS
    assert check(p, symmetry=True).verdict is Verdict.HOLDS


def test_they_read_as_people_write_them() -> None:
    p = Protocol("texts")
    s = p.variable("s", subsets(NUMBER), set())
    a, b = (p.variable(n, array(WORKER, NUMBER), 1) for n in "ab")
    assert repr(size_of(s) < 2) == "|s| < 2"
    assert repr(forall(s, lambda x: x > 1)) == "∀x ∈ number. x ∉ s ∨ (1 < x)"
    assert repr(a == b) == "∀x ∈ worker. a[x] = b[x]"
