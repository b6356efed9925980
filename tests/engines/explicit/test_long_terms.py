"""Models with many conditions, outcomes or members: what is generated of them stays within what Python can compile."""

from __future__ import annotations

import pytest

from planrace.checker import Options, check
from planrace.checker.engines.explicit.expressions import CHAIN, chained
from planrace.model.language import (
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    count,
    index,
    integers,
    otherwise,
    outcome,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.language.terms import constant
from planrace.properties import invariant, reachable

pytestmark = pytest.mark.usefixtures("own_cache")

MANY = 110
"""More than the levels that Python's blocks may have."""


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_a_guard_of_many_conditions(engine: str) -> None:
    """They are tested in their order: the last reads beyond the array where one before it is false."""
    p = Protocol("guard")
    place = index("place", MANY)
    full, at = p.variable("full", array(place, boolean()), False), p.variable("at", integers(1, 3), 1)
    load = p.variable("load", array(integers(1, 3), boolean()), False)

    @p.action(by="somebody")
    def go() -> Step:
        each = (~full[constant(n, place)] for n in range(1, MANY + 1))
        return step(when(*each, at < 3, ~load[at + 1]), update(at, at + 1))

    @p.action(by="somebody")
    def fill() -> Step:
        return step(when(at == 2), update(full[constant(MANY, place)], True))

    p.declare(invariant("safe", at < 3, "it stays"))
    report = check(p, options=Options(engine=engine, exhaustive=True, slicing=False))
    assert report.exploration is not None
    assert (report.exploration.states, report.findings[0].depth) == (4, 2)


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_an_action_with_many_outcomes(engine: str) -> None:
    p = Protocol("outcomes")
    x = p.variable("x", integers(0, MANY), 0)

    @p.action(by="somebody")
    def go() -> Step:
        return step(
            *(outcome(f"from {n}", when(x == n), update(x, n + 1)) for n in range(MANY)),
            otherwise("around", update(x, 0)),
        )

    p.declare(reachable("around", taken("go", outcome="around"), "it goes around"))
    report = check(p, options=Options(engine=engine))
    assert report.findings[0].depth == MANY + 1


def test_a_count_of_many_members() -> None:
    p = Protocol("count")
    place = index("place", 3200)
    full, on = p.variable("full", array(place, boolean()), False), p.variable("on", boolean(), False)

    @p.action(place, by="somebody")
    def fill(n: Term) -> Step:
        return step(when(n == constant(3000, place), ~full[n]), update(full[n], True))

    @p.action(by="somebody")
    def go() -> Step:
        return step(when(count(place, lambda n: full[n]) == 1), update(on, True))

    p.declare(invariant("off", ~on, "it is never counted"))
    report = check(p, options=Options(engine="explicit"))
    assert report.findings[0].depth == 2


def test_chains_are_as_they_were_read() -> None:
    for length in (1, CHAIN, CHAIN + 1, 5 * CHAIN + 3):
        assert eval(chained(" + ", [str(n) for n in range(length)])) == sum(range(length))
    assert chained(" | ", ["a", "b"]) == "a | b"


def test_a_set_that_is_too_wide_is_reported_with_its_action() -> None:
    p = Protocol("wide")
    at, seen = p.variable("at", integers(0, 2**40), 0), p.variable("seen", subsets(integers(0, 1)), set())

    @p.action(by="somebody")
    def look() -> Step:
        return step(when(at < 1), update(seen, seen | {at, 0}))

    p.declare(invariant("small", at < 3, "it stays"))
    for engine in ("explicit", "native"):
        with pytest.raises(ModelError, match=r"look: the set .* would need 1,099,511,627,777 bits") as caught:
            check(p, options=Options(engine=engine, slicing=False))
        assert caught.value.where == p.actions["look"].where
