"""The two orders of a bitstate search: depth first, and breadth first with levels of bounded size.

Breadth first with small levels finds most violations soonest and by short runs, because its memory is used for many
levels; it is a beam search without a heuristic. Depth first needs hardly any memory beside the array, so it visits
nearly all states of a space that fits into the array. ``bench/hunt.py`` compares them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from planrace.checker.engines.hunting.code import HuntingCode
from planrace.checker.engines.hunting.words import (
    MET,
    RUN,
    RUN_AT,
    RUN_BITS,
    RUN_BUDGET,
    RUN_CUT,
    RUN_DEEPEST,
    RUN_DEPTH,
    RUN_DROPPED,
    RUN_ENTRY,
    RUN_FIRST,
    RUN_HASHES,
    RUN_KEPT,
    RUN_LAST,
    RUN_LIMIT,
    RUN_NEW,
    RUN_RANDOM,
    RUN_ROOM,
    RUN_SEED,
    RUN_SET,
    RUN_SOUGHT,
    RUN_SOUGHT_LAST,
    RUN_STATES,
    RUN_STEPS,
    RUN_TOP,
    RUN_WIDE,
)
from planrace.checker.engines.native.intrinsics import INFO_SEEN
from planrace.checker.engines.native.memory import Region, WordArray, words_at, write
from planrace.checker.results.bitstate import SearchOrder
from planrace.checker.semantics.replay import ReplayError

STEPS = 1000
"""The default bound on the length of a run, and the largest bound of a breadth-first search: it keeps the run to every
state of a level."""
AT_ONCE = 1 << 20
"""Successors, times the orders that are tried for each, between two looks at the clock: some hundredths of a second."""
BYTE = 1 << 8
"""The largest number of successors that one byte tells apart; two bytes suffice for all that compile."""
ROOM = 1 << 24
"""The bytes that a stack, a run or two levels may take at least, however small the bit array is."""


class BitWalk(ABC):
    """One search of states from ``starts`` (packed), which looks for the terms with bits in ``sought``; those in
    ``states`` are about states. Beside the bit array of ``size`` bytes, stack and run, or both levels together, take at
    most as much again each (or ROOM, if that is more)."""

    order: SearchOrder

    def __init__(
        self, code: HuntingCode, starts: Sequence[int], *, seed: int, size: int, hashes: int, sought: int, states: int
    ) -> None:
        self.code = code
        self.starts = starts
        self._room = max(ROOM, size)
        self.run = WordArray(RUN)
        self._array = Region(size)
        self._array.use(size)
        self._info = WordArray(code.info)
        self._scratch = WordArray(code.words * (code.fan + 1))
        self._hashes = WordArray(code.fan + 1)
        self._of_states = states
        self.run[RUN_SEED], self.run[RUN_RANDOM] = mixed(2 * seed), mixed(2 * seed + 1) | 1
        self.run[RUN_BITS], self.run[RUN_HASHES] = 8 * size, hashes
        self.seek(sought)

    @abstractmethod
    def go_on(self) -> int:
        """Expand some states: MET if the last one meets what is sought, FAILED (negative) if a value is out of range in
        it."""

    @property
    @abstractmethod
    def left(self) -> bool:
        """Whether there is something to expand."""

    @property
    @abstractmethod
    def depth(self) -> int:
        """The length of the run to the state that was expanded last."""

    @property
    @abstractmethod
    def deepest(self) -> int:
        """The length of the longest run."""

    @abstractmethod
    def path(self) -> list[int]:
        """The packed states of the run to the state that was expanded last."""

    def seek(self, sought: int) -> None:
        """Look for the terms with these bits from now on."""
        self.run[RUN_SOUGHT], self.run[RUN_SOUGHT_LAST] = sought, sought & self._of_states

    @property
    def met(self) -> int:
        """The bits of the terms that are sought and were just met."""
        here = self.run[RUN_SOUGHT_LAST] if self.at_bound else self.run[RUN_SOUGHT]
        return self._info[INFO_SEEN] & here

    @property
    def at_bound(self) -> bool:
        """Whether the state that was expanded last is at the bound on the length."""
        return self.depth >= self.run[RUN_LIMIT]

    @property
    def half_full(self) -> bool:
        """Whether half of the bits are set: from there on a new state is soon taken for a known one more often than
        not."""
        return 2 * self.run[RUN_SET] >= self.run[RUN_BITS]

    @property
    def states(self) -> int:
        """New states so far."""
        return self.run[RUN_STATES]

    @property
    def transitions(self) -> int:
        """Steps taken so far."""
        return self.run[RUN_STEPS]

    @property
    def dropped(self) -> int:
        """States that are never expanded, because there was no room."""
        return self.run[RUN_DROPPED]

    @property
    def cut(self) -> int:
        """States with steps at the bound on the length."""
        return self.run[RUN_CUT]

    @property
    def bits_set(self) -> int:
        """Bits of the array that are set."""
        return self.run[RUN_SET]

    @property
    def most(self) -> int:
        """The largest number of states on the stack or on a level."""
        return self.run[RUN_ROOM]

    @property
    def bound(self) -> int:
        """The bound on the length of a run."""
        return self.run[RUN_LIMIT]

    def _bounded(self, bound: int, most: int, orders: int) -> None:
        self.run[RUN_LIMIT], self.run[RUN_ROOM] = bound, most
        self.run[RUN_BUDGET] = max(1, AT_ONCE // (self.code.fan * orders))

    def _begin(self, at: int, entry: int, most: int) -> int:
        """Mark the initial states and write them to an address; returns how many are there."""
        count = 0
        for packed in self.starts:
            words = self.code.unpack(packed)
            for w, word in enumerate(words):
                self._scratch[w] = word
            new = self.code["begin"](self._scratch.address, self._array.address, self.run.address)
            self.run[RUN_STATES] += new
            if new and count == most:
                self.run[RUN_DROPPED] += 1
            elif new:
                for w, word in enumerate(words):
                    write(at + 8 * (count * entry + w), word)
                count += 1
        return count


class DepthFirst(BitWalk):
    """Depth first, in a random order; ``bound``: the length of a run. ``orders`` are tried for a successor at most."""

    order = SearchOrder.DEPTH

    def __init__(self, *given: object, bound: int, orders: int = 1, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        words = self.code.words
        bound = min(bound, self._room // (8 * words) - 1)
        most = min(bound * self.code.fan + len(self.starts), self._room // (8 * (words + 1)))
        self._stack = Region(8 * (words + 1) * (most + 1))
        self._path = Region(8 * words * (bound + 1))
        self._bounded(bound, most, orders)
        self.run[RUN_TOP] = self._begin(self._stack.address, words + 1, most)

    @property
    def left(self) -> bool:
        return self.run[RUN_TOP] > 0

    @property
    def depth(self) -> int:
        return self.run[RUN_AT]

    @property
    def deepest(self) -> int:
        return self.run[RUN_DEEPEST]

    def go_on(self) -> int:
        own = self._stack.address, self._path.address, self._array.address
        work = self._scratch.address, self._hashes.address, self._info.address, self.run.address
        return int(self.code["dive"](*own, *work))

    def path(self) -> list[int]:
        return self.code.states(self._path.address, self.depth + 1)


class BreadthFirst(BitWalk):
    """Level by level; a level keeps at most ``width`` states."""

    order = SearchOrder.BREADTH

    def __init__(self, *given: object, bound: int, width: int, orders: int = 1, **more: object) -> None:
        super().__init__(*given, **more)  # type: ignore[arg-type]
        wide = self.code.fan > BYTE
        bound = min(bound, STEPS)
        self._entry = self.code.words + 1 + (bound >> (2 if wide else 3))
        most = min(width, self._room // (16 * self._entry))
        self._level, self._next = (Region(8 * self._entry * most) for _ in range(2))
        self._bounded(bound, most, orders)
        self.run[RUN_ENTRY], self.run[RUN_WIDE] = self._entry, int(wide)
        self.run[RUN_LAST] = self._begin(self._level.address, self._entry, most)

    @property
    def left(self) -> bool:
        return self.run[RUN_FIRST] < self.run[RUN_LAST] or self.run[RUN_KEPT] > 0

    @property
    def depth(self) -> int:
        return self.run[RUN_DEPTH]

    @property
    def deepest(self) -> int:
        return self.run[RUN_DEPTH] + (self.run[RUN_KEPT] > 0)

    def go_on(self) -> int:
        if self.run[RUN_FIRST] == self.run[RUN_LAST]:
            self._level, self._next = self._next, self._level
            self.run[RUN_FIRST], self.run[RUN_LAST] = 0, self.run[RUN_KEPT]
            self.run[RUN_KEPT] = self.run[RUN_NEW] = 0
            self.run[RUN_DEPTH] += 1
        own = self._level.address, self._next.address, self._array.address
        work = self._scratch.address, self._hashes.address, self._info.address, self.run.address
        return int(self.code["widen"](*own, *work))

    def path(self) -> list[int]:
        """From the first initial state whose run by these steps ends in the state."""
        words, length = self.code.words, self.depth
        entry = self._level.address + 8 * self._entry * self.run[RUN_AT]
        states, start, info = WordArray(words * (length + 1)), WordArray(words), WordArray(self.code.info)
        wanted = words_at(entry, words)
        for packed in self.starts:
            for w, word in enumerate(self.code.unpack(packed)):
                start[w] = word
            own = start.address, entry, length, states.address
            done = self.code["follow"](*own, self._scratch.address, info.address, self.run.address)
            if done == length and words_at(states.address + 8 * words * length, words) == wanted:
                return self.code.states(states.address, length + 1)
        raise ReplayError("the steps of a state lead to another one")


def mixed(n: int) -> int:
    """A number that looks random, for a seed and the number of a search (splitmix64; Steele, Lea & Flood, "Fast
    splittable pseudorandom number generators", OOPSLA 2014)."""
    word = 2**64 - 1
    n = (n + 0x9E3779B97F4A7C15) & word
    n = (n ^ n >> 30) * 0xBF58476D1CE4E5B9 & word
    n = (n ^ n >> 27) * 0x94D049BB133111EB & word
    return n ^ n >> 31


def first_met(walk: BitWalk, states: int, stop: Callable[[], bool]) -> list[int] | None:
    """The first run that meets what a search looks for, among at most so many ``states``; None if it finds none, or
    must ``stop``."""
    while walk.left and walk.states < states and not walk.half_full and not stop():
        if walk.go_on() == MET:
            return walk.path()
    return None
