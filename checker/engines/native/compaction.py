"""When the states of a worker move from its table into sorted runs, and how large its table may be then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from planrace.checker.engines.limits import memory_in_use, memory_reached
from planrace.checker.engines.native.codes import coder
from planrace.checker.engines.native.converting import convert
from planrace.checker.engines.native.memory import give_back_library
from planrace.checker.engines.native.runs import Runs
from planrace.checker.engines.native.spill import MemoryBytes, SpillFile
from planrace.checker.engines.native.stopped import SearchStoppedError
from planrace.checker.engines.native.store import Allowance
from planrace.checker.engines.native.worker import Worker
from planrace.checker.results.stop import StopKind, StopReason

FULL = 80
"""The percentage of the memory limit that tables may fill before their states move into runs, which takes memory."""
TABLE = 1 << 24
"""The bytes of all tables, at least, that remember states which are in runs."""
OVER = 2
"""The factor by which the states of such a table may exceed their bound within a round."""
LEAST, PARTS = 1 << 20, 4
"""The memory that a worker needs to go on, in bytes; and the share of the memory left that its table may take: new
states are also copied and sorted."""

SHORT = 2
"""If less than 1/SHORT of the memory limit is left, all that is not used now is given back."""
EARLY = 1 << 30
"""Under a smaller memory limit, machine code for runs is made before memory is short."""
COMPILER = "llvmlite"
"""The library that made the machine code: tens of megabytes, of which a search needs nothing."""


class Compaction:
    """Decides for ``count`` workers, within ``memory`` bytes, whose runs have ``room`` bytes of address space or are in
    files of the folder ``spill``. If not ``convertible``, states stay in tables."""

    def __init__(self, count: int, memory: int | None, room: int, spill: Path | None, *, convertible: bool) -> None:
        self._count, self._memory, self._room, self._spill = count, memory, room, spill
        self._convertible, self._lock = convertible, Lock()
        self._early = convertible and memory is not None and memory < EARLY
        full = FULL if convertible else 100
        self.allowance = Allowance(None if memory is None else memory * full // 100)

    def begin(self, w: Worker) -> None:
        """Keep the states of a worker in runs from now on; it has none yet."""
        w.runs = self._empty(w)
        w.cap = self.cap(w)

    def grow(self, w: Worker, segment: int) -> bool:
        """Make room in a segment of a worker's table; False if the table must be emptied for that.

        Raises ``SearchStoppedError`` if the memory limit allows neither, ``MemoryError`` or ``OSError`` if the system
        does not.
        """
        if w.runs is not None:
            if w.store.states > OVER * w.cap:
                return False
        else:
            if self._early:  # while there is still room for the compiler
                coder(w.bytes // 8)
            with self._lock:
                allowed = self._covered(w.store.more(segment))
            if not allowed:
                if not self._convertible:
                    raise SearchStoppedError(memory_reached(self.allowance.limit))
                convert(w, self._empty(w))
                w.cap = self.cap(w)
                return True
        w.store.grow(segment)
        return True

    def _covered(self, size: int) -> bool:
        """Whether a table may have so many bytes more, if need be in place of machine code that is not used now."""
        return self.allowance.covers(size) or (give_back_library(COMPILER) > size and self.allowance.covers(size))

    def emptied(self, w: Worker) -> None:
        """Empty the table of a worker that has runs."""
        w.store.clear(shrink=False)
        w.cap = self.cap(w)
        if w.store.bytes > OVER * w.cap * 8 * w.store.stride // w.store.bucket:
            w.store.clear(shrink=True)

    def cap(self, w: Worker) -> int:
        """The states that the table of a worker may have which has runs. It remembers what would else be looked for in
        the runs, so it should grow with them. Raises ``SearchStoppedError`` if the memory limit leaves too little."""
        assert w.runs is not None
        cap = max(TABLE // self._count, w.runs.bytes)
        if self._memory is not None:
            left = self._memory - memory_in_use()
            if left < self._memory // SHORT:
                give_back_library(COMPILER)
                w.release()
                left = self._memory - memory_in_use()
            if left < LEAST * self._count:
                raise SearchStoppedError(memory_reached(self._memory))
            cap = min(cap, left // (PARTS * self._count))
        return cap // (8 * w.store.stride) * w.store.bucket

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """End the search if the system gives no more memory, or no place on the disk."""
        try:
            yield
        except MemoryError as problem:
            reason = f"the system gives no more memory ({problem})"
        except OSError as problem:
            reason = f"the folder {self._spill} takes no more ({problem.strerror})"
        else:
            return
        raise SearchStoppedError(StopReason(StopKind.MEMORY, reason))

    def _empty(self, w: Worker) -> Runs:
        words = w.bytes // 8
        return Runs(words, self._room, MemoryBytes(self._room) if self._spill is None else SpillFile(self._spill))
