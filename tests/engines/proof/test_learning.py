"""What inference learns from small instances: against plain evaluation, and against a search of all states."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import islice, product

import pytest

from planrace.checker.engines.limits import LimitGuard, Limits
from planrace.checker.engines.proof.grammar import Candidate, atoms, clauses, contexts
from planrace.checker.engines.proof.learning import Sample, SmallInstance, arbitrary, joined_truth, true_everywhere
from planrace.checker.engines.symbolic.solving import Solving
from planrace.checker.semantics.interpreter import Context, Interpreter, RangeError, State
from planrace.model.language import (
    Instance,
    Protocol,
    Step,
    System,
    Term,
    array,
    boolean,
    index,
    integers,
    optional,
    otherwise,
    outcome,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.terms import equal


@lru_cache(maxsize=1)
def lock() -> System:
    """A lock whose holder works in turns, with things done; it may divide by a number that is 0 elsewhere."""
    protocol = Protocol("lock")
    worker, number = index("worker", protocol.parameter("workers", 2, 1, 4)), integers(0, 2)
    holder = protocol.variable("holder", optional(worker), None)
    works = protocol.variable("works", array(worker, boolean()), False)
    turn = protocol.variable("turn", number, 0)
    done = protocol.variable("done", subsets(integers(1, 2)), set())

    @protocol.action(worker, by=worker)
    def take(w: Term) -> Step:
        return step(when(equal(holder, None)), update(holder, w), update(turn, 1))

    @protocol.action(worker, by=worker)
    def work(w: Term) -> Step:
        # A divisor is 0 in states that are not reachable, so that a literal has no value there.
        return step(
            when(equal(holder, w), (2 // turn) + turn >= 1), update(works[w], True), update(done, done | {turn})
        )

    @protocol.action(worker, by=worker)
    def leave(w: Term) -> Step:
        again = when(turn < 2)
        return step(
            when(works[w]),
            outcome("again", again, update(turn, turn + 1)),
            otherwise("free", update(works[w], False), update(holder, None)),
        )

    return protocol.variant("lock").system()


def candidates(sample: Sample) -> list[Candidate]:
    """Those of the wide grammar that hold in the sample and always have a value."""
    found = []
    for over in contexts(lock(), wide=True):
        literals = [x for x in atoms(lock(), over, wide=True) if "//" not in str(x)]
        rows, truth = joined_truth([sample], over, literals, lambda: None)
        _, true = clauses(over, literals, rows, truth, wide=True)
        found += [Candidate(over, tuple(literals[n] for n in parts)) for parts in true]
    return found


def steps_between(instance: Instance, states: list[State]) -> Iterator[tuple[State, State]]:
    """All steps that are no error."""
    plain = Interpreter(instance)
    for state, action in product(states, plain.actions):
        for choice in instance.choices(action):
            with suppress(RangeError):
                found = plain.perform(state, action, choice)
                if found is not None:
                    yield state, found[1]


def every_state(instance: Instance) -> list[State]:
    """All states whose values are in range."""
    low = Interpreter(instance).initial()
    places = [range(3), list(product((False, True), repeat=len(low[1]))), range(3)]
    sets = [frozenset(), frozenset({1}), frozenset({2}), frozenset({1, 2})]
    return list(product(*places, sets))


@pytest.fixture(scope="module")
def instance() -> Instance:
    return lock().sized(workers=2)


def test_literals_are_evaluated_in_every_row(instance: Instance) -> None:
    """Literals that share members and parts are evaluated together; each gets the bit that it has alone."""
    states = [s for s in arbitrary(instance, 30) if s[2] > 0]
    assert len(set(states)) > 10
    for over in contexts(instance.system, wide=True):
        literals = list(atoms(instance.system, over, wide=True))
        rows, truth = Sample(instance, states).truth(over, literals, lambda: None)
        chosen = list(product(*(instance.members(x.sort) for x in over)))  # type: ignore[arg-type]
        wanted = [Context(dict(zip(over, values, strict=True)), s) for s in states for values in chosen]
        assert rows == len(wanted)
        plain = Interpreter(instance)
        for literal, bits in zip(literals, truth, strict=True):
            assert [bits >> n & 1 for n in range(rows)] == [int(plain.evaluate(literal, c)) for c in wanted], literal


def test_a_literal_without_a_value_is_not_true(instance: Instance) -> None:
    """Nor is its negation: a lemma with such a literal would be no fact about that state."""
    literals = [x for x in atoms(instance.system, ()) if "//" in str(x)]
    assert literals
    rows, truth = Sample(instance, [(0, (False, False), 0, frozenset())]).truth((), literals, lambda: None)
    assert (rows, set(truth)) == (1, {0})


def test_the_largest_inductive_set_is_kept(instance: Instance) -> None:
    """Steps of Z3, and of the interpreter from there, drop as much as a search of all states, and no more."""
    plain, states = Interpreter(instance), every_state(instance)
    sample = Sample(instance, [plain.initial(), *islice((t for _, t in plain.moves(plain.initial())), 2)])
    told = candidates(sample)
    holding = {id(c): {s for s in states if plain.holds(c.term, s)} for c in told}
    steps, kept = list(steps_between(instance, states)), told
    while True:
        here = [(s, t) for s, t in steps if all(s in holding[id(c)] for c in kept)]
        fewer = [c for c in kept if all(t in holding[id(c)] for _, t in here)]
        if len(fewer) == len(kept):
            break
        kept = fewer
    small = SmallInstance(instance, told, Solving(LimitGuard("testing", Limits())))
    assert small.inductive(told) == kept
    everywhere = [c for c in told if len(holding[id(c)]) == len(states)]
    assert small.trivial(told) == everywhere
    assert len(everywhere) < len(kept) < len(told)
    assert true_everywhere(told, sample) == told
    assert true_everywhere(told, Sample(instance, states)) == everywhere
