"""Sorts of open size in Z3, and the axioms about them that hold in every finite instance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import z3

from planrace.checker.engines.proof.numbers import joined
from planrace.checker.engines.symbols import symbol
from planrace.model.language import Array, Index, Maybe, Parameter, SetOf, Sort, Term
from planrace.model.language.sorts import Bool, ComputedSize, Scalar, Size, bounds_of

NAMED = 256
"""The largest index whose members the solver knows by name."""


class UnencodableError(Exception):
    """A term that cannot be encoded for open sizes; engines answer *unknown* and name the term."""


class Sorts:
    """The Z3 sorts of a system, made on demand. Numbers and enumerations are integers, an index is a sort of its own,
    an ordered one with a total order, and an optional index is a sort with an injection into it."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = {p.name: z3.Int(symbol("parameter", p.name)) for p in parameters}
        self._least = {p.name: p.low for p in parameters}
        self._sorts: dict[Scalar, Any] = {}
        self._axioms: list[Any] = []
        self._functions: set[tuple[str, Index]] = set()
        self._fresh = 0

    # Axioms ----------------------------------------------------------------------------------------------------
    def axioms(self) -> list[Any]:
        """The axioms that hold in every finite instance: about the parameters, and about the sorts used so far."""
        return [*self.sizes(), *self._axioms]

    def order(self) -> list[Any]:
        """The axioms of the sorts used so far."""
        return list(self._axioms)

    def sizes(self) -> list[Any]:
        """Axioms: no parameter is less than its least value; there is no upper bound."""
        return [self.parameters[name] >= low for name, low in self._least.items()]

    def indices(self) -> list[Index]:
        """The index sorts used so far."""
        return [s for s in self._sorts if isinstance(s, Index)]

    # Sorts -----------------------------------------------------------------------------------------------------
    def sort(self, sort: Scalar) -> Any:
        """The Z3 sort of a scalar sort."""
        match sort:
            case Bool():
                return z3.BoolSort()
            case Index():
                return self._index(sort)
            case Maybe(index=of):
                return self._maybe(of)
            case _:
                return z3.IntSort()

    def _index(self, sort: Index) -> Any:
        if sort not in self._sorts:
            self._sorts[sort] = z3.DeclareSort(symbol("sort", *_parts(sort)))
            if sort.ordered:
                self._order(sort)
            if isinstance(sort.size, int) and sort.size <= NAMED:  # without the axiom: fewer proofs, all sound
                self._named(sort)
        return self._sorts[sort]

    def members(self, sort: Index) -> list[Any]:
        """The members of an index whose size is a number."""
        assert isinstance(sort.size, int)
        made = self.sort(sort)
        return [z3.Const(symbol("member", *_parts(sort), n), made) for n in range(1, sort.size + 1)]

    def _named(self, sort: Index) -> None:
        """Axiom: an index whose size is a number has exactly that many members in every instance."""
        members = self.members(sort)
        x = self.constant("x", sort)
        self._axioms.append(z3.ForAll([x], disjunction(*(x == m for m in members))))
        if sort.ordered:
            self._axioms += [members[0] == self.end("first", sort), members[-1] == self.end("last", sort)]
            self._axioms += [self.less(sort)(a, b) for a, b in pairwise(members)]
        elif len(members) > 1:
            self._axioms.append(z3.Distinct(*members))

    def _order(self, sort: Index) -> None:
        x, y, z = (self.constant(n, sort) for n in "xyz")
        less, following = self.less(sort), self.following(sort)
        first, last = self.end("first", sort), self.end("last", sort)
        self._axioms += [
            z3.ForAll([x], z3.Not(less(x, x))),
            z3.ForAll([x, y, z], z3.Implies(conjunction(less(x, y), less(y, z)), less(x, z))),
            z3.ForAll([x, y], disjunction(less(x, y), x == y, less(y, x))),
            z3.ForAll([x], disjunction(x == first, less(first, x))),
            z3.ForAll([x], disjunction(x == last, less(x, last))),
            z3.ForAll([x], z3.Implies(x != last, less(x, following(x)))),
            z3.ForAll([x, y], z3.Implies(less(x, y), disjunction(following(x) == y, less(following(x), y)))),
            following(last) == last,
        ]

    def _maybe(self, of: Index) -> Any:
        key = Maybe(of)
        if key not in self._sorts:
            self._sorts[key] = z3.DeclareSort(symbol("maybe", *_parts(of)))
            some = self.some(of)
            x, y, m = self.constant("x", of), self.constant("y", of), self.constant("m", key)
            there = self.within(of, x)
            self._axioms += [
                z3.ForAll([x, y], z3.Implies(some(x) == some(y), x == y)),
                z3.ForAll([x], implication(there, some(x) != self.none(of))),
                z3.ForAll([m], disjunction(m == self.none(of), conjunction(there, z3.Exists([x], some(x) == m)))),
            ]
        return self._sorts[key]

    def some(self, of: Index) -> Any:
        """The function from a member to the optional member that it is."""
        return z3.Function(symbol("some", *_parts(of)), self.sort(of), self._maybe(of))

    def none(self, of: Index) -> Any:
        """No member."""
        return z3.Const(symbol("none", *_parts(of)), self._maybe(of))

    def end(self, which: str, sort: Index) -> Any:
        """The "first" or "last" member of an order."""
        return z3.Const(symbol(which, *_parts(sort)), self.sort(sort))

    def less(self, sort: Index) -> Any:
        """The order of an ordered sort, strict."""
        return z3.Function(symbol("less", *_parts(sort)), self.sort(sort), self.sort(sort), z3.BoolSort())

    def following(self, sort: Index) -> Any:
        """The function to the next member; the last is followed by itself."""
        return z3.Function(symbol("following", *_parts(sort)), self.sort(sort), self.sort(sort))

    def preceding(self, sort: Index) -> Any:
        """The function to the member before; the first is preceded by itself. Its axioms are added when it is used."""
        made = z3.Function(symbol("preceding", *_parts(sort)), self.sort(sort), self.sort(sort))
        if self._used("preceding", sort):
            x, first, last, following = *self._ends(sort), self.following(sort)
            self._axioms += [
                made(first) == first,
                z3.ForAll(
                    [x], z3.Implies(x != first, conjunction(self.less(sort)(made(x), x), following(made(x)) == x))
                ),
                z3.ForAll([x], z3.Implies(x != last, made(following(x)) == x)),
            ]
        return made

    def position(self, sort: Index) -> Any:
        """The function to the number of a member in the order, from 1 on. Its axioms are added when it is used."""
        made = z3.Function(symbol("position", *_parts(sort)), self.sort(sort), z3.IntSort())
        if self._used("position", sort):
            x, first, last, following = *self._ends(sort), self.following(sort)
            y, size = self.constant("y", sort), self.size(sort.size)
            self._axioms += [
                implication(self.within(sort, x), axiom)
                for axiom in (
                    made(first) == 1,
                    made(last) == size,
                    z3.ForAll([x], conjunction(made(x) >= 1, made(x) <= size)),
                    z3.ForAll([x, y], self.less(sort)(x, y) == (made(x) < made(y))),
                    z3.ForAll([x], z3.Implies(x != last, made(following(x)) == made(x) + 1)),
                )
            ]
        return made

    def _used(self, function: str, sort: Index) -> bool:
        """Whether a function of an order is used for the first time."""
        known = (function, sort) in self._functions
        self._functions.add((function, sort))
        return not known

    def _ends(self, sort: Index) -> tuple[Any, Any, Any]:
        """A fresh member, the first, and the last."""
        return self.constant("x", sort), self.end("first", sort), self.end("last", sort)

    # Values ----------------------------------------------------------------------------------------------------
    def size(self, size: Size) -> Any:
        """A bound of a sort as a Z3 integer."""
        if isinstance(size, ComputedSize):
            return joined(size.op, [self.size(a) for a in size.args])
        return z3.IntVal(size) if isinstance(size, int) else self.parameters[size.name]

    def within(self, sort: Scalar, value: Any) -> Any:
        """The formula that ``value`` is in the range of ``sort`` (true for sorts that Z3 itself bounds). Z3's sorts are
        never empty; for an index that is empty at some size, the Z3 member is out of range there."""
        if isinstance(sort, Bool | Maybe):
            return z3.BoolVal(True)
        if isinstance(sort, Index):
            return self.size(sort.size) >= 1 if may_be_empty(sort) else z3.BoolVal(True)
        low, high = bounds_of(sort)
        return conjunction(value >= self.size(low), value <= self.size(high))

    def constant(self, name: str, sort: Scalar) -> Any:
        """A fresh constant of ``sort``."""
        made = self.sort(sort)
        self._fresh += 1
        return z3.Const(symbol("any", name, self._fresh), made)

    def parameter(self, term: Term) -> tuple[Any, Any]:
        """A fresh constant for a bound variable (for a set: a fresh function from members to truth values), and the
        formula that it is in range."""
        if isinstance(term.sort, SetOf):
            self._fresh += 1
            element = self.sort(term.sort.element)
            made: Any = z3.Function(symbol("any", str(term), self._fresh), element, z3.BoolSort())
        else:
            made = self.constant(str(term), scalar(term.sort))
        return made, self.legal(term.sort, made)

    def legal(self, sort: Sort, value: Any) -> Any:
        """The formula that the value of an action's parameter is in the range of its sort."""
        if not isinstance(sort, SetOf):
            return self.within(scalar(sort), value)
        x, inside = self.parameter_of(sort.element)
        return inside if z3.is_true(inside) else z3.ForAll([x], z3.Implies(value(x), inside))

    def parameter_of(self, sort: Scalar) -> tuple[Any, Any]:
        """A fresh constant of ``sort``, and the formula that it is in range."""
        made = self.constant("x", sort)
        return made, self.within(sort, made)


def may_be_empty(sort: Index) -> bool:
    """Whether the index has no member at some size."""
    return not isinstance(sort.size, int) and sort.size.low < 1


def conjunction(*parts: Any) -> Any:
    """The conjunction of the parts; trivially true ones are left out, because SMT-LIB has no empty conjunction."""
    kept = [p for p in parts if not z3.is_true(p)]
    return z3.And(*kept) if len(kept) > 1 else kept[0] if kept else z3.BoolVal(True)


def disjunction(*parts: Any) -> Any:
    """The disjunction of the parts; false if there are none."""
    return z3.Or(*parts) if len(parts) > 1 else parts[0] if parts else z3.BoolVal(False)


def implication(given: Any, then: Any) -> Any:
    """``then`` wherever ``given`` holds."""
    return then if z3.is_true(given) else z3.Implies(given, then)


def scalar(sort: Sort) -> Scalar:
    """The sort, which must be a scalar."""
    assert not isinstance(sort, Array | SetOf), sort
    return sort


def _parts(sort: Index) -> tuple[str | int, ...]:
    """The parts of an index sort's symbol: ordered, symmetric and other sorts differ."""
    kind = "ordered" if sort.ordered else "symmetric" if sort.symmetric else "plain"
    size = (sort.size,) if isinstance(sort.size, int) else ("any", str(sort.size))
    return (sort.name, kind, *size)
