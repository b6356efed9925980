"""States divided among processes: who owns one, and that each is sent to its owner."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.native.crew import place_of
from planrace.checker.engines.native.intrinsics import INFO_SHARD
from planrace.checker.engines.native.memory import WordArray, words_at
from planrace.checker.engines.native.partition import WHOLE, Partition
from planrace.checker.engines.native.program import Program, ShardCode
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.native.worker import Worker
from planrace.checker.run.protocols import find


@pytest.fixture(scope="module")
def searched() -> NativeSearch:
    instance = find("fixed").system().instance(enactors=2, endpoints=1, plans=2, keep=1)
    search = NativeSearch(instance, [], exhaustive=True, workers=1)
    search.run()
    return search


def sent(worker: Worker, words: int) -> dict[int, list[tuple[int, ...]]]:
    """The states in each box that is not empty."""
    found = {}
    for box in range(len(worker.fills)):
        count = worker.fills[box]
        if count:
            flat = words_at(worker.addresses[box], count * words)
            found[box] = [tuple(flat[k : k + words]) for k in range(0, len(flat), words)]
    return found


def test_one_process_owns_all() -> None:
    assert WHOLE.shard_of([1, 2]) == 0
    assert Partition(1) == WHOLE


@pytest.mark.parametrize("shards", [2, 3, 8])
def test_the_whole_state_divides_evenly(shards: int) -> None:
    random = Random(shards)
    cut = Partition(shards, (2**64 - 1, 2**64 - 1))
    owners = Counter(cut.shard_of([random.getrandbits(20), random.getrandbits(3)]) for _ in range(8000))
    assert max(owners.values()) < 1.15 * 8000 / shards
    assert sorted(owners) == list(range(shards))


def test_bits_outside_the_masks_do_not_count() -> None:
    cut = Partition(16, (0xF0, 0, 1))
    assert {cut.shard_of([0xA0 | low, middle, 6]) for low in range(16) for middle in range(9)} == {
        cut.shard_of([0xA0, 0, 0])
    }
    assert len({cut.shard_of([high << 4, 0, last]) for high in range(16) for last in range(2)}) > 8


@pytest.mark.parametrize("me", [0, 2])
@pytest.mark.parametrize("mask", [2**64 - 1, 0b111 << 7])
def test_successors_go_to_their_owners(searched: NativeSearch, me: int, mask: int) -> None:
    """Each process has boxes for the segments of its own workers, and one for each other process."""
    kernel, cut = searched.kernel, Partition(3, (mask,))
    program = Program(ShardCode.of(kernel.instance, kernel.layout, searched.questions.watch(), None, cut), 2)
    worker = Worker(program, 2, 1 << 24, False, 1 << 30)
    worker.info[INFO_SHARD] = me
    states = list(searched.states())[:200]
    front = WordArray(len(states))
    for n, s in enumerate(states):
        front[n] = s
    buffers = [x.address for x in (worker.scratch, worker.addresses, worker.fills, worker.lines)]
    assert program["advance"](front.address, 0, len(states), *buffers, worker.info.address, 0) == len(states)
    expand = Search(kernel.instance, []).kernel.expand(searched.questions.watch())
    wanted: Counter[tuple[int, int]] = Counter()
    segments = 2 << program.bits
    for s in states:
        found: list[int] = []
        expand(s, found, [])
        for t in found:
            owner = cut.shard_of([t])
            wanted[place_of([t], segments) if owner == me else segments + owner, t] += 1
    got = Counter((box, t) for box, some in sent(worker, 1).items() for (t,) in some)
    assert got == wanted
    assert len({box for box, _ in got if box >= segments}) == 2, "some go to each other process"


def test_what_is_delivered_goes_to_its_segment(searched: NativeSearch) -> None:
    kernel = searched.kernel
    code = ShardCode.of(kernel.instance, kernel.layout, searched.questions.watch(), None, Partition(2, (255,)))
    program = Program(code, 2)
    worker = Worker(program, 2, 1 << 24, False, 1 << 30)
    states = list(searched.states())
    front = WordArray(len(states))
    for n, s in enumerate(states):
        front[n] = s
    program["deliver"](
        front.address, 3, len(states), *(x.address for x in (worker.addresses, worker.fills, worker.lines))
    )
    got = Counter((box, t) for box, some in sent(worker, 1).items() for (t,) in some)
    assert got == Counter((place_of([t], 2 << program.bits), t) for t in states[3:])
