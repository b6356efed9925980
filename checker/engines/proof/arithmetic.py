"""Terms that make numbers: arithmetic, and counting and adding up where the members are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import reduce
from typing import TYPE_CHECKING, Any

import z3

from planrace.checker.engines.proof.numbers import NUMBERS, joined
from planrace.checker.engines.proof.sorts import UnencodableError, scalar
from planrace.model.language import Index, Maybe, Op, Term
from planrace.model.language.sorts import BOOL, bounds_of, describe

if TYPE_CHECKING:
    from planrace.checker.engines.proof.encoding import Open, OpenFrame

Handler = Callable[["Open", Term, "OpenFrame"], Any]


def _combined(e: Open, t: Term, f: OpenFrame) -> Any:
    return joined(t.op, [e.encode(x, f) for x in t.args])


def _count(e: Open, t: Term, f: OpenFrame) -> Any:
    return z3.Sum(*(z3.If(holds, 1, 0) for holds in _each_member(e, t, f, "counting")))


def _sum(e: Open, t: Term, f: OpenFrame) -> Any:
    return z3.Sum(*_each_member(e, t, f, "adding up over"))


def _least(e: Open, t: Term, f: OpenFrame) -> Any:
    """The first member that the body holds for; any number where there is none (see ``wellformed``)."""
    low, _ = _ends(t, "choosing among")
    tests = reversed(list(enumerate(_each_member(e, t, f, "choosing among"), low)))
    return reduce(lambda found, test: z3.If(test[1], z3.IntVal(test[0]), found), tests, z3.IntVal(low))


def _each_member(e: Open, t: Term, f: OpenFrame, doing: str) -> list[Any]:
    """The body of a binder for each member of a sort whose bounds are numbers."""
    variable, body = t.args
    low, high = _ends(t, doing)
    values = [z3.BoolVal(False), z3.BoolVal(True)] if variable.sort == BOOL else range(low, high + 1)
    return [e.encode(body, replace(f, bound={**f.bound, variable: _literal(v)})) for v in values]


def _ends(t: Term, doing: str) -> tuple[int, int]:
    """The bounds of what a binder is over, which must be numbers."""
    sort = scalar(t.args[0].sort)
    low, high = (None, None) if isinstance(sort, Index | Maybe) else bounds_of(sort)
    if not (isinstance(low, int) and isinstance(high, int)):
        raise UnencodableError(f"{t}: {doing} the members of {describe(sort)}, whose size is open")
    return low, high


def _literal(value: Any) -> Any:
    return z3.IntVal(value) if isinstance(value, int) else value


ARITHMETIC: Mapping[Op, Handler] = {
    **dict.fromkeys(NUMBERS, _combined),
    Op.COUNT: _count,
    Op.SUM: _sum,
    Op.LEAST: _least,
}
"""A handler for each operator that makes a number of numbers, or counts, or chooses."""
