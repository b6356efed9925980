"""Limits of time that are computed from parameters mean the numbers that they are at each size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace import process
from planrace.checker import Options, check, mutate, prove
from planrace.checker.run.listing import Listing, listed, listing_text
from planrace.model.language import (
    DefinitionError,
    Protocol,
    Step,
    Term,
    Variant,
    array,
    boolean,
    elapsed,
    forall,
    index,
    integers,
    maximum,
    optional,
    step,
    update,
    when,
)
from planrace.model.processes import at, wait
from planrace.properties import invariant, lemma, proof

Limits = Callable[[Any], Any]
FLAG = Protocol("other").variable("flag", integers(0, 1), 0)


def lease(within: Limits, after: Limits) -> Protocol:
    """A lease that runs out while its holder works; both times come from one size."""
    p = Protocol("lease")
    client = index("client", 2, symmetric=True)
    n = p.parameter("n", 2, 1, 4)
    working = p.variable("working", array(client, boolean()), False)
    holder = p.variable("holder", optional(client), None)

    @p.action(client, by=client)
    def grab(c: Term) -> Step:
        return step(when(holder == None, ~working[c]), update(holder, c), update(working[c], True))  # noqa: E711

    @p.action(client, by=client, since=grab, within=within(n))
    def finish(c: Term) -> Step:
        return step(when(working[c]), update(working[c], False), update(holder, None))

    @p.action(by="server", since=grab, after=after(n))
    def expire() -> Step:
        return step(when(holder != None), update(holder, None))  # noqa: E711

    exclusive = forall(client, lambda c: working[c].implies(holder == c))
    p.declare(invariant("exclusive", exclusive, "who works holds the lease"))
    counted = forall(client, lambda c: working[c] == (elapsed(p, finish, c) >= 0))
    alike = forall(
        client,
        lambda c: (working[c] & (holder == c)).implies(elapsed(p, expire, capped=True) == elapsed(p, finish, c)),
    )
    p.argue(proof([lemma("counted", counted, "it counts"), lemma("alike", alike, "both clocks count alike")]))
    return p


CASES: dict[str, tuple[Limits, Limits]] = {
    "in time": (lambda n: 2 * n, lambda n: n * n + 2),
    "too late": (lambda n: n + 1, lambda n: maximum(n, 2)),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_numbers_that_they_are(case: str, n: int) -> None:
    within, after = CASES[case]
    computed = lease(within, after)
    numbers = lease(lambda _: within(n), lambda _: n * n + 2 if case == "in time" else max(n, 2))
    for options in (Options(exhaustive=True, slicing=False), Options(engine="bmc", depth=4)):
        one, other = (check(p, {"n": n}, options=options) for p in (computed, numbers))
        assert [(f.verdict, f.depth) for f in one.findings] == [(f.verdict, f.depth) for f in other.findings]
        if one.exploration is not None and other.exploration is not None:
            assert one.exploration.states == other.exploration.states


def test_proofs_for_every_size() -> None:
    """2·n ticks are fewer than 2·n + 1 at every size."""
    assert [f.verdict.word for f in prove(lease(lambda n: 2 * n, lambda n: 2 * n + 1)).findings] == ["holds"]


def test_mutants_and_lists() -> None:
    p = lease(lambda n: 2 * n, lambda n: 2 * n + 1)
    assert "finish: within=5 for 2 · n" in {f"{j.mutant.subject}: {j.mutant.change}" for j in mutate(p).judged}
    text = listing_text(Listing((listed(Variant("lease", p), steps=True),), {}))
    assert "finish(c): client, within 2 · n ticks since grab, for each c" in text


def test_processes() -> None:
    """A point that is left within so many ticks, and not before."""

    def counts(low: Limits, high: Limits) -> tuple[int, int]:
        p = Protocol("sleeper")
        n, on = p.parameter("n", 2, 1, 4), p.variable("on", boolean(), False)

        @process(p, by="sleeper")
        def sleeper() -> Any:
            while True:
                yield wait(low(n), within=high(n))
                update(on, ~on)
                yield at("SWITCH", within=low(n))

        p.declare(invariant("x", on | ~on, "x"))
        found = check(p, options=Options(exhaustive=True, slicing=False)).exploration
        assert found is not None
        return found.states, found.transitions

    assert counts(lambda n: n + 1, lambda n: 2 * n) == counts(lambda _: 3, lambda _: 4)


REFUSED: dict[str, tuple[str, Limits, Limits]] = {
    "a state": (r"within: flag is not known before a run begins", lambda n: FLAG + 1, lambda n: 1),
    "negative": (r"after=n - 2 may be negative", lambda n: 3, lambda n: n - 2),
    "a word": (r"within='soon' is neither a number of ticks nor a parameter", lambda n: "soon", lambda n: 1),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    message, within, after = REFUSED[case]
    with pytest.raises(DefinitionError, match=message):
        lease(within, after)


def test_no_time_is_left() -> None:
    """Known for all sizes."""
    p = Protocol("p")
    n = p.parameter("n", 1, 1, 3)
    with pytest.raises(DefinitionError, match=r"after=n \+ 3 and within=n leave no time"):
        p.action(by="x", since="initially", within=n, after=n + 3)
