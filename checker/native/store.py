"""The states that one worker owns: exact, in open addressing, in segments that grow in place, one by one."""

from __future__ import annotations

from .machine import Machine
from .memory import Array, Region
from .words import PAD, SEGMENT

FULL = 0.88
"""Share of slots that are used at most."""
GROWTH, THRIFTY = 2.0, 1.2
"""Factors by which a segment of states of one word grows, and of more: a state costs at most that many slots / FULL."""
FIRST = 1 << 7
"""Buckets of a new segment."""


class Store:
    """One worker's table (see ``loops.py``): 1 << ``bits`` segments of buckets of ``bucket`` slots, for states of
    ``words`` words, in ``room`` bytes of address space.
    """

    def __init__(self, machine: Machine, words: int, bucket: int, bits: int, room: int) -> None:
        self._machine = machine
        self._words, self._bucket = words, bucket
        self._growth = GROWTH if words == 1 else THRIFTY
        self.count = 1 << bits
        self.table = Array(self.count * SEGMENT)
        self._scratch = Array(bucket * (words + 1))
        most = max(room // self.count // (8 * words), 4 * FIRST * bucket)
        self._slots = [Region(8 * words * most) for _ in range(self.count)]
        self._levels = [Region(most) for _ in range(self.count)]
        for n in range(self.count):
            self.table[n * SEGMENT] = self._slots[n].address
            self.table[n * SEGMENT + 3] = self._levels[n].address
            # sizes differ, so that segments do not grow all at the same time
            self._resize(n, int(FIRST * self._growth ** (n / self.count)))

    @property
    def states(self) -> int:
        """States stored."""
        return sum(self.table[n * SEGMENT + 2] for n in range(self.count))

    @property
    def bytes(self) -> int:
        """Memory of all slots and their levels."""
        return sum(self.slots(n) for n in range(self.count)) * (8 * self._words + 1)

    def segment(self, n: int) -> int:
        """The address of what describes segment ``n``."""
        return self.table.address + 8 * n * SEGMENT

    def slots(self, n: int) -> int:
        """Slots of segment ``n``."""
        return (self.table[n * SEGMENT + 1] + PAD) * self._bucket

    def more(self, n: int) -> int:
        """Bytes that growing segment ``n`` takes."""
        return int(self.slots(n) * (self._growth - 1) + 1) * (8 * self._words + 1)

    def grow(self, n: int) -> None:
        """Make segment ``n`` larger. Raises ``MemoryError`` where its address space ends."""
        self._resize(n, int(self.table[n * SEGMENT + 1] * self._growth) + 1)

    def _resize(self, n: int, buckets: int) -> None:
        slots = (buckets + PAD) * self._bucket
        if slots > self._levels[n].size:
            raise MemoryError(f"a segment of {slots} slots has no address space")
        self._slots[n].use(8 * self._words * slots)
        self._levels[n].use(slots)
        self.table[n * SEGMENT + 4] = int(buckets * self._bucket * FULL)
        if self.table[n * SEGMENT + 1]:
            self._machine["spread"](self.segment(n), buckets, self._scratch.address)
        self.table[n * SEGMENT + 1] = buckets
