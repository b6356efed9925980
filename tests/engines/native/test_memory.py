"""What a search keeps in memory: until when, and how its states are found again."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from planrace.checker.engines.limits import LimitGuard, Limits, Progress, memory_in_use
from planrace.checker.engines.native import worker
from planrace.checker.engines.native.crew import LocalCrew
from planrace.checker.engines.native.intrinsics import SEGMENT
from planrace.checker.engines.native.memory import WordArray
from planrace.checker.engines.native.search import NativeSearch
from planrace.properties.dns import original

INSTANCE = original.system().instance(enactors=2, endpoints=1, plans=2, keep=1)
"""Made here, because errors that the language handles keep the frames of its callers, with all that these name."""


@pytest.fixture
def no_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def search(*, keep: bool = False, symmetric: bool = False) -> NativeSearch:
    made = NativeSearch(INSTANCE, [], exhaustive=True, workers=2, keep=keep, symmetric=symmetric)
    made.run()
    return made


def test_the_states_of_a_search_go_with_it(no_collection: None) -> None:
    """Garbage is looked for seldom, so what refers to each other stays, and its memory counts."""
    made = search()
    tables = [weakref.ref(r) for w in made.workers for r in w.store._regions]
    del made
    assert tables
    assert all(t() is None for t in tables)


@pytest.mark.parametrize("symmetric", [False, True])
def test_frontiers_that_stay_have_the_predecessors_that_the_table_has(
    symmetric: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHUNK", 7)  # several pieces for each level
    kept, scanned = (search(keep=keep, symmetric=symmetric).crew for keep in (True, False))
    assert isinstance(kept, LocalCrew)
    assert isinstance(scanned, LocalCrew)
    levels = len(kept.workers[0].levels) - 2
    several = 0
    for level in range(1, levels):
        for w in kept.workers:
            for at, count in w.logged_level(level):
                for s in (kept._state(at, n) for n in range(count)):
                    found = list(kept.before(s, level))
                    assert found == list(scanned.before(s, level)) != []
                    several += len(found) > 1
    assert levels > 10
    assert several


def test_every_word_of_a_stride() -> None:
    words = WordArray(3 * SEGMENT)
    for n in range(len(words)):
        words[n] = n
    assert words.every(2, SEGMENT) == [2, SEGMENT + 2, 2 * SEGMENT + 2]


def test_memory_is_measured_only_where_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr("planrace.checker.engines.limits.memory_in_use", lambda: asked.append(1) or 2**30)  # type: ignore[func-returns-value]
    assert LimitGuard("searching", Limits()).look(1, 1, 1) is None
    assert asked == []
    assert LimitGuard("searching", Limits(memory=2**29)).look(1, 1, 1) is not None
    told: list[Progress] = []
    LimitGuard("searching", Limits(), told.append, last_report=-1.0).look(1, 1, 1)
    assert [p.memory_bytes for p in told] == [2**30]


def test_memory_in_use_is_that_of_this_process() -> None:
    before, block = memory_in_use(), bytearray(b"x" * 2**26)
    assert 2**25 < memory_in_use() - before < 2**28
    assert len(block) == 2**26
