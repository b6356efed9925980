"""Finds the path from an initial state to a state, backwards.

States do not store their predecessors. A state's level is kept in a byte, so a trace is found backwards: a predecessor
is a state of the previous level with a step to it. The states of that level are expanded again, at most once for each
level.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TypeAlias

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.engines.native.intrinsics import LEVELS
from planrace.checker.engines.native.memory import WordArray
from planrace.checker.engines.native.program import Program
from planrace.checker.engines.native.runs import Runs
from planrace.checker.engines.native.store import Store
from planrace.checker.semantics.replay import ReplayError

SMALL = 1 << 16
"""Stores with fewer states are scanned in one call; larger ones segment by segment, with a check of the clock before
each."""
Place: TypeAlias = tuple[int, int, int]
"""A segment, a bucket and a slot."""


Before: TypeAlias = "Callable[[int, int], Iterator[int]]"
"""For a state and a level: states of the level before with a step to it, in order."""


class Ways:
    """Paths from the ``initials`` through the states that a search has stored, by what comes ``before`` each."""

    def __init__(self, before: Before, initials: Collection[int]) -> None:
        self._before = before
        self.initials = frozenset(initials)

    def path(self, s: int, depth: int) -> list[int]:
        """States from an initial one to ``s``, one for each level. Beyond LEVELS levels a byte is ambiguous, so a
        state may turn out to have no predecessor; then other candidates are tried."""
        trail: list[tuple[int, Iterator[int]]] = [(s, self._parents(s, depth))]
        dead: set[tuple[int, int]] = set()
        while len(trail) <= depth:
            left = depth - len(trail) + 1
            parent = next((p for p in trail[-1][1] if (p, left - 1) not in dead), None)
            if parent is not None:
                trail.append((parent, self._parents(parent, left - 1)))
                if left - 1 == 0 and parent not in self.initials:
                    trail.pop()
                continue
            dead.add((trail.pop()[0], left))
            if not trail:
                raise ReplayError("no run leads to a state that was found")
        return [state for state, _ in reversed(trail)]

    def _parents(self, s: int, level: int) -> Iterator[int]:
        return self._before(s, level) if level else iter(())


class Predecessors:
    """Finds the states of one process that have a step to another: those that ``stores`` have and those in ``runs``."""

    def __init__(self, program: Program, stores: Sequence[Store], runs: Sequence[Runs] = ()) -> None:
        self.program = program
        self.stores, self.runs = stores, runs
        self._at_once = [store.count if store.states < SMALL else 1 for store in stores]

    def of(self, s: int, level: int) -> Iterator[int]:
        """States of the level before ``level`` that have a step to ``s``, in order, of all workers."""
        wanted = (level - 1) % LEVELS + 1
        words = self.program.words
        target, scratch, info = self._room_for(s)
        found: list[int] = []
        for store, some in zip(self.stores, self._at_once, strict=True):
            for first in range(0, store.count, some):
                look_at_the_clock()
                rest: Place | None = (first, 0, 0)
                while rest is not None:
                    rest = self._parent(store, rest, first + some, wanted, target, scratch, info)
                    if rest is not None:
                        found.append(self.program.pack([scratch[k] for k in range(words)]))
        for runs in self.runs:
            found.extend(self._in_pieces(runs.pieces(wanted), target, scratch, info))
        yield from sorted(found)

    def among(self, s: int, pieces: Iterable[tuple[int, int]]) -> Iterator[int]:
        """Those of some states that have a step to ``s``, in order; each piece is an address and a number of states."""
        yield from sorted(self._in_pieces(pieces, *self._room_for(s)))

    def _room_for(self, s: int) -> tuple[WordArray, WordArray, WordArray]:
        """The words of a state, and room for its predecessors and for what steps tell."""
        words = self.program.words
        target, scratch = WordArray(words), WordArray((self.program.fan + 1) * words)
        for n, word in enumerate(self.program.unpack(s)):
            target[n] = word
        return target, scratch, WordArray(self.program.info)

    def _in_pieces(
        self, pieces: Iterable[tuple[int, int]], target: WordArray, scratch: WordArray, info: WordArray
    ) -> Iterator[int]:
        among, addresses = self.program["among"], (target.address, scratch.address, info.address)
        for states, count in pieces:
            look_at_the_clock()
            n = among(states, count, 0, *addresses)
            while n >= 0:
                yield self.program.pack([scratch[k] for k in range(self.program.words)])
                n = among(states, count, n + 1, *addresses)

    def _parent(
        self,
        store: Store,
        start: Place,
        last: int,
        level: int,
        target: WordArray,
        scratch: WordArray,
        info: WordArray,
    ) -> Place | None:
        """Find the next state of a level that has a step to ``target``, from a slot on and before segment ``last``: the
        slot after it. None if there is none."""
        addresses = target.address, scratch.address, info.address
        found = int(self.program["parent"](store.table.address, start[0], last, *start[1:], level, *addresses))
        if found < 0:
            return None
        slot, segment = divmod(found, store.count)
        return segment, *divmod(slot + 1, store.bucket)
