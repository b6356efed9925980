"""Maps: a value for some members of a scalar sort; the others have none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planrace.model.language.composite import (
    AnySort,
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
    checked_part,
    over,
)
from planrace.model.language.constructors import If, each, size_of
from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import Op
from planrace.model.language.records import read_stored
from planrace.model.language.sorts import Scalar, SetOf, describe, subsets
from planrace.model.language.terms import Term, Value, expect


@dataclass(frozen=True)
class MapSort(SlottedSort["MapValue"]):
    """Maps from members of ``key`` to values. Called with a dictionary, it makes a map: ``Owners({Site.EAST: w})``."""

    key: Scalar
    element: AnySort

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"map from {self.key.name} to {describe(self.element)}"

    @property
    def parts(self) -> tuple[tuple[str, AnySort], ...]:
        return ("keys", SetOf(self.key)), ("values", over(self.key, blank_of(self.element)[0]))

    def __call__(self, pairs: dict[Any, Any] | None = None) -> MapValue:
        return self.read(pairs or {}, self.name)

    def value(self, leaves: Sequence[Term]) -> MapValue:
        return MapValue(self, leaves)

    def read(self, given: object, role: str) -> MapValue:
        if isinstance(given, MapValue) and given._sort.name == self.name and given._sort.key == self.key:
            return self.value(given._leaves)
        if not isinstance(given, dict):
            raise another(given, self, role, "write a dictionary: {} or {key: value}")
        blank = leaves_in(blank_of(self.element)[1])
        keys = expect(set(), SetOf(self.key), role)
        found = self.value([keys, *(each(self.key, lambda _, b=b: b) for b in blank)])  # type: ignore[misc]
        for key, value in given.items():
            found = found.put(key, value)
        return found

    def blank(self) -> tuple[MapSort, MapValue]:
        return self, self.read({}, self.name)

    @property
    def places(self) -> Scalar:
        return self.key

    def uses(self, value: MapValue, place: Term) -> Term:
        return place.isin(value._leaves[0])

    def positions(self, value: MapValue, op: Op) -> Scalar:
        return self.key

    def walked(self, value: MapValue, position: Term, op: Op) -> tuple[Term, Part]:
        return position.isin(value.keys), position

    def instead(self, value: MapValue) -> str:
        return f"name a value: {value}[key]; or {value}.keys, {value}.has(key)"


class MapValue(SlottedValue):
    """A map. Reading the value of a key that it does not have is an error of the model: guard it with ``has``."""

    __slots__ = ()
    _sort: MapSort

    def has(self, key: Value) -> Term:
        """Whether the map has the key."""
        return self._key(key).isin(self._leaves[0])

    def __getitem__(self, key: Value) -> Any:
        at = self._key(key)
        return checked_part(at.isin(self._leaves[0]), self._at(at), f"{self} has no key {at}")

    def get(self, key: Value, otherwise: Any) -> Any:
        """The value of a key, or ``otherwise`` where the map does not have it."""
        at = self._key(key)
        return If(at.isin(self._leaves[0]), self._at(at), otherwise)

    def put(self, key: Value, value: Any) -> MapValue:
        """The map in which the key has this value, whether or not it had one."""
        at, new = self._key(key), read_stored(value, self._sort.element, f"value of {self}")
        return self._put(self._leaves[0] | {at}, at, new)  # type: ignore[no-any-return]

    def without(self, key: Value) -> MapValue:
        """The map without the key; the same map if it does not have it."""
        at, (_, blank) = self._key(key), blank_of(self._sort.element)
        return self._put(self._leaves[0] - {at}, at, leaves_in(blank))  # type: ignore[no-any-return]

    @property
    def size(self) -> Term:
        """How many keys it has."""
        return size_of(self._leaves[0])

    def _key(self, key: Value) -> Term:
        return expect(key, self._sort.key, f"key of {self}")

    def _at(self, key: Term) -> Part:
        return self._sort.at(self, key)

    def _offered(self) -> Sequence[str]:
        return "has", "get", "put", "without", "keys", "size", "isin"


def mapping(key: Scalar, value: AnySort) -> MapSort:
    """Maps from members of ``key``, a bounded scalar sort, to values: ``owner = protocol.variable("owner",
    mapping(Site, Worker), {})``. ``m[k]``, ``m.get(k, x)``, ``m.has(k)``, ``m.put(k, x)``, ``m.without(k)``, ``m.keys``
    and ``m.size`` are terms. Raises ``DefinitionError`` for unbounded sorts."""
    if isinstance(key, CompositeSort):
        remedy = "nest maps: one for each field"
        raise DefinitionError(f"the keys of mapping() are scalars, not {key.one()}", remedy=remedy)
    subsets(key)
    check_element(value, "the values of mapping()")
    return MapSort(key, value)
