"""What a driver observes, compared with states of the model; and parameters of steps as drivers write them.

Drivers use the words of reports: numbers, names of enumeration members, truth values, sets (or lists) for sets, lists
or dicts for arrays, dicts or objects with attributes for records, lists for sequences and queues, dicts for maps. No
member of an optional index is None, nor is a record that is absent. A dict may have some of the members only, the
observation some of the variables only. A number outside of its sort is a difference between the code and the model; a
value of another kind is a mistake in the driver.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import Enum as PythonEnum
from typing import Any

from planrace.checker.drive.parts import PartsObserved, key_in
from planrace.checker.drive.queues import Queues
from planrace.checker.results.driving import PlaceMismatch
from planrace.checker.results.trace import NOBODY
from planrace.checker.semantics.describe import in_words, shown_parameter
from planrace.checker.semantics.interpreter import State
from planrace.model.language import Array, Bool, Enum, Instance, Maybe, ModelError, Place, SetOf, Sort
from planrace.model.language.author_code import shown
from planrace.model.language.errors import near
from planrace.model.language.sorts import Scalar
from planrace.model.language.subset_numbers import number_of


@dataclass(frozen=True)
class Partial:
    """Some elements of an array, by their offsets."""

    elements: Mapping[int, Any]


def parameter_out(sort: Sort, value: int) -> Any:
    """A parameter of a step as a driver gets it."""
    found = shown_parameter(sort, value)
    return None if isinstance(sort, Maybe) and found == NOBODY else found


def parameter_in(instance: Instance, sort: Sort, value: Any, what: str, where: Place | None) -> int:
    """A parameter of a step as a driver (or a user) writes it. Raises ``ModelError`` if the sort does not hold it."""
    if isinstance(sort, SetOf):
        if not isinstance(value, Set | list | tuple):
            raise _wrong(what, value, "a set", where)
        element = f"{what}, an element,"
        return number_of(sort, [parameter_in(instance, sort.element, x, element, where) for x in value])
    found = scalar(sort, value, what, where)
    low, high = instance.bounds(sort)  # type: ignore[arg-type]  # no parameter is an array
    if not low <= found <= high:
        raise ModelError(f"{what} is {shown(found)}", where=where, remedy=f"write one from {low} to {high}")
    return found


def scalar(sort: Sort, value: Any, what: str, where: Place | None) -> int:
    """A value of a scalar sort as the interpreter's number; it may be outside of the range. Raises ``ModelError`` for a
    value of another kind."""
    if isinstance(value, PythonEnum) and not isinstance(value, int | str):
        value = value.name if isinstance(sort, Enum) else value.value
    match sort:
        case Bool():
            if isinstance(value, bool):
                return int(value)
            raise _wrong(what, value, "a truth value", where)
        case Enum(members=members):
            if isinstance(value, str) and str(value) in members:
                return members.index(str(value))
            if isinstance(value, str):
                what = f"{what} is {value!r}, which is no member of {sort.name}"
                raise ModelError(what, where=where, remedy=near(value, members))
            raise _wrong(what, value, f"a name of a member of {sort.name}", where)
        case Maybe() if value is None or value == NOBODY:
            return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(what, value, f"a number ({sort.name})", where)
    return int(value)


def _wrong(what: str, value: Any, wanted: str, where: Place | None) -> ModelError:
    return ModelError(f"{what} is {shown(value)}, not {wanted}", where=where, remedy="give a value of the sort")


class Observer:
    """Reads observations of one instance. ``seen`` are the variables that were observed at some time; ``partly`` those
    that were not observed in full at some time."""

    def __init__(self, instance: Instance, what: str) -> None:
        self.instance = instance
        self._what = what
        self._variables = instance.system.variables
        self._place = {v.name: n for n, v in enumerate(self._variables)}
        self._wholes = {v.whole.name: v.whole.sort for v in self._variables if v.whole is not None}
        self._domains: dict[Scalar, tuple[Sequence[int], list[str]]] = {}
        self._queues = Queues(instance, parameter_out)
        self.seen: set[str] = set()
        self.partly: set[str] = set()

    def read(self, found: Mapping[str, Any], where: Place | None) -> list[tuple[int, Any]]:
        """The observation in the interpreter's values: variables by their place in a state. Raises ``ModelError``."""
        read: list[tuple[int, Any]] = []
        for name, value in self._apart(self._queues.spread(found, self._what, where), where):
            if name not in self._place:
                what = f"{self._what}: {self.instance.system.name} has no variable {name!r}"
                raise ModelError(what, where=where, remedy=near(str(name), [*self._wholes, *self._place]))
            n = self._place[name]
            pattern = self._value(self._variables[n].sort, value, f"{self._what}: {name}", where)
            if _is_partial(pattern):
                self.partly.add(name)
            self.seen.add(name)
            read.append((n, pattern))
        return read

    def state_out(self, state: State) -> dict[str, Any]:
        """A state as a driver gets it: the values are in the words of observations, arrays as dicts."""
        pairs = zip(self._variables, state, strict=True)
        words = {v.name: self._out(v.sort, value) for v, value in pairs if not v.auxiliary}
        return self._queues.listed(state, words)

    def _out(self, sort: Sort, value: Any) -> Any:
        match sort:
            case SetOf(element=element):
                return {parameter_out(element, x) for x in value}
            case Array(domain=domain, element=element):
                members = [parameter_out(domain, m) for m in self.instance.members(domain)]
                return {m: self._out(element, x) for m, x in zip(members, value, strict=True)}
        return parameter_out(sort, value)

    def _apart(self, found: Mapping[str, Any], where: Place | None) -> Iterator[tuple[str, Any]]:
        """The observed variables; of those with parts, their leaves."""
        for name, value in found.items():
            if name not in self._wholes:
                yield name, value
                continue
            leaves = PartsObserved(self.instance, where).leaves(self._wholes[name], value, f"{self._what}: {name}")
            yield from ((f"{name}.{path}", x) for path, x in leaves.items())

    def _value(self, sort: Sort, value: Any, what: str, where: Place | None) -> Any:
        match sort:
            case SetOf(element=element):
                if not isinstance(value, Set | list | tuple):
                    raise _wrong(what, value, "a set", where)
                return frozenset(scalar(element, x, f"{what}, an element,", where) for x in value)
            case Array():
                return self._array(sort, value, what, where)
        return scalar(sort, value, what, where)

    def _array(self, sort: Array, value: Any, what: str, where: Place | None) -> Any:
        members, names = self._members(sort.domain)
        if isinstance(value, Mapping):
            elements = {}
            for key, inner in value.items():
                member = scalar(sort.domain, key_in(sort.domain, key), f"{what}, a key,", where)
                if member not in members:
                    what = f"{what} has the key {key!r}, which is no member of {sort.domain.name}"
                    remedy = f"there are {in_words(sort.domain, members[0])}…{in_words(sort.domain, members[-1])}"
                    raise ModelError(what, where=where, remedy=remedy)
                elements[member - members[0]] = self._value(sort.element, inner, f"{what}[{key}]", where)
            if len(elements) < len(members):
                return Partial(elements)
            return tuple(elements[n] for n in range(len(members)))
        if not isinstance(value, list | tuple):
            raise _wrong(what, value, "a list or a dict", where)
        if len(value) != len(members):
            what = f"{what} has {len(value)} elements, not one for each of the {len(members)} of {sort.domain.name}"
            raise ModelError(what, where=where, remedy="give a dict to observe some of them")
        named = zip(names, value, strict=True)
        return tuple(self._value(sort.element, x, f"{what}[{m}]", where) for m, x in named)

    def _members(self, domain: Scalar) -> tuple[Sequence[int], list[str]]:
        """The members of a domain, and what they are called."""
        if domain not in self._domains:
            members = self.instance.members(domain)
            self._domains[domain] = members, [in_words(domain, m) for m in members]
        return self._domains[domain]

    # Comparison ----------------------------------------------------------------------------------------------------
    def mismatches(self, read: Sequence[tuple[int, Any]], state: State) -> tuple[PlaceMismatch, ...]:
        """The places at which an observation differs from a state."""
        differ = [
            m
            for n, pattern in read
            for m in self._differ(self._variables[n].sort, self._variables[n].name, pattern, state[n])
        ]
        return self._queues.gathered(differ, {self._variables[n].name: pattern for n, pattern in read}, state)

    def _differ(self, sort: Sort, place: str, pattern: Any, value: Any) -> Iterator[PlaceMismatch]:
        if matches(pattern, value):
            return
        if not isinstance(sort, Array):
            yield PlaceMismatch(place, _text(sort, value), _text(sort, pattern))
            return
        members = self.instance.members(sort.domain)
        inner = pattern.elements if isinstance(pattern, Partial) else dict(enumerate(pattern))
        for n, x in inner.items():
            yield from self._differ(sort.element, f"{place}[{in_words(sort.domain, members[n])}]", x, value[n])

    def texts(self, read: Sequence[tuple[int, Any]]) -> dict[str, str]:
        """The observed places and their values as text."""
        found: dict[str, str] = {}
        for n, pattern in read:
            self._texts(self._variables[n].sort, self._variables[n].name, pattern, found)
        return found

    def _texts(self, sort: Sort, place: str, pattern: Any, found: dict[str, str]) -> None:
        if not isinstance(sort, Array):
            found[place] = _text(sort, pattern)
            return
        members = self.instance.members(sort.domain)
        inner = pattern.elements if isinstance(pattern, Partial) else dict(enumerate(pattern))
        for n, x in inner.items():
            self._texts(sort.element, f"{place}[{in_words(sort.domain, members[n])}]", x, found)


def _text(sort: Sort, value: Any) -> str:
    """A value as reports show it: sets in braces."""
    return f"{{{in_words(sort, value) if value else ''}}}" if isinstance(sort, SetOf) else in_words(sort, value)


def _is_partial(pattern: Any) -> bool:
    return isinstance(pattern, Partial) or (isinstance(pattern, tuple) and any(map(_is_partial, pattern)))


def matches(pattern: Any, value: Any) -> bool:
    """Whether a value of the interpreter is as observed."""
    if isinstance(pattern, Partial):
        return all(matches(x, value[n]) for n, x in pattern.elements.items())
    if isinstance(pattern, tuple):
        return all(map(matches, pattern, value))
    return bool(pattern == value)
