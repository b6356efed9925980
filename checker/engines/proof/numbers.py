"""The operators of numbers, on Z3's integers, which have no bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

import z3

from planrace.model.language import Op

Joined = Callable[[Any, Any], Any]


def _divided(by_positive: Joined, by_negative: Joined) -> Joined:
    """Z3's rest is never negative, so its quotient is rounded down if the divisor is positive only."""

    def joined(a: Any, b: Any) -> Any:
        if z3.is_int_value(b):
            return (by_positive if b.as_long() > 0 else by_negative)(a, b)
        return z3.If(b > 0, by_positive(a, b), by_negative(a, b))

    return joined


def joined(op: Op, values: list[Any]) -> Any:
    """The number that ``op`` makes of ``values``."""
    return reduce(NUMBERS[op], values)


NUMBERS: Mapping[Op, Joined] = {
    Op.ADD: lambda a, b: a + b,
    Op.SUB: lambda a, b: a - b,
    Op.MUL: lambda a, b: a * b,
    Op.DIV: _divided(lambda a, b: a / b, lambda a, b: -a / -b),
    Op.MOD: _divided(lambda a, b: a % b, lambda a, b: -(-a % -b)),
    Op.MIN: lambda a, b: z3.If(a <= b, a, b),
    Op.MAX: lambda a, b: z3.If(a >= b, a, b),
}
"""What each operator makes of two numbers, or of the number that it has made and the next."""
