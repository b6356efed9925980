"""What composite sorts and their values have in common: records, sequences, maps, and arrays of these.

They exist only while a protocol is written. A variable of a composite sort is several variables, one for each leaf; a
composite value is several terms. So engines, proofs and reports read terms of plain sorts only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeAlias, TypeVar

from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.unsupported import Unformatted, Unwalked

if TYPE_CHECKING:
    from planrace.model.language.composites import CompositeArray
    from planrace.model.language.records import OptionalRecord
    from planrace.model.language.sorts import Array, Bool, Enum, Index, Int, Integer, Maybe, Scalar, SetOf, Sort
    from planrace.model.language.terms import Term

C = TypeVar("C", bound="Composite")
AnySort: TypeAlias = "Bool | Int | Integer | Enum | Index | Maybe | SetOf | Array | CompositeSort[Any]"
Part: TypeAlias = Any
"""A part of a composite value: a term, or a composite value again."""


class CompositeSort(Unwalked, ABC, Generic[C]):
    """A sort whose values have parts. What can be done with its values is defined here, because the attributes of a
    record are its fields."""

    if TYPE_CHECKING:
        name: str

    @property
    @abstractmethod
    def parts(self) -> tuple[tuple[str, AnySort], ...]:
        """The names and sorts of the parts; these may be composite, too."""

    @property
    def leaves(self) -> tuple[tuple[str, Sort], ...]:
        """The parts of its parts, down to those that are not composite, with their paths: ``slots.of``."""
        return tuple(found for name, sort in self.parts for found in leaves_of(name, sort))

    @abstractmethod
    def value(self, leaves: Sequence[Term]) -> C:
        """The value that is made of these terms, one for each of ``leaves``."""

    @abstractmethod
    def read(self, given: object, role: str) -> C:
        """What an author gave where a value of this sort is expected. ``role`` names the place in errors."""

    @abstractmethod
    def over(self, domain: Scalar) -> CompositeArray:
        """Arrays of its values over ``domain``."""

    def or_none(self) -> OptionalRecord:
        """Its values, or none. Raises ``DefinitionError`` if it is no record."""
        what = f"optional() needs an index sort or a record, not {self.one()}"
        raise DefinitionError(what, remedy="let an empty one stand for none")

    @abstractmethod
    def blank(self) -> tuple[CompositeSort[C], C]:
        """The sort of places that hold values of this one or nothing, and what they hold then."""

    @abstractmethod
    def proper(self, value: C) -> Term:
        """Whether ``value``, of this sort or of one that holds blanks, too, is a value of this sort: what must be there
        is no blank, and places that are not in use are blank, so that equal values have equal leaves."""

    @abstractmethod
    def equal(self, value: C, other: object) -> Term:
        """Whether ``other`` is the same value."""

    @abstractmethod
    def joined(self, value: C, other: object, role: str) -> tuple[CompositeSort[C], Sequence[Term], Sequence[Term]]:
        """The sort that holds both values, and their leaves in it."""

    def assigned(self, value: C, given: object, role: str) -> list[tuple[Term, Term]]:
        """What each leaf of a variable, or of a place in one, is assigned where the whole gets ``given``. Raises
        ``DefinitionError`` if ``value`` is no such place."""
        if place_of(value) is None:
            raise DefinitionError(
                f"{value} cannot be assigned to",
                remedy="only variables and places in them can; of a sequence or a map, assign the whole: "
                "update(s, s.put(k, x))",
            )
        return list(zip(value._leaves, self.read(given, role)._leaves, strict=True))

    def holds(self, value: C, element: object) -> Term:
        """Whether ``element`` is in it, for ``element.isin(…)``."""
        raise DefinitionError(f"isin: {value} is no set but {self.one()}", remedy=self.instead(value))

    def walked(self, value: C, position: Term, op: Op) -> tuple[Term, Part]:
        """For quantifiers over a value: what must hold of a position, and what is there."""
        raise NotImplementedError

    def positions(self, value: C, op: Op) -> Scalar:
        """The sort of the positions for ``walked``."""
        raise DefinitionError(f"{value} is {self.one()}; quantifiers are over a sort, a set, a sequence or a map")

    def one(self) -> str:
        """A value of it, in words."""
        return f"{'an' if self.name[:1].lower() in 'aeiou' else 'a'} {self.name}"

    @abstractmethod
    def instead(self, value: C) -> str:
        """The remedy where a term is expected."""

    @abstractmethod
    def text(self, value: C) -> str:
        """A value that is no variable, as text."""


class Composite(Unformatted):
    """A value with parts, made of one term for each leaf of its sort. Operators build terms, as those of ``Term``."""

    __slots__ = ("_leaves", "_sort")

    def __init__(self, sort: CompositeSort[Any], leaves: Sequence[Term]) -> None:
        self._sort = sort
        self._leaves = tuple(leaves)

    def __eq__(self, other: object) -> Term:  # type: ignore[override]
        return self._sort.equal(self, other)

    def __ne__(self, other: object) -> Term:  # type: ignore[override]
        return ~self._sort.equal(self, other)

    __hash__ = object.__hash__

    def isin(self, values: Any) -> Term:
        """Whether it is one of ``values``, a Python list, tuple or set; or an element of a sequence."""
        if isinstance(values, Composite):
            return values._sort.holds(values, self)
        if not isinstance(values, set | frozenset | list | tuple) or not values:
            raise DefinitionError(f"isin: no set holds {self}, {self._sort.one()}", remedy="write x.isin([a, b])")
        return reduce(or_, (self._sort.equal(self, v) for v in values))

    def __bool__(self) -> bool:
        raise DefinitionError(
            f"{self}, {self._sort.one()}, has no truth value while the protocol is being written",
            remedy=self._sort.instead(self),
        )

    def _refuse(self, *_given: object) -> NoReturn:
        raise DefinitionError(f"{self} is {self._sort.one()}", remedy=self._sort.instead(self))

    __contains__ = __iter__ = __len__ = __and__ = __or__ = __rand__ = __ror__ = __invert__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = _refuse
    __setitem__ = _refuse

    if not TYPE_CHECKING:
        __getitem__ = _refuse

    def _text(self) -> str:
        return place_text(self) or self._sort.text(self)

    def __repr__(self) -> str:
        return self._text()


def leaves_of(name: str, sort: AnySort) -> tuple[tuple[str, Sort], ...]:
    """The leaves of a part that is called ``name``, with their paths."""
    if isinstance(sort, CompositeSort):
        return tuple((f"{name}.{path}", leaf) for path, leaf in sort.leaves)
    return ((name, sort),)


def leaves_in(part: Part) -> tuple[Term, ...]:
    """The leaves of a value."""
    return part._leaves if isinstance(part, Composite) else (part,)


def part_of(sort: AnySort, leaves: Sequence[Term]) -> Part:
    """The value of a sort that is made of these leaves."""
    return sort.value(leaves) if isinstance(sort, CompositeSort) else leaves[0]


def mapped(value: Composite, change: Callable[[Term], Term]) -> Any:
    """The value whose leaves are changed."""
    return value._sort.value([change(t) for t in value._leaves])


def found_part(sort: CompositeSort[Any], leaves: Sequence[Term], name: str) -> Part | None:
    """The part of a value that is called ``name``; None if there is none."""
    at = 0
    for part, of in sort.parts:
        size = len(leaves_of(part, of))
        if part == name:
            return part_of(of, leaves[at : at + size])
        at += size
    return None


def place_of(value: Composite) -> tuple[str, tuple[Term, ...]] | None:
    """The name of the variable that a value is, or is a part of, and the positions in it; None for other values."""
    found = None
    for leaf, (path, _) in zip(value._leaves, value._sort.leaves, strict=True):
        name, positions = _place(leaf)
        if not name.endswith(f".{path}"):
            return None
        here = name.removesuffix(f".{path}"), positions
        if found is not None and (here[0] != found[0] or not _same(here[1], found[1])):
            return None
        found = here
    return found


def _place(term: Term) -> tuple[str, tuple[Term, ...]]:
    positions: tuple[Term, ...] = ()
    while term.op is Op.SELECT:
        term, position = term.args
        positions = (position, *positions)
    return str(term.data) if term.op is Op.VARIABLE else "", positions


def _same(a: tuple[Term, ...], b: tuple[Term, ...]) -> bool:
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


def place_text(value: Composite) -> str:
    """The text of what is a variable, or a place in one: ``batch[w]``. Empty for other values."""
    found = place_of(value)
    return "" if found is None else found[0] + "".join(f"[{p._text()}]" for p in found[1])


class UnknownPartError(DefinitionError, AttributeError):
    """Python asks for attributes that may be absent, and expects an ``AttributeError``."""
