"""Sorted runs of states: their code, in memory and in files, and memory that is given back."""

from __future__ import annotations

import mmap
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from planrace.checker.engines.native.intrinsics import BLOCK
from planrace.checker.engines.native.memory import Region, WordArray, words_at, write
from planrace.checker.engines.native.runs import Runs
from planrace.checker.engines.native.spill import MemoryBytes, SpillFile

pytestmark = pytest.mark.usefixtures("own_cache")
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


@pytest.mark.parametrize("kind", ["anywhere", "dense", "groups", "last", "words", "one"])
@pytest.mark.parametrize("words", [1, 2, 3, 5])
@pytest.mark.parametrize("filed", [False, True])
def test_runs_are_sets_of_states(words: int, kind: str, filed: bool, tmp_path: Path) -> None:
    """What was added comes back, sorted; and what no run has is kept of any states, the neighbours of those as well."""
    draw = random.Random(f"{words} {kind}")
    runs = Runs(words, ROOM, SpillFile(tmp_path) if filed else MemoryBytes(ROOM))
    states = numbers(words, kind, draw)
    half = len(states) // 2
    assert add(runs, states[:half], words, 1) == half
    assert add(runs, states, words, 2) == len(states) - half
    assert list(runs.all()) == sorted(states[:half]) + sorted(states[half:])
    for level, some in (1, states[:half]), (2, states[half:]):
        assert [s for at, n in runs.pieces(level) for s in loaded(at, n, words)] == sorted(some)
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


def test_a_state_takes_little_more_than_a_byte() -> None:
    states = [7 * n for n in range(10_000)]
    runs = Runs(1, ROOM, MemoryBytes(ROOM))
    add(runs, states, 1, 1)
    assert runs.blocks == -(-len(states) // (1 << BLOCK))
    assert runs.bytes == len(states) - runs.blocks + 16 * runs.blocks


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
        add(runs, list(range(1_000 + 50 * rest, 151_000, 150)), 2, 2)
    apart = runs.bytes
    runs.join(begun, buffer, 2_999)
    assert (len(runs.runs), runs.bytes) == (4, apart)
    runs.join(begun, buffer, 3_000)
    assert [(r.level, r.states) for r in runs.runs] == [(1, 500), (2, 3_000)]
    assert (runs.states, runs.blocks) == (3_500, begun + 12)
    assert list(runs.all()) == [*range(500), *range(1_000, 151_000, 50)]
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
