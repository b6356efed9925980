"""Functions that authors build terms with, beside the operators of ``Term``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from planrace.model.language.arithmetic import arithmetic
from planrace.model.language.binders import OfEachMember, Over, Statement, bind, element_term, open_binder
from planrace.model.language.composite import Composite
from planrace.model.language.errors import DefinitionError
from planrace.model.language.fitting import join
from planrace.model.language.operators import Op
from planrace.model.language.sorts import (
    BOOL,
    INTEGER,
    Array,
    Enum,
    Index,
    Int,
    Maybe,
    Scalar,
    SetOf,
    Sort,
    describe,
    one,
)
from planrace.model.language.sorts import array as array_of
from planrace.model.language.terms import FALSE, TRUE, Term, Value, expect, lift, make, settled_to, truth

REQUIRED = object()
"""In place of a default: there must be a value."""
S = TypeVar("S", bound=OfEachMember)
C = TypeVar("C", bound=Composite)


@overload
def If(condition: Value, then: C, otherwise: object) -> C: ...
@overload
def If(condition: Value, then: Value, otherwise: C) -> C: ...
@overload
def If(condition: Value, then: Value, otherwise: Value) -> Term: ...
def If(condition: Value, then: Any, otherwise: Any) -> Any:
    """``then`` if ``condition`` holds, else ``otherwise``; both have one sort, which is the sort of the result.
    ``None`` as one of them makes it an optional index, or an optional record. Raises ``DefinitionError`` if the sorts
    differ."""
    test = truth(condition, "condition of If")
    if isinstance(then, Composite) or isinstance(otherwise, Composite):
        return chosen(test, then, otherwise)
    if then is None or otherwise is None:
        known = lift(otherwise if then is None else then).sort
        wanted: Sort = Maybe_of(known)
        return make(Op.ITE, (test, expect(then, wanted, "If"), expect(otherwise, wanted, "If")), wanted)
    a, b = lift_pair(then, otherwise)
    a, b = settled_to(a, b.sort), settled_to(b, a.sort)
    sort = join(a.sort, b.sort)
    if sort is None:
        raise DefinitionError(f"If: one branch is {one(a.sort)}, the other {one(b.sort)}")
    return make(Op.ITE, (test, a, b), sort)


def chosen(condition: Term, then: object, otherwise: object) -> Composite:
    """``If`` where one of the two is composite."""
    one, other = (then, otherwise) if isinstance(then, Composite) else (otherwise, then)
    assert isinstance(one, Composite)
    sort, mine, others = one._sort.joined(one, other, "If")
    a, b = (mine, others) if one is then else (others, mine)
    found: Composite = sort.value([If(condition, x, y) for x, y in zip(a, b, strict=True)])
    return found


def Maybe_of(sort: Sort) -> Sort:
    from planrace.model.language.sorts import Maybe

    return Maybe(sort) if isinstance(sort, Index) else sort


def lift_pair(left: Value, right: Value) -> tuple[Term, Term]:
    """Both as terms; an empty Python set takes the sort of the other side."""
    if isinstance(left, set | frozenset) and isinstance(right, Term):
        return expect(left, right.sort, "If"), right
    if isinstance(right, set | frozenset) and isinstance(left, Term):
        return left, expect(right, left.sort, "If")
    return lift(left), lift(right)


def both(*conditions: Value) -> Term:
    """The conjunction of the conditions (true if there are none)."""
    return _joined(Op.AND, TRUE, conditions)


if TYPE_CHECKING:

    class FirstWay(Term, AbstractContextManager[None]):
        """``either()`` for type checkers: a condition, or the first way of several in a process, which is never run."""


@overload
def either() -> FirstWay: ...
@overload
def either(label: str, /) -> AbstractContextManager[None]: ...
@overload
def either(*conditions: Value) -> Term: ...
def either(*conditions: Any) -> Any:
    """The disjunction of the conditions (false if there are none). ``with either():`` in a process is the first of
    several ways to go on; a text, ``either("label")``, is a part of its name there."""
    return _joined(Op.OR, FALSE, conditions)


def _joined(op: Op, neutral: Term, conditions: Iterable[Value]) -> Term:
    """All conditions joined in one term, without nesting; this takes linear time."""
    parts: list[Term] = []
    for given in conditions:
        term = truth(given, "condition")
        if len(parts) == 1 and parts[0] is neutral:
            parts = []
        parts += term.args if term.op is op else (term,)
    return neutral if not parts else parts[0] if len(parts) == 1 else make(op, tuple(parts), BOOL)


def _bound(
    op: Op,
    over: Over,
    body: Callable[[Term], object] | None,
    role: str,
    more: tuple[object, ...],
    stated: Statement | None = None,
) -> tuple[Term, Term]:
    """The variable and the body of a binder."""
    _nested(role, more)
    return bind(op, over, body, role, stated=stated)


def _nested(role: str, more: tuple[object, ...]) -> None:
    """Refuse further arguments: binders are nested."""
    if more:
        raise DefinitionError(
            f"{role} is over one sort", remedy=f"nest them: {role}(a, lambda x: {role}(b, lambda y: …))"
        )


def _quantify(
    op: Op,
    over: Over,
    body: Callable[[Term], object] | None,
    role: str,
    more: tuple[object, ...],
    stated: Statement | None = None,
) -> Term:
    return make(op, _bound(op, over, body, role, more, stated), INTEGER if op is Op.COUNT else BOOL)


@overload
def forall(over: Scalar, body: Callable[[Term], S]) -> S: ...  # type: ignore[overload-overlap]
@overload
def forall(over: Over, body: Callable[[Term], object] | None = None, *more: object) -> Term: ...
def forall(over: Over, body: Callable[[Term], object] | None = None, *more: object) -> object:
    """Whether ``body`` holds for every member of ``over``, a bounded scalar sort or a set: ``forall(Worker, lambda w:
    done[w])``, ``forall(known, lambda w: done[w])``. ``body`` gets a member as a term and returns a truth value; or,
    over a sort, a property of liveness, which is then one of each member: ``forall(Client, lambda c: leads_to("served",
    asks[c], has[c], "who asks is served"))``."""
    stated = Statement() if callable(body) else None
    term = _quantify(Op.FORALL, over, body, "forall", more, stated)
    return term if stated is None or stated.member is None else stated.of_each(over)


def exists(over: Over, body: Callable[[Term], object] | None = None, *more: object) -> Term:
    """Whether ``body`` holds for some member of ``over``, a sort or a set; ``body`` as for ``forall``."""
    return _quantify(Op.EXISTS, over, body, "exists", more)


def count(over: Over, body: Callable[[Term], object] | None = None, *more: object) -> Term:
    """For how many members of ``over``, a sort or a set, ``body`` holds: a whole number; ``body`` as for ``forall``."""
    return _quantify(Op.COUNT, over, body, "count", more)


def size_of(members: Term) -> Term:
    """How many members a set has: ``size_of(known) < 3``. Raises ``DefinitionError`` for what is no set."""
    found = lift(members)
    if not isinstance(found.sort, SetOf):
        raise DefinitionError(f"size_of: {found} is not a set but {one(found.sort)}")
    return count(found, lambda x: TRUE)


def such_that(over: Over, body: Callable[[Term], object] | None = None, *more: object) -> Term:
    """The members of ``over``, a sort or a set, that ``body`` holds for, as a set; ``body`` as for ``forall``."""
    variable, inner = _bound(Op.COMPREHENSION, over, body, "such_that", more)
    return make(Op.COMPREHENSION, (variable, inner), SetOf(variable.sort))  # type: ignore[arg-type]


def each(over: Scalar, element: Callable[[Term], object] | None = None, *more: object) -> Term:
    """The array over ``over`` whose element at each member is what ``element`` returns for it: ``each(Worker, lambda w:
    0)``. All elements have one sort; of records, sequences and maps it is an array of these."""
    _nested("each", more)
    opened = open_binder(Op.EACH, over, element, "each")
    if isinstance(opened.given, Composite):
        leaves = [_each(over, *opened.closed(leaf)) for leaf in opened.given._leaves]
        return cast(Term, array_of(over, opened.given._sort).value(leaves))  # it reads as one: its elements by position
    return _each(over, *opened.closed(element_term(opened.given)))


def _each(over: Scalar, variable: Term, body: Term) -> Term:
    return make(Op.EACH, (variable, body), Array(over, body.sort))


def minimum(first: Value, *others: Value) -> Term:
    """The least of some whole numbers: ``minimum(free, wanted)``; of more than two ``minimum(a, b, c)``. Raises
    ``DefinitionError`` for what is no number."""
    return _extreme(Op.MIN, first, others)


def maximum(first: Value, *others: Value) -> Term:
    """The greatest of some whole numbers: ``maximum(seen, heard)``. Raises ``DefinitionError`` for what is no
    number."""
    return _extreme(Op.MAX, first, others)


def _extreme(op: Op, first: Value, others: tuple[Value, ...]) -> Term:
    if not others:
        raise DefinitionError(
            f"{op.value} of one value", remedy=f"write {op.value}(a, b); min and max of a sort: forall"
        )
    if callable(others[0]):
        raise DefinitionError(
            f"{op.value} is of numbers, not of the members of a sort",
            remedy=f"write {op.value}(a, b, …) of the numbers themselves",
        )
    return arithmetic(op, first, *others)


def sum_of(over: Over, number: Callable[[Term], object] | None = None, *more: object) -> Term:
    """The sum of what ``number`` returns for each member of ``over``, a bounded scalar sort or a set: ``sum_of(Worker,
    lambda w: load[w])``. Raises ``DefinitionError`` if that is no number."""
    return make(Op.SUM, _bound(Op.SUM, over, number, "sum_of", more), INTEGER)


def first(sort: Index) -> Term:
    """The first member of ``sort``, an index declared with ``ordered=True``; raises ``DefinitionError`` for any other
    sort."""
    return make(Op.FIRST, (), _ordered(sort, "first"))


def last(sort: Index) -> Term:
    """The last member of ``sort``, an index declared with ``ordered=True``; raises ``DefinitionError`` for any other
    sort."""
    return make(Op.LAST, (), _ordered(sort, "last"))


def following(member: Term) -> Term:
    """The member after ``member`` of an ordered index; the last is followed by itself."""
    return make(Op.FOLLOWING, (member,), _of_ordered(member, "following"))


def preceding(member: Term) -> Term:
    """The member before ``member`` of an ordered index; the first is preceded by itself."""
    return make(Op.PRECEDING, (member,), _of_ordered(member, "preceding"))


def position(member: Term) -> Term:
    """The number of ``member`` in an ordered index: 1 for the first, the size of the index for the last."""
    _of_ordered(member, "position")
    return make(Op.POSITION, (member,), INTEGER)


def successor(member: Term) -> Term:
    """The next member of the ring that an ordered index is: after the last comes the first."""
    sort = _of_ordered(member, "successor")
    return If(member == last(sort), first(sort), following(member))


def predecessor(member: Term) -> Term:
    """The member before ``member`` in the ring that an ordered index is: before the first comes the last."""
    sort = _of_ordered(member, "predecessor")
    return If(member == first(sort), last(sort), preceding(member))


def distance(start: Term, end: Term) -> Term:
    """How many steps lead from ``start`` to ``end`` in the ring that an ordered index is, from each member to its
    ``successor``: 0 for the same member. Raises ``DefinitionError`` for members of two sorts."""
    sort = _of_ordered(start, "distance")
    forward = position(expect(end, sort, "distance")) - position(start)
    return If(start <= end, forward, forward + position(last(sort)))


def least(over: Over, body: Callable[[Term], object] | None = None, *more: object, default: object = REQUIRED) -> Term:
    """The first member of ``over`` that ``body`` holds for: ``least(Ticket, lambda t: ~t.isin(used))``; without
    ``body`` the first member of a set. ``over`` is a range of numbers, an enumeration (in the order of its words), an
    ordered index, or a set of these. If there is none, the value is ``default``; without a default that is an error of
    the model where it is evaluated. Raises ``DefinitionError`` for a sort without an order."""
    if body is None and isinstance(over, Term | set | frozenset):
        of = over

        def every(x: Term) -> Term:
            return x.isin(of)

        over, body = _elements(over), every
    variable, inner = _bound(Op.LEAST, over, body, "least", more)
    _check_first(variable.sort)
    found = make(Op.LEAST, (variable, inner), variable.sort)
    if default is REQUIRED:
        return found
    return If(make(Op.EXISTS, (variable, inner), BOOL), found, cast(Value, default))


def _elements(members: Term | set[Any] | frozenset[Any]) -> Over:
    """The sort of the elements of a set; what is no set is refused where it is bound."""
    found = lift(members).sort if isinstance(members, Term) or members else None
    return found.element if isinstance(found, SetOf) else members


def _check_first(sort: Sort) -> None:
    """Refuse a sort of which no member comes first."""
    if isinstance(sort, Int | Enum) or (isinstance(sort, Index) and sort.ordered):
        return
    of = sort.index if isinstance(sort, Maybe) else sort
    if isinstance(of, Index) and of.symmetric:
        raise DefinitionError(
            f"least: members of {of.name} are interchangeable, so none of them comes first",
            remedy=f"give the action a parameter over {of.name}: any member that the guard admits",
        )
    remedy = f"declare {of.name} with ordered=True, and take the index itself" if isinstance(of, Index) else None
    raise DefinitionError(f"least: no {describe(sort)} comes first", remedy=remedy)


def _of_ordered(member: object, role: str) -> Index:
    """The ordered index of which ``member`` is one."""
    return _ordered(lift(member).sort, role)


def _ordered(sort: object, role: str) -> Index:
    if not isinstance(sort, Index) or not sort.ordered:
        raise DefinitionError(
            f"{role}: {describe(sort)} is not an ordered index", remedy="declare it with ordered=True"
        )
    return sort
