"""The table of the search at its edges: what is prefetched, how it grows, and where memory ends."""

from __future__ import annotations

from collections import Counter

import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native import hashing
from planrace.checker.engines.native.intrinsics import LINE, PAD
from planrace.checker.engines.native.memory import Region
from planrace.checker.engines.native.program import bucket
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.store import Store
from planrace.checker.results.stop import StopKind
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Instance, Protocol, Term, array, forall, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant


@pytest.mark.parametrize("words", range(1, 10))
def test_every_line_of_a_bucket_is_prefetched_and_no_other(words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialect is Python: here it runs as such, for each place in a cache line at which a bucket may begin."""
    stride = bucket(words) * words + 1
    touched: set[int] = set()
    monkeypatch.setattr(hashing, "prefetch", lambda array, index: touched.add((array + index) // LINE))
    monkeypatch.setattr(hashing, "STRIDE", stride)
    monkeypatch.setattr(hashing, "LINES", -(-stride // LINE))
    for begin in range(0, LINE * stride, stride):
        touched.clear()
        hashing.fetch(begin)  # type: ignore[arg-type]
        assert touched == {word // LINE for word in range(begin, begin + stride)}


def counters(words: int) -> Instance:
    """Two counters, and what is carried along so that a state takes so many words: 4,096 states."""
    protocol = Protocol("wide", "counters, and what is carried along")
    which, number = integers(1, 2, "which"), integers(0, 63, "number")
    value = protocol.variable("value", array(which, number), 0)
    for k in range(words - 1):
        protocol.variable(f"ballast{k}", integers(0, 2**60), 0)

    @protocol.action(which, by="environment")
    def tick(w: Term) -> Step:
        return step(when(value[w] < 63), update(value[w], value[w] + 1))

    protocol.declare(invariant("low", forall(which, lambda w: value[w] < 64), "no counter is high"))
    return protocol.system().instance()


@pytest.fixture
def few_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """One worker has sixteen segments, which begin with a bucket and get 256 states each on average."""
    monkeypatch.setattr("planrace.checker.engines.native.program.BITS", 3)
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)


@pytest.mark.usefixtures("own_cache", "few_segments")
@pytest.mark.parametrize("load", [None, 1.0])
@pytest.mark.parametrize("words", [1, 2, 3, 4, 5])
def test_growing_segments_keep_every_state_once(
    words: int, load: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As much as usual, or little by little where every slot is taken before a segment grows."""
    if load is not None:
        monkeypatch.setattr("planrace.checker.engines.native.store.growth_of", lambda _: (load, 1.1))
    instance = counters(words)
    search = NativeSearch(instance, [], exhaustive=True, workers=1)
    assert search.program.words == words
    store = search.workers[0].store
    grown: Counter[int] = Counter()

    def grow(n: int) -> None:
        grown[n] += 1
        Store.grow(store, n)

    monkeypatch.setattr(store, "grow", grow)
    _, covered = search.run()
    found = list(search.states())
    assert (covered.states, covered.transitions, covered.complete) == (64 * 64, 2 * 63 * 64, True)
    assert len(found) == len(set(found)) == 64 * 64
    assert min(grown[n] for n in range(store.count)) >= 4


@pytest.mark.usefixtures("own_cache", "few_segments")
@pytest.mark.parametrize("words", [1, 2, 3, 5])
def test_without_address_space_for_a_segment_nothing_is_decided(words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table ends in the middle of a level: its states are real and counted once, and no property holds."""
    spare = 8 * (PAD + 20) * (bucket(words) * words + 1)
    monkeypatch.setattr("planrace.checker.engines.native.store.Region", lambda _: Region(spare))
    instance = counters(words)
    search = NativeSearch(instance, instance.system.properties, exhaustive=True, workers=1)
    (answer,), covered = search.run()
    assert covered.stopped is not None
    assert covered.stopped.kind is StopKind.MEMORY
    assert "no address space" in str(covered.stopped)
    assert (answer.verdict, covered.complete) == (Verdict.UNKNOWN, False)
    reference = Search(instance, [], exhaustive=True)
    reference.run()
    found = list(search.states())
    assert len(found) == len(set(found)) == covered.states < 64 * 64
    assert set(found) < set(reference.states())


@pytest.mark.usefixtures("own_cache", "few_segments")
@pytest.mark.parametrize("words", [2, 3])
def test_growth_ends_at_the_memory_limit(words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a segment would get is added to what the process has, before it gets it."""
    search = NativeSearch(counters(words), [], exhaustive=True, workers=1, limits=Limits(memory=2**40))
    monkeypatch.setattr(search.crew.compaction, "_convertible", False)  # type: ignore[attr-defined]
    store = search.workers[0].store
    limit, before = 2**40 * 80 // 100, store.bytes
    most = before * 5 // 4
    monkeypatch.setattr("planrace.checker.engines.native.store.memory_in_use", lambda: limit - most + store.bytes)
    _, covered = search.run()
    assert covered.stopped is not None
    assert covered.stopped.kind is StopKind.MEMORY
    assert not covered.complete
    assert before < store.bytes <= most
    assert len(set(search.states())) == covered.states


@pytest.mark.usefixtures("own_cache", "few_segments")
def test_memory_is_not_measured_at_each_growth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading it takes tens of microseconds, and segments grow thousands of times."""
    asked: list[int] = []
    monkeypatch.setattr("planrace.checker.engines.native.store.memory_in_use", lambda: asked.append(1) or 0)  # type: ignore[func-returns-value]
    search = NativeSearch(counters(3), [], exhaustive=True, workers=1, limits=Limits(memory=2**40))
    grown: list[int] = []
    store = search.workers[0].store
    monkeypatch.setattr(store, "grow", lambda n: grown.append(n) or Store.grow(store, n))  # type: ignore[func-returns-value]
    levels = search.run()[1].depth
    assert len(asked) <= levels + 1 < len(grown)
    assert asked
