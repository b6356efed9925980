"""Bounds for the numbers that a term can be, and whether evaluating it may read outside an array.

Interval arithmetic over terms of one instance: a truth value is 0 or 1, a set has the interval of its elements, an
array that of its elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from planrace.model.language import Array, Instance, Op, SetOf, Sort, Term
from planrace.model.language.sorts import INTEGER, Scalar
from planrace.model.language.terms import subterms

Interval = tuple[int, int]


def reach(instance: Instance, term: Term) -> Interval:
    """Bounds for ``term``: the least and greatest number that its subterms allow."""
    *_, (_, found) = intervals(instance, [term])
    return found


def intervals(instance: Instance, terms: Iterable[Term]) -> Iterator[tuple[Term, Interval]]:
    """Every subterm, with bounds for it, its elements or their elements."""
    known: dict[Term, Interval] = {}
    for t in subterms(*terms):
        known[t] = _interval(instance, t, known)
        yield t, known[t]


def _interval(instance: Instance, t: Term, known: Mapping[Term, Interval]) -> Interval:
    """The interval of a term, given those of its arguments. Bounds of sorts are used; a constant has its exact
    value."""
    parts = [known[a] for a in t.args]
    match t.op:
        case Op.CONST:
            return int(t.data), int(t.data)
        case Op.PARAMETER:
            return instance.size(t.data), instance.size(t.data)
        case Op.ADD:
            return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
        case Op.SUB:
            return parts[0][0] - parts[1][1], parts[0][1] - parts[1][0]
        case Op.COUNT:
            return 0, len(instance.members(t.args[0].sort))  # type: ignore[arg-type]
    inner = leaf(t.sort)
    if inner != INTEGER:
        return instance.bounds(inner)
    match t.op:
        case Op.SELECT:
            parts = parts[:1]
        case Op.ITE | Op.EACH | Op.COMPREHENSION:
            parts = parts[1:]
        case _:
            pass
    return min((p[0] for p in parts), default=0), max((p[1] for p in parts), default=0)


def leaf(sort: Sort) -> Scalar:
    """The scalar sort inside arrays and sets."""
    while isinstance(sort, Array | SetOf):
        sort = sort.element
    return sort


def may_fail(instance: Instance, *terms: Term) -> bool:
    """Whether a part of one of ``terms`` may read a position that an array does not have."""
    selections = [t for t in subterms(*terms) if t.op is Op.SELECT]
    if not selections:
        return False
    known = dict(intervals(instance, [t.args[1] for t in selections]))
    return any(beyond(instance, t, known[t.args[1]]) for t in selections)


def beyond(instance: Instance, selection: Term, position: Interval) -> bool:
    """Whether a position in that interval may be outside the array that ``selection`` reads."""
    sort = selection.args[0].sort
    assert isinstance(sort, Array)
    low, high = instance.bounds(sort.domain)
    return position[0] < low or position[1] > high
