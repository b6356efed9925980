"""How many states of a search are still to come, once its levels shrink.

Level sizes of breadth-first search rise and then fall (Pelánek, "Typical structural properties of state spaces", SPIN
2004). Once they fall, they fall ever faster as a rule, so that a geometric tail with the greatest of the last ratios is
an upper estimate: of all levels of the counts that the tests know it was one for 97 in 100, three times too large in
the middle. It is known late, when 86 % of the states have been met in the middle of these searches. Where levels grow
less and less and hardly any more, there were at most three times as many to come as had been met 9 times in 10; that is
known at 64 %. Continuing the decline of growth as a straight line (levels as a bell) was too low by half.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from planrace.checker.engines.limits import Progress

RATIOS = 3
"""Ratios of levels that a tail is read off."""
HARDLY = 1.1
"""A level hardly grows that is at most so many times the one before."""
THUMB = 3
"""At most so many times as many states are to come then as were met, as a rule of thumb."""


def tail(levels: Sequence[float]) -> float | None:
    """How many states are still to come, at most, after levels of these sizes. None while the last ones do not all
    shrink."""
    last = levels[-RATIOS - 1 :]
    if len(last) <= RATIOS or min(last) <= 0:
        return None
    ratio = max(b / a for a, b in pairwise(last))
    return last[-1] * ratio / (1 - ratio) if ratio < 1 else None


def near_the_peak(levels: Sequence[float]) -> bool:
    """The last levels grow less and less, and hardly any more."""
    last = levels[-RATIOS - 1 :]
    if len(last) <= RATIOS or min(last) <= 0:
        return False
    ratios = [b / a for a, b in pairwise(last)]
    return ratios[-1] <= HARDLY and all(b < a for a, b in pairwise(ratios))


class Remaining:
    """The same from progress events, which come when they like: levels that passed between two of them are taken to be
    of one size. A level that has begun counts as one more state or less: good enough for a line that is redrawn."""

    def __init__(self) -> None:
        self._task = ""
        self._begun: list[tuple[int, int]] = []

    def after(self, event: Progress) -> float | None:
        """States still to come after this event, at most; None where nothing can be said."""
        if event.task != self._task or (self._begun and event.states < self._begun[-1][1]):
            self._task, self._begun = event.task, []  # another search
        if not self._begun or event.depth > self._begun[-1][0]:
            self._begun.append((event.depth, event.states))
        left = tail(self._levels())
        return None if left is None else max(0.0, left - (event.states - self._begun[-1][1]))

    def roughly(self) -> float | None:
        """The same by rule of thumb, after an event of which nothing better could be said."""
        return THUMB * self._begun[-1][1] if self._begun and near_the_peak(self._levels()) else None

    def _levels(self) -> list[float]:
        sizes: list[float] = []
        for (d, n), (e, m) in pairwise(self._begun):
            sizes += [(m - n) / (e - d)] * (e - d)
        return sizes
