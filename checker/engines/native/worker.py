"""One worker of a search: its store, its frontiers, and boxes for what it sends to others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.engines.native.intrinsics import (
    AHEAD,
    BLOCK,
    INFO_FRESH,
    INFO_STEPS,
    LATE,
    LEVELS,
    LINE,
    MANY,
    RECENT,
)
from planrace.checker.engines.native.memory import Region, WordArray, write
from planrace.checker.engines.native.program import Program, bucket
from planrace.checker.engines.native.runs import Runs
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
    segments at a time, or from ``runs``, some blocks at a time. If there are runs, they have the states, and the table
    only remembers some of them: what it does not know may be known, which is found out for many at a time (``settle``).
    """

    def __init__(self, program: Program, workers: int, room: int, keep: bool, most: int) -> None:
        self.round = min(ROUND, BOX // (program.words * max(1, program.fan)), max(SMALLEST, most // program.words))
        self.store = Store(program.functions, program.words, bucket(program.words), program.bits, room)
        self.log = Region(room)
        self._other = None if keep else Region(room)
        self.keep = keep
        self.buffer = Region(room)
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
        self.size = self.expanded = self.found = 0
        self.runs: Runs | None = None
        self.depth, self.parts = -1, 1
        self.bounds: list[tuple[int, int]] = []
        """If the frontier is in runs: the blocks of each part, from the first to past the last."""
        self.cap = 0
        """If there are runs: the states after which the table is emptied."""
        self.begun = 0
        """The first block of the next level."""

    @property
    def steps(self) -> int:
        """Steps that its states have."""
        return self.info[INFO_STEPS]

    def put(self, box: int, words: Sequence[int]) -> None:
        """Put a state into one of the boxes."""
        for n, word in enumerate(words, self.fills[box] * len(words)):
            write(self.addresses[box] + 8 * n, word)
        self.fills[box] += 1

    @property
    def states(self) -> int:
        """States stored, without those of which it is not known yet whether a run has them."""
        return self.store.states if self.runs is None else self.runs.states

    def begin(self, depth: int) -> int:
        """Prepare the level ``depth`` of the frontier: the number of parts that it needs."""
        self.depth = depth
        parts = -(-self.size // self.round)
        if self.logged:
            return parts
        if self.runs is None:
            return min(parts, self.store.count)
        blocks = self.bounds[0][1] - self.bounds[0][0]
        most = self.cap * self.runs.states // (self.steps + 1)  # so many have as many successors as the table takes
        return -(-blocks // max(1, min(self.round, most) >> BLOCK))

    def divide(self, parts: int) -> None:
        """The frontier will be expanded in so many parts."""
        self.parts = parts
        if self.runs is not None and not self.logged:
            first, last = self.bounds[0]
            size = last - first
            self.bounds = [(first + size * n // parts, first + size * (n + 1) // parts) for n in range(parts)]

    def part(self, n: int) -> tuple[int, int]:
        """Prepare part ``n`` of the frontier; returns the range (first, past the last) of the states in ``front``."""
        if self.logged:
            return self.size * n // self.parts, self.size * (n + 1) // self.parts
        self.front = self.buffer.address
        if self.runs is not None:
            return 0, self.runs.decode(*self.bounds[n], self.front)
        return 0, self.gathered(self.depth, *self.segments(n), self.front)

    def segments(self, n: int) -> tuple[int, int]:
        """The segments of part ``n`` of a frontier that is not logged."""
        return self.store.count * n // self.parts, self.store.count * (n + 1) // self.parts

    def gathered(self, depth: int, first: int, last: int, to: int) -> int:
        """Copy the states of a level in segments ``first``…``last`` - 1 to an address; their number."""
        count = 0
        for segment in range(first, last):
            level = depth % LEVELS + 1
            count += self._gather(self.store.segment(segment), level, to + count * self.bytes)
        return count

    def stored(self, segment: int, level: int) -> tuple[int, int]:
        """A copy of the states of a segment whose level byte is ``level``: its address, and how many they are."""
        return self.buffer.address, self._gather(self.store.segment(segment), level, self.buffer.address)

    def logged_level(self, level: int) -> Iterator[tuple[int, int]]:
        """The states of an earlier level, if all frontiers are kept: addresses, each with a number of states."""
        first, last = self.levels[level : level + 2]
        for at in range(first, last, CHUNK):
            yield self.log.address + at * self.bytes, min(CHUNK, last - at)

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
        if self.runs is not None:
            self._turn_runs(self.runs)
            return
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

    # Runs ------------------------------------------------------------------------------------------------------
    def _turn_runs(self, runs: Runs) -> None:
        if self.logged:  # the last frontier that is not read from runs, and those before it, are not needed any more
            (self._other or self.log).clear(self.next - self.log.address + self.size * self.bytes)
        self.size, self.found, self.expanded = self.found, 0, 0
        self.logged, self.next_logged, self.next = False, True, self.log.address
        self.bounds = [(self.begun, runs.blocks)]
        self.begun = runs.blocks

    def finish(self, depth: int, *, new: bool = False) -> None:
        """The level ``depth`` is found as a whole: make one run of it. ``new`` as in ``settle``."""
        assert self.runs is not None
        self.settle(depth, new=new)
        self.runs.join(self.begun, self.buffer, 2 * self.cap)

    def settle(self, depth: int, *, new: bool = False) -> None:
        """Add those of the new states that no run has, as states of the level ``depth``; ``new``: no run has any."""
        assert self.runs is not None
        count, level = self.info[INFO_FRESH], depth % LEVELS + 1
        if new:
            self.found += self.runs.add(self.runs.sorted(self.next, count), count, level)
        else:
            self.found += self.runs.new(self.next, count, level)
        self.info[INFO_FRESH] = 0

    def release(self) -> None:
        """Give back the memory that has nothing between two calls: the next ones take it again."""
        assert self.runs is not None
        self.buffer.clear(self.buffer.size)
        self.runs.release()

    def unknown(self) -> int:
        """Forget the new states; the number of those that no run has."""
        assert self.runs is not None
        count, self.info[INFO_FRESH] = self.info[INFO_FRESH], 0
        return self.runs.strike(self.runs.sorted(self.next, count), count)
