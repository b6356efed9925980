"""Terms that make numbers: arithmetic, and counting and adding up where the members are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import z3

from planrace.checker.engines.proof.counting import FEW, free_variables, is_listed
from planrace.checker.engines.proof.numbers import NUMBERS, joined
from planrace.checker.engines.proof.sorts import UnencodableError, conjunction, scalar
from planrace.model.language import Index, Maybe, Op, Term
from planrace.model.language.sorts import BOOL, Scalar, bounds_of, describe

if TYPE_CHECKING:
    from planrace.checker.engines.proof.encoding import Open, OpenFrame

Handler = Callable[["Open", Term, "OpenFrame"], Any]


def _combined(e: Open, t: Term, f: OpenFrame) -> Any:
    return joined(t.op, [e.encode(x, f) for x in t.args])


def _count(e: Open, t: Term, f: OpenFrame) -> Any:
    variable, body = t.args
    sort = scalar(variable.sort)
    values = _listed(e, sort)
    if values is not None:
        return z3.Sum(*(z3.If(_body(e, t, f, v), 1, 0) for v in values))
    x, free = e.constant("x", sort), [b for b in free_variables(t) if b in f.bound]
    made = [e.constant(str(b), scalar(b.sort)) for b in free]
    there = replace(f, bound={**f.bound, **dict(zip(free, made, strict=True)), variable: x})
    given = [(c, f.bound[b]) for b, c in zip(free, made, strict=True)]
    return e.counting.number(sort, x, e.encode(body, there), given, t)


def counted(e: Open, t: Term, f: OpenFrame) -> Any | None:
    """A comparison of a count with a small constant, as a formula about that many members; None for all others."""
    a, b = t.args
    count, limit = (a, b) if a.op is Op.COUNT else (b, a)
    if count.op is not Op.COUNT or limit.op is not Op.CONST or _listed(e, scalar(count.args[0].sort)) is not None:
        return None
    k, sort = limit.data, scalar(count.args[0].sort)
    needed = {Op.EQ: (k, k + 1), Op.LT: (k if count is a else k + 1,), Op.LE: (k + 1 if count is a else k,)}[t.op]
    if max(needed) > FEW:
        return None
    least = [e.counting.few(n, count, sort, lambda x: _body(e, count, f, x)) for n in needed]
    if t.op is Op.EQ:
        return conjunction(least[0], z3.Not(least[1])) if k >= 0 else z3.BoolVal(False)
    return z3.Not(least[0]) if count is a else least[0]


def _sum(e: Open, t: Term, f: OpenFrame) -> Any:
    sort = scalar(t.args[0].sort)
    values = _listed(e, sort)
    if values is None:
        raise UnencodableError(f"{t}: adding up over the members of {describe(sort)}, whose size is open")
    return z3.Sum(*(_body(e, t, f, v) for v in values))


def _least(e: Open, t: Term, f: OpenFrame) -> Any:
    """The first member that the body holds for; any number where there is none (see ``wellformed``)."""
    sort = scalar(t.args[0].sort)
    values = None if isinstance(sort, Index) else _listed(e, sort)
    if values is None:
        raise UnencodableError(f"{t}: choosing among the members of {describe(sort)}, whose size is open")
    numbers = [z3.IntVal(n) for n in (0, 1)] if sort == BOOL else values
    tests = reversed([(n, _body(e, t, f, v)) for n, v in zip(numbers, values, strict=True)])
    return reduce(lambda found, test: z3.If(test[1], test[0], found), tests, numbers[0])


def _listed(e: Open, sort: Scalar) -> list[Any] | None:
    """Every member of a sort; None if how many there are is open, or they are too many."""
    if isinstance(sort, Index):
        return e.members(sort) if is_listed(sort) else None
    if isinstance(sort, Maybe):
        return None
    if sort == BOOL:
        return [z3.BoolVal(False), z3.BoolVal(True)]
    low, high = bounds_of(sort)
    return [z3.IntVal(v) for v in range(low, high + 1)] if isinstance(low, int) and isinstance(high, int) else None


def _body(e: Open, t: Term, f: OpenFrame, value: Any) -> Any:
    """The body of a binder for one member."""
    variable, body = t.args
    return e.encode(body, replace(f, bound={**f.bound, variable: value}))


ARITHMETIC: Mapping[Op, Handler] = {
    **dict.fromkeys(NUMBERS, _combined),
    Op.COUNT: _count,
    Op.SUM: _sum,
    Op.LEAST: _least,
}
"""A handler for each operator that makes a number of numbers, or counts, or chooses."""
