"""The states that one worker owns: an exact hash table with open addressing, in segments that grow in place, one by
one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planrace.checker.engines.limits import memory_in_use
from planrace.checker.engines.native.intrinsics import PAD, SEGMENT
from planrace.checker.engines.native.memory import Region, WordArray

GROWTH = {1: (0.88, 2.0), 2: (0.92, 1.15)}
"""For states of so many words: the largest load factor, and the factor by which a segment grows. The worst-case number
of slots for each state is their quotient. The largest searches have two words."""
WIDE = (0.9, 1.2)
"""The same for more words, whose buckets have fewer slots and overflow sooner."""
PART = 8
"""The share of the memory left, as 1/PART, that segments may take before memory in use is measured again: they grow
thousands of times."""
FIRST = 1 << 7
"""Buckets of a new segment."""


def growth_of(words: int) -> tuple[float, float]:
    """The largest load factor of a table for states of so many words, and the factor by which its segments grow."""
    return GROWTH.get(words, WIDE)


class Allowance:
    """What segments may take up to a memory ``limit`` in bytes of this process; None is no limit."""

    def __init__(self, limit: int | None) -> None:
        self.limit = limit or 0
        self._bounded = limit is not None
        self._left = 0

    def covers(self, size: int) -> bool:
        """Whether so many bytes more are within the limit; if so, they count as taken."""
        if not self._bounded:
            return True
        if size > self._left:
            left = self.limit - memory_in_use() - size
            if left < 0:
                return False
            self._left = size + left // PART
        self._left -= size
        return True

    def end(self) -> None:
        """Measure at the next growth: others have taken memory."""
        self._left = 0


class Store:
    """One worker's table (see ``inserting.py``): 1 << ``bits`` segments of buckets of ``bucket`` slots, for states of
    ``words`` words, in ``room`` bytes of address space."""

    def __init__(self, code: Mapping[str, Any], words: int, bucket: int, bits: int, room: int) -> None:
        self._spread = code["spread"]
        self.bucket = bucket
        full, self._growth = growth_of(words)
        self._limit = bucket * full
        self.stride = bucket * words + 1
        self.count = 1 << bits
        self.table = WordArray(self.count * SEGMENT)
        self._scratch = WordArray(bucket * words)
        most = max(room // self.count, 8 * self.stride * 4 * FIRST)
        self._regions = [Region(most) for _ in range(self.count)]
        for n, region in enumerate(self._regions):
            self.table[n * SEGMENT] = region.address
            self._resize(n, self._first(n))

    def _first(self, n: int) -> int:
        """The buckets of segment ``n`` at first: they differ, so that segments do not all grow at the same time."""
        return int(FIRST * self._growth ** (n / self.count))

    def clear(self, *, shrink: bool) -> None:
        """Forget all states; segments keep their sizes, or get those that they had at first."""
        for n, region in enumerate(self._regions):
            buckets = self._first(n) if shrink else self.table[n * SEGMENT + 1]
            region.clear((self.table[n * SEGMENT + 1] + PAD) * 8 * self.stride)
            self.table[n * SEGMENT + 1] = self.table[n * SEGMENT + 2] = 0
            self._resize(n, buckets)

    @property
    def states(self) -> int:
        """States stored."""
        return sum(self.table.every(2, SEGMENT))

    @property
    def bytes(self) -> int:
        """Memory of all buckets."""
        return sum(self.buckets(n) for n in range(self.count)) * 8 * self.stride

    def segment(self, n: int) -> int:
        """The address of the description of segment ``n``."""
        return self.table.address + 8 * n * SEGMENT

    def buckets(self, n: int) -> int:
        """The number of buckets of segment ``n``, including those below the first home."""
        return self.table[n * SEGMENT + 1] + PAD

    def more(self, n: int) -> int:
        """The number of bytes that growing segment ``n`` takes."""
        return int(self.buckets(n) * (self._growth - 1) + 1) * 8 * self.stride

    def grow(self, n: int) -> None:
        """Enlarge segment ``n``. Raises ``MemoryError`` if its address space is used up."""
        self._resize(n, int(self.table[n * SEGMENT + 1] * self._growth) + 1)

    def _resize(self, n: int, buckets: int) -> None:
        size = (buckets + PAD) * 8 * self.stride
        if size > self._regions[n].size:
            raise MemoryError(f"a segment of {size} bytes has no address space")
        self._regions[n].fill(size)
        self.table[n * SEGMENT + 3] = int(buckets * self._limit)
        if self.table[n * SEGMENT + 1]:
            self._spread(self.segment(n), buckets, self._scratch.address)
        self.table[n * SEGMENT + 1] = buckets
