"""Finds the path from the initial state to a state, backwards.

States do not store their predecessors. A state's level is kept in a byte, so a trace is found backwards: a predecessor
is a state of the previous level with a step to it. The states of that level are expanded again, at most once for each
level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.checker.engines.native.intrinsics import LEVELS
from planrace.checker.engines.native.memory import WordArray
from planrace.checker.engines.native.program import Program
from planrace.checker.engines.native.store import Store
from planrace.checker.semantics.replay import ReplayError


class Ways:
    """Paths through the states that a search has stored."""

    def __init__(self, program: Program, stores: Sequence[Store], initial: int) -> None:
        self.program = program
        self.stores = stores
        self.initial = initial

    def path(self, s: int, depth: int) -> list[int]:
        """States from the initial one to ``s``, one for each level. Beyond LEVELS levels a byte is ambiguous, so a
        state may turn out to have no predecessor; then other candidates are tried."""
        trail: list[tuple[int, Iterator[int]]] = [(s, self._parents(s, depth))]
        dead: set[tuple[int, int]] = set()
        while len(trail) <= depth:
            left = depth - len(trail) + 1
            parent = next((p for p in trail[-1][1] if (p, left - 1) not in dead), None)
            if parent is not None:
                trail.append((parent, self._parents(parent, left - 1)))
                if left - 1 == 0 and parent != self.initial:
                    trail.pop()
                continue
            dead.add((trail.pop()[0], left))
            if not trail:
                raise ReplayError("no run leads to a state that was found")
        return [state for state, _ in reversed(trail)]

    def _parents(self, s: int, level: int) -> Iterator[int]:
        """States of the previous level that have a step to ``s``, in order, of all workers."""
        if level == 0:
            return
        wanted = (level - 1) % LEVELS + 1
        words = self.program.words
        target, info, scratch = (
            WordArray(words),
            WordArray(self.program.info),
            WordArray((self.program.fan + 1) * words),
        )
        for n, word in enumerate(self.program.unpack(s)):
            target[n] = word
        found: list[int] = []
        for store in self.stores:
            for n in range(store.count):
                at = self._parent(store, n, 0, wanted, target, scratch, info)
                while at >= 0:
                    found.append(self.program.pack([scratch[k] for k in range(words)]))
                    at = self._parent(store, n, at + 1, wanted, target, scratch, info)
        yield from sorted(found)

    def _parent(
        self, store: Store, n: int, slot: int, level: int, target: WordArray, scratch: WordArray, info: WordArray
    ) -> int:
        """The next slot of a segment with a state of a level that has a step to ``target``, or -1."""
        k, j = divmod(slot, store.bucket)
        known = store.segment(n), k, j, level, target.address, scratch.address, info.address
        return int(self.program.machine["parent"](*known))
