"""What records, sequences and maps are made of, and arrays of them.

Places that are not in use (slots beyond the length of a sequence, values of keys that a map lacks) hold a blank: the
least number, the first word, the empty set, no member of an index. So members of an index stay interchangeable, and
equal values are equal states.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.model.language.composite import (
    AnySort,
    C,
    Composite,
    CompositeSort,
    Part,
    UnknownPartError,
    found_part,
    mapped,
    part_of,
)
from planrace.model.language.constructors import If, both, each, forall
from planrace.model.language.errors import DefinitionError, near
from planrace.model.language.operators import Op
from planrace.model.language.sorts import (
    INTEGER,
    Array,
    Bool,
    Enum,
    Index,
    Int,
    Integer,
    Maybe,
    Presence,
    Scalar,
    SetOf,
    describe,
    is_scalar,
    one,
)
from planrace.model.language.terms import FALSE, TRUE, Term, Value, constant, equal, expect, lift, make, substitute


def checked(holds: Term, value: Term, problem: str) -> Term:
    """``value`` where ``holds``; elsewhere it is an error of the model to evaluate it. It is an element of an array
    that has only the position 1, so every engine reports it like any position that an array does not have."""
    if holds is TRUE:
        return value
    only = Presence(1, 1, problem)
    variable = make(Op.BOUND, (), only, ("here", value.height + 1))
    position = make(Op.ITE, (holds, constant(1, only), constant(0, INTEGER)), INTEGER)
    return make(Op.SELECT, (make(Op.EACH, (variable, value), Array(only, value.sort)), position), value.sort)


def checked_part(holds: Term, part: Part, problem: str) -> Part:
    """The same of a part, which may be composite."""
    if isinstance(part, Composite):
        return mapped(part, lambda t: checked(holds, t, problem))
    return checked(holds, part, problem)


def read(given: object, sort: AnySort, role: str, *, stored: bool = False) -> Part:
    """What an author gave where a value of ``sort`` is expected. ``stored``: a place that may be blank gets it, so an
    optional member will do where it is not none."""
    if isinstance(sort, CompositeSort):
        return sort.read(given, role)
    if stored and isinstance(given, Term) and isinstance(sort, Index) and given.sort == Maybe(sort):
        return checked(~equal(given, None), given, f"{given} is none")
    return expect(given, sort, role)


def blank_of(sort: AnySort) -> tuple[AnySort, Part]:
    """The sort of places that hold values of ``sort`` or nothing, and what they hold then."""
    match sort:
        case CompositeSort():
            return sort.blank()
        case Bool():
            return sort, FALSE
        case Int(low=low):
            return sort, lift(low)
        case Enum():
            return sort, constant(0, sort)
        case Index():
            return Maybe(sort), constant(0, Maybe(sort))
        case Maybe():
            return sort, constant(0, sort)
        case SetOf():
            return sort, make(Op.SET, (), sort)
        case Array(domain=domain, element=element):
            held, blank = blank_of(element)
            return over(domain, held), each(domain, lambda k: blank)
    raise AssertionError(sort)


def proper(sort: AnySort, part: Part) -> Term:
    """Whether what is in a place that may be blank is a value of ``sort``."""
    if isinstance(sort, CompositeSort):
        return sort.proper(part)
    if isinstance(sort, Array):
        return everywhere(sort.domain, lambda k: proper(sort.element, part[k]))
    return ~equal(part, None) if isinstance(sort, Index) and isinstance(part.sort, Maybe) else TRUE


def everywhere(domain: Scalar, condition: Callable[[Term], Term]) -> Term:
    """``forall``, without a quantifier where the condition is always true."""
    hole = make(Op.BOUND, (), domain, ("k", object()))
    return TRUE if condition(hole) is TRUE else forall(domain, condition)


def at_member(array: Term, member: Term) -> Term:
    """The element of an array at a bound variable of its domain; of one that is written out, the element itself."""
    if array.op is not Op.EACH:
        return array[member]
    variable, body = array.args
    return substitute(body, {variable: member})


def check_element(sort: object, what: str) -> None:
    """Refuse a sort that no variable can have."""
    plain = is_scalar(sort) and not isinstance(sort, Integer)
    if not plain and not isinstance(sort, SetOf | Array | CompositeSort):
        raise DefinitionError(f"{what} need a bounded sort, not {describe(sort)}")


def over(domain: Scalar, element: AnySort) -> Any:
    """The array sort over ``domain``."""
    return CompositeArray(domain, element) if isinstance(element, CompositeSort) else Array(domain, element)


def another(given: object, sort: CompositeSort[Any], role: str, remedy: str) -> DefinitionError:
    """The error for a value of another sort."""
    if isinstance(given, Composite):
        shown = f"{given} is {given._sort.one()}"
    else:
        shown = f"{given} is {one(given.sort)}" if isinstance(given, Term) else f"{given!r} is given"
    return DefinitionError(f"{role}: {shown}, but {sort.one()} is expected", remedy=remedy)


class PartedSort(CompositeSort[C]):
    """Base of the composite sorts."""

    def over(self, domain: Scalar) -> CompositeArray:
        return CompositeArray(domain, self)

    def joined(self, value: C, other: object, role: str) -> tuple[Any, Sequence[Term], Sequence[Term]]:
        return self, value._leaves, self.read(other, role)._leaves


def equal_parts(a: Part, b: Part) -> Term:
    """Whether two parts are equal."""
    return a._sort.equal(a, b) if isinstance(a, Composite) else equal(a, b)


class PartedValue(Composite):
    """A value whose parts are attributes."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = found_part(self._sort, self._leaves, name)
        if found is None:
            raise self._unknown(name)
        return found

    def _unknown(self, name: str) -> UnknownPartError:
        """The error for an attribute that the value does not have."""
        what = f"{self} is {self._sort.one()}, and has no {name!r}"
        return UnknownPartError(what, remedy=near(name, self._offered()))

    def _offered(self) -> Sequence[str]:
        """The attributes that authors may mean."""
        return [n for n, _ in self._sort.parts]


class SlottedSort(PartedSort[C]):
    """Base of sequences and maps: an array of ``places`` that hold an ``element`` or nothing. The first leaf says which
    are in use, and the others are blank, so that equal values have equal leaves."""

    element: AnySort

    @property
    @abstractmethod
    def places(self) -> Scalar:
        """The sort of the places."""

    @abstractmethod
    def uses(self, value: C, place: Term) -> Term:
        """Whether a place is in use."""

    def at(self, value: C, place: Term) -> Part:
        """What a place holds, which may be blank."""
        return part_of(blank_of(self.element)[0], [leaf[place] for leaf in value._leaves[1:]])

    def proper(self, value: C) -> Term:
        _, blank = blank_of(self.element)

        def right(place: Term) -> Term:
            inside, held = self.uses(value, place), self.at(value, place)
            return both(inside.implies(proper(self.element, held)), inside | equal_parts(held, blank))

        return everywhere(self.places, right)

    def equal(self, value: C, other: object) -> Term:
        same = self.read(other, "==")
        alike = everywhere(self.places, lambda k: equal_parts(self.at(value, k), self.at(same, k)))
        return both(equal(value._leaves[0], same._leaves[0]), alike)

    def text(self, value: C) -> str:
        return f"a {self.name}"


class SlottedValue(PartedValue):
    """A sequence or a map."""

    __slots__ = ()
    _sort: SlottedSort[Any]

    def _with(self, used: Term, slot: Callable[[Term, Term, Term], Term], values: Sequence[Term]) -> Any:
        """A value whose places are made of the old ones, each with one of ``values``; ``used`` says which are in
        use."""
        pairs = zip(self._leaves[1:], values, strict=True)
        leaves = [each(self._sort.places, lambda k, s=s, x=x: slot(k, s, x)) for s, x in pairs]  # type: ignore[misc]
        return self._sort.value([used, *leaves])

    def _put(self, used: Term, place: Term, values: Sequence[Term]) -> Any:
        """The same with ``values`` at one place."""
        return self._with(used, lambda k, s, x: If(k == place, x, at_member(s, k)), values)


@dataclass(frozen=True)
class CompositeArray(PartedSort["ArrayOfComposites"]):
    """One composite ``element`` for each member of ``domain``: an array for each leaf."""

    domain: Scalar
    element: CompositeSort[Any]

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.element.name} for each {self.domain.name}"

    @property
    def parts(self) -> tuple[tuple[str, AnySort], ...]:
        return tuple((name, over(self.domain, of)) for name, of in self.element.parts)

    def value(self, leaves: Sequence[Term]) -> ArrayOfComposites:
        return ArrayOfComposites(self, leaves)

    def read(self, given: object, role: str) -> ArrayOfComposites:
        if not isinstance(given, ArrayOfComposites) or given._sort.domain != self.domain:
            raise another(given, self, role, f"write each({describe(self.domain)}, lambda x: …)")
        if given._sort == self:
            return given
        return self._of_each(lambda k: self.element.read(given[k], role))

    def _of_each(self, element: Callable[[Term], Any]) -> ArrayOfComposites:
        found = each(self.domain, element)
        assert isinstance(found, ArrayOfComposites)
        return found

    def blank(self) -> tuple[CompositeArray, ArrayOfComposites]:
        held, blank = self.element.blank()
        return CompositeArray(self.domain, held), self._of_each(lambda k: blank)

    def proper(self, value: ArrayOfComposites) -> Term:
        return everywhere(self.domain, lambda k: self.element.proper(value[k]))

    def equal(self, value: ArrayOfComposites, other: object) -> Term:
        same = self.read(other, "==")
        return forall(self.domain, lambda k: self.element.equal(value[k], same[k]))

    def instead(self, value: ArrayOfComposites) -> str:
        return f"name an element: {value}[…]"

    def text(self, value: ArrayOfComposites) -> str:
        return f"[{self.name}]"


class ArrayOfComposites(PartedValue):
    """An array of records, sequences or maps: ``batch[w]``; ``batch.at`` is the array of one field."""

    __slots__ = ()
    _sort: CompositeArray

    def __getitem__(self, position: Value) -> Any:
        at = expect(position, self._sort.domain, f"position in {self}")
        return part_of(self._sort.element, [t[at] for t in self._leaves])
