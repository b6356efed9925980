"""Sorted runs of states: their code, in memory and in files, and memory that is given back."""

from __future__ import annotations

import itertools
import mmap
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from planrace.checker.engines.native.codes import lengths
from planrace.checker.engines.native.intrinsics import BLOCK
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.memory import Region, WordArray, give_back_library, words_at, write
from planrace.checker.engines.native.program import translated
from planrace.checker.engines.native.runs import Runs
from planrace.checker.engines.native.spill import SLACK, MemoryBytes, SpillFile

pytestmark = pytest.mark.usefixtures("own_cache", "optimised")
ROOM = 1 << 26


def numbers(words: int, kind: str, draw: random.Random) -> list[int]:
    """States of so many words: dense, spread out, with far neighbours, at the upper end, or one."""
    bits = 64 * words
    make: dict[str, Callable[[], int]] = {
        "anywhere": lambda: draw.getrandbits(bits),
        "dense": lambda: draw.getrandbits(12),
        "groups": lambda: draw.getrandbits(3) << bits - 3 | draw.getrandbits(14),
        "last": lambda: 2**bits - 2**13 + draw.getrandbits(13),
        "words": lambda: sum(draw.choice([0, 1, 2**63, 2**64 - 1]) << 64 * w for w in range(words)),
        "one": lambda: 5,
    }
    found = list({make[kind]() for _ in range(1500)})
    draw.shuffle(found)
    return found


def stored(states: list[int], words: int) -> WordArray:
    array = WordArray(max(1, len(states) * words))
    for n, s in enumerate(states):
        for w in range(words):
            array[n * words + w] = s >> 64 * w & 2**64 - 1
    return array


def add(runs: Runs, states: list[int], words: int, level: int) -> int:
    given = stored(states, words)
    return runs.new(given.address, len(states), level)


def loaded(address: int, count: int, words: int) -> list[int]:
    found = words_at(address, count * words)
    return [sum(found[n + w] << 64 * w for w in range(words)) for n in range(0, len(found), words)]


@pytest.fixture
def many_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Codes are made of a few states, and often; files are addressable no farther than they must be."""
    monkeypatch.setattr("planrace.checker.engines.native.runs.LEAST", 40)
    monkeypatch.setattr("planrace.checker.engines.native.runs.OFTEN", 2)
    monkeypatch.setattr("planrace.checker.engines.native.codes.SHARE", 1)
    monkeypatch.setattr("planrace.checker.engines.native.spill.FIRST", mmap.PAGESIZE)


@pytest.mark.usefixtures("many_codes")
@pytest.mark.parametrize("kind", ["anywhere", "dense", "groups", "last", "words", "one"])
@pytest.mark.parametrize("words", [1, 2, 3, 5])
@pytest.mark.parametrize("filed", [False, True])
def test_runs_are_sets_of_states(words: int, kind: str, filed: bool, tmp_path: Path) -> None:
    """What was added comes back, sorted, whichever run has it; and what no run has is kept of any states, the
    neighbours of those as well."""
    draw = random.Random(f"{words} {kind}")
    runs = Runs(words, ROOM, SpillFile(tmp_path) if filed else MemoryBytes(ROOM))
    states = numbers(words, kind, draw)
    parts = [states[:30], states[30:100], states[100:300], states[300:]]
    for level, some in enumerate(parts):
        assert add(runs, states[:10] + some if level else some, words, level + 1) == len(some)
    assert list(runs.all()) == [s for some in parts for s in sorted(some)]
    for level, some in enumerate(parts):
        assert [s for at, n in runs.pieces(level + 1) for s in loaded(at, n, words)] == sorted(some)
    assert len({r.code for r in runs.runs}) > (kind not in ("one", "words"))
    assert [c._ranks is None for c in runs._codes] == [True] * (len(runs._codes) - 1) + [False]
    blocks = [sorted(some)[n : n + 256] for some in parts for n in range(0, len(some), 256)]
    room = Region(ROOM)
    for first in range(len(blocks)):
        for last in range(first, len(blocks) + 1):
            count = runs.decode(first, last, room.address)
            assert loaded(room.address, count, words) == [s for some in blocks[first:last] for s in some]
    most = 2 ** (64 * words) - 1
    others = {
        *states[:300],
        *(min(most, s + 1) for s in states[:300]),
        *(draw.getrandbits(64 * words) for _ in range(99)),
    }
    given = stored(list(others), words)
    ordered = runs.sorted(given.address, len(others))
    left = runs.strike(ordered, len(others))
    assert loaded(ordered, left, words) == sorted(others - set(states))
    assert runs.states == len(states)


@pytest.mark.usefixtures("many_codes")
@pytest.mark.parametrize("words", [1, 2, 3, pytest.param(40, marks=pytest.mark.long("code for states of forty words"))])
@pytest.mark.parametrize("seen", [1, 3, 2**30, 2**60])
def test_a_code_serves_differences_that_were_not_met(words: int, seen: int, tmp_path: Path) -> None:
    """Of every length, also at the end of the addressable file."""
    some = [seen * n for n in range(1, 600)]
    steps = [2**n - k for n in range(1, 64 * words - 2) for k in (0, 1)]
    random.Random(words).shuffle(steps)
    others = [s + 2 ** (64 * words - 4) for s in itertools.accumulate(steps) if s < 2 ** (64 * words - 1)]
    if words == 1:
        some = [s % 2**59 for s in some]
    for data in MemoryBytes(ROOM), SpillFile(tmp_path):
        runs = Runs(words, ROOM, data)
        assert add(runs, sorted(set(some)), words, 1) == len(set(some))
        assert add(runs, others, words, 2) == len(others)
        assert list(runs.all()) == sorted(set(some)) + others


def test_a_frequent_difference_takes_a_bit() -> None:
    states = [7 * n for n in range(10_000)]
    runs = Runs(1, ROOM, MemoryBytes(ROOM))
    add(runs, states, 1, 1)
    assert runs.blocks == 40 == -(-len(states) // (1 << BLOCK))
    parts = 39 * (128 // 8 + 128 // 8) + 1 + 1  # the last block has 16 states
    assert runs.bytes == parts + 16 * runs.blocks + 8 * (1024 + 1024 + 1)


@pytest.mark.parametrize("words", [1, 2, 4])
@pytest.mark.parametrize("kind", ["a few", "skewed", "lengths", "anywhere"])
def test_codes_are_not_much_longer_than_seven_bits_a_byte(words: int, kind: str) -> None:
    """However differences are spread; and where some are frequent, much shorter."""
    draw = random.Random(f"{words} {kind}")
    high = 64 * words - 16
    make: dict[str, Callable[[], int]] = {
        "a few": lambda: 2 ** draw.choice([1, 30, 50, high]) + draw.randrange(3),
        "skewed": lambda: 1 + 2**20 * int(draw.expovariate(1 / 50)),
        "lengths": lambda: draw.getrandbits(draw.randrange(1, high)) | 1,
        "anywhere": lambda: draw.getrandbits(high) | 1,
    }
    steps = [make[kind]() for _ in range(6_000)]
    states = list(itertools.accumulate(steps))
    runs = Runs(words, ROOM, MemoryBytes(ROOM))
    add(runs, states, words, 1)
    assert list(runs.all()) == states
    index = 8 * (words + 1) * runs.blocks + 8 * sum(len(c.table) for c in runs._codes)
    before = sum(-(-s.bit_length() // 7) if s < 2**56 else 2 + -(-s.bit_length() // 8) for s in steps)
    share = (runs.bytes - index) / before
    assert share < {"a few": 0.1, "skewed": 0.4 if words == 1 else 0.7, "lengths": 1.0, "anywhere": 1.0}[kind]


def test_the_code_of_a_long_run_is_that_of_all_its_parts() -> None:
    """Of more differences than are counted, the first are of another kind."""
    draw = random.Random(5)
    far = [2**40 + draw.getrandbits(30) for _ in range(50)]
    steps = [draw.randrange(1, 9) for _ in range(20_000)] + [draw.choice(far) for _ in range(130_000)]
    runs = Runs(1, ROOM, MemoryBytes(ROOM))
    add(runs, list(itertools.accumulate(steps)), 1, 1)
    assert runs.bytes < 1.1 * len(steps)


@pytest.mark.parametrize("most", [3, 5, 10])
def test_lengths_of_codes(most: int) -> None:
    """Codes of these lengths exist and leave none over; they are the shortest, if none must be cut."""
    draw = random.Random(most)
    for counts in (
        [1] * 8,
        [0] * 7,
        [1, 1],
        [2**n for n in range(min(8, 1 << most))],
        [draw.randrange(1000) for _ in range(8)],
        [10**9, *[0] * 6],
    ):
        found = lengths(counts, most)
        assert sum(2**-n for n in found) == 1
        assert max(found) <= most
        for a, b in itertools.combinations(range(len(counts)), 2):
            assert counts[a] <= counts[b] or found[a] <= found[b] or counts[b] == counts[a]
    assert lengths([5, 1, 1, 2], most) == [1, 3, 3, 2]


def test_places_beyond_those_of_the_index_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not cut, so that a block would be read elsewhere."""
    monkeypatch.setattr("planrace.checker.engines.native.runs.PLACE", 40)
    runs = Runs(1, ROOM, MemoryBytes(ROOM))
    add(runs, list(range(20)), 1, 1)
    with pytest.raises(MemoryError, match="no farther places"):
        add(runs, list(range(1000, 1100)), 1, 2)
    assert list(runs.all()) == list(range(20))


def test_only_blocks_that_may_have_a_state_are_read() -> None:
    states = list(range(0, 100 << BLOCK, 1))
    runs = Runs(1, ROOM, MemoryBytes(ROOM))
    add(runs, states, 1, 1)
    read: list[int] = []
    code = runs._code

    def strike(*addresses: int) -> int:
        read.append(code["strike"](*addresses))
        return read[-1]

    runs._code = {"strike": strike, "keep": code["keep"]}  # type: ignore[assignment]
    given = stored([5, 17 << BLOCK], 1)
    assert runs.strike(given.address, 2) == 0
    assert read == [2]


def test_all_states_that_a_run_has_are_found() -> None:
    """More than are looked for at a time, also the first and the last of those."""
    states = list(range(0, 60_000, 2))
    runs = Runs(1, ROOM, MemoryBytes(ROOM))
    add(runs, states, 1, 1)
    given = stored(list(range(60_000)), 1)
    left = runs.strike(given.address, 60_000)
    assert loaded(given.address, left, 1) == list(range(1, 60_000, 2))


@pytest.mark.parametrize("filed", [False, True])
def test_runs_of_a_level_are_joined(filed: bool, tmp_path: Path) -> None:
    """In place, if there are not too many states; the runs before stay."""
    runs = Runs(2, ROOM, SpillFile(tmp_path) if filed else MemoryBytes(ROOM))
    add(runs, list(range(500)), 2, 1)
    begun, buffer = runs.blocks, Region(ROOM)
    for rest in range(3):
        add(runs, list(range(1_000 + 8 * rest, 25_000, 24)), 2, 2)
    apart = runs.bytes
    runs.join(begun, buffer, 2_999)
    assert (len(runs.runs), runs.bytes) == (4, apart)
    runs.join(begun, buffer, 3_000)
    assert [(r.level, r.states) for r in runs.runs] == [(1, 500), (2, 3_000)]
    assert (runs.states, runs.blocks) == (3_500, begun + 12)
    assert list(runs.all()) == [*range(500), *range(1_000, 25_000, 8)]
    assert runs.bytes < apart
    runs.join(begun, buffer, 3_000)
    assert len(runs.runs) == 2


@pytest.mark.parametrize("size", [1, mmap.PAGESIZE, 3 * 2**20 + 5, 2**22])
def test_memory_that_is_given_back_ends_with_its_region(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other memory may begin right after it, and would become zeros."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr("planrace.checker.engines.native.memory.give_back", lambda *what: given.append(what))
    region = Region(size)
    region.clear(size)
    if given:
        ((address, many),) = given
        assert address == region.address
        assert size <= many < size + mmap.PAGESIZE


def test_cleared_memory_is_zero() -> None:
    region = Region(3 * 2**20)
    region.fill(3 * 2**20)
    for at in (0, 2**20, 3 * 2**20 - 8):
        write(region.address + at, 7)
    region.clear(2**21)
    assert [words_at(region.address + at, 1)[0] for at in (0, 2**20, 3 * 2**20 - 8)] == [0, 0, 7]


@pytest.mark.parametrize("size", [1, mmap.PAGESIZE - 8, mmap.PAGESIZE, 3 * mmap.PAGESIZE])
def test_words_after_the_last_byte_can_be_read(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A difference is read by as many words as a state has, wherever it ends."""
    monkeypatch.setattr("planrace.checker.engines.native.spill.FIRST", mmap.PAGESIZE)
    file, source = SpillFile(tmp_path), Region(4 * mmap.PAGESIZE)
    file.append(source.address, size)
    assert file._extent >= file.size + SLACK >= file.size + 8 * 100
    assert words_at(file.address + file.size, SLACK // 8) == [0] * (SLACK // 8)


def test_files_have_no_names(tmp_path: Path) -> None:
    """So that several searches can share a folder, and nothing stays if one is killed."""
    first, second = SpillFile(tmp_path), SpillFile(tmp_path)
    text = b"of the first"
    source = WordArray(2)
    for n, value in enumerate(text):
        source[n // 8] |= value << 8 * (n % 8)
    first.append(source.address, len(text))
    assert (first.size, second.size) == (len(text), 0)
    assert list(tmp_path.iterdir()) == []
    first.release()
    assert words_at(first.address, 1) == [source[0]]


SMAPS = """\
7f10000000-7f10003000 r-xp 00000000 00:15 7 /lib/libabc.so
Rss:                  12 kB
Anonymous:             0 kB
Swap:                  0 kB
VmFlags: rd ex mr mw me
7f10003000-7f10005000 r--p 00003000 00:15 7 /lib/libabc.so
Rss:                   4 kB
Anonymous:             4 kB
Swap:                  0 kB
7f10005000-7f10006000 r--p 00005000 00:15 7 /lib/libabc.so
Rss:                   4 kB
Anonymous:             0 kB
Swap:                  4 kB
7f10006000-7f10007000 rw-p 00006000 00:15 7 /lib/libabc.so
Rss:                   4 kB
Anonymous:             0 kB
Swap:                  0 kB
7f20000000-7f20001000 r-xp 00000000 00:15 9 /abc/libother.so
Rss:                   4 kB
Anonymous:             0 kB
Swap:                  0 kB
7f30000000-7f30001000 r--p 00000000 00:00 0
Rss:                   4 kB
Anonymous:             0 kB
Swap:                  0 kB
7f40000000-7f40002000 r--p 00000000 00:15 7 /lib/libabc.so
Rss:                   8 kB
Anonymous:             0 kB
Swap:                  0 kB
"""


def test_only_what_is_as_in_the_file_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that the process has changed, in memory or swapped, would be lost."""
    given: list[tuple[int, int]] = []
    monkeypatch.setattr("planrace.checker.engines.native.memory.give_back", lambda *span: given.append(span))
    monkeypatch.setattr(Path, "read_text", lambda _: SMAPS)
    assert give_back_library("abc") == 20 * 1024
    assert given == [(0x7F10000000, 0x3000), (0x7F40000000, 0x2000)]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_a_library_works_after_its_memory_was_given_back() -> None:
    assert give_back_library("llvmlite") > 0
    machine = Machine("seven", lambda: translated("seven", {}, ["def seven():\n return 7\n"]), {"seven": 0})
    assert machine["seven"]() == 7
    assert not machine.cached
