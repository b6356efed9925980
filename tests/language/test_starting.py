"""Initial values are checked against their sorts, at every size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check
from planrace.model.language import (
    If,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    both,
    forall,
    index,
    integers,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.properties import invariant, reachable


def started(sort: Any, start: Any) -> Protocol:
    """A protocol with a size of 1…8 (2 by default), and one variable of the sort that is made of it."""
    protocol = Protocol("started")
    size = protocol.parameter("size", 2, 1, 8)
    x = protocol.variable("x", sort(size), start(size))

    @protocol.action(by="me")
    def stay() -> Step:
        return step(when(size >= 1))

    protocol.declare(reachable("there", both(), "there is a state"))
    assert x is not None
    return protocol


@pytest.mark.parametrize(
    ("sort", "start", "holds"),
    [
        (lambda n: integers(0, n), lambda n: 5, [5, 6, 7, 8]),
        (lambda n: integers(n, 4), lambda n: 3, [1, 2, 3]),
        (lambda n: integers(0, 3), lambda n: n.term - 1, [1, 2, 3, 4]),
        (lambda n: integers(0, 3), lambda n: If(n > 4, 9, 1), [1, 2, 3, 4]),
        (lambda n: array(integers(1, n), subsets(integers(0, n))), lambda n: {0, 4}, [4, 5, 6, 7, 8]),
        (lambda n: subsets(integers(0, 4)), lambda n: {n.term}, [1, 2, 3, 4]),
        (lambda n: subsets(integers(1, n)), lambda n: set(), range(1, 9)),
    ],
)
def test_instances_hold_what_variables_start_with(sort: Any, start: Any, holds: Any) -> None:
    protocol = started(sort, start)
    for size in range(1, 9):
        if size in holds:
            protocol.system().instance(size=size)
            continue
        with pytest.raises(ModelError, match=rf"initial value of x: .* out of the range of .*size={size}") as caught:
            protocol.system().instance(size=size)
        assert caught.value.where is not None
        assert caught.value.where.file == __file__


def test_an_array_over_no_member_starts_with_nothing() -> None:
    """Its sort may be empty then, and what its elements start with is no element's."""
    p = Protocol("nobody")
    n = p.parameter("n", 1, 0, 3)
    node = index("node", n)
    held = p.variable("held", array(node, integers(0, n)), 1)
    p.action(node, by=node)(rest_of(held))
    p.declare(invariant("some", forall(node, lambda w: held[w] >= 1), "each holds one"))
    p.final(n < 1)  # nobody can do anything
    assert check(p, n=0).verdict.word == "holds"
    assert check(p, n=1).verdict.word == "holds"


def rest_of(held: Term) -> Callable[[Term], Step]:
    def rest(w: Term) -> Step:
        return step(update(held[w], held[w]))

    return rest


def test_an_assigned_set_may_depend_on_a_parameter_of_the_action() -> None:
    p = Protocol("p")
    place = integers(0, 2, "place")
    seen = p.variable("seen", subsets(place), set())

    @p.action(place, by="me")
    def look(x: Term) -> Step:
        return step(update(seen, such_that(place, lambda y: x == y)))

    p.declare(reachable("two", seen == {2}, "the last place alone"))
    assert check(p)
