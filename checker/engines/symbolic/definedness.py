"""Where a term of a finite instance has no value, as Z3 formulas: it reads a position that an array does not have,
divides by 0, or wants the least of no members.

In the encoding itself every term has a value, so these formulas supply what it omits. The rules of evaluation are the
interpreter's: conjunctions, disjunctions and quantifiers stop at what decides them, conditionals evaluate one branch,
and of an array only the element that is read is evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import z3

from planrace.checker.engines.symbolic.bitvectors import Encoder, Frame
from planrace.model.language import Array, Op, Term


def never() -> Any:
    """The formula false, of the present context: a formula that outlives a context of Z3 fits no other."""
    return z3.BoolVal(False)


def undefined(e: Encoder, term: Term, f: Frame) -> Any:
    """The formula that evaluating ``term`` is an error."""
    if not e.may_fail(term):
        return never()
    if isinstance(term.sort, Array):
        return some(_element(e, term, list(leaf), f) for leaf in e.layout.paths(term.sort))
    return _HANDLERS.get(term.op, _all)(e, term, f)


def some(parts: Iterable[Any]) -> Any:
    """The disjunction of the parts; false if there are none."""
    kept = [p for p in parts if not z3.is_false(p)]
    return z3.Or(*kept) if kept else never()


def _where(test: Any, part: Any) -> Any:
    return part if z3.is_false(part) else z3.And(test, part)


def _all(e: Encoder, t: Term, f: Frame) -> Any:
    return some(undefined(e, a, f) for a in t.args)


def _in_turn(parts: Sequence[tuple[Any, Any]], going: Callable[[Any], Any]) -> Any:
    """For conditions, each with the formula that it is undefined: they are evaluated in order, as long as the previous
    ones are ``going`` on."""
    found: Any = never()
    for holds, bad in reversed(parts):
        found = some([bad, _where(going(holds), found)])
    return found


def _connected(going: Callable[[Any], Any]) -> Callable[[Encoder, Term, Frame], Any]:
    return lambda e, t, f: _in_turn([(e.truth(a, f), undefined(e, a, f)) for a in t.args], going)


def _members(e: Encoder, t: Term, f: Frame) -> list[tuple[Any, Any]]:
    variable, body = t.args
    inside = (f.inside(variable, n) for n in e.instance.members(variable.sort))  # type: ignore[arg-type]
    return [(e.truth(body, here), undefined(e, body, here)) for here in inside]


def _quantified(going: Callable[[Any], Any]) -> Callable[[Encoder, Term, Frame], Any]:
    return lambda e, t, f: _in_turn(_members(e, t, f), going)


def _if_then_else(e: Encoder, t: Term, f: Frame) -> Any:
    test, then, other = t.args
    return _branches(e, test, f, undefined(e, then, f), undefined(e, other, f))


def _branches(e: Encoder, test: Term, f: Frame, then: Any, other: Any) -> Any:
    holds = e.truth(test, f)
    return some([undefined(e, test, f), _where(holds, then), _where(z3.Not(holds), other)])


def _selected(e: Encoder, t: Term, rest: list[int], f: Frame) -> Any:
    """For a selection, and constant offsets (from 0) into what it selects."""
    array, position = t.args
    low, high, at = e.position(t, f)
    if isinstance(at, int):
        inside = low <= at <= high
        here = _element(e, array, [at - low, *rest], f) if inside else z3.BoolVal(True)
        return some([undefined(e, position, f), here])
    beyond = z3.Or(at < low, at > high) if e.fails(t) else never()
    items = (
        _where(at == n, _element(e, array, [n - low, *rest], f)) for n in range(low, high + 1) if e.may_fail(array)
    )
    return some([undefined(e, position, f), beyond, *items])


def _element(e: Encoder, array: Term, path: list[int], f: Frame) -> Any:
    """The formula that the element of an array at constant offsets has no value."""
    if not e.may_fail(array):
        return never()
    match array.op:
        case Op.PRIMED:
            return _element(e, array.args[0], path, f.primed)
        case Op.ITE:
            test, then, other = array.args
            return _branches(e, test, f, _element(e, then, path, f), _element(e, other, path, f))
        case Op.EACH:
            variable, body = array.args
            low, _ = e.instance.bounds(variable.sort)  # type: ignore[arg-type]
            inside = f.inside(variable, low + path[0])
            return _element(e, body, path[1:], inside) if len(path) > 1 else undefined(e, body, inside)
        case Op.SELECT:
            return _selected(e, array, path, f)
        case _:
            return never()


def _divided(e: Encoder, t: Term, f: Frame) -> Any:
    zero = e.number(t.args[1], f) == 0 if e.fails(t) else never()
    return some([_all(e, t, f), zero])


def _summed(e: Encoder, t: Term, f: Frame) -> Any:
    variable, body = t.args
    return some(undefined(e, body, f.inside(variable, n)) for n in e.instance.members(variable.sort))  # type: ignore[arg-type]


def _least(e: Encoder, t: Term, f: Frame) -> Any:
    tests = _members(e, t, f)
    none = z3.And(*(z3.Not(holds) for holds, _ in tests)) if e.fails(t) else never()
    return some([_in_turn(tests, z3.Not), none])


def _taken(e: Encoder, t: Term, f: Frame) -> Any:
    """An argument is evaluated if the step is one of that action, and the arguments before it match."""
    assert f.taken is not None, "taken() outside a step"
    action, outcome, names = t.data
    values = [e.number(a, f) for a in t.args]
    wrong = (undefined(e, a, f) for a in t.args)
    return some(
        _where(f.taken(action, outcome, dict(zip(names[:n], values, strict=False))), bad)
        for n, bad in enumerate(wrong)
        if not z3.is_false(bad)
    )


_HANDLERS: dict[Op, Callable[[Encoder, Term, Frame], Any]] = {
    Op.SELECT: lambda e, t, f: _selected(e, t, [], f),
    Op.DIV: _divided,
    Op.MOD: _divided,
    Op.AND: _connected(lambda holds: holds),
    Op.OR: _connected(z3.Not),
    Op.FORALL: _quantified(lambda holds: holds),
    Op.EXISTS: _quantified(z3.Not),
    Op.COMPREHENSION: lambda e, t, f: some(bad for _, bad in _members(e, t, f)),
    Op.COUNT: lambda e, t, f: some(bad for _, bad in _members(e, t, f)),
    Op.SUM: _summed,
    Op.LEAST: _least,
    Op.ITE: _if_then_else,
    Op.PRIMED: lambda e, t, f: undefined(e, t.args[0], f.primed),
    Op.TAKEN: _taken,
}
