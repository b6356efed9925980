"""Sorts as reports describe them."""

from __future__ import annotations

from typing import Any

from planrace.checker.results.explanation import Shape, Structure
from planrace.model.language import Array, Bool, Enum, Index, Instance, Maybe, SetOf, Sort
from planrace.model.language.composite import AnySort, CompositeSort
from planrace.model.language.composites import CompositeArray
from planrace.model.language.maps import MapSort
from planrace.model.language.records import OptionalRecord, RecordSort
from planrace.model.language.sequences import SequenceSort
from planrace.model.language.sorts import Integer, Ticks


def shape_of(instance: Instance, sort: Sort) -> Shape:
    """A sort as reports describe it."""
    match sort:
        case Array(domain=domain, element=element):
            return Shape("array", sort.name, domain=shape_of(instance, domain), element=shape_of(instance, element))
        case SetOf(element=element):
            return Shape("set", sort.name, element=shape_of(instance, element))
        case Integer():
            raise AssertionError("no variable has this sort")
    low, high = instance.bounds(sort)
    kinds = {Bool: "truth value", Enum: "enumeration", Index: "index", Maybe: "optional", Ticks: "ticks"}
    members = sort.members if isinstance(sort, Enum) else ()
    return Shape(kinds.get(type(sort), "number"), sort.name, low, high, members)


def structure_of(sort: AnySort, label: str = "") -> Structure:
    """How values of a sort are put together from their leaves."""
    match sort:
        case RecordSort(fields=fields):
            return Structure("record", label, tuple(structure_of(s, n) for n, s in fields))
        case OptionalRecord(record=record):
            return Structure("optional", label, (structure_of(record),))
        case CompositeArray(element=element):
            return Structure("array", label, (structure_of(element),))
        case SequenceSort(element=element):
            return Structure("sequence", label, (structure_of(element),))
        case MapSort(element=element):
            return Structure("map", label, (structure_of(element),))
        case CompositeSort():
            raise AssertionError(sort)
    return Structure("leaf", label)


def leaf_shapes(instance: Instance, sort: CompositeSort[Any]) -> list[Shape]:
    """The shapes of the leaves of a composite sort."""
    return [shape_of(instance, leaf) for _, leaf in sort.leaves]
