"""All shortest runs that violate a property: the layers of states on them."""

from __future__ import annotations

from typing import TypeAlias

from planrace.checker.engines.explicit.step_function import Expand, Kernel
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import timed
from planrace.properties.kinds import Invariant, StepInvariant

MOST = 500_000
"""The largest number of states to visit."""

Layers: TypeAlias = "list[dict[int, set[int]]]"
"""For each depth, states on shortest violating runs with their successors on such runs."""


class Onward:
    """Breadth-first layers of an instance with the steps between them, computed on demand and shared by all
    properties."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self._layers = [list(kernel.initials)]
        self._before: dict[int, list[int]] = {s: [] for s in kernel.initials}

    def violating(self, p: Invariant | StepInvariant, length: int) -> Layers | None:
        """The states on the shortest runs, ``length`` steps long, that violate ``p``; None if there are too many
        states."""
        steps = isinstance(p, StepInvariant)
        if not self._reach(length - steps):
            return None
        last = self._layers[length - steps]
        if steps:
            expand = self.kernel.expand(Watch(steps=(~p.holds,)))
            hits = {s: ends for s in last if (ends := _hits(expand, s))}
            found: Layers = [{t: set() for ends in hits.values() for t in ends}, hits]
        else:
            violates = self.kernel.judge((~p.holds,))
            found = [{s: set() for s in last if violates(s)}]
        while len(found) <= length:
            here: dict[int, set[int]] = {}
            for t in timed(found[-1]):
                for s in self._before[t]:
                    here.setdefault(s, set()).add(t)
            found.append(here)
        return found[::-1]

    def _reach(self, depth: int) -> bool:
        """Compute the layers up to a depth; False if they have too many states."""
        expand = self.kernel.expand(Watch())
        while len(self._layers) <= depth:
            fresh: dict[int, list[int]] = {}
            for s in timed(self._layers[-1]):
                out: list[int] = []
                expand(s, out, [])
                for t in dict.fromkeys(out):
                    if t not in self._before:
                        fresh.setdefault(t, []).append(s)
            if len(self._before) + len(fresh) > MOST:
                return False
            self._before |= fresh
            self._layers.append(list(fresh))
        return True


def _hits(expand: Expand, s: int) -> set[int]:
    """The targets of steps from ``s`` that violate the step invariant."""
    hits: list[tuple[int, int]] = []
    expand(s, [], hits)
    return {t for _, t in hits}
