"""Binders: turn the function that an author writes (for every member of a sort) into a bound variable and a body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from planrace.model.language.author_code import called
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.sorts import INTEGER, Scalar, SetOf, describe, is_scalar
from planrace.model.language.terms import TRUE, Term, constant, expect, lift, make, substitute, truth
from planrace.model.language.unsettled import unsettled
from planrace.model.language.unsupported import Unwalked

Over: TypeAlias = "Scalar | Term | set[Any] | frozenset[Any]"
"""What a binder is over: a sort, or a set."""


def bind(
    op: Op,
    over: Over,
    body: Callable[[Term], object] | None,
    role: str,
    like: Callable[[Term], object] | None = None,
) -> tuple[Term, Term]:
    """The bound variable (numbered by the height of ``body``) and the body of a binder over ``over``: a sort, or a set,
    which stands for those members of its elements' sort that are in it. The variable has the name that ``body`` gives
    it, or the function ``like`` of the author."""
    form = f"{role}(sort, lambda x: …)"
    if body is None:
        raise DefinitionError(f"{role}({_given(over)}) lacks its function", remedy=_instead_of_one(over, role, form))
    members = None if op is Op.EACH else _set(over, role)
    sort: Any = over if members is None else members.sort.element  # type: ignore[union-attr]
    if not is_scalar(sort) or sort == INTEGER:
        shown, remedy = ("a function", f"the sort comes first: {form}") if callable(over) else (describe(over), None)
        raise DefinitionError(f"{role} is over a bounded scalar sort, not {shown}", remedy=remedy)
    code = getattr(like or body, "__code__", None)
    name = code.co_varnames[0] if code is not None and code.co_argcount else "x"
    hole = make(Op.BOUND, (), sort, (name, object()))
    inner = _body(op, called(body, (hole,), role, form), role)
    if members is not None:
        inner = _among(op, hole.isin(members), inner)
    variable = make(Op.BOUND, (), sort, (name, inner.height + 1))
    return variable, substitute(inner, {hole: variable})


def _set(over: object, role: str) -> Term | None:
    """The set that a binder is over; None if it is over something else."""
    found = lift(over) if isinstance(over, set | frozenset) and over else over
    if not isinstance(found, Term) or not isinstance(found.sort, SetOf):
        return None
    if found.sort.element == INTEGER:
        raise DefinitionError(
            f"{role}: {found} is a set of numbers of no range",
            remedy=f"name the sort of its elements: {role}(sort, lambda x: x.isin(…) …)",
        )
    return found


def _among(op: Op, member: Term, body: Term) -> Term:
    """The body of a binder over a sort that says the same about those who are members of a set."""
    if op is Op.FORALL:
        return member.implies(body)
    if op is Op.SUM:
        return make(Op.ITE, (member, body, constant(0, INTEGER)), INTEGER)
    return member if body is TRUE else member & body


def _given(over: object) -> str:
    return describe(over) if isinstance(over, Term | Unwalked) else "…"


def _instead_of_one(over: object, role: str, form: str) -> str:
    """The remedy for a quantifier that is given a set, or only a sort."""
    if isinstance(over, Term) and isinstance(over.sort, SetOf):
        return (
            f"the number of its members is size_of({over})" if role == "count" else f"write {role}({over}, lambda x: …)"
        )
    return f"write {form}"


def _body(op: Op, given: object, role: str) -> Term:
    if op is Op.EACH:
        return _element(given)
    return expect(given, INTEGER, role) if op is Op.SUM else truth(given, role)


def _element(given: object) -> Term:
    """What a function returns for an element of an array; it may have no sort until the array is used."""
    found = unsettled(given)
    return lift(given) if found is None else found
