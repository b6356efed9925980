"""Sequences with a bounded length: a length, and slots that are blank beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planrace.model.language.composite import (
    AnySort,
    Composite,
    CompositeSort,
    Part,
    leaves_in,
)
from planrace.model.language.composites import (
    SlottedSort,
    SlottedValue,
    another,
    blank_of,
    check_element,
    checked,
    checked_part,
    equal_parts,
    over,
)
from planrace.model.language.constructors import If, both, each, exists, such_that
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.records import read_stored
from planrace.model.language.sorts import Index, Int, Scalar, Size, SizeValue, describe, integers
from planrace.model.language.terms import Term, Value, expect, lift

METHODS = ("append", "put", "part", "contains", "isin")


@dataclass(frozen=True)
class SequenceSort(SlottedSort["SequenceValue"]):
    """Sequences of at most ``most`` elements. Called with elements, it makes a sequence: ``Queue(a, b)``."""

    element: AnySort
    most: Size

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"sequence of {describe(self.element)}"

    @property
    def position(self) -> Int:
        """The sort of positions, from 1."""
        return integers(1, self.most, "position")

    @property
    def parts(self) -> tuple[tuple[str, AnySort], ...]:
        return ("length", integers(0, self.most, "length")), ("slots", over(self.position, blank_of(self.element)[0]))

    def __call__(self, *elements: Any) -> SequenceValue:
        return self.read(list(elements), self.name)

    def value(self, leaves: Sequence[Term]) -> SequenceValue:
        return SequenceValue(self, leaves)

    def read(self, given: object, role: str) -> SequenceValue:
        if isinstance(given, SequenceValue):
            if given._sort.most == self.most and given._sort.name == self.name:
                return self.value(given._leaves)
            remedy = "the element and the greatest length of both must be the same"
            raise another(given, self, role, remedy)
        if not isinstance(given, list | tuple):
            raise another(given, self, role, "write its elements: [a, b]")
        if isinstance(self.most, int) and len(given) > self.most:
            raise DefinitionError(
                f"{role}: there are {len(given)} elements, and a {self.name} holds {self.most}", remedy="widen it"
            )
        elements = [read_stored(x, self.element, f"{role}: element {n}") for n, x in enumerate(given, 1)]
        blank = leaves_in(blank_of(self.element)[1])

        def slot(k: Term, leaf: int) -> Term:
            found = blank[leaf]
            for n in range(len(elements), 0, -1):
                found = If(k == n, elements[n - 1][leaf], found)
            return found

        length = lift(len(given))
        if not isinstance(self.most, int) and len(given) > self.most.low:
            length = checked(length <= self.most.term, length, f"a {self.name} holds no {len(given)} elements")
        return self.value([length, *(each(self.position, lambda k, n=n: slot(k, n)) for n in range(len(blank)))])  # type: ignore[misc]

    def blank(self) -> tuple[SequenceSort, SequenceValue]:
        return self, self.read([], self.name)

    @property
    def places(self) -> Scalar:
        return self.position

    def uses(self, value: SequenceValue, place: Term) -> Term:
        return place <= value._leaves[0]

    def holds(self, value: SequenceValue, element: object) -> Term:
        item = self._like(element)
        return exists(self.position, lambda k: both(k <= value.length, equal_parts(value.slots[k], item)))

    def _like(self, element: object) -> Part:
        """An element to compare with."""
        if isinstance(element, Composite) or not isinstance(self.element, CompositeSort):
            return element
        return self.element.read(element, f"element of a {self.name}")

    def positions(self, value: SequenceValue, op: Op) -> Scalar:
        if self._by_member(op):
            return self.element  # type: ignore[return-value]  # it is an index
        if op in (Op.COMPREHENSION, Op.LEAST):
            called = "such_that" if op is Op.COMPREHENSION else "least"
            remedy = f"write {called}(sort, lambda x: x.isin({value}) …), or take {value}.positions"
            raise DefinitionError(f"{called}: {value} is {self.one()}", remedy=remedy)
        return self.position

    def walked(self, value: SequenceValue, position: Term, op: Op) -> tuple[Term, Part]:
        if self._by_member(op):
            return self.holds(value, position), position
        return position <= value.length, value.slots[position]

    def _by_member(self, op: Op) -> bool:
        """Whether a quantifier gets members of an index instead of what is in the slots, which may be none."""
        return isinstance(self.element, Index) and op in (Op.FORALL, Op.EXISTS, Op.COMPREHENSION)

    def instead(self, value: SequenceValue) -> str:
        return f"name an element: {value}[1], {value}.head; or {value}.length"


class SequenceValue(SlottedValue):
    """A sequence; positions count from 1. What it does not have is an error of the model: guard the access."""

    __slots__ = ()
    _sort: SequenceSort

    @property
    def head(self) -> Any:
        """The first element."""
        return checked_part(self.length > 0, self.slots[1], f"the head of {self}, which is empty")

    @property
    def tail(self) -> SequenceValue:
        """The sequence without its first element."""
        most, (_, blank) = self._sort.most, blank_of(self._sort.element)
        length = checked(self.length > 0, self.length - 1, f"the tail of {self}, which is empty")

        def moved(k: Term, leaf: Term, empty: Term) -> Term:
            return If(k == most, empty, leaf[If(k == most, k, k + 1)])

        return self._with(length, moved, leaves_in(blank))  # type: ignore[no-any-return]

    @property
    def positions(self) -> Term:
        """The set of its positions, 1…``length``."""
        return such_that(self._sort.position, lambda k: k <= self.length)

    def __getitem__(self, position: Value) -> Any:
        if isinstance(position, slice):
            raise DefinitionError(f"{self}: slices are not terms", remedy=f"write {self}.part(first, last)")
        if isinstance(position, int) and position < 1:
            raise DefinitionError(
                f"{self}: there is no position {position}", remedy=f"positions count from 1; the last is {self}.length"
            )
        at = expect(position, self._sort.position, f"position in {self}")
        return checked_part(at <= self.length, self.slots[at], f"{self} has no position {at}")

    def append(self, element: Any) -> SequenceValue:
        """The sequence with one more element at its end. It is an error where there is no room: guard it with
        ``s.length < most``."""
        length = self.length + 1
        new = read_stored(element, self._sort.element, f"element of {self}")
        room = checked(self.length < self._sort.most, length, f"there is no room in {self} for another element")
        return self._put(room, length, new)  # type: ignore[no-any-return]

    def put(self, position: Value, element: Any) -> SequenceValue:
        """The sequence with another element at a position that it has."""
        at = expect(position, self._sort.position, f"position in {self}")
        new = read_stored(element, self._sort.element, f"element of {self}")
        length = checked((at >= 1) & (at <= self.length), self.length, f"{self} has no position {at}")
        return self._put(length, at, new)  # type: ignore[no-any-return]

    def part(self, first: int, last: int) -> SequenceValue:
        """The elements at the positions ``first`` to ``last``, both included; they are numbers."""
        for n in (first, last):
            if isinstance(n, bool) or not isinstance(n, int):
                raise DefinitionError(f"{self}.part: {n!r} is no number", remedy="write {self}.part(2, 3)")
        most = self._sort.most
        if first < 1 or last < first - 1 or (isinstance(most, int) and last > most):
            raise DefinitionError(f"{self}.part({first}, {last}): there are no such positions", remedy=f"1…{most}")
        inside = checked(self.length >= last, lift(last - first + 1), f"{self} has no position {last}")
        blank = leaves_in(blank_of(self._sort.element)[1])
        shift, size = first - 1, last - first + 1

        def moved(k: Term, leaf: Term, empty: Term) -> Term:
            return If(k <= size, leaf[If(k <= size, k + shift, k)], empty)

        return self._with(inside, moved, blank)  # type: ignore[no-any-return]

    def contains(self, element: Any) -> Term:
        """Whether an element is in it."""
        return self._sort.holds(self, element)

    def _offered(self) -> Sequence[str]:
        return "length", "head", "tail", "positions", *METHODS


def sequence(element: AnySort, most: SizeValue) -> SequenceSort:
    """Sequences of at most ``most`` elements, a size: ``queue = protocol.variable("queue",
    sequence(Job, 3), [])``. ``s[1]`` is the first element, ``s.head``, ``s.tail``, ``s.length``, ``s.append(x)``,
    ``s.put(k, x)``, ``s.part(2, 3)``, ``s.contains(x)`` are terms. Raises ``DefinitionError`` for unbounded sorts."""
    check_element(element, "the elements of sequence()")
    return SequenceSort(element, integers(1, most, "position").high)
