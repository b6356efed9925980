"""The workers of one shard: some successors belong to other shards, and states come from them."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy

from planrace.checker.engines.cluster.batches import encode, joined
from planrace.checker.engines.cluster.sampling import Table
from planrace.checker.engines.native.crew import LocalCrew
from planrace.checker.engines.native.intrinsics import INFO_AT, INFO_SHARD, INFO_SOURCE, INFO_STEPS, LEVELS
from planrace.checker.engines.native.program import Program
from planrace.checker.engines.native.worker import Worker

PIECE = 1 << 20
"""States that are delivered at once: no box gets more than it holds."""


class ShardCrew(LocalCrew):
    """The workers of shard ``me``. All frontiers are logged: a level can be searched again."""

    def __init__(self, program: Program, me: int, count: int, memory: int | None, orders: int) -> None:
        super().__init__(program, count, memory, orders=orders, convertible=False)
        self.me, self.shards = me, program.code.partition.shards
        for w in self.workers:
            w.info[INFO_SHARD] = me
        self._sent: list[list[Table]] = [[] for _ in range(self.shards)]
        self.sent = 0
        """Bytes of all batches so far."""
        self._steps = [0] * count
        """Steps taken by each worker when the level began."""

    def rounds(self, depth: int) -> int:
        super().rounds(depth)
        for w in self.workers:
            w.next_logged = True
        return self._rounds

    def turn(self) -> None:
        super().turn()
        self._steps = [w.info[INFO_STEPS] for w in self.workers]

    def began(self, steps: int) -> None:
        """So many steps were taken before this level."""
        self._steps = [steps, *[0] * (self.count - 1)]
        self.again()

    def again(self) -> None:
        """Forget that a part of the frontier was expanded; what was inserted stays."""
        self.failing.clear()
        self._sent = [[] for _ in range(self.shards)]
        for w, steps in zip(self.workers, self._steps, strict=True):
            w.expanded = w.info[INFO_AT] = w.info[INFO_SOURCE] = 0
            w.info[INFO_STEPS] = steps
            for box in range(len(w.fills)):
                w.fills[box] = 0

    def skip(self) -> None:
        """The frontier need not be expanded: the level after it is known."""
        for w in self.workers:
            w.expanded = w.size

    def frontier(self) -> Table:
        """A copy of the states of the frontier."""
        words = self.program.words
        return joined([_copied(w.front, w.size, words) for w in self.workers], words)

    # What comes and goes ---------------------------------------------------------------------------------------
    def deliver(self, states: Table) -> None:
        """Insert states that this shard owns."""
        for at in range(0, len(states), PIECE):
            some = states[at : at + PIECE]

            def part(n: int, _: int, some: Table = some) -> None:
                self._put(n, some, len(some) * n // self.count, len(some) * (n + 1) // self.count)

            self._each(part, 0)
            self.take()

    def contains(self, states: Table) -> bool:
        """Whether all states are stored. They are not inserted."""
        found = True
        for at in range(0, len(states), PIECE):
            some = states[at : at + PIECE]
            self._put(0, some, 0, len(some))
            found = super()._known() and found
        return found

    def _put(self, n: int, states: Table, first: int, last: int) -> None:
        """Send states to the boxes of their segments, by worker ``n``."""
        w = self.workers[n]
        self.program["deliver"](states.ctypes.data, first, last, w.addresses.address, w.fills.address, w.lines.address)

    def batches(self) -> tuple[bytes, ...]:
        """What belongs to each shard, coded; that of this shard is empty."""
        self._drain()
        found = tuple(encode(joined(some, self.program.words)) for some in self._sent)
        self._sent = [[] for _ in range(self.shards)]
        self.sent += sum(map(len, found))
        return found

    def resend(self, level: int) -> None:
        """Expand all stored states of a level, for ``batches``; nothing is inserted, and no step counts."""
        words = range(self.program.info)
        before = [[w.info[k] for k in words] for w in self.workers]
        self._sought = 0
        for w in self.workers:
            for segment in range(w.store.count):
                address, count = w.stored(segment, level % LEVELS + 1)
                at = 0
                while at < count:
                    at = self._advanced(w, address, at, min(count, at + self._stride, at + w.round))
                    self._drain()
                    self._forget(w)
        for w, values in zip(self.workers, before, strict=True):
            for k in words:
                w.info[k] = values[k]
        self.failing.clear()

    def _forget(self, w: Worker) -> None:
        """Empty a worker's boxes for this shard."""
        for box in range(self.count << self.program.bits):
            w.fills[box] = 0

    def _known(self) -> bool:
        self._drain()
        return super()._known()

    def _drain(self) -> None:
        """Empty the boxes for other shards."""
        first, words = self.count << self.program.bits, self.program.words
        for n in range(self.shards if self.shards > 1 else 0):
            for w in self.workers:
                count, w.fills[first + n] = w.fills[first + n], 0
                if count:
                    self._sent[n].append(_copied(w.addresses[first + n], count, words))


def _copied(address: int, count: int, words: int) -> Table:
    """A copy of states in memory."""
    if not count:
        return numpy.empty((0, words), dtype=numpy.uint64)
    flat: Any = (ctypes.c_uint64 * (count * words)).from_address(address)
    return numpy.frombuffer(flat, dtype=numpy.uint64).reshape(count, words).copy()
