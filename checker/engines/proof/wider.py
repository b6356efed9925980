"""What the wide grammar of inferred lemmas adds: parameters, somebody who exists, and at most one or two members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from planrace.model.language import Action, Array, Bool, Enum, Index, Maybe, Op, SetOf, System, Term
from planrace.model.language.sorts import BOOL, INTEGER, Scalar
from planrace.model.language.terms import constant, contains, equal, make, substitute, subterms

COUNTED = (1, 2)
"""Lemmas say of so many members that no more satisfy a condition."""


def parameters(system: System) -> list[Term]:
    """The parameters that actions compare or assign."""
    roots = [t for a in system.actions.values() for t in _terms(a)]
    return [t for t in subterms(*roots) if t.op is Op.PARAMETER]


def _terms(action: Action) -> Iterator[Term]:
    yield action.guard
    for o in action.outcomes:
        yield o.condition
        yield from (t for u in o.updates for t in (u.target, u.value))


def about_others(system: System, over: Sequence[Term]) -> Iterator[Term]:
    """That some member of an index satisfies a simple condition, which may name one member of ``over``; without any
    that at most one or two do."""
    if len(over) > 1 or not all(isinstance(x.sort, Index) for x in over):
        return
    for sort in dict.fromkeys(v.sort.domain for v in system.variables if isinstance(v.sort, Array)):
        if not isinstance(sort, Index):
            continue
        hole = make(Op.BOUND, (), sort, ("y", 0))
        for condition in _conditions(system, hole, over):
            yield _bound(Op.EXISTS, sort, condition, hole, BOOL)
            if not over:
                number = _bound(Op.COUNT, sort, condition, hole, INTEGER)
                yield from (make(Op.LE, (number, constant(k, INTEGER)), BOOL) for k in COUNTED)


def _conditions(system: System, y: Term, over: Sequence[Term]) -> Iterator[Term]:
    for v in system.variables:
        if isinstance(v.sort, SetOf) and v.sort.element == y.sort and not over:
            yield contains(v.term, y)
        if not isinstance(v.sort, Array) or v.sort.domain != y.sort:
            continue
        place, sort = v.term[y], v.sort.element
        if isinstance(sort, Enum) and not over:
            yield from (equal(place, constant(n, sort)) for n in range(len(sort.members)))
        if isinstance(sort, Bool) and not over:
            yield place
        for x in over:
            if x.sort == sort or (isinstance(sort, Maybe) and sort.index == x.sort):
                yield equal(place, x)
            if isinstance(sort, SetOf) and sort.element == x.sort:
                yield contains(place, x)


def _bound(op: Op, sort: Scalar, body: Term, hole: Term, of: Scalar) -> Term:
    variable = make(Op.BOUND, (), sort, ("y", body.height + 1))
    return make(op, (variable, substitute(body, {hole: variable})), of)
