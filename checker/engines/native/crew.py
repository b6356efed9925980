"""What searches a level: the workers of one process, or those of several (``engines/cluster``).

``search.py`` says which level, and when to end; a crew has the states. A level is searched in rounds: ``advance``
expands a part of the frontier, and ``take`` inserts what was found; ``turn`` makes the new states the frontier.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import or_
from pathlib import Path
from threading import Lock
from typing import Any

from planrace.checker.engines.native.compaction import Compaction
from planrace.checker.engines.native.emit import TERMS
from planrace.checker.engines.native.intrinsics import INFO, INFO_FRESH, INFO_SEEN, INFO_STEPS, LEVELS, SEGMENT
from planrace.checker.engines.native.memory import WordArray, words_at
from planrace.checker.engines.native.paths import Predecessors
from planrace.checker.engines.native.program import Program, bucket
from planrace.checker.engines.native.worker import BOX, SHARE, Worker
from planrace.checker.semantics.replay import ReplayError

SCANNED = 1 << 5
"""States of several words are not logged in a frontier but found again in the table by their level, if the previous
level has at least this fraction of all stored states."""
ALONE = 1 << 9
"""Smaller frontiers are searched without other threads."""
AT_ONCE = 1 << 22
"""Successors, times the orders that are tried for each, between two checks of the clock: some tenths of a second."""
RESERVED = 1 << 34
"""Address space for a frontier in bytes, unless the memory limit is lower."""


def _nothing() -> None:
    pass


class Crew(ABC):
    """Has the states of a search, and searches a level. States are packed; ``sought`` are bits of terms."""

    count: int
    """The number of workers."""
    failing: list[int]
    """States of this level with a value out of range."""

    @property
    @abstractmethod
    def states(self) -> int:
        """States stored."""

    @property
    @abstractmethod
    def transitions(self) -> int:
        """Steps taken."""

    @property
    @abstractmethod
    def size(self) -> int:
        """States of the frontier."""

    @property
    @abstractmethod
    def fresh(self) -> bool:
        """Whether there are states of the next level."""

    @abstractmethod
    def met(self) -> int:
        """What the vacuity check needs and some worker has met, as bits."""

    @abstractmethod
    def begin(self, initials: Sequence[int]) -> None:
        """Make the initial states the frontier."""

    @abstractmethod
    def rounds(self, depth: int) -> int:
        """Prepare the level ``depth`` of the frontier: the number of rounds that it takes."""

    @abstractmethod
    def advance(self, part: int, sought: int) -> int:
        """Expand a part of the frontier; returns the ``sought`` terms that were met. After one is met, it is not sought
        any more."""

    @abstractmethod
    def take(self) -> None:
        """Insert what was found."""

    @abstractmethod
    def turn(self) -> None:
        """The new states become the frontier."""

    @abstractmethod
    def last(self, sought: int) -> tuple[int, bool]:
        """Expand the frontier at the bound on depth: the ``sought`` terms that were met, and whether all successors are
        stored. None is inserted, and if some are not stored, the steps do not count."""

    @abstractmethod
    def least(self, sought: int) -> int:
        """The least state of the frontier at which one of the ``sought`` terms holds."""

    @abstractmethod
    def before(self, s: int, level: int) -> Iterator[int]:
        """States of the level before ``level`` that have a step to ``s``, in order."""

    @abstractmethod
    def close(self) -> None:
        """End what it has started; its states stay."""


class LocalCrew(Crew):
    """``count`` workers of this process, within ``memory`` bytes; ``orders`` of members are tried for each successor.
    ``keep``: all frontiers stay. ``compact``: states are in sorted runs from the beginning, else when memory gets short
    if ``convertible``; the runs are in files of the folder ``spill``, if there is one. ``check`` raises an error if the
    search must end within a level."""

    def __init__(
        self,
        program: Program,
        count: int,
        memory: int | None,
        *,
        orders: int = 1,
        keep: bool = False,
        check: Callable[[], None] = _nothing,
        compact: bool = False,
        spill: Path | None = None,
        convertible: bool = True,
    ) -> None:
        self.program, self.count = program, count
        self.failing = []
        self._keep, self._check = keep, check
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None
        room = min(RESERVED, memory or RESERVED)
        self.compaction = Compaction(count, memory, room, spill, convertible=convertible)
        most = (memory or RESERVED) // (SHARE * count)
        self.workers = [Worker(program, count, room, keep, most) for _ in range(count)]
        self._sources = WordArray(2 * count)
        for n, w in enumerate(self.workers):
            self._sources[2 * n], self._sources[2 * n + 1] = w.addresses.address, w.fills.address
        self._stride = max(1, AT_ONCE // (max(1, program.fan) * orders))
        self._depth = -1  # the initial states are the next level
        self._rounds = self._sought = self._seen = 0
        self._bound = self._outside = self._adopting = False
        self.levels_known = self.steps_known = True
        """Whether the level of each state is known beyond a byte, and the steps of each worker."""
        if compact:
            for w in self.workers:
                self.compaction.begin(w)

    @property
    def states(self) -> int:
        return sum(w.states for w in self.workers)

    @property
    def transitions(self) -> int:
        return sum(w.steps for w in self.workers)

    @property
    def size(self) -> int:
        return sum(w.size for w in self.workers)

    @property
    def fresh(self) -> bool:
        return any(w.info[INFO_FRESH] or w.found for w in self.workers)

    def met(self) -> int:
        banks = range(self.program.info - INFO)
        return sum(reduce(or_, (w.info[INFO + k] for w in self.workers)) << TERMS * k for k in banks)

    def all(self) -> Iterator[int]:
        """Every state stored."""
        words, slots = self.program.words, bucket(self.program.words)
        for w in self.workers:
            if w.runs is not None:
                yield from w.runs.all()
                continue
            store = w.store
            for n in range(store.count):
                whole = words_at(store.table[n * SEGMENT], store.buckets(n) * store.stride)
                for start in range(0, len(whole), store.stride):
                    for k in range(start, start + slots * words, words):
                        if whole[k]:
                            yield self.program.pack([~x & 2**64 - 1 for x in whole[k : k + words]])

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        self._check = _nothing  # a search and its crew that refer to each other would keep their memory for a while

    # Rounds ----------------------------------------------------------------------------------------------------
    def begin(self, initials: Sequence[int]) -> None:
        """As many at a time as a box holds."""
        size = BOX // self.program.words
        for at in range(0, len(initials), size):
            for words in map(self.program.unpack, initials[at : at + size]):
                self.workers[0].put(place_of(words, self.count << self.program.bits), words)
            for n in range(self.count):
                self._insert(n, 1)
        self.turn()

    def rounds(self, depth: int) -> int:
        """Decide whether the next frontier is logged: not if states are large and it will be a large part of all
        states."""
        self._depth = depth
        self._log_next(scanned=self.size * SCANNED > self.states)
        self.divide(max(w.begin(depth) for w in self.workers))
        return self._rounds

    def _log_next(self, *, scanned: bool) -> None:
        """Decide how the next frontier is kept; ``scanned``: large ones are found again by their level."""
        scanned = scanned and self.program.words > 1 and self._depth + 1 < LEVELS
        for w in self.workers:
            w.next_logged = self._keep or not scanned or w.runs is not None

    def divide(self, rounds: int) -> None:
        """Search the frontier in so many rounds."""
        self._rounds = rounds
        for w in self.workers:
            w.divide(rounds)

    def advance(self, part: int, sought: int) -> int:
        self._sought, self._seen = sought, 0
        self._each(self._advance, part)
        self.compaction.allowance.end()  # expanding has taken memory, too
        return self._seen

    def take(self) -> None:
        self._each(self._insert, (self._depth + 1) % LEVELS + 1)
        self._each(self._make_room, 0)

    def _make_room(self, n: int, _given: int) -> None:
        """Empty the table of a worker that has runs, if it is full."""
        me = self.workers[n]
        if me.runs is not None and me.store.states > me.cap:
            with self.compaction.guarded():
                self._empty_table(n)

    def turn(self) -> None:
        """Raises ``ReplayError`` if not the whole frontier was expanded."""
        if any(w.expanded != w.size for w in self.workers):
            raise ReplayError(f"the table has lost or made up states of level {self._depth}")
        self._each(self._finish, self._depth + 1)
        for w in self.workers:
            w.turn()

    def _finish(self, n: int, depth: int) -> None:
        if self.workers[n].runs is not None:
            with self.compaction.guarded():
                self.workers[n].finish(depth, new=self._adopting)

    def _each(self, phase: Callable[[int, int], None], given: int) -> None:
        """Run a phase of every worker; in separate threads if there is enough to do."""
        if self.count == 1 or max(w.size for w in self.workers) < ALONE:
            for n in range(self.count):
                phase(n, given)
        else:
            self._pool = self._pool or ThreadPoolExecutor(self.count)
            list(self._pool.map(phase, range(self.count), [given] * self.count))

    def _advance(self, n: int, part: int) -> None:
        """Expand a part of worker ``n``'s frontier."""
        w = self.workers[n]
        at, last = w.part(part)
        w.expanded += last - at
        for front, begin, end in w.chunks(at, last):
            next_one = begin
            while next_one < end:
                next_one = self._advanced(w, front, next_one, min(end, next_one + self._stride))
                if next_one < end:
                    self._check()

    def _advanced(self, w: Worker, front: int, first: int, last: int) -> int:
        fresh, sought = w.info[INFO_FRESH], self._sought
        at: int = self.program["advance"](
            front,
            first,
            last,
            w.scratch.address,
            w.addresses.address,
            w.fills.address,
            w.lines.address,
            w.info.address,
            sought,
        )
        if at < 0:
            at = w.info[INFO_FRESH]
            with self._lock:
                self.failing.append(self._state(front, at))
            at += 1
        w.info[INFO_FRESH] = fresh
        seen = w.info[INFO_SEEN] & sought
        if seen:
            with self._lock:
                self._seen |= seen
                self._sought &= ~seen
        return at

    def _insert(self, n: int, level: int) -> None:
        """Insert the contents of the boxes for worker ``n``."""
        me = self.workers[n]
        take = self.program["take"]
        table, fresh, info = me.store.table.address, me.next, me.info.address
        at = 0
        while True:
            buffers = me.ring.address, me.recent.address, int(me.next_logged)
            at = take(self._sources.address, n, at, table, fresh, info, level, *buffers)
            if at == me.store.count:
                return
            with self.compaction.guarded():
                if not self.compaction.grow(me, at):
                    self._empty_table(n)

    def _empty_table(self, n: int) -> None:
        me = self.workers[n]
        if self._bound:
            self._outside = me.unknown() > 0 or self._outside
        else:
            me.settle(self._depth + 1, new=self._adopting)
        self.compaction.emptied(me)

    def last(self, sought: int) -> tuple[int, bool]:
        before = [w.info[INFO_STEPS] for w in self.workers]
        self._sought, self._seen = sought, 0
        self._bound, self._outside = True, False
        closed = True
        for part in range(self._rounds):
            for w in self.workers:
                at, last = w.part(part)
                while at < last:
                    at = self._advanced(w, w.front, at, min(last, at + self._stride))
                    self._check()
            closed = self._known() and closed
        if not closed:
            for w, steps in zip(self.workers, before, strict=True):
                w.info[INFO_STEPS] = steps
        return self._seen, closed

    def _known(self) -> bool:
        """Empty the boxes: whether all of their states are stored."""
        known, found = self.program["known"], True
        for n, me in enumerate(self.workers):
            if me.runs is not None:
                self._insert(n, 1)
                found = me.unknown() == 0 and not self._outside and found
                continue
            for w in self.workers:
                for segment in range(me.store.count):
                    box = n * me.store.count + segment
                    count, w.fills[box] = w.fills[box], 0
                    found = found and bool(known(w.addresses[box], count, me.store.segment(segment)))
        return found

    # Known states ----------------------------------------------------------------------------------------------
    def expect(self, level: int) -> None:
        """The states of a level are known, and come with ``adopt``."""
        self._depth, self._adopting = level - 1, True
        self._log_next(scanned=True)
        for w in self.workers:
            w.depth, w.parts = self._depth, 1

    def adopt(self, states: int, count: int) -> None:
        """Insert states at an address, each of which comes once, and which fit into a box."""
        w = self.workers[0]
        self.program["deliver"](states, 0, count, w.addresses.address, w.fills.address, w.lines.address)
        self.take()

    def adopted(self) -> None:
        """All states of the level have come: they are the frontier."""
        self._each(self._finish, self._depth + 1)
        for w in self.workers:
            w.turn()
        self._adopting = False

    def credit(self, steps: int, met: int) -> None:
        """So many steps were taken from states before the frontier, and these bits met."""
        self.steps_known = self.count == 1
        for n, w in enumerate(self.workers):
            w.info[INFO_STEPS] = steps * (n + 1) // self.count - steps * n // self.count
        for k in range(self.program.info - INFO):
            self.workers[0].info[INFO + k] |= met >> TERMS * k & (1 << TERMS) - 1

    # Questions -------------------------------------------------------------------------------------------------
    def _state(self, front: int, n: int) -> int:
        """Packed state number ``n`` of those at an address."""
        words = self.program.words
        return self.program.pack(words_at(front + 8 * words * n, words))

    def least(self, sought: int) -> int:
        return min(self.candidates(sought))[1]

    def candidates(self, sought: int) -> Iterator[tuple[list[int], int]]:
        """For each part of the frontier, its least state at which one of the terms holds: its words, and packed."""
        least, best = self.program["least"], WordArray(self.program.words)
        for w in self.workers:
            for part in range(self._rounds):
                first, last = w.part(part)
                front = w.front + first * w.bytes
                n = least(front, last - first, w.scratch.address, best.address, w.info.address, sought)
                if n >= 0:
                    s = self._state(front, n)
                    yield [_signed(x) for x in self.program.unpack(s)], s

    def before(self, s: int, level: int) -> Iterator[int]:
        if self._keep and all(w.runs is None for w in self.workers):
            return Predecessors(self.program, ()).among(s, (p for w in self.workers for p in w.logged_level(level - 1)))
        stores = [w.store for w in self.workers if w.runs is None]
        return Predecessors(self.program, stores, [w.runs for w in self.workers if w.runs is not None]).of(s, level)


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def place_of(words: Sequence[int], segments: int) -> int:
    """The segment, among those of all workers, for a state: the same hash as ``mixed`` in ``hashing.py``, in Python."""
    word = 2**64 - 1
    h: Any = 0
    for w in words:
        h = (h ^ w) * 0x9E3779B97F4A7C15 & word
        h = h ^ (h >> 32)
    return int((h * 0xBF58476D1CE4E5B9 & word) * segments >> 64)


def _signed(word: int) -> int:
    return word - 2**64 if word >> 63 else word
