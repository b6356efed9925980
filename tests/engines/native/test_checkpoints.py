"""Searches that are cut and go on: however they keep their states, they end as if they had not been cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native import checkpoints as checkpoints_module
from planrace.checker.engines.native.checkpoints import Checkpoints
from planrace.checker.engines.native.converting import convert
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.intrinsics import LEVELS
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.stopped import SearchStoppedError
from planrace.checker.engines.native.store import Allowance
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.semantics.interpreter import RangeError
from planrace.checker.semantics.normal_form import normal_form
from planrace.model.language import Instance, ModelError, System, Term
from planrace.properties.dns import fixed, original
from tests.engines.native.test_native import ROWS, VARIANTS, checkable, shape
from tests.engines.native.test_runs import long_counter
from tests.engines.native.test_table import counters
from tests.systems import everything, random_systems

pytestmark = pytest.mark.usefixtures("own_cache")
SMALL = [r for r in ROWS if r["states"] < 100_000]
CUT = StopReason(StopKind.TIME, "the test has cut it")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rounds, segments, and sections are small, so that there are several; no checkpoint is written by itself."""
    monkeypatch.setattr("planrace.checker.engines.native.program.BITS", 3)
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    monkeypatch.setattr("planrace.checker.engines.native.compaction.TABLE", 1 << 10)
    monkeypatch.setattr("planrace.checker.engines.native.worker.ROUND", 50)
    monkeypatch.setattr("planrace.checker.engines.native.freezing.SOME", 1 << 8)
    monkeypatch.setattr("planrace.checker.engines.native.freezing.GROUP", 300)
    monkeypatch.setattr(checkpoints_module, "RATIO", 10**9)


class Maker:
    """Makes searches that keep their states in one ``way``."""

    def __init__(self, way: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._way, self._folder, self._monkeypatch = way, folder, monkeypatch

    def __call__(self, instance: Instance, properties: Any, **options: Any) -> NativeSearch:
        ways: dict[str, dict[str, Any]] = {
            "1": {"workers": 1},
            "3": {"workers": 3},
            "kept": {"workers": 2, "keep": True},
            "compact": {"workers": 2, "compact": True},
            "spill": {"workers": 1, "compact": True, "spill": self._folder},
        }
        if "converted" not in self._way:
            return NativeSearch(instance, properties, **{**ways[self._way], **options})
        search = NativeSearch(instance, properties, **{"workers": 2, **options})
        left = [int(self._way.split()[-1])]

        def covers(_size: int) -> bool:
            left[0] -= 1
            return left[0] >= 0

        self._monkeypatch.setattr(search.local.compaction.allowance, "covers", covers)
        return search


WAYS = ["3", "kept", "spill", "converted 30", "1", "compact", "converted 0", "converted 60"]
MORE = "other ways to keep states that are cut"


@pytest.fixture(params=[*WAYS[:4], *(pytest.param(way, marks=pytest.mark.long(MORE)) for way in WAYS[4:])])
def writing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Maker:
    """Makes the searches that are cut."""
    return Maker(request.param, tmp_path, monkeypatch)


@pytest.fixture
def readers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Maker]:
    """Those that make the searches which go on, one after the other, without end."""

    def every() -> Iterator[Maker]:
        while True:
            for way in WAYS:
                yield Maker(way, tmp_path, monkeypatch)

    return every()


def cut(search: NativeSearch, looks: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Run a search until so many rounds are done; whether it was cut."""
    left = [looks]
    look = search._look

    def cutting() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise SearchStoppedError(CUT)
        look()

    monkeypatch.setattr(search, "_look", cutting)
    return search.run()[1].stopped == CUT


def cut_at(search: NativeSearch, depth: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a search until the first round of a level is done: there are states of the next one."""

    def cutting() -> None:
        if search.depth == depth:
            raise SearchStoppedError(CUT)

    monkeypatch.setattr(search, "_look", cutting)
    assert search.run()[1].stopped == CUT


def runs(search: NativeSearch) -> dict[str, Any]:
    """The states of the runs that decide its properties."""
    return {n: a.recording and a.recording.states for n, a in search.questions.answers.items()}


def small_instance() -> tuple[Instance, list[Any]]:
    instance = original.system(["bad-plan"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    return instance, checkable(instance.system)


# The same search -------------------------------------------------------------------------------------------------
def test_it_goes_on_however_it_was_cut(
    writing: Maker, readers: Iterator[Maker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the middle of levels, with the same counts, verdicts and counterexamples, and the same states."""
    instance, properties = small_instance()
    whole = NativeSearch(instance, properties, exhaustive=True, workers=1)
    wanted, file = shape(whole), tmp_path / "file"
    cuts = 0
    for looks in (0, 1, 5, 18, 19, 20, 30, 44, 60):
        search = writing(instance, properties, exhaustive=True, checkpoints=Checkpoints(file))
        if not cut(search, looks, monkeypatch):
            continue
        cuts += 1
        assert search.checkpoints.last is not None
        assert search.checkpoints.last.depth == search.depth
        again = next(readers)(instance, properties, exhaustive=True, checkpoints=Checkpoints(None, file))
        assert shape(again) == wanted
        assert runs(again) == runs(whole)
        assert sorted(again.states()) == sorted(whole.states())
        assert again.checkpoints.resumed is not None
        assert again.checkpoints.resumed.depth == search.depth
        assert file.stat().st_size == search.checkpoints.last.bytes
    assert cuts > 6


def test_it_is_cut_again_and_again(writing: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One file is read and written by each part; none but the last is complete."""
    instance, properties = small_instance()
    wanted, file = shape(NativeSearch(instance, properties, exhaustive=True, workers=1)), tmp_path / "file"
    for _ in range(100):
        search = writing(instance, properties, exhaustive=True, checkpoints=Checkpoints(file, file))
        if not cut(search, 7, monkeypatch):
            break
    ended = NativeSearch(instance, properties, exhaustive=True, workers=2, checkpoints=Checkpoints(file, file))
    assert shape(ended) == wanted
    assert search.checkpoints.resumed is not None


@pytest.mark.parametrize("row", SMALL[:4], ids=lambda r: f"{r['protocol']} {r['states']}")
def test_counts_and_lengths(
    row: dict[str, Any], readers: Iterator[Maker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed_at_some_levels(row, 4, readers, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    "row", [r for r in SMALL if r["states"] < 30_000], ids=lambda r: f"{r['protocol']} {r['states']}"
)
def test_counts_and_lengths_at_every_level(
    row: dict[str, Any], readers: Iterator[Maker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resumed_at_some_levels(row, row["depth"], readers, tmp_path, monkeypatch)


def resumed_at_some_levels(
    row: dict[str, Any], levels: int, readers: Iterator[Maker], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cut at the bound on depth, the search goes on to the counts of the file."""
    monkeypatch.setattr("planrace.checker.engines.native.worker.ROUND", 1 << 12)
    monkeypatch.setattr("planrace.checker.engines.native.freezing.SOME", 1 << 12)
    sizes = {k: row[k] for k in ("enactors", "plans", "endpoints", "keep")}
    instance = VARIANTS[row["protocol"]].system(row["faults"]).instance(**sizes)
    properties, file = checkable(instance.system), folder / "file"
    for n in range(levels):
        limits = Limits(depth=n * row["depth"] // levels)
        saved = Checkpoints(file)
        next(readers)(instance, properties, exhaustive=True, limits=limits, checkpoints=saved).run()
        assert saved.last is not None
        search = next(readers)(instance, properties, exhaustive=True, checkpoints=Checkpoints(file, file))
        answers, covered = search.run()
        assert covered.complete
        assert (covered.states, covered.transitions, covered.depth) == (row["states"], row["transitions"], row["depth"])
        lengths = {a.property.name: a.recording and len(a.recording.moves) for a in answers}
        assert {n: lengths[n] for n in row["shortest_violation"]} == row["shortest_violation"]


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems(
    writing: Maker,
    readers: Iterator[Maker],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    drawn: tuple[System, list[Term], list[Term]],
) -> None:
    """The same states, counts, verdicts and lengths as the reference engine, or the same error."""
    system, states, steps = drawn
    properties = everything(states, steps)
    reference = Search(system.instance(), properties, exhaustive=True, limits=Limits(states=2000))
    try:
        expected = shape(reference)
    except RangeError:
        return
    if not expected[4]:
        return
    for looks in range(0, reference.run()[1].depth + 1, 3):
        saved = Checkpoints(tmp_path / "file")
        if not cut(writing(system.instance(), properties, exhaustive=True, checkpoints=saved), looks, monkeypatch):
            break
        saved = Checkpoints(None, tmp_path / "file")
        search = next(readers)(system.instance(), properties, exhaustive=True, checkpoints=saved)
        assert shape(search) == expected
        assert sorted(search.states()) == sorted(reference.states())


@pytest.mark.parametrize("words", [1, 2, 3])
def test_states_of_several_words(
    words: int, writing: Maker, readers: Iterator[Maker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large frontiers are not logged but found in the table."""
    for looks in (61, 100)[: 4 - words]:
        saved = Checkpoints(tmp_path / "file")
        assert cut(writing(counters(words), [], exhaustive=True, checkpoints=saved), looks, monkeypatch)
        for _ in range(2):
            search = next(readers)(counters(words), [], exhaustive=True, checkpoints=Checkpoints(None, saved.path))
            _, covered = search.run()
            assert (covered.states, covered.transitions, covered.complete) == (64 * 64, 2 * 63 * 64, True)
            assert len(set(search.states())) == 64 * 64


@pytest.mark.parametrize("depth", [LEVELS - 2, LEVELS - 1, LEVELS, 2 * LEVELS + 7])
def test_more_levels_than_a_byte_tells(
    depth: int, writing: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frontier and the new states are told from older ones with the same level byte."""
    last = 2 * LEVELS + 20
    instance = long_counter(last)
    properties = instance.system.properties
    saved = Checkpoints(tmp_path / "file")
    cut_at(writing(instance, properties, exhaustive=True, checkpoints=saved), depth, monkeypatch)
    for way in ("3", "compact", "converted 12"):
        again = Maker(way, tmp_path, monkeypatch)(
            instance, properties, exhaustive=True, checkpoints=Checkpoints(None, saved.path)
        )
        (answer,), covered = again.run()
        assert (covered.states, covered.complete, covered.depth) == (4 * (last + 1), True, last + 3)
        assert len(set(again.states())) == 4 * (last + 1)
        assert answer.recording is not None
        assert len(answer.recording.moves) == last + 3


@pytest.mark.parametrize("depth", [9, LEVELS + 40])
def test_a_level_in_which_states_move_into_runs(depth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The frontier is in a log then, and in the runs."""
    instance = long_counter(2 * LEVELS)
    saved = Checkpoints(tmp_path / "file")
    search = NativeSearch(instance, [], exhaustive=True, workers=2, checkpoints=saved)

    def cutting() -> None:
        if search.depth == depth:
            for w in search.workers:
                convert(w, search.local.compaction._empty(w))
            raise SearchStoppedError(CUT)

    monkeypatch.setattr(search, "_look", cutting)
    search.run()
    again = NativeSearch(instance, [], exhaustive=True, workers=1, checkpoints=Checkpoints(None, saved.path))
    assert again.run()[1].states == 4 * (2 * LEVELS + 1) == len(set(again.states()))


@pytest.mark.parametrize("symmetric", [False, True])
def test_orbits_and_normal_forms(symmetric: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = fixed.system(["crash"]).instance(enactors=3, endpoints=1, plans=3, keep=1)
    properties = checkable(instance.system)
    options: dict[str, Any] = {
        "exhaustive": True,
        "symmetric": symmetric,
        "normal": normal_form(instance, "generation", properties),
    }
    wanted = shape(NativeSearch(instance, properties, workers=2, **options))
    saved = Checkpoints(tmp_path / "file")
    assert cut(NativeSearch(instance, properties, workers=2, checkpoints=saved, **options), 40, monkeypatch)
    again = NativeSearch(instance, properties, workers=1, checkpoints=Checkpoints(None, saved.path), **options)
    assert shape(again) == wanted


# The graph -------------------------------------------------------------------------------------------------------
def steps_of(search: NativeSearch) -> set[tuple[int, int, int]]:
    """All steps of the graph as packed states, with their labels, and the levels as sets of states."""
    g = native_graph(search, list(search.kernel.instance.system.actions))
    steps = [(s, e) for s in g.numbers for e in range(g.offsets[s], g.offsets[s + 1])]
    return {(g.packed(s), g.packed(g.targets[e]), g.labels[e]) for s, e in steps}


@pytest.mark.parametrize("looks", [0, 13, 30, 50, None])
def test_the_graph_is_the_same(looks: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also that of a search which was complete when its checkpoint was written."""
    instance, properties = small_instance()
    whole = NativeSearch(instance, properties, exhaustive=True, workers=1, keep=True)
    whole.run()
    saved = Checkpoints(tmp_path / "file")
    search = NativeSearch(instance, properties, exhaustive=True, workers=2, keep=True, checkpoints=saved)
    assert cut(search, 10**9 if looks is None else looks, monkeypatch) == (looks is not None)
    for workers in (1, 3):
        again = NativeSearch(
            instance, properties, exhaustive=True, workers=workers, keep=True, checkpoints=Checkpoints(None, saved.path)
        )
        assert shape(again)[1:5] == (whole.crew.states, whole.transitions, whole.depth, True)
        assert steps_of(again) == steps_of(whole)
        levels = [
            [sorted(g.packed(n) for first, last in level for n in range(first, last)) for level in g.levels]
            for g in (native_graph(s, []) for s in (again, whole))
        ]
        assert levels[0] == levels[1]


def test_a_graph_without_levels_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that kept no frontiers does not know any more on which of several levels it found a state."""
    instance = long_counter(2 * LEVELS)
    saved = Checkpoints(tmp_path / "file")
    assert cut(NativeSearch(instance, [], exhaustive=True, workers=1, checkpoints=saved), LEVELS + 40, monkeypatch)
    again = NativeSearch(instance, [], exhaustive=True, keep=True, checkpoints=Checkpoints(None, saved.path))
    assert again.run()[1].complete
    with pytest.raises(MemoryError, match="knew the level of each state only in part"):
        native_graph(again, [])


# How it ends -----------------------------------------------------------------------------------------------------
def test_a_complete_search_is_reported_again(tmp_path: Path) -> None:
    """From a file without states; and not where a graph is needed."""
    instance, properties = small_instance()
    saved = Checkpoints(tmp_path / "file")
    first = NativeSearch(instance, properties, exhaustive=True, workers=2, checkpoints=saved)
    wanted = shape(first)
    assert wanted[4]
    assert (tmp_path / "file").stat().st_size < 4000
    again = NativeSearch(instance, properties, exhaustive=True, workers=1, checkpoints=Checkpoints(None, saved.path))
    assert shape(again) == wanted
    assert runs(again) == runs(first)
    kept = NativeSearch(instance, properties, exhaustive=True, keep=True, checkpoints=Checkpoints(None, saved.path))
    with pytest.raises(ModelError, match="complete and was asked nothing about recovery"):
        kept.run()


@pytest.mark.parametrize("options", [{"fail_fast": True}, {}])
def test_a_search_that_had_its_answers_is_not_continued(options: dict[str, Any], tmp_path: Path) -> None:
    """With the same options it is reported again; with others there is nothing to go on from."""
    instance, properties = small_instance()
    if not options:
        properties = properties[:2]
    saved = Checkpoints(tmp_path / "file")
    wanted = shape(NativeSearch(instance, properties, checkpoints=saved, **options))
    assert wanted[5].kind is StopKind.DECIDED
    assert shape(NativeSearch(instance, properties, checkpoints=Checkpoints(None, saved.path), **options)) == wanted
    other = NativeSearch(instance, properties, exhaustive=True, checkpoints=Checkpoints(None, saved.path))
    with pytest.raises(ModelError, match="other --fail-fast or --exhaustive"):
        other.run()


def test_other_options_may_follow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that was cut goes on with another bound, and stops at the first violation if that is asked now."""
    instance, properties = small_instance()
    saved = Checkpoints(tmp_path / "file")
    # The order in which two workers find states is not always the same: neither is how many a bound leaves.
    assert cut(NativeSearch(instance, properties, workers=1, exhaustive=True, checkpoints=saved), 3, monkeypatch)
    every: list[dict[str, Any]] = [{"fail_fast": True}, {"limits": Limits(depth=11)}, {"limits": Limits(states=700)}]
    for options in every:
        wanted = shape(NativeSearch(instance, properties, workers=1, **options))
        again = NativeSearch(instance, properties, workers=1, checkpoints=Checkpoints(None, saved.path), **options)
        assert shape(again) == wanted


@pytest.mark.parametrize("states", [20, 700, 1500])
def test_memory_that_gets_short_ends_it_while_it_is_read(
    states: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Undecided; the file stays as it is."""
    instance, properties = small_instance()
    saved = Checkpoints(tmp_path / "file")
    search = NativeSearch(instance, properties, exhaustive=True, workers=1, checkpoints=saved)
    cut(search, 55, monkeypatch)
    content = (tmp_path / "file").read_bytes()
    again = NativeSearch(
        instance, properties, exhaustive=True, workers=1, checkpoints=Checkpoints(saved.path, saved.path)
    )

    def covers(_self: Allowance, _size: int) -> bool:
        if again.crew.states >= states:
            raise MemoryError("none is left")
        return True

    monkeypatch.setattr(Allowance, "covers", covers)
    _, covered = again.run()
    assert not covered.complete
    assert covered.stopped is not None
    assert covered.stopped.kind is StopKind.MEMORY
    assert (tmp_path / "file").read_bytes() == content
