"""Binders: turn the function that an author writes (for every member of a sort) into a bound variable and a body."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

from planrace.model.language.author_code import called
from planrace.model.language.composite import Composite
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.sorts import INTEGER, Scalar, SetOf, describe, is_scalar
from planrace.model.language.terms import TRUE, Term, constant, expect, lift, make, substitute, truth
from planrace.model.language.unsettled import unsettled
from planrace.model.language.unsupported import Unwalked

Over: TypeAlias = "Scalar | Term | Composite | set[Any] | frozenset[Any]"
"""What a binder is over: a sort, a set, a sequence (its elements) or a map (its keys)."""


@dataclass(frozen=True, eq=False)
class OpenBinder:
    """What the author's function returned (``given``) for the placeholder ``hole``. ``member``: the condition under
    which the placeholder counts, if it is not always."""

    hole: Term
    name: str
    given: object
    member: Term | None

    def closed(self, inner: Term) -> tuple[Term, Term]:
        """The bound variable (numbered by the height of the body) and the body ``inner`` about it."""
        variable = make(Op.BOUND, (), self.hole.sort, (self.name, inner.height + 1))
        return variable, substitute(inner, {self.hole: variable})


@runtime_checkable
class OfEachMember(Protocol):
    """A property that can be one of each member: ``for_each`` returns that, given the bound variable in its terms that
    stands for the member."""

    @property
    def name(self) -> str: ...
    def for_each(self, member: Term) -> Self: ...


class Statement:
    """The property that the function of a quantifier returns, with its bound variable."""

    member: Term | None = None
    given: OfEachMember

    def of_each(self, over: Over) -> OfEachMember:
        """The property of each member of ``over``, a sort. Raises ``DefinitionError`` for a set."""
        assert self.member is not None
        if isinstance(over, Term | Composite | set | frozenset):
            raise DefinitionError(
                f"forall: {self.given.name} is a property, and {_given(over)} is no sort but a set, which may change",
                remedy="write forall(sort, …), and say in the property whom it is about",
            )
        return self.given.for_each(self.member)


def bind(
    op: Op,
    over: Over,
    body: Callable[[Term], object] | None,
    role: str,
    like: Callable[[Term], object] | None = None,
    stated: Statement | None = None,
) -> tuple[Term, Term]:
    """The bound variable and the body of a binder over ``over``: a sort, or a set, which stands for those members of
    its elements' sort that are in it; or a sequence or a map. The variable has the name that ``body`` gives it, or the
    function ``like`` of the author. If the body is a property, ``stated`` keeps it, and stands for truth."""
    opened = open_binder(op, over, body, role, like, stated)
    inner = _body(op, opened.given, role)
    if opened.member is not None:
        inner = _among(op, opened.member, inner)
    return opened.closed(inner)


def open_binder(
    op: Op,
    over: Over,
    body: Callable[[Term], object] | None,
    role: str,
    like: Callable[[Term], object] | None = None,
    stated: Statement | None = None,
) -> OpenBinder:
    """A binder whose body is what the author's function returns for a placeholder."""
    form = f"{role}(sort, lambda x: …)"
    if body is None:
        raise DefinitionError(f"{role}({_given(over)}) lacks its function", remedy=_instead_of_one(over, role, form))
    members = None if op is Op.EACH else _set(over, role)
    sort: Any = over if members is None else members.sort.element  # type: ignore[union-attr]
    parts = over if isinstance(over, Composite) and op is not Op.EACH else None
    if parts is not None:
        sort = parts._sort.positions(parts, op)
    if not is_scalar(sort) or sort == INTEGER:
        shown, remedy = ("a function", f"the sort comes first: {form}") if callable(over) else (describe(over), None)
        raise DefinitionError(f"{role} is over a bounded scalar sort, not {shown}", remedy=remedy)
    code = getattr(like or body, "__code__", None)
    name = code.co_varnames[0] if code is not None and code.co_argcount else "x"
    hole = make(Op.BOUND, (), sort, (name, object()))
    member, item = parts._sort.walked(parts, hole, op) if parts is not None else (None, hole)
    given = called(body, (item,), role, form)
    if isinstance(given, OfEachMember):
        given = _stated(given, hole, role, stated)
    elif not isinstance(given, Composite) and hasattr(given, "terms") and hasattr(given, "kind"):
        raise DefinitionError(
            f"{role}: {getattr(given, 'name', '')} is a property",
            remedy="quantify in its terms: invariant(name, forall(…), meaning); only liveness may stand in forall(…)",
        )
    if members is not None:
        member = hole.isin(members)
    return OpenBinder(hole, name, given, member)


def _stated(given: OfEachMember, hole: Term, role: str, stated: Statement | None) -> Term:
    """Keep a property that a body returned. Raises ``DefinitionError`` unless the binder is ``forall``."""
    if stated is None:
        raise DefinitionError(f"{role}: {given.name} is a property", remedy="quantify in its terms, or write forall(…)")
    stated.member, stated.given = hole, given
    return TRUE


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
        return element_term(given)
    return expect(given, INTEGER, role) if op is Op.SUM else truth(given, role)


def element_term(given: object) -> Term:
    """What a function returns for an element of an array; it may have no sort until the array is used."""
    found = unsettled(given)
    return lift(given) if found is None else found
