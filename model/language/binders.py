"""Binders: turn the function that an author writes (for every member of a sort) into a bound variable and a body."""

from __future__ import annotations

from collections.abc import Callable

from planrace.model.language.author_code import called
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.sorts import INTEGER, Scalar, SetOf, describe, is_scalar
from planrace.model.language.terms import Term, expect, lift, make, substitute, truth
from planrace.model.language.unsettled import unsettled
from planrace.model.language.unsupported import Unwalked


def bind(
    op: Op,
    over: Scalar,
    body: Callable[[Term], object] | None,
    role: str,
    like: Callable[[Term], object] | None = None,
) -> tuple[Term, Term]:
    """The bound variable (numbered by the height of ``body``) and the body of a binder over ``over``. The variable has
    the name that ``body`` gives it, or the function ``like`` of the author."""
    form = f"{role}(sort, lambda x: …)"
    if body is None:
        raise DefinitionError(f"{role}({_given(over)}) lacks its function", remedy=_instead_of_one(over, role, form))
    if not is_scalar(over) or over == INTEGER:
        shown, remedy = ("a function", f"the sort comes first: {form}") if callable(over) else (describe(over), None)
        raise DefinitionError(f"{role} is over a bounded scalar sort, not {shown}", remedy=remedy)
    code = getattr(like or body, "__code__", None)
    name = code.co_varnames[0] if code is not None and code.co_argcount else "x"
    hole = make(Op.BOUND, (), over, (name, object()))
    given = called(body, (hole,), role, form)
    inner = _body(op, given, role)
    variable = make(Op.BOUND, (), over, (name, inner.height + 1))
    return variable, substitute(inner, {hole: variable})


def _given(over: object) -> str:
    return describe(over) if isinstance(over, Term | Unwalked) else "…"


def _instead_of_one(over: object, role: str, form: str) -> str:
    """The remedy for a quantifier that is given a set, or only a sort."""
    if isinstance(over, Term) and isinstance(over.sort, SetOf):
        return f"of a set: {role}(sort, lambda x: x.isin({over}))"
    return f"write {form}"


def _body(op: Op, given: object, role: str) -> Term:
    if op is Op.EACH:
        return _element(given)
    return expect(given, INTEGER, role) if op is Op.SUM else truth(given, role)


def _element(given: object) -> Term:
    """What a function returns for an element of an array; it may have no sort until the array is used."""
    found = unsettled(given)
    return lift(given) if found is None else found
