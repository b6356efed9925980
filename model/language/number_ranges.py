"""What the operators of whole numbers make of numbers, and of intervals of numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product

from planrace.model.language.operators import Op

Interval = tuple[int, int]


def _products(a: Interval, b: Interval) -> Interval:
    ends = [x * y for x, y in product(a, b)]
    return min(ends), max(ends)


def _quotients(a: Interval, b: Interval) -> Interval:
    """A quotient grows or shrinks with each of its arguments as long as the sign of the divisor stays."""
    ends = [x // y for x, y in product(a, _divisors(b))] or [0]
    return min(ends), max(ends)


def _remainders(a: Interval, b: Interval) -> Interval:
    if a[0] >= 0 and a[1] < b[0]:
        return a
    return min(b[0] + 1, 0), max(b[1] - 1, 0)


def _divisors(b: Interval) -> list[int]:
    """The ends of an interval without 0."""
    return [n for n in {b[0], b[1], -1, 1} if n and b[0] <= n <= b[1]]


def may_be_zero(divisor: Interval) -> bool:
    """Whether a number of that interval may be 0."""
    return divisor[0] <= 0 <= divisor[1]


COMBINED: Mapping[Op, Callable[[Sequence[Interval]], Interval]] = {
    Op.ADD: lambda x: (x[0][0] + x[1][0], x[0][1] + x[1][1]),
    Op.SUB: lambda x: (x[0][0] - x[1][1], x[0][1] - x[1][0]),
    Op.MUL: lambda x: _products(*x),
    Op.DIV: lambda x: _quotients(*x),
    Op.MOD: lambda x: _remainders(*x),
    Op.MIN: lambda x: (min(a for a, _ in x), min(b for _, b in x)),
    Op.MAX: lambda x: (max(a for a, _ in x), max(b for _, b in x)),
}
"""The interval of a number, given those of its arguments."""
COMPUTED: Mapping[Op, Callable[[int, int], int]] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: lambda a, b: a // b,
    Op.MOD: lambda a, b: a % b,
    Op.MIN: min,
    Op.MAX: max,
}
"""What an operator makes of two numbers, or of the number that it has made and the next."""
