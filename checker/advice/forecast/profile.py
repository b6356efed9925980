"""The share of its states that a search has found, once the states up to a level are known.

The depths of the states of an instance have a distribution, with a mean and a variance. Where parameters multiply the
states (more processes, more things to do), the depth of a state is nearly a sum of independent parts, one for each
process or thing: so mean and variance are nearly sums, too, and their second differences along two parameters are
small, as those of logarithms of counts are (``table.py``). And the form of the distribution changes little. Three
estimates:

* nearest: the share of the nearest smaller instance at the same fraction of its number of levels;
* moments: its share as many standard deviations from its mean; both are extrapolated from the table;
* growth: the same, with the mean for which the states grow as much as those of the search did, while they became
  GROWN times as many.

What they have in common is only the form of the nearest instance. So the interval is what all three say, and MORE;
where they differ too much, or the search has hardly begun, there is none. ``bench/forecast.py --shares`` measures it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.table import Point, extrapolated

GROWN = 4.0
"""How many times fewer states an earlier level had from which on growth is compared."""
MORE = 1.3
"""The factor that the interval has beyond the least and the greatest estimate."""
WIDEST = 4.0
"""An interval with a greater ratio of its ends is useless."""
EARLY = 0.2
"""Below this share the estimates are too unlike each other."""
HALVINGS = 60
"""Steps of the search for the mean."""
MATCHED = 0.01
"""The most by which the logarithm of the growth may differ from what the search has seen."""


@dataclass(frozen=True)
class LevelProfile:
    """The sizes of the breadth-first levels of a complete search."""

    levels: Sequence[int]

    @cached_property
    def shares(self) -> list[float]:
        """The share of the states up to each level."""
        states = sum(self.levels)
        return [n / states for n in accumulate(self.levels)]

    @cached_property
    def mean(self) -> float:
        """The mean depth of a state."""
        return sum(d * n for d, n in enumerate(self.levels)) / sum(self.levels)

    @cached_property
    def variance(self) -> float:
        """The variance of the depth."""
        return sum((d - self.mean) ** 2 * n for d, n in enumerate(self.levels)) / sum(self.levels)

    def share(self, depth: float) -> float:
        """The share up to a depth; between two levels it grows evenly."""
        if depth < 0:
            return self.shares[0] * max(0.0, 1 + depth)
        level = int(depth)
        if level + 1 >= len(self.shares):
            return 1.0
        part = depth - level
        return self.shares[level] * (1 - part) + self.shares[level + 1] * part


class ShareTable:
    """The profiles of instances smaller than the one at ``target``, by the values of their parameters."""

    def __init__(self, target: Point, profiles: Mapping[Point, LevelProfile]) -> None:
        self._target = target
        far = {v: sum(target) - sum(v) for v in profiles}
        near = min(far, key=lambda v: (far[v], -sum(profiles[v].levels)), default=None)
        self._nearest = None if near is None else profiles[near]
        self._levels = self._extrapolated(profiles, lambda p: len(p.levels))
        self._mean = self._extrapolated(profiles, lambda p: p.mean)
        self._variance = self._extrapolated(profiles, lambda p: p.variance)

    def _extrapolated(self, profiles: Mapping[Point, LevelProfile], of: Callable[[LevelProfile], float]) -> float:
        """A number of the target; 0 if the table says nothing, or less than that."""
        found = extrapolated({v: float(of(p)) for v, p in profiles.items()}, self._target, sums=True)
        return 0.0 if found is None or not math.isfinite(found) else max(0.0, found)

    def share(self, found: Sequence[int]) -> ForecastInterval | None:
        """The share of its states that a search has found which knows all states up to its last level; ``found[d]``:
        how many they are up to level d, or 0 if nobody knows. None if there is no estimate that is worth anything."""
        near, depth = self._nearest, len(found) - 1
        if near is None or not near.variance or not self._variance or depth + 1 >= self._levels:
            return None
        narrower = math.sqrt(near.variance / self._variance)

        def around(mean: float, level: int) -> float:
            return near.share(near.mean + (level - mean) * narrower)

        mean = self._grown(found, around)
        if mean is None:
            return None
        by_fraction = near.share((depth + 1) / self._levels * len(near.levels) - 1)
        told = sorted((by_fraction, around(self._mean, depth), around(mean, depth)))
        low, high = told[0] / MORE, told[2] * MORE
        middle = math.sqrt(told[0] * told[2])
        if middle < EARLY or high > WIDEST * low:
            return None
        return ForecastInterval(low, middle, min(1.0, high))

    def _grown(self, found: Sequence[int], around: Callable[[float, int], float]) -> float | None:
        """The mean depth with which the share grows between two levels as the states of the search did; None if there
        is none. The further a level is from the mean, the more it grows."""
        depth = len(found) - 1
        before = max((d for d in range(depth) if 0 < found[d] * GROWN <= found[depth]), default=None)
        if before is None:
            return None
        seen, growth = math.log(found[depth] / found[before]), math.inf
        low, high = 0.0, 4.0 * max(self._mean, depth)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            earlier, later = around(middle, before), around(middle, depth)
            growth = math.log(later / earlier) if min(earlier, later) > 0 else math.inf
            low, high = (low, middle) if growth > seen else (middle, high)
        return (low + high) / 2 if abs(growth - seen) <= MATCHED else None
