"""An upper estimate of the remaining states of a search, once its levels shrink.

The sizes of breadth-first levels rise and then fall (Pelánek, "Typical structural properties of state spaces", SPIN
2004). Usually they fall ever faster, so a geometric tail with the greatest of the last ratios is an upper estimate. For
the searches of the tests it was correct at 97 % of all levels; the median was three times too large. The median search
had found 86 % of its states before the estimate was available.

Earlier, when the growth of levels declines to almost nothing, there is a rule of thumb: at most three times the states
found so far remain. It was correct in 9 of 10 cases, and available at 64 %. A linear
extrapolation of the decline was too low by half.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from planrace.checker.engines.limits import Progress

RATIOS = 3
"""The number of ratios of successive levels that must be below 1."""
HARDLY = 1.1
"""The greatest ratio of two levels that counts as almost no growth."""
THUMB = 3
"""The rule of thumb: at most this many times the states found so far remain."""


def tail(levels: Sequence[float]) -> float | None:
    """An upper estimate of the states after levels of these sizes; None unless the last levels all shrink."""
    last = levels[-RATIOS - 1 :]
    if len(last) <= RATIOS or min(last) <= 0:
        return None
    ratio = max(b / a for a, b in pairwise(last))
    return last[-1] * ratio / (1 - ratio) if ratio < 1 else None


def near_the_peak(levels: Sequence[float]) -> bool:
    """The growth of the last levels declines, to almost nothing."""
    last = levels[-RATIOS - 1 :]
    if len(last) <= RATIOS or min(last) <= 0:
        return False
    ratios = [b / a for a, b in pairwise(last)]
    return ratios[-1] <= HARDLY and all(b < a for a, b in pairwise(ratios))


class Remaining:
    """The same estimates from progress events, which come at any time: levels between two events are assumed to have
    equal sizes. This is good enough for a progress line."""

    def __init__(self) -> None:
        self._task = ""
        self._begun: list[tuple[int, int]] = []

    def after(self, event: Progress) -> float | None:
        """An upper estimate of the states after this event; None if there is none."""
        if event.task != self._task or (self._begun and event.states < self._begun[-1][1]):
            self._task, self._begun = event.task, []  # another search
        if not self._begun or event.depth > self._begun[-1][0]:
            self._begun.append((event.depth, event.states))
        left = tail(self._levels())
        return None if left is None else max(0.0, left - (event.states - self._begun[-1][1]))

    def roughly(self) -> float | None:
        """The rule of thumb, for events without an estimate; None if it does not apply."""
        return THUMB * self._begun[-1][1] if self._begun and near_the_peak(self._levels()) else None

    def _levels(self) -> list[float]:
        sizes: list[float] = []
        for (d, n), (e, m) in pairwise(self._begun):
            sizes += [(m - n) / (e - d)] * (e - d)
        return sizes
