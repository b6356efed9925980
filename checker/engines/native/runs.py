"""The states of one worker as sorted runs, in memory or in a file (see ``coding.py``)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from planrace.checker.engines.native.codes import DifferenceCode, coder
from planrace.checker.engines.native.intrinsics import BLOCK, DIGIT, FILTER, PLACE, PLACES
from planrace.checker.engines.native.memory import Region, WordArray, words_at
from planrace.checker.engines.native.spill import MemoryBytes, SpillFile

LONGEST = 10
"""The most bytes that a word of a difference takes, with those that say how many they are."""
SOME = 1 << 16
"""States that are coded at a time."""
READ = 1 << 26
"""Bytes of a file that are read before its pages are given back."""
LEAST, OFTEN = 1 << 12, 4
"""The states of a run for which a code is made, at least; and how many times as many states as at the last time there
must be before another one is made."""


class Run(NamedTuple):
    """A sorted run: its ``level`` as in the table (modulo LEVELS, plus 1), its blocks ``first``…``last`` - 1 and its
    number of ``states``; ``code`` is the number of its code."""

    level: int
    first: int
    last: int
    states: int
    code: int


class Runs:
    """Sorted runs of states of ``words`` words, one after the other, whose bytes are in ``data``; ``room`` is address
    space for their index in bytes. Each state is in one run."""

    def __init__(self, words: int, room: int, data: MemoryBytes | SpillFile) -> None:
        self._words, self._room = words, room
        self._code = coder(words)
        self._data = data
        self._index = Region(room)
        self._entry = 8 * (words + 1)
        self._counts, self._marks = WordArray(1 << DIGIT), WordArray((1 << FILTER) + (1 << PLACES - 2))
        self._block = WordArray(words << BLOCK)
        self._spare, self._dead = Region(room), Region(room)
        self._pieces = Region(8 * words * SOME)
        self._staged = Region(LONGEST * 8 * words * SOME // 8 + 4096)
        self.runs: list[Run] = []
        self.states = self.blocks = 0
        self._codes = [DifferenceCode(words)]
        self._coded = LEAST // OFTEN

    def like(self) -> Runs:
        """Empty runs of such states, in memory."""
        return Runs(self._words, self._room, MemoryBytes(self._room))

    @property
    def bytes(self) -> int:
        """Bytes of all states with their index."""
        return self._data.size + self.blocks * self._entry + 8 * sum(len(c.table) for c in self._codes)

    def sorted(self, states: int, count: int) -> int:
        """Sort states, at an address, in place or in memory that the next call uses again: the address."""
        self._spare.use(8 * self._words * count)
        swapped = self._code["sort"](states, count, self._spare.address, self._counts.address)
        return self._spare.address if swapped else states

    def new(self, states: int, count: int, level: int) -> int:
        """Add those of ``count`` different states, at an address, that no run has, as a run of a level; what is at the
        address is overwritten. Returns how many were added."""
        ordered = self.sorted(states, count)
        return self.add(ordered, self.strike(ordered, count), level)

    def release(self) -> None:
        """Give back the memory of states that were sorted."""
        self._spare.clear(self._spare.size)

    def strike(self, states: int, count: int) -> int:
        """Remove those sorted states that some run has; returns how many are left, in their order."""
        if not count or not self.blocks:
            return count
        for group in self._groups():
            bounds = WordArray(3 * len(group))
            for n, run in enumerate(group):
                bounds[3 * n], bounds[3 * n + 1] = run.first, run.last
                bounds[3 * n + 2] = self._codes[run.code].table.address
            self._code["strike"](
                self._index.address,
                bounds.address,
                len(group),
                self._data.address,
                states,
                count,
                self._dead.address,
                self._marks.address,
                self._block.address,
            )
            self._data.release()
        return int(self._code["keep"](states, count, self._dead.address))

    def _groups(self) -> Iterator[list[Run]]:
        """All runs, as many at a time as are read before pages are given back."""
        group: list[Run] = []
        size = 0
        for run in self.runs:
            group.append(run)
            size += run.states
            if size > READ and self._data.filed:
                yield group
                group, size = [], 0
        if group:
            yield group

    def add(self, states: int, count: int, level: int) -> int:
        """Add sorted states, which are all new, as a run of a level; returns their number.

        Raises ``OSError`` if the file cannot be written, ``MemoryError`` if address space is used up.
        """
        if not count:
            return 0
        self._renew(states, count)
        code = self._codes[-1]
        first = self.blocks
        for at in range(0, count, SOME):
            size = min(SOME, count - at)
            blocks = -(-size // (1 << BLOCK))
            if (self.blocks + blocks) * self._entry > self._index.size:
                raise MemoryError("the index of the runs has no address space")
            used = self._data.size
            staged = self._staged.address - used  # ``encode`` writes at ``used``
            to = self._index.address + self._entry * self.blocks
            end = self._code["encode"](
                states + 8 * self._words * at, size, staged, used, to, code.table.address, code.writing.address
            )
            if end > PLACE:
                raise MemoryError("the index of the runs can name no farther places")
            self._data.append(self._staged.address, end - used)
            self.blocks += blocks
        self.states += count
        self.runs.append(Run(level, first, self.blocks, count, len(self._codes) - 1))
        return count

    def _renew(self, states: int, count: int) -> None:
        """Make a new code of some sorted states, if there are many and the last code was made when there were few."""
        known = self.states + count
        if count >= LEAST and known >= OFTEN * self._coded:
            self._codes[-1].finish()
            self._codes.append(DifferenceCode(self._words, states, count, known))
            self._coded = known

    def pieces(self, level: int) -> Iterator[tuple[int, int]]:
        """The states of a level, as it is in the table: addresses, where they stay until the next ones are asked for,
        with their numbers."""
        blocks = SOME >> BLOCK
        for run in self.runs:
            if run.level == level:
                for k in range(run.first, run.last, blocks):
                    last = min(k + blocks, run.last)
                    yield self._pieces.address, self._decode(run.code, k, last, self._pieces.address)

    def join(self, first: int, buffer: Region, most: int) -> None:
        """Make one run of those from block ``first`` on, which are of one level, unless they have more than ``most``
        states: their differences are smaller then."""
        some = [r for r in self.runs if r.first >= first]
        count = sum(r.states for r in some)
        if len(some) < 2 or count > most:
            return
        self.decode(first, self.blocks, buffer.address)
        self._data.size = words_at(self._index.address + self._entry * first + 8 * self._words, 1)[0] & PLACE
        del self.runs[-len(some) :]
        self.states, self.blocks = self.states - count, first
        self.add(self.sorted(buffer.address, count), count, some[0].level)

    def decode(self, first: int, last: int, to: int) -> int:
        """Write the states of blocks ``first``…``last`` - 1 to an address: their number, at most 1 << BLOCK each."""
        n = 0
        for run in self.runs[bisect_right(self.runs, first, key=lambda run: run.last) :]:
            if run.first >= last:
                break
            at = to + 8 * self._words * n
            n += self._decode(run.code, max(first, run.first), min(last, run.last), at)
        return n

    def _decode(self, code: int, first: int, last: int, to: int) -> int:
        address = self._codes[code].table.address
        n = int(self._code["decode"](self._index.address, first, last, self._data.address, to, address))
        self._data.release()
        return n

    def all(self) -> Iterator[int]:
        """Every packed state."""
        for run in self.runs:
            for k in range(run.first, run.last):
                n = self._decode(run.code, k, k + 1, self._block.address)
                found = words_at(self._block.address, n * self._words)
                for i in range(0, len(found), self._words):
                    yield sum(word << 64 * w for w, word in enumerate(found[i : i + self._words]))
