"""Arithmetic over Z3's integers, which have no bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import z3

from planrace.checker.engines.proof.sorts import UnencodableError, scalar
from planrace.model.language import Index, Maybe, Op, Term
from planrace.model.language.sorts import BOOL, bounds_of, describe

if TYPE_CHECKING:
    from planrace.checker.engines.proof.encoding import Open, OpenFrame

Handler = Callable[["Open", Term, "OpenFrame"], Any]


def _combined(join: Callable[[Any, Any], Any]) -> Handler:
    return lambda e, t, f: reduce(join, (e.encode(x, f) for x in t.args))


def _divided(by_positive: Callable[[Any, Any], Any], by_negative: Callable[[Any, Any], Any]) -> Handler:
    """Z3's rest is never negative, so its quotient is rounded down if the divisor is positive only."""

    def handler(e: Open, t: Term, f: OpenFrame) -> Any:
        a, b = (e.encode(x, f) for x in t.args)
        if z3.is_int_value(b):
            return (by_positive if b.as_long() > 0 else by_negative)(a, b)
        return z3.If(b > 0, by_positive(a, b), by_negative(a, b))

    return handler


def _count(e: Open, t: Term, f: OpenFrame) -> Any:
    return z3.Sum(*(z3.If(holds, 1, 0) for holds in _each_member(e, t, f, "counting")))


def _sum(e: Open, t: Term, f: OpenFrame) -> Any:
    return z3.Sum(*_each_member(e, t, f, "adding up over"))


def _each_member(e: Open, t: Term, f: OpenFrame, doing: str) -> list[Any]:
    """The body of a binder for each member of a sort whose bounds are numbers."""
    variable, body = t.args
    low, high = (0, 1) if isinstance(variable.sort, Index | Maybe) else bounds_of(scalar(variable.sort))
    if isinstance(variable.sort, Index | Maybe) or not (isinstance(low, int) and isinstance(high, int)):
        raise UnencodableError(f"{t}: {doing} the members of {describe(variable.sort)}, whose size is open")
    values = [z3.BoolVal(False), z3.BoolVal(True)] if variable.sort == BOOL else range(low, high + 1)
    return [e.encode(body, replace(f, bound={**f.bound, variable: _literal(v)})) for v in values]


def _literal(value: Any) -> Any:
    return z3.IntVal(value) if isinstance(value, int) else value


ARITHMETIC: Mapping[Op, Handler] = {
    Op.ADD: _combined(lambda a, b: a + b),
    Op.SUB: _combined(lambda a, b: a - b),
    Op.MUL: _combined(lambda a, b: a * b),
    Op.DIV: _divided(lambda a, b: a / b, lambda a, b: -a / -b),
    Op.MOD: _divided(lambda a, b: a % b, lambda a, b: -(-a % -b)),
    Op.MIN: _combined(lambda a, b: z3.If(a <= b, a, b)),
    Op.MAX: _combined(lambda a, b: z3.If(a >= b, a, b)),
    Op.COUNT: _count,
    Op.SUM: _sum,
}
"""A handler for each operator that makes a number of numbers, or counts."""
