"""Observations of records, sequences and maps, as drivers write them: a dictionary or an object with attributes for a
record, a list for a sequence, a dictionary for a map, None for a record that is absent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from planrace.checker.semantics.describe import in_words
from planrace.model.language import Bool, Enum, Instance, Maybe, ModelError, Place, SetOf, Sort
from planrace.model.language.author_code import shown
from planrace.model.language.composite import AnySort, CompositeSort
from planrace.model.language.composites import CompositeArray
from planrace.model.language.errors import near
from planrace.model.language.maps import MapSort
from planrace.model.language.records import OptionalRecord, RecordSort
from planrace.model.language.sequences import SequenceSort
from planrace.model.language.sorts import Array, Index, Scalar


def key_in(sort: Scalar, key: Any) -> Any:
    """A key of an array or of a map: one of JSON is a text, also if it is a truth value."""
    return key == "true" if isinstance(sort, Bool) and key in ("true", "false") else key


class PartsObserved:
    """Takes values apart into observations of their leaves."""

    def __init__(self, instance: Instance, where: Place | None) -> None:
        self._instance = instance
        self._where = where

    def leaves(self, sort: AnySort, value: Any, what: str) -> dict[str, Any]:
        """The observations of the leaves, by their paths; of a value without parts, it alone. Raises ``ModelError``."""
        match sort:
            case RecordSort():
                return self._record(sort, value, what)
            case OptionalRecord(record=record):
                held = self._blank(record) if value is None else value
                return {"present": value is not None, **_under("held", self._record(record, held, what))}
            case SequenceSort(element=element):
                if not isinstance(value, list | tuple):
                    raise self._wrong(what, value, "a list")
                most = self._instance.size(sort.most)
                if len(value) > most:
                    raise self._wrong(what, value, f"a list of at most {most} elements")
                every = [*value, *(self._blank(element) for _ in range(most - len(value)))]
                slots = {n: self.leaves(element, x, f"{what}[{n}]") for n, x in enumerate(every, 1)}
                return {"length": len(value), **_under("slots", _gathered(slots))}
            case MapSort(key=key, element=element):
                if not isinstance(value, Mapping):
                    raise self._wrong(what, value, "a dict")
                value = {key_in(key, k): x for k, x in value.items()}
                pairs = {m: value.get(m, self._blank(element)) for m in self._members(key)}
                strange = next((k for k in value if k not in pairs), None)
                if strange is not None:
                    raise self._wrong(f"{what}, a key,", strange, f"a member of {key.name}")
                values = {m: self.leaves(element, x, f"{what}[{m}]") for m, x in pairs.items()}
                return {"keys": set(value), **_under("values", _gathered(values))}
            case CompositeArray(domain=domain, element=element):
                members = self._members(domain)
                if isinstance(value, list | tuple) and len(value) == len(members):
                    value = dict(zip(members, value, strict=True))
                if not isinstance(value, Mapping):
                    raise self._wrong(what, value, f"a dict, or a list of {len(members)} elements")
                return _gathered({m: self.leaves(element, x, f"{what}[{m}]") for m, x in value.items()})
        return {"": value}

    def _record(self, sort: RecordSort, value: Any, what: str) -> dict[str, Any]:
        names = [n for n, _ in sort.fields]
        if not isinstance(value, Mapping):
            if not all(hasattr(value, n) for n in names):
                raise self._wrong(what, value, f"a dict or an object with {', '.join(names)}")
            value = {n: getattr(value, n) for n in names}
        strange = next((n for n in value if n not in names), None)
        if strange is not None:
            raise ModelError(f"{what} has no field {strange!r}", where=self._where, remedy=near(str(strange), names))
        found: dict[str, Any] = {}
        for n, of in sort.fields:
            if n in value:
                found |= _under(n, self.leaves(of, value[n], f"{what}.{n}"))
        return found

    def _members(self, sort: Scalar) -> list[Any]:
        members = self._instance.members(sort)
        if isinstance(sort, Bool):
            return [bool(m) for m in members]
        return [in_words(sort, m) if isinstance(sort, Enum) else m for m in members]

    def _blank(self, sort: AnySort) -> Any:
        """What a place that is not in use holds, as a driver would write it."""
        match sort:
            case RecordSort(fields=fields):
                return {n: self._blank(of) for n, of in fields}
            case OptionalRecord() | Index() | Maybe():
                return None
            case SequenceSort():
                return []
            case MapSort():
                return {}
            case CompositeArray(domain=domain, element=element) | Array(domain=domain, element=element):
                return {m: self._blank(element) for m in self._members(domain)}
        assert not isinstance(sort, CompositeSort)
        return self._blank_scalar(sort)

    def _blank_scalar(self, sort: Sort) -> Any:
        match sort:
            case SetOf():
                return set()
            case Bool():
                return False
            case Enum(members=members):
                return members[0]
        return self._instance.bounds(sort)[0]  # type: ignore[arg-type]  # arrays are done

    def _wrong(self, what: str, value: Any, wanted: str) -> ModelError:
        return ModelError(f"{what} is {shown(value)}, not {wanted}", where=self._where, remedy="give such a value")


def _under(name: str, leaves: dict[str, Any]) -> dict[str, Any]:
    """The leaves of a part, by their paths in the whole."""
    return {f"{name}.{path}" if path else name: x for path, x in leaves.items()}


def _gathered(elements: dict[Any, dict[str, Any]]) -> dict[str, Any]:
    """For each leaf of the elements an array of it."""
    found: dict[str, Any] = {}
    for member, leaves in elements.items():
        for path, x in leaves.items():
            found.setdefault(path, {})[member] = x
    return found
