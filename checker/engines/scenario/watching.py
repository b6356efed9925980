"""Which events steps show, for all casts at once, by one step function.

Most events use few of the roles: for many casts they become the same terms once roles are replaced by members.
"""

from __future__ import annotations

from collections.abc import Sequence

from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.scenario.match import Cast, Monitor
from planrace.model.language import Term
from planrace.model.language.terms import constant, substitute

KEPT = 1 << 16
"""The number of states whose steps are cached: different casts visit the same states."""


class Showing:
    """Steps of ``kernel`` with the ``marks`` of ``monitor`` that hold for them, for each of ``casts``."""

    def __init__(self, kernel: Kernel, monitor: Monitor, casts: Sequence[Cast]) -> None:
        marks: dict[Term, int] = {}
        self._places: list[tuple[int, ...]] = []
        for cast in casts:
            players = {role: constant(value, role.sort) for role, value in cast.items()}
            own = (substitute(m, players) for m in monitor.marks)
            self._places.append(tuple(marks.setdefault(m, len(marks)) for m in own))
        self._expand = kernel.expand(Watch(marks=tuple(marks)))
        self._steps: dict[int, list[tuple[int, int]]] = {}
        self._seen: dict[tuple[int, int], int] = {}

    def steps(self, state: int) -> list[tuple[int, int]]:
        """The successors of a packed state, each with what it shows for any cast."""
        found = self._steps.get(state)
        if found is None:
            if len(self._steps) >= KEPT:
                self._steps.clear()
            found = self._steps[state] = []
            self._expand(state, found, [])
        return found

    def seen(self, cast: int, shown: int) -> int:
        """The ``marks`` that a step shows for the cast with this number."""
        key = (cast, shown)
        found = self._seen.get(key)
        if found is None:
            found = self._seen[key] = sum(1 << k for k, at in enumerate(self._places[cast]) if shown >> at & 1)
        return found
