"""The number of states of an instance, extrapolated from a table of smaller instances, with an interval from the errors
that the same extrapolation makes on the table.

Let f be the logarithm of the count, at a point of the parameters' grid. The second difference along parameters a and
b (which may be the same) at v is D(v) = f(v) - f(v - a) - f(v - b) + f(v - a - b). It is 0 where a multiplies the count
by a factor that does not depend on b. In protocols it is not, but it changes slowly and evenly along every parameter:
where it shrinks from v - c - d to v - c by some factor, it shrinks from v - d to v by nearly the same. So the rules
are, the best that applies first, each for all a, b, c, d that the table has:

* proportion: D(v) = D(v - c) · D(v - d) / D(v - c - d), if these have one sign;
* slope: D(v) = D(v - c) + D(v - d) - D(v - c - d);
* constant: D(v) = D(v - c);
* none: D(v) = 0, and f(v) = f(v - a) · f(v - b) / f(v - a - b), which is right where a raises the count to a power that
  does not depend on b.

The prediction is the median of the best rule's. A point whose neighbours are not in the table is predicted from
predicted ones. The interval: points of the table are predicted in the same way, from points that are smaller by the
same factor, and as many steps of the grid away. The greatest error among the four greatest of these points is what the
interval has on each side; ``bench/forecast.py`` measures how often the truth lies in it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

Point: TypeAlias = "tuple[int, ...]"
"""The values of the parameters of an instance."""
Logs: TypeAlias = "Mapping[Point, float]"
"""Natural logarithms of counts."""

TESTS = 4
"""The points of the table that are left out, one at a time: those with the greatest counts."""
LEAST = math.log(20)
"""Counts below are not predicted: they say little about large ones."""
NEAREST = math.log(2)
"""The least factor, as a logarithm, between a point that is left out and those that predict it."""
FINEST = math.log(1.02)
"""The least that an interval has on each side: that all errors are 0 may be luck."""
STEEPEST = 2.0
"""The most that a second difference may grow from one point to the next."""
RARE = 1e-9
"""Second differences below are no divisors."""


@dataclass(frozen=True)
class Extrapolation:
    """A predicted logarithm, and the ``errors`` of the predictions of the points that were left out."""

    log: float
    errors: tuple[float, ...]

    @property
    def doubt(self) -> float:
        """What the interval has on each side, as a logarithm; infinite if no point could be left out. It is wider where
        fewer points than ``TESTS`` could be."""
        if not self.errors:
            return math.inf
        return max(FINEST, max(map(abs, self.errors)) * TESTS / len(self.errors))


def extrapolation(table: Logs, target: Point) -> Extrapolation | None:
    """What the table says about a point that is not in it; None if it says nothing, or that a far instance is no larger
    than those known. Points that are greater than the target in some parameter are not used. To choose rules by their
    errors, too, was tried: the least of several errors is too small by luck, and fewer intervals held the truth."""
    known = below(table, target, math.inf)
    log = extrapolated(known, target)
    if log is None:
        return None
    gap, far = log - max(known.values()), min(sum(target) - sum(v) for v in known)
    if gap < (-NEAREST if far == 1 else NEAREST):  # one step may take states away, but seldom do several
        return None
    errors: list[float] = []
    for point in sorted(known, key=lambda v: (-known[v], v)):
        if len(errors) == TESTS or known[point] < LEAST:
            break
        less = below(known, point, known[point] - max(NEAREST, gap))
        told = extrapolated({v: x for v, x in less.items() if sum(point) - sum(v) >= far}, point)
        if told is not None:
            errors.append(told - known[point])
    return Extrapolation(log, tuple(errors))


def below(table: Logs, target: Point, most: float) -> dict[Point, float]:
    """The points that are nowhere greater than the target, with logarithms up to ``most``."""
    return {v: x for v, x in table.items() if x <= most and all(map(int.__le__, v, target))}


def extrapolated(known: Logs, target: Point, *, sums: bool = False) -> float | None:
    """The predicted logarithm at a point, or number that is a sum of parts (``sums``); None if no rule applies."""
    return completed(known, target, sums=sums).get(target)


def completed(known: Logs, target: Point, *, sums: bool = False) -> dict[Point, float]:
    """The table with the predictions for all other points from its least values up to the target."""
    found = dict(known)
    least = [min((v[n] for v in known), default=x + 1) for n, x in enumerate(target)]
    sides = [range(low, high + 1) for low, high in zip(least, target, strict=True)]
    for point in sorted(itertools.product(*sides), key=sum):
        if point not in found:
            told = predicted(found, point, sums=sums)
            if told is not None:
                found[point] = told
    return found


def predicted(f: Logs, v: Point, *, sums: bool = False) -> float | None:
    """The median of the predictions of the best rule that applies at ``v``. ``sums``: no power is among them."""
    ranked: list[list[float]] = [[], [], [], []]
    for a, b in itertools.combinations_with_replacement(range(len(v)), 2):
        corners = [f.get(down(v, *way)) for way in ((a,), (b,), (a, b))]
        if None in corners:
            continue
        x, y, z = (c for c in corners if c is not None)
        flat = x + y - z
        ranked[3].append(flat)
        if z > 1 and not sums:
            ranked[3].append(x * y / z)
        for rank, d in _differences(f, v, a, b):
            ranked[rank].append(flat + d)
    return next((median(some) for some in ranked if some), None)


def _differences(f: Logs, v: Point, a: int, b: int) -> Iterator[tuple[int, float]]:
    """Predictions of the second difference along ``a`` and ``b``, each with the rank of its rule."""
    ways = range(len(v))
    once = {c: d for c in ways if (d := second(f, down(v, c), a, b)) is not None}
    for c, d in once.items():
        yield 2, d
        for e in (e for e in once if e >= c):
            corner = second(f, down(v, c, e), a, b)
            if corner is None:
                continue
            yield 1, d + once[e] - corner
            if abs(corner) > RARE and min(d * corner, once[e] * corner) >= 0:
                most = STEEPEST * max(abs(d), abs(once[e]))
                yield 0, min(max(d * once[e] / corner, -most), most)


def second(f: Logs, v: Point, a: int, b: int) -> float | None:
    """The second difference at ``v`` along parameters ``a`` and ``b``; None if a point is missing."""
    some = [f.get(down(v, *way)) for way in ((), (a,), (b,), (a, b))]
    if None in some:
        return None
    w, x, y, z = (s for s in some if s is not None)
    return w - x - y + z


def down(v: Point, *ways: int) -> Point:
    """The point one smaller in each of these parameters, named by number."""
    less: Sequence[int] = [x - ways.count(n) for n, x in enumerate(v)]
    return tuple(less)
