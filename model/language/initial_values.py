"""Checks that sorts hold the initial values of their variables: at the definition if that can be decided there, else
when sizes are given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from planrace.model.language.errors import DefinitionError, ModelError, Place
from planrace.model.language.instance_size import places
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.sorts import (
    Array,
    Parameter,
    Scalar,
    SetOf,
    Size,
    Sort,
    bounds_of,
    describe,
    high_of,
    low_of,
    parameters_of,
)
from planrace.model.language.terms import Term, subterms

if TYPE_CHECKING:
    from planrace.model.language.system import Instance, System, Variable

_Value: TypeAlias = "int | frozenset[int]"
_Sizes: TypeAlias = "Callable[[Size], int]"


def check_constant(start: Term, role: str) -> None:
    """Refuse an initial value that depends on a state."""
    own = {t.args[0] for t in subterms(start) if t.op in BINDERS}
    for t in subterms(start):
        if t.op not in _VALUES and t.op not in BINDERS and t not in own:
            raise DefinitionError(
                f"{role}: {t} is not a constant",
                remedy="use a constant, or initially=anything and a condition in protocol.initially(…)",
            )


def check_held(sort: Sort, value: Term, role: str, where: Place | None = None) -> None:
    """Refuse a ``value`` that a variable of ``sort`` holds in no instance. If it depends on sizes, some instances may
    hold it; it is checked when one is made. An array of them has a value for each member; other values are for a
    variable that is no array, or for the elements of one."""
    if _is_closed(value):
        base = _base(sort)
        low, high = low_of(_element(base)), high_of(_element(base))
        for each in _inmost(_evaluated(value, _closed)):
            _check(base, each, (low, high), role, where, "correct the constant or widen the sort")


def _is_closed(value: Term) -> bool:
    """Whether a term is a constant, the same at all sizes and for all parameters of an action."""
    for t in subterms(value):
        if t.op is Op.BOUND and t.data[1] == 0:  # a parameter
            return False
        ends = bounds_of(_scalar(t.sort)) if t.op is Op.BOUND else ()
        known = t.op in _VALUES or t.op in BINDERS or t.op is Op.BOUND
        if not known or t.op in _OPEN or not all(isinstance(e, int) for e in ends):
            return False
    return True


def _inmost(value: Any) -> Iterator[_Value]:
    """The elements of nested arrays; the value itself if it is none."""
    if not isinstance(value, tuple):
        yield value
        return
    for inner in value:
        yield from _inmost(inner)


def starts_by_size(system: System) -> bool:
    """Whether the sizes decide if the sort of some variable holds its initial value."""
    return not all(map(_is_held_always, system.variables))


def _is_held_always(v: Variable) -> bool:
    low, high = bounds_of(_element(_base(v.sort)))
    if not all(map(_is_closed, v.starts)):
        return False
    most, least = low if isinstance(low, int) else low.high, high if isinstance(high, int) else high.low
    found = (x for start in v.starts for x in _inmost(_evaluated(start, _closed)))
    return all(most <= x <= least for value in found for x in (value if isinstance(value, frozenset) else (value,)))


def check_started(instance: Instance) -> None:
    """Refuse an instance in which the sort of a variable does not hold its initial value at these sizes. An array over
    an empty domain has no initial value."""
    for v in instance.system.variables:
        if not places(instance, v.sort):
            continue
        sort = _base(v.sort)
        values = [x for start in v.starts for x in _inmost(_evaluated(start, instance.size))]
        sizes = sorted(_parameters(v), key=lambda p: p.name)
        with_ = ", ".join(f"{p.name}={instance.size(p)}" for p in sizes)
        remedy = "correct the constant or widen the sort" + (f"; here {with_}" if with_ else "")
        for value in values:
            _check(sort, value, instance.bounds(_element(sort)), f"initial value of {v.name}", v.where, remedy)


def _check(sort: Sort, value: _Value, bounds: tuple[int, int], role: str, where: Place | None, remedy: str) -> None:
    low, high = bounds
    elements = sorted(value) if isinstance(value, frozenset) else [value]
    outside = [x for x in elements if not low <= x <= high]
    if not outside:
        return
    whole = f"{{{', '.join(map(str, elements))}}} holds {outside[0]}, which"
    given = whole if isinstance(value, frozenset) else value
    declared = "…".join(str(b) for b in bounds_of(_element(sort)))
    now = f"{low}…{high}" if low <= high else "empty"
    is_now = "" if declared == now else f", which is {now}"
    raise (DefinitionError if where is None else ModelError)(
        f"{role}: {given} is out of the range of {describe(_element(sort))}, {declared}{is_now}",
        where=where,
        remedy=remedy,
    )


def _base(sort: Sort) -> Sort:
    while isinstance(sort, Array):
        sort = sort.element
    return sort


def _element(sort: Sort) -> Scalar:
    of = sort.element if isinstance(sort, SetOf) else sort
    assert not isinstance(of, SetOf | Array)
    return of


def _parameters(v: Variable) -> set[Parameter]:
    ends = bounds_of(_element(_base(v.sort)))
    read = {t.data for t in subterms(*v.starts) if t.op is Op.PARAMETER}
    members = [e for t in subterms(*v.starts) if t.op is Op.BOUND for e in bounds_of(_scalar(t.sort))]
    return {p for size in (*ends, *read, *members) for p in parameters_of(size)}


def _closed(size: Size) -> int:
    assert isinstance(size, int), f"{size} is open"
    return size


def _evaluated(term: Term, size: _Sizes, bound: Mapping[Term, int] | None = None) -> Any:
    """The value of a constant: a number, a set, or a tuple of the elements of an array. ``bound`` has the values of
    bound variables."""
    if term.op is Op.BOUND:
        return (bound or {})[term]
    if term.op in BINDERS:
        variable, body = term.args
        low, high = map(size, bounds_of(_scalar(variable.sort)))
        members = range(low, high + 1)
        return _BOUND[term.op](members, [_evaluated(body, size, {**(bound or {}), variable: m}) for m in members])
    value = _VALUES[term.op](term, [_evaluated(a, size, bound) for a in term.args], size)
    return value if isinstance(value, frozenset) else int(value)


def _last(sort: Sort, size: _Sizes) -> int:
    return size(bounds_of(_scalar(sort))[1])


def _scalar(sort: Sort) -> Scalar:
    assert not isinstance(sort, SetOf | Array)
    return sort


def _divisor(t: Term, value: int) -> int:
    if value == 0:
        raise ModelError(
            f"the initial value {t} is divided by 0 at these sizes", remedy="raise the low= of the parameter"
        )
    return value


def _first(members: Iterator[int]) -> int:
    found = next(members, None)
    if found is None:
        raise ModelError(
            "an initial value is the least member of which a condition holds, and there is none at these sizes",
            remedy="give it a default: least(sort, lambda x: …, default=…)",
        )
    return found


_VALUES: Mapping[Op, Callable[[Term, list[Any], _Sizes], Any]] = {
    Op.CONST: lambda t, a, size: t.data,
    Op.PARAMETER: lambda t, a, size: size(t.data),
    Op.NOT: lambda t, a, size: not a[0],
    Op.AND: lambda t, a, size: all(a),
    Op.OR: lambda t, a, size: any(a),
    Op.EQ: lambda t, a, size: a[0] == a[1],
    Op.LT: lambda t, a, size: a[0] < a[1],
    Op.LE: lambda t, a, size: a[0] <= a[1],
    Op.ITE: lambda t, a, size: a[1] if a[0] else a[2],
    Op.ADD: lambda t, a, size: a[0] + a[1],
    Op.SUB: lambda t, a, size: a[0] - a[1],
    Op.MUL: lambda t, a, size: a[0] * a[1],
    Op.DIV: lambda t, a, size: a[0] // _divisor(t, a[1]),
    Op.MOD: lambda t, a, size: a[0] % _divisor(t, a[1]),
    Op.MIN: lambda t, a, size: min(a),
    Op.MAX: lambda t, a, size: max(a),
    Op.FIRST: lambda t, a, size: 1,
    Op.LAST: lambda t, a, size: _last(t.sort, size),
    Op.FOLLOWING: lambda t, a, size: min(a[0] + 1, _last(t.sort, size)),
    Op.PRECEDING: lambda t, a, size: max(a[0] - 1, 1),
    Op.POSITION: lambda t, a, size: a[0],
    Op.SET: lambda t, a, size: frozenset(map(int, a)),
    Op.MEMBER: lambda t, a, size: a[0] in a[1],
    Op.UNION: lambda t, a, size: a[0] | a[1],
    Op.INTERSECTION: lambda t, a, size: a[0] & a[1],
    Op.DIFFERENCE: lambda t, a, size: a[0] - a[1],
    Op.SUBSET: lambda t, a, size: a[0] <= a[1],
}
"""The values of operators that may occur in a constant, by the same rules as the interpreter's."""
_BOUND: Mapping[Op, Callable[[range, list[Any]], Any]] = {
    Op.EACH: lambda members, values: tuple(values),
    Op.COMPREHENSION: lambda members, values: frozenset(m for m, x in zip(members, values, strict=True) if x),
    Op.FORALL: lambda members, values: all(values),
    Op.EXISTS: lambda members, values: any(values),
    Op.COUNT: lambda members, values: sum(map(bool, values)),
    Op.SUM: lambda members, values: sum(values),
    Op.LEAST: lambda members, values: _first(m for m, x in zip(members, values, strict=True) if x),
}
"""The same for operators that bind a variable: of its members, and the values of the body for them."""
_OPEN = frozenset({Op.PARAMETER, Op.LAST, Op.FOLLOWING})
"""Operators whose value depends on sizes."""
