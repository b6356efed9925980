"""Initial values as authors write them: one value, one for each member, one of several, or any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from planrace.model.language.author_code import called, takes
from planrace.model.language.binders import bind
from planrace.model.language.constructors import either, forall
from planrace.model.language.errors import DefinitionError
from planrace.model.language.initial_values import check_constant, check_held
from planrace.model.language.operators import Op
from planrace.model.language.render import applied
from planrace.model.language.size_limits import check_term_size
from planrace.model.language.sorts import Array, SetOf, Sort
from planrace.model.language.terms import TRUE, Term, Value, expect, make

if TYPE_CHECKING:
    from planrace.model.language.system import Variable


@dataclass(frozen=True, repr=False)
class Anything:
    """The initial value ``anything``."""

    def __repr__(self) -> str:
        return "anything"


@dataclass(frozen=True, repr=False, eq=False)
class OneOf:
    """An initial value that is one of several."""

    values: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"one_of({', '.join(map(repr, self.values))})"


anything = Anything()
"""As an initial value: every value of the sort, for each element of an array on its own. There is an initial state for
each choice that ``protocol.initially`` allows."""

Start: TypeAlias = "Value | Anything | OneOf | Callable[[Term], Any]"
"""What an author may write as an initial value; a function gets a member of an array's domain, and returns the initial
value of the element."""


def one_of(*values: Any) -> OneOf:
    """As an initial value: one of ``values``, for each element of an array on its own. Raises ``DefinitionError`` if
    there are none."""
    if not values:
        raise DefinitionError("one_of() has no values", remedy="write one_of(a, b), or anything")
    return OneOf(values)


def starts_of(sort: Sort, given: Start, name: str) -> tuple[Term, ...]:
    """The values that a variable may start with; () stands for any value of its sort. If there are several, each
    element of an array starts with what one of them has at its place. A term is of the sort of the innermost elements,
    or else of ``sort``. Raises ``DefinitionError``."""
    if isinstance(given, Anything):
        return ()
    picked = _Picked(sort, given, f"initial value of {name}", name)
    return tuple(dict.fromkeys(picked.all()))


class _Picked:
    """Reads what an author gave, once for each of its alternatives."""

    def __init__(self, sort: Sort, given: Start, role: str, name: str) -> None:
        self.sort = sort
        self.base = _base(sort)
        self.given = given
        self.role = role
        self.name = name
        self._count = 1
        self._at = 0

    def all(self) -> list[Term]:
        found: list[Term] = []
        while self._at < self._count:
            found.append(self._one())
            self._at += 1
        return found

    def _one(self) -> Term:
        given = self._chosen(self.given)
        by_member = _is_function(given) or (isinstance(given, Term) and isinstance(given.sort, Array))
        term = self._whole(self.sort, given) if by_member else self._element(given)
        check_term_size(term, self.role, None)
        check_constant(term, self.role)
        check_held(self.sort if by_member else self.base, term, self.role)
        return term

    def _chosen(self, given: Any) -> Any:
        """The alternative whose turn it is."""
        if not isinstance(given, OneOf):
            return given
        self._count = max(self._count, len(given.values))
        return given.values[min(self._at, len(given.values) - 1)]

    def _whole(self, sort: Sort, given: Any) -> Term:
        """The initial value of an array, or of an array in it, as a term of that sort."""
        given = self._chosen(given)
        if isinstance(given, Term) and isinstance(given.sort, Array):
            return expect(given, sort, self.role)
        if not isinstance(sort, Array):
            return self._element(given)
        form = f'variable("{self.name}", sort, lambda x: …)'
        read = _is_function(given)

        def element(member: Term) -> Term:
            return self._whole(sort.element, called(given, (member,), self.role, form) if read else given)

        variable, body = bind(Op.EACH, sort.domain, element, self.role, like=given if read else None)
        return make(Op.EACH, (variable, body), sort)

    def _element(self, given: Any) -> Term:
        if isinstance(given, Anything):
            raise DefinitionError(
                f"{self.role}: anything is for a whole variable",
                remedy="write initially=anything, and what is allowed in protocol.initially(…)",
            )
        if _is_function(given) and takes(given, 1):
            raise DefinitionError(f"{self.role}: {self.name} has no members to give values to", remedy="give one value")
        several = isinstance(given, set | frozenset) and bool(given) and not isinstance(self.base, SetOf)
        remedy = f"one of several is one_of({', '.join(sorted(map(str, given)))})" if several else None
        return expect(given, self.base, self.role, remedy)


def chosen(variable: Variable) -> Term:
    """The condition that each element of a variable has one of its initial values, if these are not all."""
    return _chosen(variable.term, variable.starts) if variable.starts else TRUE


def _chosen(term: Term, starts: tuple[Term, ...]) -> Term:
    if not isinstance(term.sort, Array):
        return either(*(term == s for s in starts))
    over = term.sort.domain
    return forall(over, lambda k: _chosen(term[k], tuple(applied(s[k]) if _is_array(s) else s for s in starts)))


def _is_array(term: Term) -> bool:
    return isinstance(term.sort, Array)


def _is_function(given: object) -> bool:
    return callable(given) and not isinstance(given, Term | type)


def _base(sort: Sort) -> Sort:
    while isinstance(sort, Array):
        sort = sort.element
    return sort
