"""Breadth-first search in machine code, on several cores that share nothing.

The hash of a state determines its segment and the worker that owns it. A level is searched in rounds of two phases:
first all workers expand a part of their frontiers into boxes, one for each segment of each worker; then each inserts
what was sent to its own segments. No phase writes what another worker reads, so verdicts, counts, depth and lengths do
not depend on the number of workers.

A property is decided at the end of its level, by the least deciding state, and a trace takes the least predecessors: so
reports do not depend on the number of workers either.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import or_
from threading import Lock
from typing import Any

from planrace.checker.engines.answer import Answer, of_step, retrace
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.questions import Questions, raise_range_error
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.symmetry import check_symmetric
from planrace.checker.engines.explicit.vacuity import VacuityCheck
from planrace.checker.engines.limits import (
    LimitGuard,
    Limits,
    Listener,
    memory_reached,
    peak_memory,
)
from planrace.checker.engines.native.emit import TERMS
from planrace.checker.engines.native.intrinsics import INFO, INFO_FRESH, INFO_SEEN, INFO_STEPS, LEVELS, SEGMENT
from planrace.checker.engines.native.memory import WordArray, words_at
from planrace.checker.engines.native.paths import Ways
from planrace.checker.engines.native.program import Program, bucket
from planrace.checker.engines.native.store import Allowance, Store
from planrace.checker.engines.native.worker import BOX, SHARE, Worker
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Coverage
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.wording import numbered
from planrace.checker.semantics.normal_form import NormalForm
from planrace.checker.semantics.replay import Recording, ReplayError
from planrace.model.language import Instance
from planrace.properties.kinds import Property

SCANNED = 1 << 5
"""States of several words are not logged in a frontier but found again in the table by their level, if the previous
level has at least this fraction of all stored states."""
ALONE = 1 << 9
"""Smaller frontiers are searched without other threads."""
AT_ONCE = 1 << 22
"""Successors, times the orders that are tried for each, between two checks of the clock: some tenths of a second."""
RESERVED = 1 << 34
"""Address space for a frontier in bytes, unless the memory limit is lower."""


class SearchStoppedError(Exception):
    """The search ends here, for this ``reason``."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(str(reason))
        self.reason = reason


class OutdatedError(Exception):
    """The machine code evaluates a property that is decided already, and it has no value there."""


class NativeSearch:
    """One exploration of one instance, as ``explicit.search.Search``; ``workers``: None means one for each core.

    Raises ``UnsupportedError`` if the instance does not fit into machine words, ``CostlyError`` if compiling takes more
    than ``most`` seconds, or more than the time limit leaves.
    """

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Property],
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
        fail_fast: bool = False,
        exhaustive: bool = False,
        symmetric: bool = False,
        tried: int = ASKED,
        sliced: Sequence[str] = (),
        normal: NormalForm | None = None,
        vacuity: VacuityCheck | None = None,
        workers: int | None = None,
        keep: bool = False,
        most: float | None = None,
    ) -> None:
        if symmetric:
            check_symmetric(instance, properties)
        self.kernel = Kernel(instance, symmetric=symmetric, tried=tried, sliced=sliced, normal=normal)
        self.symmetric, self.sliced = symmetric, tuple(sliced)
        self.properties = tuple(properties)
        self.limits = limits or Limits()
        self.fail_fast, self.exhaustive = fail_fast, exhaustive
        self.interrupted = False
        self._limit_guard = LimitGuard("searching", self.limits, listener)
        self.questions = Questions(properties, "explicit search, shortest", vacuity)
        self._vacuity = vacuity
        self._keep, self._lock = keep, Lock()
        self._allowance = Allowance(self.limits.memory)
        self._prepare(workers or _cores(), most)

    def _prepare(self, count: int, most: float | None = None) -> None:
        """Compile machine code for the open properties, and make workers with empty stores."""
        watch = self.questions.watch()
        self._terms = [p for some in self.questions.watched for p in some]
        self._limit_guard.announce("compiling")
        self.program = Program(self.kernel.instance, self.kernel.layout, watch, count, self.kernel.canonical, most)
        room = min(RESERVED, self.limits.memory or RESERVED)
        most = (self.limits.memory or RESERVED) // (SHARE * count)
        self.workers = [Worker(self.program, count, room, self._keep, most) for _ in range(count)]
        self._sources = WordArray(2 * count)
        for n, w in enumerate(self.workers):
            self._sources[2 * n], self._sources[2 * n + 1] = w.addresses.address, w.fills.address
        self._stride = max(1, AT_ONCE // (max(1, self.program.fan) * self.kernel.orders))
        self._sought = (1 << len(self._terms)) - 1 | self._stuck
        self._decided = self._depth = 0
        self._failing: list[int] = []

    def run(self) -> tuple[list[Answer], Coverage]:
        """Search; answers in the order of the properties, and what was covered."""
        stopped: StopReason | None
        with ThreadPoolExecutor(len(self.workers)) as pool:
            self._pool = pool
            try:
                stopped = self._searched()
            except KeyboardInterrupt:
                self.interrupted = True
                stopped = INTERRUPTED
            except SearchStoppedError as problem:
                stopped = problem.reason
            except TimeUpError as problem:
                stopped = StopReason(StopKind.TIME, str(problem))
        if self._vacuity is not None:
            self._vacuity.bits |= self._met()
        coverage = Coverage(
            states=self._states,
            transitions=self.transitions,
            depth=self._depth + any(w.info[INFO_FRESH] for w in self.workers),  # a level that was cut short
            complete=stopped is None,
            symmetry=self.symmetric,
            normalised=self.kernel.normalised,
            states_per_orbit=self.kernel.states_per_orbit,
            seconds=self._limit_guard.seconds,
            peak_memory_bytes=peak_memory(),
            stopped=stopped,
            sliced=self.sliced,
            workers=len(self.workers),
        )
        return [self.questions.answer(p, coverage) for p in self.properties], coverage

    def states(self) -> Iterator[int]:
        """Every packed state met."""
        words, slots = self.program.words, bucket(self.program.words)
        for store in (w.store for w in self.workers):
            for n in range(store.count):
                whole = words_at(store.table[n * SEGMENT], store.buckets(n) * store.stride)
                for start in range(0, len(whole), store.stride):
                    for k in range(start, start + slots * words, words):
                        if whole[k]:
                            yield self.program.pack([~x & 2**64 - 1 for x in whole[k : k + words]])

    @property
    def _states(self) -> int:
        return sum(w.store.states for w in self.workers)

    @property
    def transitions(self) -> int:
        """Steps taken."""
        return sum(w.steps for w in self.workers)

    def _met(self) -> int:
        """What the vacuity check needs and some worker has met, as bits."""
        banks = range(self.program.info - INFO)
        return sum(reduce(or_, (w.info[INFO + k] for w in self.workers)) << TERMS * k for k in banks)

    # The loop --------------------------------------------------------------------------------------------------
    def _searched(self) -> StopReason | None:
        """Search; None when nothing is left, else why it stopped."""
        while True:
            try:
                return self._levels()
            except OutdatedError:
                self._prepare(len(self.workers))

    def _levels(self) -> StopReason | None:
        """Search level by level; None when nothing is left, else why it stopped."""
        self._begin()
        while any(w.size for w in self.workers):
            if self.limits.depth is not None and self._depth >= self.limits.depth:
                return self._last_level()
            self._choose_frontier()
            for n in range(self._parts):
                self._each(self._advance, n)
                self._allowance.end()  # expanding has taken memory, too
                self._each(self._take, n)
                if not self._failing:
                    self._look()
            self._refuse_ranges_left()
            if any(w.expanded != w.size for w in self.workers):
                raise ReplayError(f"the table has lost or made up states of level {self._depth}")
            self._settle()
            for w in self.workers:
                w.turn()
            self._depth += any(w.size for w in self.workers)
            stopped = self.questions.stop_reason(fail_fast=self.fail_fast, exhaustive=self.exhaustive)
            if stopped:
                return stopped
        return None

    def _begin(self) -> None:
        """Give the initial states to their owners, as many at a time as a box holds."""
        initials, size = self.kernel.initials, BOX // self.program.words
        for at in range(0, len(initials), size):
            for words in map(self.program.unpack, initials[at : at + size]):
                self.workers[0].put(place_of(words, len(self.workers) << self.program.bits), words)
            for n in range(len(self.workers)):
                self._insert(n, 1)
        for w in self.workers:
            w.turn()

    def _choose_frontier(self) -> None:
        """Decide whether the next frontier is logged: not if states are large and it will be a large part of all
        states."""
        size = sum(w.size for w in self.workers)
        scanned = self.program.words > 1 and size * SCANNED > self._states and self._depth + 1 < LEVELS
        for w in self.workers:
            w.next_logged = self._keep or not scanned

    @property
    def _parts(self) -> int:
        """The number of rounds for this level."""
        parts = -(-max(w.size for w in self.workers) // self.workers[0].round)
        return parts if self.workers[0].logged else min(parts, self.workers[0].store.count)

    def _each(self, phase: Callable[[int, int], None], part: int) -> None:
        """Run a phase of every worker; in separate threads if there is enough to do."""
        if len(self.workers) == 1 or max(w.size for w in self.workers) < ALONE:
            for n in range(len(self.workers)):
                phase(n, part)
        else:
            list(self._pool.map(phase, range(len(self.workers)), [part] * len(self.workers)))

    def _part(self, w: Worker, part: int) -> tuple[int, int]:
        return w.part(part, self._parts, self._depth % LEVELS + 1)

    def _advance(self, n: int, part: int) -> None:
        """Expand a part of worker ``n``'s frontier."""
        w = self.workers[n]
        at, last = self._part(w, part)
        w.expanded += last - at
        for front, begin, end in w.chunks(at, last):
            next_one = begin
            while next_one < end:
                next_one = self._advanced(w, front, next_one, min(end, next_one + self._stride), self._sought)
                self._attend(w, self._sought)
                if next_one < end:
                    self._check_clock()

    def _check_clock(self) -> None:
        """End the search in the middle of a level. Machine code cannot be interrupted, and where many orders of members
        are tried, a part of a frontier may take minutes."""
        if self.interrupted:
            raise SearchStoppedError(INTERRUPTED)
        if self._limit_guard.deadline is not None and self._limit_guard.deadline.left == 0.0:
            raise SearchStoppedError(StopReason(StopKind.TIME, self._limit_guard.deadline.reason))

    def _advanced(self, w: Worker, front: int, first: int, last: int, sought: int) -> int:
        fresh = w.info[INFO_FRESH]
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
                self._failing.append(self._state(front, at))
            at += 1
        w.info[INFO_FRESH] = fresh
        return at

    def _refuse_ranges_left(self) -> None:
        """Raise the interpreter's error for the least state of this level with a value out of range, whatever the
        number of workers. Machine code also evaluates properties that are decided already: if the error is in one of
        those, the search starts again without them, as the reference engine continues without them."""
        if not self._failing:
            return
        self.questions.watch()
        raise_range_error(self._recording(min(self._failing)), self.questions)
        if len(self.questions.open) == len(self._terms):
            raise ReplayError("machine code finds a value out of range where the interpreter finds none")
        raise OutdatedError

    def _take(self, n: int, _part: int) -> None:
        """Insert the contents of the boxes for worker ``n``."""
        self._insert(n, (self._depth + 1) % LEVELS + 1)

    def _insert(self, n: int, level: int) -> None:
        me = self.workers[n]
        take = self.program["take"]
        table, fresh, info = me.store.table.address, me.next, me.info.address
        at = 0
        while True:
            buffers = me.ring.address, me.recent.address, int(me.next_logged)
            at = take(self._sources.address, n, at, table, fresh, info, level, *buffers)
            if at == me.store.count:
                return
            self._grow(me.store, at)

    def _grow(self, store: Store, segment: int) -> None:
        with self._lock:
            if not self._allowance.covers(store.more(segment)):
                raise SearchStoppedError(memory_reached(self._allowance.limit))
        try:
            store.grow(segment)
        except MemoryError as problem:
            raise SearchStoppedError(
                StopReason(StopKind.MEMORY, f"the system gives no more memory ({problem})")
            ) from None

    def _look(self) -> None:
        states = self._states
        if self.limits.states is not None and states >= self.limits.states:
            bound = f"bound of {numbered(self.limits.states, 'state')}"
            raise SearchStoppedError(StopReason.bound(StopKind.STATES, bound))
        stopped = self._limit_guard.look(states, self.transitions, self._depth)
        if stopped:
            raise SearchStoppedError(stopped)

    def _last_level(self) -> StopReason | None:
        """Check the states at the depth bound; the search is complete if they lead nowhere new."""
        before = [w.info[INFO_STEPS] for w in self.workers]
        states = sum(1 << k for k, p in enumerate(self._terms) if not of_step(p)) | self._stuck
        closed = True
        for part in range(self._parts):
            for w in self.workers:
                at, last = self._part(w, part)
                while at < last:
                    at = self._advanced(w, w.front, at, min(last, at + self._stride), self._sought & states)
                    self._attend(w, self._sought & states)
                    self._check_clock()
            for n, me in enumerate(self.workers):
                for w in self.workers:
                    for segment in range(me.store.count):
                        box = n * me.store.count + segment
                        count, w.fills[box] = w.fills[box], 0
                        known = self.program["known"]
                        closed = closed and bool(known(w.addresses[box], count, me.store.segment(segment)))
        self._refuse_ranges_left()
        self._settle(steps=False)
        if closed:
            return None
        for w, steps in zip(self.workers, before, strict=True):
            w.info[INFO_STEPS] = steps
        return StopReason.bound(StopKind.DEPTH, f"depth bound of {self.limits.depth}")

    # Answers ---------------------------------------------------------------------------------------------------
    def _state(self, front: int, n: int) -> int:
        """Packed state number ``n`` of those at an address."""
        words = self.program.words
        return self.program.pack(words_at(front + 8 * words * n, words))

    def _attend(self, w: Worker, sought: int) -> None:
        """Record which of the ``sought`` properties were just decided."""
        seen = w.info[INFO_SEEN] & sought
        if seen:
            with self._lock:
                self._decided |= seen
                self._sought &= ~seen

    def _settle(self, *, steps: bool = True) -> None:
        """Answer the properties decided on this level: by the same state whatever the number of workers, and with the
        same reason as the reference engine."""
        for k, p in enumerate(self._terms):
            if self._decided >> k & 1 and p.name not in self.questions.answers:
                s = min(self._deciding(1 << k))[1]
                hits: list[tuple[int, int]] = []
                found = self.kernel.expand(self.questions.watch())(s, [], hits)
                self.questions.settle(found, hits if steps else [], lambda s=s: self._recording(s))  # type: ignore[misc]
        if self._decided & self._stuck and self._vacuity is not None:
            self._vacuity.stuck = self._recording(min(self._deciding(self._stuck))[1])
        self._decided = 0
        still = {p.name for p in self.questions.open}
        self._sought = sum(1 << k for k, p in enumerate(self._terms) if p.name in still) | self._stuck

    @property
    def _stuck(self) -> int:
        """The bit of a deadlock while none is known, else 0."""
        return 0 if self._vacuity is None or self._vacuity.stuck is not None else 1 << len(self._terms)

    def _deciding(self, sought: int) -> Iterator[tuple[list[int], int]]:
        """For each part of the frontier, its least state that decides a property: its words, and packed."""
        least, best = self.program["least"], WordArray(self.program.words)
        for w in self.workers:
            for part in range(self._parts):
                first, last = self._part(w, part)
                front = w.front + first * w.bytes
                n = least(front, last - first, w.scratch.address, best.address, w.info.address, sought)
                if n >= 0:
                    s = self._state(front, n)
                    yield [_signed(x) for x in self.program.unpack(s)], s

    def _recording(self, s: int) -> Recording:
        """A replayed run to a state of the current frontier."""
        return self.run_to(s, self._depth)

    def run_to(self, s: int, depth: int) -> Recording:
        """A replayed shortest run to a packed state that was met, ``depth`` steps long."""
        return retrace(
            self.kernel.interpreter,
            self.kernel.seen,
            Ways(self.program, [w.store for w in self.workers], self.kernel.initials).path(s, depth),
        )


def _cores() -> int:
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
