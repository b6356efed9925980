"""One worker of a search: its store, its frontiers, and boxes for what it sends to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.engines.native.intrinsics import AHEAD, INFO_FRESH, INFO_STEPS, LATE, LINE, MANY, RECENT
from planrace.checker.engines.native.memory import Region, WordArray, write
from planrace.checker.engines.native.program import Program, bucket
from planrace.checker.engines.native.store import Store

ROUND = 1 << 19
"""The largest number of states that a worker expands between two insertions: with more, more successors are sent twice
to the same box and sifted out."""
SMALLEST, SHARE = 1 << 12, 1 << 10
"""The least number, and the share of the memory limit: one word of states for this many bytes, because the number of
successors is not known in advance."""
CHUNK, SOME = 1 << 16, 1 << 9
"""The number of words of states that are grouped together, and the number of states below which grouping does not
pay."""
BOX = 1 << 24
"""The capacity of a box in words."""
SKEW = 3 * (4096 + 64)
"""Bytes between boxes, so that entries with the same index do not compete for the same cache set."""


class Worker:
    """One worker: its store, the current and the next frontier, and a box for each segment of each worker.

    A round expands at most ``most`` words of states. ``keep``: all frontiers stay, one after the other, in ``log``;
    level n is ``levels[n]``…``levels[n + 1]`` - 1. A frontier that was not ``logged`` is read from the table, some
    segments at a time.
    """

    def __init__(self, program: Program, workers: int, room: int, keep: bool, most: int) -> None:
        self.round = min(ROUND, BOX // (program.words * max(1, program.fan)), max(SMALLEST, most // program.words))
        self.store = Store(program.functions, program.words, bucket(program.words), program.bits, room)
        self.log = Region(room)
        self._other = None if keep else Region(room)
        self._gathered = Region(room)
        self._gather, self._arrange = program["gather"], program["arrange"]
        self._arranged, self._counts = Region(8 * CHUNK), WordArray(program.controls)
        self._chunk = CHUNK // program.words
        self.logged = self.next_logged = True
        self.front = self.next = self.log.address
        self.levels = [0]
        count = program.boxes
        self.boxes = Region((8 * BOX + SKEW) * count)
        self.addresses = WordArray(count)
        for n in range(count):
            self.addresses[n] = self.boxes.address + (8 * BOX + SKEW) * n
        self.lines = Region(8 * LINE * program.words * count)
        self.fills = WordArray(count)
        self.info = WordArray(program.info)
        spare = (bucket(program.words) + 1) * program.words  # a bucket and one more slot, or its levels
        self.ring = WordArray(AHEAD + LATE * (program.words + 1) + spare)
        self.recent = WordArray(RECENT * program.words)
        self.scratch = WordArray((program.fan + MANY) * program.words)
        self.bytes = 8 * program.words
        self.size = self.expanded = 0

    @property
    def steps(self) -> int:
        """Steps that its states have."""
        return self.info[INFO_STEPS]

    def put(self, box: int, words: Sequence[int]) -> None:
        """Put a state into one of the boxes."""
        for n, word in enumerate(words, self.fills[box] * len(words)):
            write(self.addresses[box] + 8 * n, word)
        self.fills[box] += 1

    def part(self, n: int, parts: int, level: int) -> tuple[int, int]:
        """Prepare part ``n`` of ``parts`` of the frontier, whose level byte is ``level``; returns the range (first,
        past the last) of the states in ``front``."""
        if self.logged:
            return self.size * n // parts, self.size * (n + 1) // parts
        self.front = self._gathered.address
        count = 0
        for segment in range(self.store.count * n // parts, self.store.count * (n + 1) // parts):
            count += self._gather(self.store.segment(segment), level, self.front + count * self.bytes)
        return 0, count

    def stored(self, segment: int, level: int) -> tuple[int, int]:
        """A copy of the states of a segment whose level byte is ``level``: its address, and how many they are."""
        return self._gathered.address, self._gather(self.store.segment(segment), level, self._gathered.address)

    def chunks(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """The states of ``front`` in a range, as addresses with their ranges: if it pays, in parts that fit into the
        cache, grouped so that branches are predictable."""
        if len(self._counts) == 1 or last - first < SOME:
            yield self.front, first, last
            return
        for at in range(first, last, self._chunk):
            to = self._arranged.address
            yield to, 0, self._arrange(self.front, at, min(at + self._chunk, last), to, self._counts.address)

    def turn(self) -> None:
        """The next frontier becomes the current one."""
        self.front = self.next
        self.size = self.info[INFO_FRESH]
        self.levels.append(self.levels[-1] + self.size)
        self.info[INFO_FRESH] = self.expanded = 0
        self.logged = self.next_logged
        if self._other is None:
            self.next = self.front + self.size * self.bytes
            self.log.use((self.levels[-1] + 2 * self.size) * self.bytes)
        else:
            self.log, self._other = self._other, self.log
            self.next = self.log.address
            self.log.use(2 * self.size * self.bytes)  # the next level is seldom more than twice as large
