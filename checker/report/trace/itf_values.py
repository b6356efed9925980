"""Values and types of the Informal Trace Format: scalars, sets, maps, and records, sequences and variants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from planrace.checker.results.composites import MisfitError, built, composites, count
from planrace.checker.results.explanation import Declared, Shape, Structure
from planrace.checker.results.trace import Shown, ShownState

ABSENT = {"tag": "None", "value": {"#tup": []}}
"""No value, where there may be one."""


def type_of(shape: Shape) -> str:
    """Apalache's type of the values of a sort, in the syntax of ADR-002."""
    match shape.kind:
        case "truth value":
            return "Bool"
        case "enumeration":
            return "Str"
        case "set":
            return f"Set({type_of(inner(shape.element))})"
        case "array":
            return _function(type_of(inner(shape.domain)), type_of(inner(shape.element)))
        case _:
            return "Int"


def _function(domain: str, value: str) -> str:
    return f"{domain} -> {f'({value})' if '->' in value or '|' in value else value}"


def inner(shape: Shape | None) -> Shape:
    """The sort of the members or elements, which sets and arrays have."""
    assert shape is not None, "arrays have a domain, sets and arrays an element"
    return shape


def encoded(value: Shown, shape: Shape) -> Any:
    """The value of a variable."""
    if isinstance(value, list) and shape.kind == "array":
        keys = inner(shape.domain).values
        pairs = zip(keys, value, strict=True)
        return {"#map": [[scalar(k), encoded(x, inner(shape.element))] for k, x in pairs]}
    return scalar(value)


def scalar(value: Shown) -> Any:
    """A truth value, string or number; a list is a set."""
    if isinstance(value, list):
        return {"#set": [scalar(x) for x in value]}
    return value if isinstance(value, bool | str) else {"#bigint": str(value)}


def some(value: Any) -> Any:
    """An encoded value that might be absent."""
    return {"tag": "Some", "value": value}


class ItfValues:
    """Builds values with parts: records as objects, sequences as lists, maps and arrays as maps, optional records as
    variants."""

    def leaf(self, shape: Shape, value: Shown) -> Any:
        return encoded(value, shape)

    def record(self, fields: Sequence[tuple[str, Any]]) -> Any:
        return dict(fields)

    def optional(self, held: Any) -> Any:
        return ABSENT if held is None else some(held)

    def sequence(self, elements: Sequence[Any]) -> Any:
        return list(elements)

    def mapping(self, domain: Shape, pairs: Sequence[tuple[Shown, Any]]) -> Any:
        return {"#map": [[scalar(key), value] for key, value in pairs]}

    def array(self, domain: Shape, pairs: Sequence[tuple[Shown, Any]]) -> Any:
        return self.mapping(domain, pairs)


def itf_wholes(state: ShownState, variables: Sequence[Declared]) -> dict[str, Any]:
    """The values with parts in a state, by the names of the variables that their author declared."""
    found = {}
    for name, (structure, leaves) in composites(state, variables).items():
        with suppress(MisfitError):
            found[name] = built(structure, leaves, ItfValues())
    return found


def type_of_whole(structure: Structure, shapes: Sequence[Shape]) -> str:
    """Apalache's type of a value with parts, whose leaves have these shapes."""
    left = iter(shapes)
    match structure.kind:
        case "leaf":
            return type_of(next(left))
        case "record":
            fields = [f"{p.label}: {type_of_whole(p, _take(left, p))}" for p in structure.parts]
            return f"{{ {', '.join(fields)} }}"
    (part,) = structure.parts
    if structure.kind != "array":
        next(left)  # whether it is there, the length, or the set of keys
    own = _take(left, part)
    if structure.kind == "optional":
        return f"Some({type_of_whole(part, own)}) | None(UNIT)"
    element = type_of_whole(part, [inner(x.element) for x in own])
    return f"Seq({element})" if structure.kind == "sequence" else _function(type_of(inner(own[0].domain)), element)


def _take(left: Iterator[Shape], structure: Structure) -> list[Shape]:
    return [next(left) for _ in range(count(structure))]
