"""Arithmetic of terms → Python expressions.

Bounds follow from those of the arguments; a divisor that may be 0 is tested where it divides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import TYPE_CHECKING

from planrace.checker.engines.explicit.expressions import Number, as_number, chained, folded, may_fail
from planrace.model.language import Op, Term
from planrace.model.language.number_ranges import COMBINED

if TYPE_CHECKING:
    from planrace.checker.engines.explicit.lower import Lowering, Scope

Handler = Callable[["Lowering", Term, "Scope"], Number]


def _infix(sign: str) -> Handler:
    def handler(g: Lowering, t: Term, s: Scope) -> Number:
        a, b = (g.number(x, s) for x in t.args)
        low, high = COMBINED[t.op](((a.low, a.high), (b.low, b.high)))
        return folded(Number(f"({a.text} {sign} {b.text})", low, high, may_fail(a, b)))

    return handler


def _divided(sign: str) -> Handler:
    def handler(g: Lowering, t: Term, s: Scope) -> Number:
        a, b = (g.number(x, s) for x in t.args)
        low, high = COMBINED[t.op](((a.low, a.high), (b.low, b.high)))
        if not b.low <= 0 <= b.high:
            return folded(Number(f"({a.text} {sign} {b.text})", low, high, may_fail(a, b)))
        if s.total:
            return Number(f"({a.text} {sign} ({b.text} if {b.text} != 0 else 1))", *_with(low, high, a), may_fail(a, b))
        return Number(f"({a.text} {sign} _divisor({b.text}))", low, high, fails=True)

    return handler


def _with(low: int, high: int, a: Number) -> tuple[int, int]:
    """The bounds if also the number itself may be the result."""
    return min(low, a.low), max(high, a.high)


def _extreme(name: str) -> Handler:
    def handler(g: Lowering, t: Term, s: Scope) -> Number:
        items = [g.number(x, s) for x in t.args]
        low, high = COMBINED[t.op]([(i.low, i.high) for i in items])
        text = reduce(lambda a, b: f"{name}({a}, {b})", (i.text for i in items))
        return folded(Number(text, low, high, may_fail(*items)))

    return handler


def _summed(parts: list[Number]) -> Number:
    low, high = sum(p.low for p in parts), sum(p.high for p in parts)
    return folded(Number("(" + (chained(" + ", [p.text for p in parts]) or "0") + ")", low, high, may_fail(*parts)))


def _count(g: Lowering, t: Term, s: Scope) -> Number:
    return _summed([as_number(c) for _, c in g.unrolled(t, s)])


def _sum(g: Lowering, t: Term, s: Scope) -> Number:
    return _summed([g.number(t.args[1], inside) for _, inside in g.inside(t, s)])


ARITHMETIC: Mapping[Op, Handler] = {
    Op.ADD: _infix("+"),
    Op.SUB: _infix("-"),
    Op.MUL: _infix("*"),
    Op.DIV: _divided("//"),
    Op.MOD: _divided("%"),
    Op.MIN: _extreme("min"),
    Op.MAX: _extreme("max"),
    Op.COUNT: _count,
    Op.SUM: _sum,
}
"""A handler for each operator that makes a number of numbers, or counts."""
