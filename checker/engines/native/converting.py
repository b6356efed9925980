"""Moves the states of a worker from its table into sorted runs, when memory gets short."""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import INFO_FRESH, LEVELS, SEGMENT
from planrace.checker.engines.native.runs import Runs
from planrace.checker.engines.native.worker import Worker

SHARE = 1 << 4
"""About 1/SHARE of the states of the table are copied at a time."""


def convert(w: Worker, runs: Runs) -> None:
    """Move all states of a worker into ``runs``, which are empty, and clear its table. This may happen in the middle of
    a level: the new states are those of the next one.

    A level byte stands for several levels if the search is deep. Then frontiers are logged, and only the log says which
    states are new: the others with their level byte are older.
    """
    moved = _Moved(w, runs)
    depth = w.depth
    deep = depth + 1 >= LEVELS
    for level in range(min(LEVELS, depth + 2)):
        if level not in (depth % LEVELS, (depth + 1) % LEVELS):
            moved.level(level)
    if w.logged:
        moved.level(depth)
    else:
        first, w.bounds = runs.blocks, []
        for n in range(w.parts):
            moved.level(depth, *w.segments(n))
            w.bounds.append((first, runs.blocks))
            first = runs.blocks
    count = w.info[INFO_FRESH]
    if deep:
        moved.level(depth + 1, apart=(w.next, count))
    w.begun = runs.blocks
    if w.next_logged:
        w.found = runs.add(runs.sorted(w.next, count), count, (depth + 1) % LEVELS + 1)
    else:
        w.found = moved.level(depth + 1)
    w.info[INFO_FRESH] = 0
    w.next_logged = True
    w.runs = runs
    w.store.clear(shrink=True)


class _Moved:
    """The way of states from a worker's table to ``runs``."""

    def __init__(self, w: Worker, runs: Runs) -> None:
        self.w, self.runs = w, runs
        self._most = w.store.states // SHARE

    def level(
        self, depth: int, first: int = 0, last: int | None = None, *, apart: tuple[int, int] | None = None
    ) -> int:
        """Copy a level, or what segments ``first``…``last`` - 1 have of it, without the states ``apart`` (their address
        and number). Returns the number of states."""
        store = self.w.store
        last = store.count if last is None else last
        others = None
        if apart is not None:
            others = self.runs.like()
            others.add(others.sorted(*apart), apart[1], 1)
        moved = 0
        while first < last:
            end, count = first, 0
            while end < last and (end == first or count + store.table[end * SEGMENT + 2] <= self._most):
                count += self.w.gathered(depth, end, end + 1, self.w.buffer.address + count * self.w.bytes)
                end += 1
            ordered = self.runs.sorted(self.w.buffer.address, count)
            if others is not None:
                count = others.strike(ordered, count)
            moved += self.runs.add(ordered, count, depth % LEVELS + 1)
            first = end
        return moved
