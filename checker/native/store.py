"""The states that one worker owns: exact, in open addressing, in segments that grow one by one."""

from __future__ import annotations

from .machine import Machine
from .memory import Array, Region
from .words import SEGMENT

FULL = 0.85
"""Share of slots that are used at most."""
GROWTH = 1.25
"""Factor by which a segment grows: a state costs between 1/FULL and GROWTH/FULL slots."""
FIRST = 1 << 10
"""Slots of a new segment."""


class Store:
    """One worker's table (see ``loops.py``). ``words`` of a state; 1 << ``bits`` segments."""

    def __init__(self, machine: Machine, words: int, bits: int) -> None:
        self._machine = machine
        self._words = words
        self.count = 1 << bits
        self.table = Array(self.count * SEGMENT)
        self._regions: list[tuple[Region, Region]] = []
        self._scratch = Array(words)
        for n in range(self.count):
            # sizes differ, so that segments do not grow all at the same time
            self._regions.append(self._place(n, int(FIRST * GROWTH ** (n / self.count))))

    @property
    def states(self) -> int:
        return sum(self.table[n * SEGMENT + 2] for n in range(self.count))

    @property
    def slots(self) -> int:
        """Slots of all segments."""
        return sum(self.table[n * SEGMENT + 1] for n in range(self.count))

    @property
    def bytes(self) -> int:
        """Memory of the slots and their levels."""
        return self.slots * (8 * self._words + 1)

    def segment(self, n: int) -> int:
        """The address of what describes segment ``n``."""
        return self.table.address + 8 * n * SEGMENT

    def capacity(self, n: int) -> int:
        """Slots of segment ``n``."""
        return self.table[n * SEGMENT + 1]

    def larger(self, n: int) -> int:
        """Bytes that growing segment ``n`` takes, until the old one is given back."""
        return int(self.capacity(n) * GROWTH + 1) * (8 * self._words + 1)

    def grow(self, n: int) -> None:
        """Make segment ``n`` larger."""
        old = Array(SEGMENT)
        for k in range(SEGMENT):
            old[k] = self.table[n * SEGMENT + k]
        kept = self._regions[n]
        self._regions[n] = self._place(n, int(self.capacity(n) * GROWTH) + 1)
        self._machine["moved"](old.address, self.segment(n), self._scratch.address)
        del kept

    def _place(self, n: int, capacity: int) -> tuple[Region, Region]:
        slots, levels = Region(capacity * 8 * self._words), Region(capacity)
        for k, value in enumerate((slots.address, capacity, 0, levels.address, int(capacity * FULL))):
            self.table[n * SEGMENT + k] = value
        return slots, levels
