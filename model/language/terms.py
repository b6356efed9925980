"""Terms: the one representation of a protocol that every engine reads.

A term is an operator, its arguments, a sort and, for leaves, data. Terms are hash-consed: structurally equal terms are
the same object, so engines share common subterms by identity (after Goubault, "Implementing functional languages with
fast equality, sets and maps using hash consing", 1993). Comparison operators do not compare terms; they build one.

Bound variables are numbered by the height of their binder, so alpha-equivalent terms are the same object and
substitution under a binder cannot capture (Axelsson & Claessen, "Using circular programs for higher-order syntax", ICFP
2013).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias
from weakref import WeakValueDictionary

from planrace.model.language.arithmetic import Arithmetic, arithmetic
from planrace.model.language.composite import Composite
from planrace.model.language.errors import DefinitionError, author, known
from planrace.model.language.fitting import fits, join
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.size_limits import AT_MOST, GREATEST, in_few_words
from planrace.model.language.sorts import (
    BOOL,
    INTEGER,
    Array,
    Bool,
    ComputedSize,
    Enum,
    Index,
    Int,
    Maybe,
    Parameter,
    Presence,
    Scalar,
    SetOf,
    Sort,
    describe,
    high_of,
    is_numeric,
    is_scalar,
    low_of,
    not_numbers,
    one,
)
from planrace.model.language.unsupported import MEANT, TIGHT, UnsupportedOperations, Unwalked, instead_of
from planrace.model.language.writing import in_process

_interned: WeakValueDictionary[tuple[object, ...], Term] = WeakValueDictionary()


class Term(Arithmetic, UnsupportedOperations):
    """A typed expression over the variables, parameters and constants of a protocol."""

    __slots__ = ("__weakref__", "args", "data", "depth", "height", "op", "parts", "sort")
    op: Op
    args: tuple[Term, ...]
    sort: Sort
    data: Any
    height: int
    depth: int
    """Nesting depth, including this term."""
    parts: int
    """Number of subterms, including this term; a shared one counts every time it occurs."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"terms are immutable; {name} cannot be set")

    # Comparisons -----------------------------------------------------------------------------------------------
    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return equal(self, other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return ~equal(self, other)

    __hash__ = object.__hash__

    def __lt__(self, other: Value) -> Term:
        return _compare(Op.LT, self, other)

    def __le__(self, other: Value) -> Term:
        return _compare(Op.LE, self, other)

    def __gt__(self, other: Value) -> Term:
        return _compare(Op.LT, other, self)

    def __ge__(self, other: Value) -> Term:
        return _compare(Op.LE, other, self)

    # Truth -----------------------------------------------------------------------------------------------------
    def __and__(self, other: Value) -> Term:
        return _lattice(Op.AND, Op.INTERSECTION, self, other)

    def __or__(self, other: Value) -> Term:
        return _lattice(Op.OR, Op.UNION, self, other)

    def __rand__(self, other: Value) -> Term:
        return _lattice(Op.AND, Op.INTERSECTION, other, self)

    def __ror__(self, other: Value) -> Term:
        return _lattice(Op.OR, Op.UNION, other, self)

    def __invert__(self) -> Term:
        if self.op is Op.NOT:
            return self.args[0]
        return make(Op.NOT, (expect(self, BOOL, "~"),), BOOL)

    def implies(self, other: Value) -> Term:
        """Truth of ``other`` wherever this holds."""
        return ~self | truth(other, "implies")

    # Differences and sets --------------------------------------------------------------------------------------
    def __sub__(self, other: Value) -> Term:
        return _difference(self, other)

    def __rsub__(self, other: Value) -> Term:
        return _difference(other, self)

    def isin(self, collection: Value | Composite) -> Term:
        """Membership of this scalar in a set (a term of a set sort, or a Python set of scalars)."""
        return contains(collection, self)

    def issubset(self, other: Value) -> Term:
        """Every element of this set is in ``other``."""
        left, right = _same_sets(self, other, "issubset")
        return make(Op.SUBSET, (left, right), BOOL)

    # Array access --------------------------------------------------------------------------
    def __getitem__(self, position: Value) -> Term:
        if not isinstance(self.sort, Array):
            raise DefinitionError(f"{self} is not an array but {one(self.sort)}; it takes no [ ]")
        at = expect(position, self.sort.domain, f"position in {self}")
        return make(Op.SELECT, (self, at), self.sort.element)

    def _fixed(self) -> bool:
        return self.op is Op.CONST

    def _text(self) -> str:
        from planrace.model.language.render import render

        return render(self)

    __repr__ = UnsupportedOperations.__str__


Value: TypeAlias = "Term | Parameter | ComputedSize | int | bool | set[Any] | frozenset[Any] | None"
"""What an author may write where a term is expected."""


def make(op: Op, args: tuple[Term, ...], sort: Sort, data: object = None) -> Term:
    """The unique term with these parts."""
    key = (op, sort, data, type(data), *map(id, args))
    found = _interned.get(key)
    if found is not None:
        return found
    term = object.__new__(Term)
    put = object.__setattr__
    put(term, "op", op)
    put(term, "args", args)
    put(term, "sort", sort)
    put(term, "data", data)
    put(term, "height", max((a.height for a in args), default=0) + (op in BINDERS))
    put(term, "depth", max((a.depth for a in args), default=0) + 1)
    put(term, "parts", sum(a.parts for a in args) + 1)
    _interned[key] = term
    return term


def constant(value: int, sort: Sort) -> Term:
    """The constant ``value`` (a whole number) of ``sort``."""
    return make(Op.CONST, (), sort, value)


TRUE = constant(1, BOOL)
FALSE = constant(0, BOOL)


def lift(value: object) -> Term:
    """``value`` as a term if no particular sort is expected."""
    if isinstance(value, Term):
        return value
    if isinstance(value, Parameter):
        return make(Op.PARAMETER, (), INTEGER, value)
    if isinstance(value, ComputedSize):
        return value.term
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int):
        if abs(value) > GREATEST:
            raise DefinitionError(f"{in_few_words(value)} is too large", remedy=AT_MOST)
        return constant(value, INTEGER)
    if isinstance(value, set | frozenset):
        return _literal(value)
    if isinstance(value, Composite):
        what = f"{value} is {value._sort.one()}, and a term is expected"
        raise DefinitionError(what, remedy=value._sort.instead(value))
    shown = getattr(value, "__name__", "a function") if callable(value) else repr(value)
    if isinstance(value, Unwalked):
        shown = f"the sort {describe(value)}"
    raise DefinitionError(f"{shown} is neither a term nor a constant", remedy=instead_of(value))


def expect(value: object, sort: Sort, role: str, remedy: str | None = None) -> Term:
    """``value`` as a term that is accepted where ``sort`` is expected. ``role`` names the place in errors, ``remedy``
    is their advice if the sort does not fit."""
    if value is None and isinstance(sort, Maybe):
        return constant(0, sort)
    if isinstance(value, set | frozenset) and not value and isinstance(sort, SetOf):
        return make(Op.SET, (), sort)
    term = lift(_worded(value, sort))
    if isinstance(term.sort, Array):
        term = settled_to(term, sort)
    if not fits(term.sort, sort):
        raise DefinitionError(
            f"{role}: {term} is {one(term.sort)}, but {one(sort)} is expected", remedy=remedy or _member_of(term, sort)
        )
    if term.op is Op.CONST and is_scalar(sort) and is_numeric(sort) and sort != INTEGER:
        assert isinstance(sort, Int)
        if not low_of(sort) <= term.data <= high_of(sort):
            raise DefinitionError(
                f"{role}: {term.data} is out of the range of {sort.name}, {sort.low}…{sort.high}",
                remedy="correct the constant or widen the sort",
            )
    return term


def _worded(value: object, sort: Sort) -> object:
    """``value``, or the member that it is the text of, for a sort whose members may be written as texts."""
    if isinstance(value, str) and isinstance(sort, Enum) and sort.by_text:
        return constant(sort.members.index(known(value, sort.members, sort.name, author())), sort)
    return value


def truth(value: object, role: str, remedy: str | None = None) -> Term:
    """``value`` as a condition. A value that Python computed while it read the file is an error: it does not depend on
    the state."""
    if isinstance(value, bool):
        raise DefinitionError(f"{role}: Python has evaluated it to {value}, independent of the state", remedy=MEANT)
    return expect(value, BOOL, role, remedy)


def _member_of(given: Term, wanted: Sort) -> str | None:
    """The remedy if a member is expected, and ``given`` is a number or may be none."""
    a, b = (s.element if isinstance(s, SetOf) else s for s in (given.sort, wanted))
    if not isinstance(a, Maybe) or a.index != b:
        return not_numbers(b) if is_numeric(a) else None
    inside = [x for t in subterms(given) if t.op is Op.SET for x in t.args if isinstance(x.sort, Maybe)]
    held = next((x for x in (given, *inside) if isinstance(x.sort, Maybe)), given)
    member = b.name[0] if str(held) != b.name[0] else b.name
    if in_process():
        chosen = f"{member} = some({b.name}, lambda {member}: {member} == {held})"
        return f"{held} may be none: name the member that it is, {chosen}, and use {member}"
    use = f"require {held} == {member}, and use {member}"
    return f"{held} may be none: give the action a parameter {member} over {b.name}, {use}"


def equal(left: object, right: object) -> Term:
    """Whether ``left`` and ``right`` are the same scalar or the same set, or arrays with the same elements."""
    if isinstance(left, Term) and isinstance(right, Term) and isinstance(left.sort, Array):
        left, right = settled_to(left, right.sort), settled_to(right, left.sort)
    a, b = _meet(left, right, "==")
    if isinstance(a.sort, Array):
        return _alike(a, b, a.sort.domain)
    return make(Op.EQ, (a, b), BOOL)


def _alike(a: Term, b: Term, domain: Scalar) -> Term:
    """Whether two arrays have the same element at each position."""
    hole = make(Op.BOUND, (), domain, ("x", object()))
    inner = equal(a[hole], b[hole])
    position = make(Op.BOUND, (), domain, ("xyzuvw"[inner.height % 6], inner.height + 1))
    return make(Op.FORALL, (position, substitute(inner, {hole: position})), BOOL)


def contains(collection: object, element: object) -> Term:
    if isinstance(collection, Composite):
        return collection._sort.holds(collection, element)
    of = _literal(collection, like=element) if isinstance(collection, set | frozenset) else lift(collection)
    if not isinstance(of.sort, SetOf):
        raise DefinitionError(f"{of} is not a set but {one(of.sort)}")
    wanted = of.sort.element
    item = lift(element)
    if not (fits(item.sort, wanted) or fits(wanted, item.sort)):
        raise DefinitionError(f"isin: {item} is {one(item.sort)}, the set holds {describe(wanted)}")
    return make(Op.MEMBER, (item, of), BOOL)


def settled_to(term: Term, sort: Sort) -> Term:
    from planrace.model.language.unsettled import is_settled, settled

    return term if is_settled(term.sort) else settled(term, sort)


def substitute(term: Term, by: dict[Term, Term]) -> Term:
    """``term`` with the leaves in ``by`` replaced. Sharing is kept."""
    done: dict[int, Term] = {id(k): v for k, v in by.items()}
    for t in subterms(term):
        if id(t) not in done:
            args = tuple(done[id(a)] for a in t.args)
            same = all(a is b for a, b in zip(args, t.args, strict=True))
            done[id(t)] = t if same else make(t.op, args, t.sort, t.data)
    return done[id(term)]


def is_checked(term: Term) -> bool:
    """Whether it has a value only where a condition holds: a field of a record that may be absent, an element of a
    sequence or a map (see ``checked``)."""
    if term.op is not Op.SELECT or term.args[0].op is not Op.EACH:
        return False
    array = term.args[0].sort
    return isinstance(array, Array) and isinstance(array.domain, Presence)


def subterms(*roots: Term) -> Iterator[Term]:
    """Every distinct subterm, arguments before the terms that use them."""
    seen: set[int] = set()
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        term, ready = stack.pop()
        if ready:
            yield term
        elif id(term) not in seen:
            seen.add(id(term))
            stack.append((term, True))
            stack.extend((a, False) for a in reversed(term.args))


def _meet(left: object, right: object, role: str) -> tuple[Term, Term]:
    """Both sides as terms of sorts that can be joined, constants adapted to the other side."""
    if isinstance(left, Term):
        a, b = left, _adapt(right, left.sort, role)
    else:
        b = lift(right)
        a = _adapt(left, b.sort, role)
    if join(a.sort, b.sort) is None:
        raise DefinitionError(f"{role}: {a} is {one(a.sort)}, {b} is {one(b.sort)}", remedy=_one_as_set(a, b))
    return a, b


def _one_as_set(a: Term, b: Term) -> str | None:
    """The remedy if a member is given in place of the set that contains only it, or a number in place of a member."""
    for member, other in ((a, b), (b, a)):
        if isinstance(other.sort, SetOf) and is_scalar(member.sort):
            either = fits(member.sort, other.sort.element)
            return f"the set of it alone is {{{member}}}" if either else _member_of(member, other.sort.element)
        if is_numeric(member.sort):
            return not_numbers(other.sort)
    return None


def _adapt(value: object, sort: Sort, role: str) -> Term:
    if value is None:
        return expect(None, Maybe(sort) if isinstance(sort, Index) else sort, role)
    if isinstance(value, set | frozenset) and isinstance(sort, SetOf):
        return expect(value, sort, role)
    return lift(_worded(value, sort))


def _compare(op: Op, left: object, right: object) -> Term:
    a, b = _meet(left, right, op.value)
    ordered = isinstance(a.sort, Index) and a.sort.ordered and a.sort == b.sort
    if not ordered and not (is_numeric(a.sort) and is_numeric(b.sort)):
        instead = " in place of symmetric=True" if getattr(a.sort, "symmetric", False) else ""
        raise DefinitionError(
            f"{a} {op.value} {b}: only numbers and members of an ordered index have an order",
            remedy=f"declare the index with ordered=True{instead}",
        )
    return make(op, (a, b), BOOL)


def _lattice(kind: Op, sets: Op, left: object, right: object) -> Term:
    """``&`` and ``|``: of truth values, flattened; of sets, intersection and union."""
    if any(
        isinstance(x, set | frozenset) or (isinstance(x, Term) and isinstance(x.sort, SetOf)) for x in (left, right)
    ):
        a, b = _same_sets(left, right, kind.value)
        return make(sets, (a, b), _joined(a, b))
    a, b = (truth(x, kind.value, TIGHT) for x in (left, right))
    parts = [p for side in (a, b) for p in (side.args if side.op is kind else (side,))]
    return make(kind, tuple(parts), BOOL)


def _difference(left: object, right: object) -> Term:
    """``-``: of numbers, and of sets. ``_same_sets`` reports a set minus something that is not a set."""
    if not any(isinstance(x, Term) and isinstance(x.sort, SetOf) for x in (left, right)):
        return arithmetic(Op.SUB, left, right)
    a, b = _same_sets(left, right, "-")
    return make(Op.DIFFERENCE, (a, b), a.sort)


def _joined(a: Term, b: Term) -> Sort:
    sort = join(a.sort, b.sort)
    assert sort is not None
    return sort


def _same_sets(left: object, right: object, role: str) -> tuple[Term, Term]:
    a, b = _meet(left, right, role)
    for side in (a, b):
        if not isinstance(side.sort, SetOf):
            raise DefinitionError(f"{role}: {side} is not a set but {one(side.sort)}")
    return a, b


def _literal(value: set[Any] | frozenset[Any], like: object = None) -> Term:
    """A Python set of scalars as a term; elements in an order that does not depend on hashing."""
    parts = [lift(_worded(v, like.sort) if isinstance(like, Term) else v) for v in value]
    if not parts:
        if isinstance(like, Term):
            return make(Op.SET, (), SetOf(_scalar(like.sort)))
        raise DefinitionError("the empty set needs a sort here", remedy="use it where a set sort is expected")
    sort: Sort = parts[0].sort
    for part in parts[1:]:
        joined = join(sort, part.sort)
        if joined is None:
            raise DefinitionError(f"a set of {describe(sort)} cannot hold {part}, {one(part.sort)}")
        sort = joined
    parts.sort(key=repr)
    return make(Op.SET, tuple(parts), SetOf(_scalar(sort)))


def _scalar(sort: Sort) -> Scalar:
    if isinstance(sort, SetOf | Array):
        raise DefinitionError(f"sets hold scalars, not {describe(sort)}")
    return sort


__all__ = [
    "BINDERS",
    "FALSE",
    "TRUE",
    "Bool",
    "Enum",
    "Op",
    "Term",
    "Value",
    "constant",
    "lift",
    "make",
    "substitute",
    "truth",
]
