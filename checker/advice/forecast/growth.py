"""Extrapolation: how many states an instance has, from the exact counts of smaller instances.

Let f be the logarithm of the count. If parameter a multiplies the count by a factor that does not depend on parameter
b, then f(v) = f(v - a) + f(v - b) - f(v - a - b); a and b may be the same (constant growth). If a raises the count to a
power that does not depend on b, as the number of processes does with the states of a process, then
f(v) = f(v - a) · f(v - b) / f(v - a - b). Real protocols are in between. The interval goes from the least to the
greatest of all these predictions; its middle is their median.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations_with_replacement
from statistics import median
from typing import TypeAlias

from planrace.model.language import Instance

Logs: TypeAlias = "tuple[float, float, float]"
"""Least, middle and greatest natural logarithm of a count."""
Count: TypeAlias = "Callable[[Instance], int | None]"
"""The exact number of states of an instance; None if it is too large."""

DEPTHS = (1, 2)
"""The depths of recursion that are tried: a count that is too large is predicted from smaller ones itself."""
DOUBT = math.log(2)
"""Added on each side to an interval from one pair of parameters: the spread of two predictions is unreliable."""


def smaller(instance: Instance, at: int, by: int = 1) -> Instance | None:
    """The instance with parameter number ``at`` reduced; None if that is below its least value."""
    values = list(instance.values)
    values[at] -= by
    if values[at] < instance.system.parameters[at].low:
        return None
    return replace(instance, values=tuple(values))


def grown(instance: Instance, count: Count) -> Logs | None:
    """The logarithm of the number of states of ``instance``; None if too few smaller instances can be counted."""
    for depth in DEPTHS:
        found = _Growth(count).predicted(instance, depth)
        if found is not None:
            return found
    return None


class _Growth:
    """Predictions, with counts remembered."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._known: dict[tuple[int, ...], Logs | None] = {}

    def predicted(self, instance: Instance, depth: int) -> Logs | None:
        """The prediction for an instance that is not counted itself."""
        found = list(self._predictions(instance, depth)) if depth else []
        if not found:
            return None
        doubt = DOUBT if len(found) == 2 else 0.0
        middle = median(m for _, m, _ in found)
        return min(low for low, _, _ in found) - doubt, middle, max(high for _, _, high in found) + doubt

    def _predictions(self, instance: Instance, depth: int) -> Iterator[Logs]:
        for a, b in combinations_with_replacement(range(len(instance.values)), 2):
            first, second = smaller(instance, a), smaller(instance, b)
            both = None if first is None else smaller(first, b)
            if first is None or second is None or both is None:
                continue
            corner = self._logs(both, depth - 1)  # the smallest first: if it is too large, so are the others
            x = None if corner is None else self._logs(first, depth - 1)
            y = None if x is None else self._logs(second, depth - 1)
            if corner is None or x is None or y is None:
                continue
            yield x[0] + y[0] - corner[2], x[1] + y[1] - corner[1], x[2] + y[2] - corner[0]
            yield x[0] * y[0] / corner[2], x[1] * y[1] / corner[1], x[2] * y[2] / corner[0]

    def _logs(self, instance: Instance, depth: int) -> Logs | None:
        if instance.values not in self._known:
            states = self._count(instance)
            exact = None if states is None else math.log(states)
            if exact is None:
                self._known[instance.values] = self.predicted(instance, depth)
            else:
                self._known[instance.values] = None if exact < 1 else (exact, exact, exact)
        return self._known[instance.values]
