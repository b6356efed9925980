"""The native explorer against the reference explorer and the interpreter; its store, memory, cache and dialect."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.memory import WordArray
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import (
    Instance,
    Protocol,
    System,
    Term,
    array,
    index,
    integers,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.properties import invariant
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Checkable
from tests import HERE
from tests.systems import everything, random_systems

ROWS = [r for r in json.loads((HERE / "counts.json").read_text()) if not r["symmetry"]]
VARIANTS = {"original": original, "fixed": fixed}


pytestmark = pytest.mark.usefixtures("own_cache", "optimised")


def checkable(system: System) -> list[Any]:
    return [p for p in system.properties if isinstance(p, Checkable)]


def shape(search: Any) -> Any:
    answers, covered = search.run()
    found = {a.property.name: (a.verdict, a.recording and len(a.recording.moves)) for a in answers}
    return found, covered.states, covered.transitions, covered.depth, covered.complete, covered.stopped


# Counts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{r['protocol']} {r['states']}")
def test_counts(row: dict[str, Any], workers: int) -> None:
    sizes = {k: row[k] for k in ("enactors", "plans", "endpoints", "keep")}
    instance = VARIANTS[row["protocol"]].system(row["faults"]).instance(**sizes)
    search = NativeSearch(instance, checkable(instance.system), exhaustive=True, workers=workers)
    answers, covered = search.run()
    assert covered.complete
    assert (covered.states, covered.transitions, covered.depth) == (row["states"], row["transitions"], row["depth"])
    lengths = {a.property.name: a.recording and len(a.recording.moves) for a in answers}
    assert {n: lengths[n] for n in row["shortest_violation"]} == row["shortest_violation"]


@pytest.mark.parametrize("states", [7, 1000])
def test_rounds_change_nothing(states: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Duplicates that are sifted out within a round are still counted once, however long rounds are."""
    monkeypatch.setattr("planrace.checker.engines.native.worker.ROUND", states)
    instance = fixed.system(["crash", "lock-expiry"]).instance(plans=3, endpoints=1)
    _, covered = NativeSearch(instance, checkable(instance.system), exhaustive=True, workers=2).run()
    assert (covered.states, covered.transitions, covered.depth) == (71779, 409672, 29)


@pytest.mark.parametrize("pad", [1, 64])
@pytest.mark.parametrize("late", [1, 32])
def test_full_buckets(pad: int, late: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """States that wait for the buckets below a full one are all stored, once, also where there is none below."""
    for name in ("intrinsics", "store"):
        monkeypatch.setattr(f"planrace.checker.engines.native.{name}.PAD", pad)
    for name in ("intrinsics", "worker"):
        monkeypatch.setattr(f"planrace.checker.engines.native.{name}.LATE", late)
    monkeypatch.setattr("planrace.checker.engines.native.store.growth_of", lambda _: (1.0, 1.2))
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    instance = fixed.system(["crash", "lock-expiry"]).instance(plans=3, endpoints=1)
    search = NativeSearch(instance, checkable(instance.system), exhaustive=True, workers=2)
    _, covered = search.run()
    assert (covered.states, covered.transitions, covered.depth) == (71779, 409672, 29)
    assert len(set(search.states())) == 71779


# Against the reference -----------------------------------------------------------------------------------------
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems(drawn: tuple[System, list[Term], list[Term]]) -> None:
    """Every sort and operator: the same states, counts, verdicts and lengths, or the same error."""
    system, states, steps = drawn
    properties = everything(states, steps)
    reference = Search(system.instance(), properties, exhaustive=True, limits=Limits(states=3000))
    native = NativeSearch(system.instance(), properties, exhaustive=True, workers=2, limits=Limits(states=3000))
    try:
        expected = shape(reference)
    except RangeError:
        with pytest.raises(RangeError):
            native.run()
        return
    if not expected[4]:
        return  # cut off by the bound, of which each engine makes its own
    assert shape(native) == expected
    found = sorted(native.states())
    assert found == sorted(reference.states())
    layout = native.kernel.layout
    assert [layout.encode(layout.decode(s)) for s in found] == found


@pytest.mark.parametrize(
    "options", [{}, {"fail_fast": True}, {"limits": Limits(depth=9)}, {"limits": Limits(depth=11)}]
)
@pytest.mark.parametrize("name", VARIANTS)
def test_the_same_search_however_it_ends(name: str, options: dict[str, Any]) -> None:
    instance = VARIANTS[name].system(["bad-plan"]).instance(enactors=2, endpoints=1, plans=3, keep=1)
    properties = checkable(instance.system)
    wanted = shape(Search(instance, properties, **options))
    for workers in (1, 2, 3):
        assert shape(NativeSearch(instance, properties, workers=workers, **options)) == wanted


def test_the_same_traces_for_any_number_of_workers() -> None:
    instance = original.system(["bad-plan"]).instance(enactors=3, endpoints=1, plans=3, keep=1)
    properties = checkable(instance.system)
    told = []
    for workers in (1, 2, 3):
        answers, _ = NativeSearch(instance, properties, workers=workers).run()
        told.append(
            [[(m.action.name, m.choice) for m in a.recording.moves] for a in answers if a.recording is not None]
        )
    assert len(told[0]) >= 4
    assert told[0] == told[1] == told[2]


def test_a_bound_of_states() -> None:
    instance = fixed.system().instance(enactors=2, plans=3, endpoints=1, keep=1)
    answers, covered = NativeSearch(instance, checkable(instance.system), limits=Limits(states=100)).run()
    assert covered.stopped == StopReason(StopKind.STATES, "the bound of 100 states was reached")
    assert not covered.complete
    assert {a.verdict for a in answers} <= {Verdict.UNKNOWN, Verdict.HOLDS}


# Odd sizes -----------------------------------------------------------------------------------------------------
def bits(count: int, width: int) -> Instance:
    """``count`` sets of ``width`` elements: anybody may add an element to its set."""
    protocol = Protocol("bits")
    owner = index("owner", count)
    element = integers(1, width, "element")
    held = protocol.variable("held", array(owner, subsets(element)), set())

    @protocol.action(owner, element, by="environment")
    def add(o: Term, x: Term) -> Step:
        return step(when(~x.isin(held[o])), update(held[o], held[o] | {x}))

    return protocol.system().instance()


@pytest.mark.parametrize(("count", "width"), [(1, 1), (1, 8), (3, 3)])
def test_sets_of_all_bits(count: int, width: int) -> None:
    covered = NativeSearch(bits(count, width), [], exhaustive=True, workers=2).run()[1]
    assert covered.states == 2 ** (count * width)
    assert covered.transitions == count * width * 2 ** (count * width - 1)


def counters(count: int, top: int) -> Instance:
    """Counters that take turns: one run, as long as they count."""
    protocol = Protocol("counters")
    place = index("place", count)
    number = integers(0, top, "number")
    value = protocol.variable("value", array(place, number), 0)

    @protocol.action(place, by="environment")
    def count_on(p: Term) -> Step:
        from planrace.model.language import forall

        return step(
            when(value[p] < top, forall(place, lambda q: (value[q] == value[p]) | (value[q] == value[p] + 1))),
            update(value[p], value[p] + 1),
        )

    return protocol.system().instance()


def test_many_words() -> None:
    """Three words a state; the counters leave a field of 10 bits each, 18 of them."""
    instance = counters(18, 1000)
    search = NativeSearch(instance, [], exhaustive=True, workers=2, limits=Limits(depth=30))
    assert search.program.words == 3
    reference = Search(instance, [], exhaustive=True, limits=Limits(depth=3))
    native = NativeSearch(instance, [], exhaustive=True, workers=2, limits=Limits(depth=3))
    assert shape(native) == shape(reference)
    assert sorted(native.states()) == sorted(reference.states())


class Fenced(WordArray):
    """An array followed by words that must not be touched."""

    made: ClassVar[list[Fenced]] = []

    def __init__(self, length: int) -> None:
        super().__init__(length + 64)
        for k in range(length, length + 64):
            self[k] = 0xFE9CED
        self.length = length
        Fenced.made.append(self)

    def __len__(self) -> int:
        return self.length


@pytest.mark.parametrize("count", [1, 2, 3, 6, 9])
def test_nothing_is_written_behind_an_array(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """For every number of words of a state, also if buckets are full."""
    Fenced.made.clear()
    for module in ("worker", "store"):
        monkeypatch.setattr(f"planrace.checker.engines.native.{module}.WordArray", Fenced)
    monkeypatch.setattr("planrace.checker.engines.native.store.growth_of", lambda _: (1.0, 1.2))
    monkeypatch.setattr("planrace.checker.engines.native.store.FIRST", 1)
    protocol = Protocol("wide", "counters, and what is carried along")
    low = protocol.variable("low", integers(0, 63), 0)
    high = protocol.variable("high", integers(0, 63), 0)
    for k in range(count - 1):
        protocol.variable(f"ballast{k}", integers(0, 2**60), 0)

    @protocol.action(by="environment")
    def tick() -> Step:
        return step(when(low < 63), update(low, low + 1))

    @protocol.action(by="environment")
    def tock() -> Step:
        return step(when(high < 63), update(high, high + 1))

    search = NativeSearch(protocol.system().instance(), [], exhaustive=True, workers=2)
    assert search.program.words == count
    _, covered = search.run()
    assert covered.states == 64 * 64
    assert Fenced.made
    for made in Fenced.made:
        assert {made[k] for k in range(len(made), len(made) + 64)} == {0xFE9CED}


@pytest.mark.parametrize("workers", [1, 2])
def test_frontiers_read_from_the_table(workers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """States of two words, in levels that are read from the table in several rounds, more of them than a byte tells
    apart, so that the last are logged; a violation in either part is told alike."""
    protocol = Protocol("wide")
    number, element = integers(0, 150, "number"), integers(1, 58, "element")
    left = protocol.variable("left", number, 0)
    right = protocol.variable("right", number, 0)
    held = protocol.variable("held", subsets(element), set())

    @protocol.action(by="environment")
    def count_left() -> Step:
        return step(when(left < 150, left <= right + 3), update(left, left + 1))

    @protocol.action(by="environment")
    def count_right() -> Step:
        return step(when(right < 150, right <= left + 3), update(right, right + 1))

    @protocol.action(element, by="environment")
    def add(x: Term) -> Step:
        return step(when(held == set()), update(held, {x}))

    instance = protocol.system().instance()
    both = [
        invariant(f"not-{n}", ~((left == n) & (right == n) & (held != set())), "a state that is met") for n in (20, 140)
    ]
    monkeypatch.setattr("planrace.checker.engines.native.worker.ROUND", 64)
    monkeypatch.setattr("planrace.checker.engines.native.crew.SCANNED", 1 << 20)
    native = NativeSearch(instance, both, exhaustive=True, workers=workers)
    assert native.program.words == 2
    found = shape(native)
    assert found == shape(Search(instance, both, exhaustive=True))
    assert {verdict for verdict, _ in found[0].values()} == {Verdict.VIOLATED}
    assert found[3] == 301


def test_states_are_arranged_by_what_is_enabled() -> None:
    """Every state of a chunk occurs once, those of equal ``control`` are adjacent, and each group keeps its order."""
    search = NativeSearch(original.system().instance(), [], exhaustive=True, workers=1, limits=Limits(states=5000))
    search.run()
    program, states = search.program, list(search.states())
    scope: dict[str, Any] = {}
    exec(program.sources[2], scope)
    asked = [scope["control"](program.unpack(s)) for s in states]
    assert len(set(asked)) > 8
    size = program.words * len(states)
    front, to, counts = WordArray(size), WordArray(size), WordArray(program.controls)
    for place, word in enumerate(w for s in states for w in program.unpack(s)):
        front[place] = word
    for first, last in ((0, len(states)), (7, 1000)):
        program["arrange"](front.address, first, last, to.address, counts.address)
        n = program.words
        arranged = [program.pack([to[k * n + w] for w in range(n)]) for k in range(last - first)]
        assert arranged == [states[k] for k in sorted(range(first, last), key=asked.__getitem__)]


def test_a_word_without_a_free_bit_pattern() -> None:
    """64 bits that may all be set: the store needs another word to tell a free slot."""
    instance = bits(1, 64)
    native = NativeSearch(instance, [], exhaustive=True, workers=2, limits=Limits(depth=2))
    assert native.program.words == 2
    assert shape(native) == shape(Search(instance, [], exhaustive=True, limits=Limits(depth=2)))


def test_traces_longer_than_a_byte_tells() -> None:
    """A run of 700 steps, back through levels that share their byte: every state also has a step from the state 255
    levels after its parent, which the byte cannot tell from the parent."""
    protocol = Protocol("long")
    value = protocol.variable("value", integers(0, 700, "number"), 0)

    @protocol.action(by="environment")
    def jump_back() -> Step:
        return step(when(value >= 254), update(value, value - 254))

    @protocol.action(by="environment")
    def count_on() -> Step:
        return step(when(value < 700), update(value, value + 1))

    end = invariant("never-there", value != 700, "the counter does not get to its end")
    (answer,), covered = NativeSearch(protocol.system().instance(), [end], workers=2).run()
    assert covered.depth == 700
    assert answer.recording is not None
    assert len(answer.recording.moves) == 700


def test_growth_keeps_every_state() -> None:
    """Enough states that every segment grows many times."""
    instance = original.system().instance(enactors=3, plans=4, endpoints=1, keep=2)
    native = NativeSearch(instance, [], exhaustive=True, workers=2)
    native.run()
    reference = Search(instance, [], exhaustive=True)
    reference.run()
    assert sorted(native.states()) == sorted(reference.states())


# Memory --------------------------------------------------------------------------------------------------------
def test_a_memory_limit_is_kept() -> None:
    code = (
        "from planrace.checker.engines.native.search import NativeSearch\n"
        "from planrace.checker.engines.limits import Limits, peak_memory\n"
        "from planrace.properties.dns import fixed\n"
        "limit = 140 * 2**20\n"
        "instance = fixed.system(['crash', 'lock-expiry']).instance()\n"
        "covered = NativeSearch(instance, [], exhaustive=True, limits=Limits(memory=limit)).run()[1]\n"
        "print(covered.complete, '|', covered.stopped, '|', peak_memory() / limit)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    complete, stopped, share = done.stdout.split(" | ")
    assert (complete, stopped) == ("False", "the memory limit of 140 MiB was reached")
    assert float(share) < 1.1


# What is said of a search -------------------------------------------------------------------------------------
def test_exploration_says_who_searched() -> None:
    instance = fixed.system().instance(enactors=2, plans=2, endpoints=1, keep=1)
    covered: Coverage = NativeSearch(instance, [], workers=2).run()[1]
    assert covered.workers == 2


def test_without_address_space_the_reference_goes_on() -> None:
    """If the system cannot reserve address space, a large search stays in Python."""
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31))\n"
        "from planrace.checker import check, find\n"
        "report = check(find('fixed'), {'endpoints': 1, 'plans': 3}, faults=['crash', 'lock-expiry'])\n"
        "print(report.engine, report.exploration.states, report.exploration.complete)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["explicit", "71779", "True"], done.stderr


def test_peak_memory_is_that_of_this_process() -> None:
    """A process is not charged for the one that started it."""
    code = (
        "import subprocess, sys; big = bytearray(400 * 2**20)\n"
        "inner = 'from planrace.checker.engines.limits import peak_memory; print(peak_memory())'\n"
        "print(subprocess.run([sys.executable, '-c', inner], capture_output=True, text=True, check=True).stdout)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 2**20 < int(done.stdout) < 200 * 2**20
