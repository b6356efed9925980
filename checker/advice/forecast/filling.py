"""The table of small instances: which are counted, in which order, until the time is up."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush

from planrace.checker.advice.forecast.sample import SearchSample
from planrace.checker.advice.forecast.table import Point, completed, down, predicted
from planrace.model.language import Instance

SIDE = 3
"""The table goes at most this far below the instance in each parameter, unless all of that is too large."""
MOST_POINTS = 600
"""A table with more points is not filled: the instance is too far from all that can be counted."""
SMALL = 5_000
"""States of an instance that Python counts; the larger ones take machine code, which is worth its compilation then."""
MOST = 20_000_000
"""The most states of a larger instance: some hundred megabytes."""
DOUBT = 2.0
"""How many times more states than expected an instance may have before its search is given up."""
STEEP = 10.0
"""How many times more states than the one below an instance may have of which the table says nothing yet."""
START = 0.3
"""Seconds that machine code takes to begin: it is compiled for each instance."""
NEARER = 3.0
"""How many times longer the search of an instance may take that is nearer by one, to be tried first."""
LARGE = 24
"""The most larger instances that are counted."""

Counting = Callable[[Instance, int, float], "SearchSample | None"]
"""Searches an instance of at most so many states completely, in so many seconds; None if it has more, or takes longer,
or is no instance."""


@dataclass
class InstanceTable:
    """Complete searches of instances smaller than ``instance``, by the values of their parameters."""

    instance: Instance
    counted: dict[Point, SearchSample] = field(default_factory=dict)

    @property
    def logs(self) -> dict[Point, float]:
        """Logarithms of their states."""
        return {v: math.log(s.states) for v, s in self.counted.items()}

    @property
    def step_logs(self) -> dict[Point, float]:
        """Logarithms of the steps for each state."""
        return {v: math.log(s.transitions / s.states) for v, s in self.counted.items() if s.transitions}

    @property
    def depths(self) -> dict[Point, float]:
        """The number of levels: a sum over what multiplies the states, so that it needs no logarithm."""
        return {v: float(len(s.levels)) for v, s in self.counted.items()}

    @property
    def unchanging(self) -> tuple[str, ...]:
        """Parameters that change no count in the table, if it has two or more values of them."""
        names = (p.name for p in self.instance.system.parameters)
        return tuple(name for n, name in enumerate(names) if self._unchanging(n))

    def _unchanging(self, n: int) -> bool:
        pairs = [(v, down(v, n)) for v in self.counted if down(v, n) in self.counted]
        return bool(pairs) and all(self.counted[v].states == self.counted[w].states for v, w in pairs)

    @property
    def nearest(self) -> SearchSample | None:
        """The search of the greatest instance that is nearest to the one asked for; None if the table is empty."""
        far = {v: sum(self.instance.values) - sum(v) for v in self.counted}
        best = min(far, key=lambda v: (far[v], -self.counted[v].states), default=None)
        return None if best is None else self.counted[best]


def filled(instance: Instance, count: Counting, seconds: float, per_second: float | None) -> InstanceTable:
    """The table for an instance, made in about so many ``seconds``: first all that has few states, then what machine
    code can count that searches so many states ``per_second`` (None: there is none), cheap and near ones first."""
    table, ends = InstanceTable(instance), time.monotonic() + seconds
    least = _corner(table, count, ends)
    if least is None:
        return table
    _fill_small(table, count, least, ends)
    tried: set[Point] = set()
    while per_second is not None and len(tried) < LARGE:
        best = min(_larger(table, least, tried, per_second, ends - time.monotonic()), default=None)
        if best is None:
            break
        _, states, point = best
        tried.add(point)
        sample = count(replace(instance, values=point), round(states * DOUBT), max(START, ends - time.monotonic()))
        if sample is not None:
            table.counted[point] = sample
    return table


def _corner(table: InstanceTable, count: Counting, ends: float) -> Point | None:
    """The least point of the table, which has few states; None if there is none near enough."""
    instance = table.instance
    lows = [p.low for p in instance.system.parameters]
    point = tuple(max(low, v - SIDE) for low, v in zip(lows, instance.values, strict=True))
    while time.monotonic() <= ends:
        sides = (v - x + 1 for v, x in zip(instance.values, point, strict=True))
        if not point or point == instance.values or math.prod(sides) > MOST_POINTS:
            return None
        sample = count(replace(instance, values=point), SMALL, ends - time.monotonic())
        if sample is not None:
            table.counted[point] = sample
            return point
        slack = [x - low for x, low in zip(point, lows, strict=True)]
        if not any(slack):
            return None
        point = down(point, max(range(len(slack)), key=lambda n: slack[n]))
    return None


def _fill_small(table: InstanceTable, count: Counting, least: Point, ends: float) -> None:
    """Count all instances with few states, smallest first: those above one that has many are not tried."""
    instance = table.instance
    heap, seen = [(table.counted[least].states, least)], {least}
    while heap:
        _, below = heappop(heap)
        for n in range(len(below)):
            point = tuple(x + (k == n) for k, x in enumerate(below))
            if point in seen or point == instance.values or point[n] > instance.values[n]:
                continue
            seen.add(point)
            told = predicted(table.logs, point)
            if told is not None and told > math.log(DOUBT * SMALL):
                continue
            if time.monotonic() > ends:
                return
            sample = count(replace(instance, values=point), SMALL, ends - time.monotonic())
            if sample is not None:
                table.counted[point] = sample
                heappush(heap, (sample.states, point))


def _larger(
    table: InstanceTable, least: Point, tried: set[Point], per_second: float, seconds: float
) -> Iterator[tuple[float, float, Point]]:
    """Instances that are not counted yet and seem small enough for the ``seconds`` left: what they cost, weighed by how
    far they are, with the states that are expected."""
    values = table.instance.values
    sides = [range(low, high + 1) for low, high in zip(least, values, strict=True)]
    told = completed(table.logs, values)
    for point in itertools.product(*sides):
        log = told.get(point, _steep(table, point))
        if point in table.counted or point in tried or point == values or log > math.log(MOST):
            continue
        cost = START + math.exp(log) / per_second
        if cost <= seconds:
            yield cost * NEARER ** (sum(values) - sum(point)), math.exp(log), point


def _steep(table: InstanceTable, point: Point) -> float:
    """The logarithm of the states of an instance next to counted ones, expected from these alone; infinite if there are
    none."""
    below = (table.counted.get(down(point, n)) for n in range(len(point)))
    return max((math.log(STEEP * s.states) for s in below if s is not None), default=math.inf)
