"""How many states an instance has, from the exact counts of smaller ones.

Finite differences of the logarithm f of the count over the parameters. Where what one parameter multiplies the count by
does not depend on another one, f(v) = f(v - a) + f(v - b) - f(v - a - b) for these parameters a and b, which may be the
same (constant growth). Where one raises the count to a power that does not depend on the other, as the number of
processes does with the states of a process, f(v) = f(v - a) · f(v - b) / f(v - a - b). Protocols lie between: the
interval goes from the least to the greatest of all such predictions, its middle is their median.
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
"""The exact number of states of an instance, or None where it is not found."""

DEPTHS = (1, 2)
"""Counts that are not found are predicted themselves, so many times over."""
DOUBT = math.log(2)
"""How much wider an interval is on each side that comes from one pair of parameters only: a spread of two numbers says
too little."""


def smaller(instance: Instance, at: int, by: int = 1) -> Instance | None:
    """The instance with parameter number ``at`` smaller, or None where it is at its least."""
    values = list(instance.values)
    values[at] -= by
    if values[at] < instance.system.parameters[at].low:
        return None
    return replace(instance, values=tuple(values))


def grown(instance: Instance, count: Count) -> Logs | None:
    """The logarithm of the number of states of ``instance``; None where too few smaller ones can be counted."""
    for depth in DEPTHS:
        found = _Growth(count).predicted(instance, depth)
        if found is not None:
            return found
    return None


class _Growth:
    """Predictions of one depth."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._known: dict[tuple[int, ...], Logs | None] = {}

    def predicted(self, instance: Instance, depth: int) -> Logs | None:
        """What smaller instances say of this one, which is not counted."""
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
            corner = self._logs(both, depth - 1)  # the smallest first: where it fails the others would too
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
