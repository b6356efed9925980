"""Records: values with named fields, and records that may be absent."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from planrace.model.language.composite import (
    AnySort,
    Composite,
    CompositeSort,
    Part,
    UnknownPartError,
    found_part,
    leaves_in,
)
from planrace.model.language.composites import (
    PartedSort,
    PartedValue,
    another,
    blank_of,
    checked_part,
    equal_parts,
    proper,
    read,
)
from planrace.model.language.constructors import both
from planrace.model.language.errors import DefinitionError, near, so_many
from planrace.model.language.names import usable
from planrace.model.language.sorts import BOOL, Integer, SetOf, describe, is_scalar
from planrace.model.language.sorts import Array as ArraySort
from planrace.model.language.terms import FALSE, TRUE, Term, equal

_RESERVED = ("isin", "replace")
_OF_OPTIONAL = ("present", "held")


@dataclass(frozen=True)
class RecordSort(PartedSort["RecordValue"]):
    """Records with these fields. Called with a value for each, it makes a record: ``Batch(of=plan[i], at=e)``."""

    name: str
    fields: tuple[tuple[str, AnySort], ...]

    @property
    def parts(self) -> tuple[tuple[str, AnySort], ...]:
        return self.fields

    def __call__(self, *unnamed: object, **values: Any) -> RecordValue:
        names = [n for n, _ in self.fields]
        if unnamed:
            raise DefinitionError(f"{self.name}: its fields are given by name", remedy=f"write {self._form()}")
        unknown = next((n for n in values if n not in names), None)
        if unknown is not None:
            raise DefinitionError(f"{self.name} has no field {unknown!r}", remedy=near(unknown, names))
        missing = [n for n in names if n not in values]
        if missing:
            lacking = "field" if len(missing) == 1 else "fields"
            raise DefinitionError(
                f"{self.name} lacks its {lacking} {', '.join(missing)}",
                remedy=f"write {self._form()}, or b.replace({missing[0]}=…) for a record like b",
            )
        parts = (read(values[n], sort, f"field {n} of {self.name}") for n, sort in self.fields)
        return self.value([leaf for part in parts for leaf in leaves_in(part)])

    def _form(self) -> str:
        called = "".join(word.capitalize() for word in self.name.replace("-", " ").split())
        return f"{called}({', '.join(f'{n}=…' for n, _ in self.fields)})"

    def value(self, leaves: Sequence[Term]) -> RecordValue:
        return RecordValue(self, leaves)

    def read(self, given: object, role: str) -> RecordValue:
        if not isinstance(given, RecordValue) or not self._is_like(given._sort):
            absent = given is None or isinstance(given, OptionalRecordValue)
            remedy = f"it may be absent: declare optional({self.name})" if absent else f"write {self._form()}"
            raise another(given, self, role, remedy)
        if given._sort == self:
            return given
        parts = (read(_field(given, n), sort, f"{role}: field {n}") for n, sort in self.fields)
        return self.value([leaf for part in parts for leaf in leaves_in(part)])

    def _is_like(self, other: CompositeSort[Any]) -> bool:
        """Whether it has the same fields; they may hold blanks, too."""
        return (
            isinstance(other, RecordSort)
            and self.name == other.name
            and [p for p, _ in self.leaves] == [p for p, _ in other.leaves]
        )

    def or_none(self) -> OptionalRecord:
        taken = [n for n, _ in self.fields if n in _OF_OPTIONAL]
        if taken:
            what = f"optional({self.name}): its field {taken[0]} has the name of a part of optional records"
            raise DefinitionError(what, remedy="rename the field")
        return OptionalRecord(self)

    def blank(self) -> tuple[RecordSort, RecordValue]:
        found = [(n, *blank_of(sort)) for n, sort in self.fields]
        sort = RecordSort(self.name, tuple((n, held) for n, held, _ in found))
        return sort, sort.value([leaf for _, _, blank in found for leaf in leaves_in(blank)])

    def proper(self, value: RecordValue) -> Term:
        return both(*(proper(sort, _field(value, n)) for n, sort in self.fields))

    def equal(self, value: RecordValue, other: object) -> Term:
        if other is None or isinstance(other, OptionalRecordValue):
            return OptionalRecord(self).equal(OptionalRecord(self).read(value, "=="), other)
        if not isinstance(other, RecordValue) or not self._is_like(other._sort):
            raise another(other, self, "==", f"write {self._form()}")
        return both(*(equal_parts(_field(value, n), _field(other, n)) for n, _ in self.fields))

    def joined(self, value: RecordValue, other: object, role: str) -> tuple[Any, Sequence[Term], Sequence[Term]]:
        if other is None or isinstance(other, OptionalRecordValue):
            optional = OptionalRecord(self)
            return optional, optional.read(value, role)._leaves, optional.read(other, role)._leaves
        if not isinstance(other, RecordValue) or not self._is_like(other._sort):
            raise another(other, self, role, f"write {self._form()}")
        return self, value._leaves, other._leaves

    def instead(self, value: RecordValue) -> str:
        return f"name a field: {value}.{self.fields[0][0]}"

    def text(self, value: RecordValue) -> str:
        return f"{self.name}({', '.join(f'{n}={_field(value, n)._text()}' for n, _ in self.fields)})"


class RecordValue(PartedValue):
    """A record: its fields are attributes, ``b.of``."""

    __slots__ = ()
    _sort: RecordSort

    def replace(self, **values: Any) -> RecordValue:
        """The record with other values of some fields: ``update(b, b.replace(of=plan[i]))``."""
        check_names(self, values, self._sort)
        parts = (
            read(values[n], sort, f"field {n} of {self._sort.name}") if n in values else _field(self, n)
            for n, sort in self._sort.fields
        )
        return self._sort.value([leaf for part in parts for leaf in leaves_in(part)])

    def _unknown(self, name: str) -> UnknownPartError:
        return no_field(self, name, self._sort)


@dataclass(frozen=True)
class OptionalRecord(PartedSort["OptionalRecordValue"]):
    """A record or none: whether it is ``present``, and the record that is ``held``, which is blank if none is."""

    record: RecordSort

    @property
    def name(self) -> str:  # type: ignore[override]
        return f"{self.record.name} or none"

    @property
    def parts(self) -> tuple[tuple[str, AnySort], ...]:
        return ("present", BOOL), ("held", self.record.blank()[0])

    def value(self, leaves: Sequence[Term]) -> OptionalRecordValue:
        return OptionalRecordValue(self, leaves)

    def read(self, given: object, role: str) -> OptionalRecordValue:
        if isinstance(given, OptionalRecordValue) and self.record._is_like(given._sort.record):
            return self.value(given._leaves)
        if given is None:
            return self.value([FALSE, *self.record.blank()[1]._leaves])
        parts = read_stored(given, self.record, role)
        return self.value([TRUE, *parts])

    def blank(self) -> tuple[OptionalRecord, OptionalRecordValue]:
        return self, self.read(None, "")

    def proper(self, value: OptionalRecordValue) -> Term:
        held, (_, blank) = _held(value), self.record.blank()
        return both(
            (~_present(value)).implies(self.record.equal(held, blank)),
            _present(value).implies(self.record.proper(held)),
        )

    def equal(self, value: OptionalRecordValue, other: object) -> Term:
        if other is None:
            return ~_present(value)
        same = self.read(other, "==")
        held = self.record.equal(_held(value), _held(same))
        return held & _present(value) if _present(same) is TRUE else both(equal(_present(value), _present(same)), held)

    def instead(self, value: OptionalRecordValue) -> str:
        return f"compare it with None, or name a field: {value}.{self.record.fields[0][0]}"

    def text(self, value: OptionalRecordValue) -> str:
        held = self.record.text(_held(value))
        return held if _present(value) is TRUE else "none" if _present(value) is FALSE else f"[{held} or none]"


class OptionalRecordValue(Composite):
    """A record that may be absent: compare it with ``None``. Reading a field where it is absent is an error."""

    __slots__ = ()
    _sort: OptionalRecord

    def replace(self, **values: Any) -> OptionalRecordValue:
        """The record with other values of some fields; it is an error where there is none."""
        of, old, leaves = self._sort.record, _held(self), [TRUE]
        check_names(self, values, of)
        for n, sort in of.fields:
            if n in values:
                leaves += read_stored(values[n], sort, f"field {n} of {of.name}")
            else:
                leaves += leaves_in(checked_part(self.present, _field(old, n), f"{self} is none"))
        return self._sort.value(leaves)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = found_part(self._sort, self._leaves, name)
        if found is not None:
            return found
        inside = found_part(self._sort.record.blank()[0], self._leaves[1:], name)
        if inside is None:
            raise no_field(self, name, self._sort.record)
        return checked_part(self.present, inside, f"{self} is none")


def record(name: str, /, **fields: AnySort) -> RecordSort:
    """A sort of records with these fields: ``Batch = record("batch", of=Generation, at=Endpoint)``. ``Batch(of=g,
    at=e)`` is a value, ``b.of`` a field of it, ``b.replace(of=g)`` one that differs in a field. Fields have any sort,
    records and arrays included. Raises ``DefinitionError`` for names that are no Python names."""
    usable(name, "record")
    if not fields:
        raise DefinitionError(f"record {name} has no fields", remedy="name some: record(name, of=Sort, at=Sort)")
    for n, sort in fields.items():
        if n in _RESERVED or n.startswith("_") or keyword.iskeyword(n):
            raise DefinitionError(f"record {name}: {n!r} cannot name a field", remedy="use another word")
        plain = is_scalar(sort) and not isinstance(sort, Integer)
        if not plain and not isinstance(sort, SetOf | ArraySort | CompositeSort):
            raise DefinitionError(
                f"record {name}: field {n}: {describe(sort)} is not a sort", remedy="give each field a bounded sort"
            )
    return RecordSort(name, tuple(fields.items()))


def read_stored(given: object, sort: AnySort, role: str) -> list[Term]:
    """The leaves of a value that gets into a place that may be blank."""
    if isinstance(sort, RecordSort) and isinstance(given, RecordValue) and sort._is_like(given._sort):
        return [leaf for n, of in sort.fields for leaf in read_stored(_field(given, n), of, f"{role}: field {n}")]
    return list(leaves_in(read(given, sort, role, stored=True)))


def check_names(value: Composite, given: Iterable[str], of: RecordSort) -> None:
    """Refuse names that are no fields."""
    for n in given:
        if all(n != field for field, _ in of.fields):
            raise no_field(value, n, of)


def no_field(value: Composite, name: str, of: RecordSort) -> UnknownPartError:
    """The error for a field that a record does not have."""
    names = [n for n, _ in of.fields]
    fields = f"it has {so_many(names, 'field')}: {', '.join(names)}"
    close = near(name, names)
    return UnknownPartError(f"{value} has no field {name!r}", remedy=close if close.startswith("did you") else fields)


def _field(value: RecordValue, name: str) -> Part:
    found = found_part(value._sort, value._leaves, name)
    assert found is not None
    return found


def _present(value: OptionalRecordValue) -> Term:
    return value._leaves[0]


def _held(value: OptionalRecordValue) -> RecordValue:
    sort = value._sort.record.blank()[0]
    return sort.value(value._leaves[1:])
