"""The states of a search at the beginning of a level, as sections of a checkpoint, and back.

A worker has its states in a table or in runs, and its frontiers perhaps in a log; some states of the next level may be
there already, which are left out. What is written does not depend on that, nor on the number of workers: sorted states
with their levels. States are copied and sorted a part at a time, so this takes little memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from planrace.checker.engines.native import intrinsics, squeezing
from planrace.checker.engines.native.checkpoint_file import FRONTIER, STATES, CheckpointReader, CheckpointWriter
from planrace.checker.engines.native.codes import coder
from planrace.checker.engines.native.crew import LocalCrew
from planrace.checker.engines.native.intrinsics import BLOCK, DIGIT, INFO_FRESH, LEVELS, SEGMENT
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.memory import Region, WordArray
from planrace.checker.engines.native.program import Program, bucket, dialect, translated
from planrace.checker.engines.native.runs import Runs
from planrace.checker.engines.native.spill import MemoryBytes
from planrace.checker.engines.native.worker import Worker

CALLED = {"squeeze": 3, "unsqueeze": 4, "tally": 2, "scatter": 3}
SOME = 1 << 16
"""The most states of a section."""
LONGEST = 10
"""The most bytes for a word of a state."""
GROUP, SHARE = 1 << 18, 1 << 4
"""States that are sorted at a time: so many words, or 1/SHARE of those of the worker, if that is more."""

_MADE: dict[int, Machine] = {}


def squeezer(words: int) -> Machine:
    """The functions of ``squeezing.py`` for states of so many words, from this process if it has them."""
    if words not in _MADE:
        constants = {n: v for n, v in vars(intrinsics).items() if n.isupper() and isinstance(v, int)}
        slots = bucket(words)
        constants |= {"WORDS": words, "ENTRY": words + 1, "BUCKET": slots, "STRIDE": slots * words + 1}
        source = dialect(squeezing)
        content = repr((source, sorted(constants.items())))
        _MADE[words] = Machine(content, lambda: translated("checkpoints", constants, [source]), CALLED)
    return _MADE[words]


def levels_known(crew: LocalCrew, depth: int) -> bool:
    """Whether what ``freeze`` writes says of each state on which level it was found."""
    kept = all(w.keep and w.runs is None for w in crew.workers)
    return crew.levels_known and (kept or depth + 1 < LEVELS)


def freeze(crew: LocalCrew, depth: int, writer: CheckpointWriter) -> int:
    """Write the states of all levels up to ``depth``, which is the frontier unless that is empty. Returns how many.

    Raises ``OSError``.
    """
    frozen = [_Frozen(w, crew.program, depth, FRONTIER if crew.size else STATES, writer) for w in crew.workers]
    with ThreadPoolExecutor(len(frozen)) as pool:
        list(pool.map(_Frozen.write, frozen))
    return sum(f.count for f in frozen)


class _Frozen:
    """What one worker writes. If the search is ``deep``, a level byte stands for several levels: then the frontier and
    new states are told from older ones by a log of them, and older ones are written as of the first such level."""

    def __init__(self, w: Worker, program: Program, depth: int, last: int, writer: CheckpointWriter) -> None:
        self._w, self._depth, self._last, self._writer = w, depth, last, writer
        self._words = program.words
        self._sort, self._code = coder(self._words)["sort"], squeezer(self._words)
        self._counts = WordArray(max(1 << DIGIT, 256))
        self._data = Region(LONGEST * self._words * SOME)
        self._deep = depth + 1 >= LEVELS
        self._group = max(GROUP // self._words, w.states // SHARE)
        self._buffer = self._spare = Region(0)
        self.count = 0

    def write(self) -> None:
        """Write all levels."""
        if self._w.runs is not None:
            self._of_runs(self._w.runs)
        elif self._w.keep:
            for level in range(self._depth + 1):
                self._of_log(level)
        else:
            self._of_table()

    # Where the states are --------------------------------------------------------------------------------------
    def _of_log(self, level: int) -> None:
        w = self._w
        self._copied(w.log.address + w.levels[level] * w.bytes, w.levels[level + 1] - w.levels[level], level)

    def _of_table(self) -> None:
        apart = self._apart() if self._deep else None
        table = self._w.store.table
        sizes = [table[n * SEGMENT + 2] for n in range(self._w.store.count)]
        self._make_room(max(self._group, *sizes))
        first = 0
        while first < len(sizes):
            last, count = first + 1, sizes[first]
            while last < len(sizes) and count + sizes[last] <= self._group:
                count += sizes[last]
                last += 1
            self._of_segments(range(first, last), apart)
            first = last
        if self._deep:
            self._copied(self._w.front, self._w.size, self._depth)

    def _of_segments(self, segments: range, apart: Runs | None) -> None:
        store = self._w.store
        places, counts = WordArray(256), WordArray(256)
        for n in segments:
            self._code["tally"](store.segment(n), counts.address)
        later = -1 if self._deep else (self._depth + 1) % LEVELS + 1
        total = 0
        for byte in range(1, 256):
            places[byte] = -1 if byte == later else total
            total += 0 if byte == later else counts[byte]
        for n in segments:
            self._code["scatter"](store.segment(n), places.address, self._buffer.address)
        for byte in range(1, 256):
            count = 0 if byte == later else counts[byte]
            if count:
                states = self._buffer.address + (places[byte] - count) * self._w.bytes
                self._sorted(states, count, byte - 1, apart)

    def _of_runs(self, runs: Runs) -> None:
        w = self._w
        apart = self._apart() if self._deep and w.logged else None
        self._make_room(SOME)
        inside = range(0) if w.logged or not w.bounds else range(w.bounds[0][0], w.bounds[-1][1])
        some = SOME >> BLOCK
        for run in [r for r in runs.runs if r.first < w.begun]:
            level = self._depth if run.first in inside else run.level - 1
            for k in range(run.first, run.last, some):
                count = runs.decode(k, min(k + some, run.last), self._buffer.address)
                if apart is not None:
                    count = apart.strike(self._buffer.address, count)
                self._put(self._buffer.address, count, level)
        if apart is not None:
            self._copied(w.front, w.size, self._depth)

    def _apart(self) -> Runs:
        """The frontier and the new states, which are logged."""
        w = self._w
        room = max(1 << 26, 4 * w.bytes * (w.size + w.info[INFO_FRESH]))
        apart = Runs(self._words, room, MemoryBytes(room))
        self._make_room(w.size + w.info[INFO_FRESH])
        for address, count in ((w.front, w.size), (w.next, w.info[INFO_FRESH])):
            ctypes.memmove(self._buffer.address, address, count * w.bytes)
            apart.add(apart.sorted(self._buffer.address, count), count, 1)
        return apart

    # What is written -------------------------------------------------------------------------------------------
    def _make_room(self, count: int) -> None:
        size = max(count, SOME) * self._w.bytes
        if size > self._buffer.size:
            self._buffer, self._spare = Region(size), Region(size)

    def _copied(self, address: int, count: int, level: int) -> None:
        """Write states of a log, in which they keep their order."""
        self._make_room(min(count, self._group))
        for at in range(0, count, self._group):
            size = min(self._group, count - at)
            ctypes.memmove(self._buffer.address, address + at * self._w.bytes, size * self._w.bytes)
            self._sorted(self._buffer.address, size, level, None)

    def _sorted(self, states: int, count: int, level: int, apart: Runs | None) -> None:
        if self._sort(states, count, self._spare.address, self._counts.address):
            ctypes.memmove(states, self._spare.address, count * self._w.bytes)
        if apart is not None:
            count = apart.strike(states, count)
        for at in range(0, count, SOME):
            self._put(states + at * self._w.bytes, min(SOME, count - at), level)

    def _put(self, states: int, count: int, level: int) -> None:
        if not count:
            return
        size = self._code["squeeze"](states, count, self._data.address)
        data = memoryview((ctypes.c_char * size).from_address(self._data.address)).cast("B")
        self._writer.add(self._last if level == self._depth else STATES, level, count, data)
        self.count += count


# Back ------------------------------------------------------------------------------------------------------------
def thaw(crew: LocalCrew, depth: int, exact: bool, reader: CheckpointReader, check: Callable[[], None]) -> None:
    """Give the states of a checkpoint to a crew that has none, level by level; the last one is the frontier, or the
    one before it if that is empty. ``exact`` as ``levels_known`` returned it. ``check`` is called often, and may end
    it with an error.

    Raises ``SearchStoppedError`` if they do not fit into memory, ``ModelError`` if there are none.
    """
    crew.levels_known = exact
    code, states = squeezer(crew.program.words), Region(8 * crew.program.words * SOME)
    sections = sorted(reader.sections, key=lambda s: (s.level, s.kind))
    for level, some in groupby(sections, key=lambda s: s.level):
        crew.expect(level)
        for section in some:
            check()
            if section.count > SOME:
                raise reader.damaged()
            data = (ctypes.c_char * section.size).from_buffer(reader.data(section))
            size = code["unsqueeze"](ctypes.addressof(data), section.size, section.count, states.address)
            if size != section.size:
                raise reader.damaged()
            crew.adopt(states.address, section.count)
        crew.adopted()
    if not any(s.kind == FRONTIER for s in sections):
        crew.expect(depth + 1)
        crew.adopted()
