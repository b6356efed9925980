"""Searches whose states are sorted runs, from the beginning or from any moment on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker.engines.answer import Answer
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native import compaction
from planrace.checker.engines.native.converting import convert
from planrace.checker.engines.native.intrinsics import LEVELS
from planrace.checker.engines.native.memory import Region, words_at, write
from planrace.checker.engines.native.runs import Runs
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.store import Allowance
from planrace.checker.engines.native.worker import Worker
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import StopKind
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import Instance, Protocol, System, Term, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Checkable, Reachability
from tests.engines.native.test_native import ROWS, VARIANTS, checkable, shape
from tests.engines.native.test_table import counters
from tests.systems import everything, random_systems

pytestmark = pytest.mark.usefixtures("own_cache")
SMALL = [r for r in ROWS if r["states"] < 100_000]


# Searches ------------------------------------------------------------------------------------------------------
@pytest.fixture
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments begin with a bucket, and tables that remember states are emptied often."""
    monkeypatch.setattr("planrace.checker.engines.native.program.BITS", 3)
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    monkeypatch.setattr("planrace.checker.engines.native.compaction.TABLE", 1 << 10)


MODES = ["compact", "spill", "after 0", "after 9", "after 40", "spill after 25"]


@pytest.fixture(params=MODES)
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Makes a search whose states are in runs, or that changes over after so many segments of its table have grown."""
    mode: str = request.param
    if "after" in mode:
        left = [int(mode.rsplit(maxsplit=1)[-1])]

        def covers(_self: Allowance, _size: int) -> bool:
            left[0] -= 1
            return left[0] >= 0

        monkeypatch.setattr(Allowance, "covers", covers)

    def make(instance: Instance, properties: Any, **options: Any) -> NativeSearch:
        spill = tmp_path if "spill" in mode else None
        return NativeSearch(instance, properties, compact="after" not in mode, spill=spill, **options)

    yield make
    assert not list(tmp_path.iterdir())


def in_runs(search: NativeSearch) -> int:
    return sum(w.runs.states for w in search.workers if w.runs is not None)


@pytest.mark.usefixtures("small_tables")
@pytest.mark.parametrize("row", SMALL[:6], ids=lambda r: f"{r['protocol']} {r['states']}")
def test_counts_and_lengths(row: dict[str, Any], made: Any) -> None:
    sizes = {k: row[k] for k in ("enactors", "plans", "endpoints", "keep")}
    instance = VARIANTS[row["protocol"]].system(row["faults"]).instance(**sizes)
    search = made(instance, checkable(instance.system), exhaustive=True, workers=2)
    answers, covered = search.run()
    assert covered.complete
    assert (covered.states, covered.transitions, covered.depth) == (row["states"], row["transitions"], row["depth"])
    lengths = {a.property.name: a.recording and len(a.recording.moves) for a in answers}
    assert {n: lengths[n] for n in row["shortest_violation"]} == row["shortest_violation"]
    assert in_runs(search) or row["states"] < 1000


@pytest.mark.usefixtures("small_tables")
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems(made: Any, drawn: tuple[System, list[Term], list[Term]]) -> None:
    """The same states, counts, verdicts and lengths as the reference engine, or the same error."""
    system, states, steps = drawn
    properties = everything(states, steps)
    reference = Search(system.instance(), properties, exhaustive=True, limits=Limits(states=3000))
    search = made(system.instance(), properties, exhaustive=True, workers=2)
    try:
        expected = shape(reference)
    except RangeError:
        with pytest.raises(RangeError):
            search.run()
        return
    if not expected[4]:
        return
    assert shape(search) == expected
    assert sorted(search.states()) == sorted(reference.states())


@pytest.mark.usefixtures("small_tables")
@pytest.mark.parametrize("at_once", [1 << 19, 5])
@pytest.mark.parametrize("words", [1, 2, 3])
def test_states_of_several_words(words: int, at_once: int, made: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Frontiers of large states are read from the table, and from runs in the middle of a level."""
    monkeypatch.setattr("planrace.checker.engines.native.worker.ROUND", at_once)
    search = made(counters(words), [], exhaustive=True, workers=1)
    _, covered = search.run()
    assert (covered.states, covered.transitions, covered.complete) == (64 * 64, 2 * 63 * 64, True)
    assert len(set(search.states())) == 64 * 64 == in_runs(search)


@pytest.mark.usefixtures("small_tables")
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("options", [{"fail_fast": True}, {"limits": Limits(depth=9)}, {"limits": Limits(depth=11)}])
def test_the_same_search_however_it_ends(name: str, options: dict[str, Any], made: Any) -> None:
    instance = VARIANTS[name].system(["bad-plan"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    properties = checkable(instance.system)
    wanted = shape(Search(instance, properties, **options))
    for workers in (1, 3):
        assert shape(made(instance, properties, workers=workers, **options)) == wanted


@pytest.mark.usefixtures("small_tables")
@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("depth", [None, 9, 11])
def test_tables_are_emptied_while_states_are_inserted(
    depth: int | None, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever a segment is full: the states before and after that are found once, also at the bound on depth."""
    monkeypatch.setattr("planrace.checker.engines.native.compaction.OVER", 0)
    instance = VARIANTS[name].system(["bad-plan"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    properties, limits = checkable(instance.system), Limits(depth=depth)
    wanted = shape(Search(instance, properties, exhaustive=True, limits=limits))
    for workers in (1, 3):
        search = NativeSearch(instance, properties, exhaustive=True, limits=limits, compact=True, workers=workers)
        emptied: list[int] = []
        for w in search.workers:
            clear = w.store.clear

            def cleared(*, shrink: bool, w: Worker = w, clear: Any = clear, seen: list[int] = emptied) -> None:
                seen.append(w.store.states)
                clear(shrink=shrink)

            monkeypatch.setattr(w.store, "clear", cleared)
        assert shape(search) == wanted
        assert len(emptied) > 20
        assert max(emptied) < 300


@pytest.mark.usefixtures("small_tables")
def test_a_state_beyond_the_bound_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the states that are new are met first, and the table is emptied then."""
    monkeypatch.setattr("planrace.checker.engines.native.compaction.OVER", 0)
    unknown, found = Worker.unknown, [0]

    def first_of_all(w: Worker) -> int:
        found[0] += 1
        unknown(w)
        return int(found[0] == 1)

    monkeypatch.setattr(Worker, "unknown", first_of_all)
    instance = original.system(["bad-plan"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    search = NativeSearch(instance, [], exhaustive=True, limits=Limits(depth=9), compact=True, workers=1)
    _, covered = search.run()
    assert found[0] > 2
    assert not covered.complete


def test_counterexamples_are_the_same(made: Any) -> None:
    """The least deciding state and its least predecessors, whatever keeps them."""
    instance = original.system().instance(enactors=2, endpoints=1, plans=3, keep=1)
    properties = checkable(instance.system)
    plain = NativeSearch(instance, properties, workers=2)
    runs = [{a.property.name: a.recording for a in s.run()[0]} for s in (plain, made(instance, properties, workers=2))]
    for name, recording in runs[0].items():
        other = runs[1][name]
        assert (recording and recording.states) == (other and other.states)


def long_counter(last: int) -> Instance:
    """A counter with a switch beside it, which every step may turn: more levels than a byte distinguishes."""
    protocol = Protocol("long", "a counter and a switch")
    number, switch = protocol.variable("number", integers(0, last), 0), protocol.variable("switch", integers(0, 3), 0)

    @protocol.action(by="environment")
    def tick() -> Step:
        return step(when(number < last), update(number, number + 1))

    @protocol.action(by="environment")
    def turn() -> Step:
        return step(update(switch, (switch + 1) % 4))

    protocol.declare(invariant("not-last", (number < last) | (switch != 3), "it never ends turned"))
    return protocol.system().instance()


@pytest.mark.usefixtures("small_tables")
@pytest.mark.parametrize("grown", [3, 12, 20, 28, 36])
def test_deep_searches_change_over(grown: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A level byte stands for several levels then: the new states are told from the older ones by the log."""
    left = [grown]
    changed: list[int] = []

    def covers(_self: Allowance, _size: int) -> bool:
        left[0] -= 1
        return left[0] >= 0

    monkeypatch.setattr(Allowance, "covers", covers)

    def watched(w: Worker, runs: Runs) -> None:
        changed.append(w.depth)
        convert(w, runs)

    monkeypatch.setattr(compaction, "convert", watched)
    last = 3 * LEVELS
    instance = long_counter(last)
    search = NativeSearch(instance, instance.system.properties, exhaustive=True, workers=1)
    (answer,), covered = search.run()
    assert (covered.states, covered.complete, covered.depth) == (4 * (last + 1), True, last + 3)
    assert answer.recording is not None
    assert len(answer.recording.moves) == last + 3
    assert len(changed) == 1


def test_some_deep_search_changes_over_beyond_the_levels_of_a_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    """As the one before, at the moment that it is about."""
    monkeypatch.setattr("planrace.checker.engines.native.program.BITS", 3)
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    depths: list[int] = []

    def watched(w: Worker, runs: Runs) -> None:
        depths.append(w.depth)
        convert(w, runs)

    monkeypatch.setattr(compaction, "convert", watched)
    instance = long_counter(3 * LEVELS)
    search = NativeSearch(instance, [], exhaustive=True, workers=1)
    monkeypatch.setattr(Allowance, "covers", lambda *_: search._depth < LEVELS + 40)
    _, covered = search.run()
    assert (covered.states, covered.complete) == (4 * (3 * LEVELS + 1), True)
    assert depths
    assert depths[0] >= LEVELS + 40


# Where it ends -------------------------------------------------------------------------------------------------
def instance_of_fixed() -> tuple[Instance, list[Checkable]]:
    instance = fixed.system(["crash"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    return instance, checkable(instance.system)


def outcome(search: NativeSearch) -> tuple[list[Answer], Coverage]:
    return search.run()


def test_a_full_disk_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search ends with the folder's name; what it found until then stays."""
    written: list[int] = []
    write = os.pwrite

    def pwrite(file: int, data: Any, at: int) -> int:
        written.append(len(data))
        if sum(written) > 3000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data[:100], at)  # and no more than a part at a time

    monkeypatch.setattr(os, "pwrite", pwrite)
    instance, properties = instance_of_fixed()
    answers, covered = outcome(NativeSearch(instance, properties, exhaustive=True, compact=True, spill=tmp_path))
    assert not covered.complete
    assert covered.stopped is not None
    assert covered.stopped.kind is StopKind.MEMORY
    assert str(tmp_path) in str(covered.stopped)
    assert "No space left" in str(covered.stopped)
    assert {a.verdict for a in answers if not isinstance(a.property, Reachability)} == {Verdict.UNKNOWN}


def test_a_disk_that_fails_while_runs_are_joined_decides_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("planrace.checker.engines.native.compaction.TABLE", 1 << 12)
    joined: list[int] = []

    def join(runs: Runs, first: int, _buffer: Region, _most: int) -> None:
        joined.append(first)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Runs, "join", join)
    instance, properties = instance_of_fixed()
    answers, covered = outcome(NativeSearch(instance, properties, exhaustive=True, compact=True, spill=tmp_path))
    assert joined
    assert not covered.complete
    assert "Input/output error" in str(covered.stopped)
    assert {a.verdict for a in answers} == {Verdict.UNKNOWN}


def test_without_memory_for_another_table_the_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    monkeypatch.setattr("planrace.checker.engines.native.compaction.TABLE", 1 << 14)
    monkeypatch.setattr("planrace.checker.engines.native.compaction.memory_in_use", lambda: 2**40 - 2**20)
    instance, properties = instance_of_fixed()
    monkeypatch.setattr(Allowance, "covers", lambda *_: False)
    answers, covered = outcome(NativeSearch(instance, properties, exhaustive=True, limits=Limits(memory=2**40)))
    assert not covered.complete
    assert covered.stopped is not None
    assert covered.stopped.kind is StopKind.MEMORY
    assert {a.verdict for a in answers if not isinstance(a.property, Reachability)} == {Verdict.UNKNOWN}


# Memory --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("given", [2**30, 0])
def test_what_made_the_code_goes_before_the_table_does(given: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the library gives enough memory back, the table grows on; if not, its states move into runs."""
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    asked: list[str] = []

    def library(name: str) -> int:
        asked.append(name)
        return given

    monkeypatch.setattr(compaction, "give_back_library", library)
    monkeypatch.setattr(Allowance, "covers", lambda *_: bool(asked and given))
    instance, properties = instance_of_fixed()
    search = NativeSearch(instance, properties, exhaustive=True, limits=Limits(memory=2**40), workers=1)
    _, covered = search.run()
    assert covered.complete
    assert asked[0] == "llvmlite"
    assert (search.workers[0].runs is None) == bool(given)


@pytest.mark.parametrize(("first", "released"), [(2**40 - 2**30, True), (2**38, False)])
def test_a_table_may_be_larger_after_memory_was_given_back(
    first: int, released: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If less than half of the limit is left, buffers and the library are given back before its size is chosen."""
    given: list[str] = []
    monkeypatch.setattr(compaction, "give_back_library", lambda _: given.append("library") or 1)  # type: ignore[func-returns-value]
    monkeypatch.setattr(Worker, "release", lambda _: given.append("buffers"))
    monkeypatch.setattr(compaction, "memory_in_use", lambda: 0 if given else first)
    instance, _ = instance_of_fixed()
    search = NativeSearch(instance, [], limits=Limits(memory=2**40), workers=1, compact=True)
    assert given == (["library", "buffers"] if released else [])
    (w,) = search.workers
    assert w.cap == compaction.TABLE // (8 * w.store.stride) * w.store.bucket


def test_buffers_are_given_back() -> None:
    instance, _ = instance_of_fixed()
    search = NativeSearch(instance, [], exhaustive=True, compact=True, workers=1)
    search.run()
    (w,) = search.workers
    assert w.runs is not None
    states = sorted(search.states())
    for region in (w.buffer, w.runs._spare):
        write(region.address + 8 * 1000, 5)
    w.release()
    assert [words_at(r.address + 8 * 1000, 1)[0] for r in (w.buffer, w.runs._spare)] == [0, 0]
    assert sorted(search.states()) == states


@pytest.mark.parametrize(("memory", "early"), [(2**30 - 1, True), (2**30, False), (None, False)])
def test_under_a_small_limit_the_code_for_runs_is_made_in_time(
    memory: int | None, early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiler takes tens of megabytes, which are not left when the table is full."""
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    monkeypatch.setattr(Allowance, "covers", lambda *_: True)
    made: list[int] = []
    monkeypatch.setattr(compaction, "coder", made.append)
    instance, _ = instance_of_fixed()
    NativeSearch(instance, [], exhaustive=True, limits=Limits(memory=memory), workers=1).run()
    assert set(made) == ({1} if early else set())
