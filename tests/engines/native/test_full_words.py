"""States whose words are full, empty, or look like the marks of a table: no state is mistaken for a free slot."""

from __future__ import annotations

from typing import Any

import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.temporal.recovery import RecoveryChecker
from planrace.checker.semantics.packing import Layout
from planrace.model.language import (
    If,
    Instance,
    Protocol,
    Term,
    array,
    forall,
    index,
    integers,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.sorts import SetOf
from planrace.properties import invariant, recoverable
from planrace.properties.kinds import Recoverability, Temporal

pytestmark = pytest.mark.usefixtures("own_cache")

ALL, NONE, TOP, LOW, ODD, BUT_TOP, BUT_LOW = range(7)
CASES = [ALL, NONE, TOP, LOW, ODD, BUT_TOP, BUT_LOW]


def holds(pattern: int, bit: Term, top: int) -> Term:
    """Whether a word of a pattern has a bit."""
    odd = [n for n in range(top + 1) if n % 2]
    cases = {
        ALL: bit >= 0,
        NONE: bit < 0,
        TOP: bit == top,
        LOW: bit == 0,
        ODD: bit.isin(set(odd)),
        BUT_TOP: bit < top,
        BUT_LOW: bit > 0,
    }
    return cases[pattern]


def of_sets(words: int, turns: int, patterns: list[int], width: int = 64) -> Instance:
    """Sets that fill a word each and take every pattern, and a counter that counts beside them."""
    protocol = Protocol("full words")
    bit, place = integers(0, width - 1, "bit"), integers(1, words, "place")
    held = protocol.variable("held", array(place, subsets(bit)), set())
    turn = protocol.variable("turn", integers(0, turns, "turn"), 0)
    for pattern in patterns:

        def write(p: Term, pattern: int = pattern) -> Step:
            return step(when(turn == 0), update(held[p], such_that(bit, lambda x: holds(pattern, x, width - 1))))

        protocol.action(place, by="environment", tags=["help"])(_taking_one(write, pattern))

    @protocol.action(by="environment", tags=["help"])
    def count_on() -> Step:
        return step(update(turn, If(turn < turns, turn + 1, 0)))

    whole = forall(place, lambda p: held[p] == such_that(bit, lambda x: x == x))  # noqa: PLR0124
    protocol.declare(
        invariant("never-full", ~(whole & (turn == turns)), "no state is full to the brim"),
        recoverable("emptied", forall(place, lambda p: held[p] == set()), "all can be emptied", helpers=["help"]),
    )
    return protocol.system().instance()


def _taking_one(body: Any, pattern: int) -> Any:
    def write(p: Term) -> Step:
        made: Step = body(p, pattern)
        return made

    write.__name__ = f"write{pattern}"
    return write


def of_numbers(turns: int) -> Instance:
    """Two numbers of 32 bits that take their extremes, and a counter."""
    protocol = Protocol("full numbers")
    number, which = integers(-(2**31), 2**31 - 1, "number"), integers(1, 2, "which")
    value = protocol.variable("value", array(which, number), 0)
    turn = protocol.variable("turn", integers(0, turns, "turn"), 0)

    @protocol.action(which, by="environment")
    def greatest(w: Term) -> Step:
        return step(update(value[w], 2**31 - 1))

    @protocol.action(which, by="environment")
    def least(w: Term) -> Step:
        return step(update(value[w], -(2**31)))

    @protocol.action(by="environment")
    def count_on() -> Step:
        return step(when(turn < turns), update(turn, turn + 1))

    return protocol.system().instance()


def counts(search: Any) -> Any:
    answers, covered = search.run()
    runs = {a.property.name: a.recording and len(a.recording.moves) for a in answers}
    return covered.complete, covered.states, covered.transitions, covered.depth, runs


def checkable(instance: Instance) -> list[Any]:
    return [p for p in instance.system.properties if not isinstance(p, Temporal)]


SYSTEMS = {
    "one word": of_sets(1, 100, CASES),
    "two words": of_sets(2, 15, CASES),
    "three words": of_sets(3, 3, [ALL, NONE, TOP, BUT_TOP]),
    "four words": of_sets(4, 1, [ALL, NONE, TOP]),
    "32 bits": of_sets(2, 15, CASES, 32),
    "63 bits": of_sets(2, 3, CASES, 63),
    "16 bits": of_sets(4, 1, [ALL, NONE, TOP, BUT_LOW], 16),
    "more than a word": of_sets(1, 30, CASES, 65),
    "two words and a bit": of_sets(2, 2, CASES, 129),
    "numbers": of_numbers(120),
}


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables begin small, are filled completely, and grow often; rounds are short."""
    monkeypatch.setattr("planrace.checker.engines.native.store.growth_of", lambda _: (1.0, 1.2))
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    monkeypatch.setattr("planrace.checker.engines.native.worker.ROUND", 64)


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", SYSTEMS)
def test_every_state_is_stored_once(name: str, workers: int) -> None:
    instance = SYSTEMS[name]
    properties = checkable(instance)
    reference = Search(instance, properties, exhaustive=True)
    wanted = counts(reference)
    native = NativeSearch(instance, properties, exhaustive=True, workers=workers)
    assert counts(native) == wanted
    assert wanted[0]
    assert sorted(native.states()) == sorted(reference.states())


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", ["one word", "two words", "32 bits", "more than a word"])
def test_graphs(name: str, workers: int) -> None:
    instance = SYSTEMS[name]
    reference = Search(instance, [], exhaustive=True)
    reference.run()
    native = NativeSearch(instance, [], exhaustive=True, workers=workers, keep=True)
    native.run()
    actions = list(instance.system.actions)
    terms = [p.goal for p in instance.system.properties if isinstance(p, Recoverability)]
    found, wanted = native_graph(native, actions, terms), graph(reference, actions, terms)
    assert _steps(found) == _steps(wanted)
    for p in instance.system.properties:
        if isinstance(p, Recoverability):
            assert (
                RecoveryChecker(native, native_graph).answer(p).verdict == RecoveryChecker(reference).answer(p).verdict
            )


def _steps(g: Any) -> set[tuple[int, int, int, int]]:
    return {(g.packed(n), g.marks[n], label, g.packed(t)) for n in g.numbers for label, t in g.steps(n)}


@pytest.mark.usefixtures("crowded")
@pytest.mark.parametrize("width", [31, 62, 63, 64, 65, 130])
def test_orbits(width: int) -> None:
    """Members whose blocks are whole words: both explorers order them in the same way."""
    protocol = Protocol("full blocks")
    owner, bit = index("owner", 2, symmetric=True), integers(0, width - 1, "bit")
    held = protocol.variable("held", array(owner, subsets(bit)), set())
    for pattern in CASES:

        def write(o: Term, pattern: int = pattern) -> Step:
            return step(update(held[o], such_that(bit, lambda x: holds(pattern, x, width - 1))))

        protocol.action(owner, by="environment")(_taking_one(write, pattern))
    instance = protocol.system().instance()
    never = invariant("never-alike", ~forall(owner, lambda o: held[o] == such_that(bit, lambda x: x > 0)), "drawn")
    wanted = counts(Search(instance, [never], exhaustive=True, symmetric=True))
    assert wanted[1] == len(CASES) * (len(CASES) + 1) // 2
    for workers in (1, 2):
        native = NativeSearch(instance, [never], exhaustive=True, symmetric=True, workers=workers)
        assert counts(native) == wanted


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_layout(name: str) -> None:
    """No field crosses a word boundary unnecessarily, none overlaps another, and no state fills word 0."""
    instance = SYSTEMS[name]
    layout = Layout(instance)
    taken = 0
    for f in layout.fields.values():
        bits = f.mask << f.offset
        assert not taken & bits
        taken |= bits
        assert f.width > 64 or f.shift + f.width <= 64
        assert f.words[-1] < layout.words
    full = tuple(_greatest(instance, v.sort) for v in instance.system.variables)
    packed = layout.encode(full)
    assert layout.decode(packed) == full
    assert packed & 2**64 - 1 != 2**64 - 1


def _greatest(instance: Instance, sort: Any) -> Any:
    if hasattr(sort, "domain"):
        return tuple(_greatest(instance, sort.element) for _ in instance.members(sort.domain))
    if isinstance(sort, SetOf):
        return frozenset(instance.members(sort.element))
    return instance.bounds(sort)[1]
