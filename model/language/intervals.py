"""Bounds for the numbers that a term can be, and whether evaluating it may fail: outside an array, or divided by 0.

Interval arithmetic over terms of one instance: a truth value is 0 or 1, a set has the interval of its elements, an
array that of its elements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from planrace.model.language.number_ranges import COMBINED, Interval, may_be_zero
from planrace.model.language.operators import DIVISIONS, Op
from planrace.model.language.sorts import INTEGER, Array, Scalar, SetOf, Sort
from planrace.model.language.terms import Term, subterms

if TYPE_CHECKING:
    from planrace.model.language.system import Instance


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
    if t.op in COMBINED:
        return COMBINED[t.op](parts)
    match t.op:
        case Op.CONST:
            return int(t.data), int(t.data)
        case Op.PARAMETER:
            return instance.size(t.data), instance.size(t.data)
        case Op.COUNT:
            return 0, len(instance.members(t.args[0].sort))  # type: ignore[arg-type]
        case Op.SUM:
            many = len(instance.members(t.args[0].sort))  # type: ignore[arg-type]
            return many * parts[1][0], many * parts[1][1]
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


# Failing -------------------------------------------------------------------------------------------------------
def may_fail(instance: Instance, *terms: Term) -> bool:
    """Whether evaluating one of ``terms`` may be an error: a part of it reads a position that an array does not have,
    or is divided by 0."""
    partial = [t for t in subterms(*terms) if t.op in PARTIAL]
    known = dict(intervals(instance, [t.args[1] for t in partial]))
    return any(fails(instance, t, known[t.args[1]]) for t in partial)


PARTIAL = DIVISIONS | {Op.SELECT, Op.LEAST}
"""Operators that have no value for some values of their second argument."""


def fails(instance: Instance, term: Term, second: Interval) -> bool:
    """Whether a term with one of ``PARTIAL`` may have no value, given bounds for its second argument."""
    if term.op is Op.SELECT:
        return beyond(instance, term, second)
    if term.op is Op.LEAST:
        return second[0] == 0 or not instance.members(term.args[0].sort)  # type: ignore[arg-type]
    return may_be_zero(second)


def beyond(instance: Instance, selection: Term, position: Interval) -> bool:
    """Whether a position in that interval may be outside the array that ``selection`` reads."""
    sort = selection.args[0].sort
    assert isinstance(sort, Array)
    low, high = instance.bounds(sort.domain)
    return position[0] < low or position[1] > high
