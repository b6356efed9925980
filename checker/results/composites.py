"""Records, sequences and maps as one value: variables hold their leaves, and reports show them together.

``{of 2, at IDLE}`` is a record, ``⟨1, 2⟩`` a sequence, ``{EAST ↦ 1}`` a map, ``[1: {…}, 2: {…}]`` an array of records.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from planrace.checker.results.explanation import Declared, Shape, Structure
from planrace.checker.results.scalars import NOBODY, members, value_text
from planrace.checker.results.trace import Shown, ShownState

B = TypeVar("B")

Leaf: TypeAlias = "tuple[Shape, Shown]"
"""The shape and the value of a leaf."""


class MisfitError(ValueError):
    """Values that the structure does not have, as in a file from a stranger."""


class Builder(Protocol[B]):
    """Makes something of a value with parts, from what it made of the parts."""

    def leaf(self, shape: Shape, value: Shown) -> B:
        """A value without parts, or an array of such values."""

    def record(self, fields: Sequence[tuple[str, B]]) -> B:
        """A record with its fields."""

    def optional(self, held: B | None) -> B:
        """A record, or none."""

    def sequence(self, elements: Sequence[B]) -> B:
        """A sequence of these elements."""

    def mapping(self, domain: Shape, pairs: Sequence[tuple[Shown, B]]) -> B:
        """A map of these pairs; ``domain`` is the shape of its keys."""

    def array(self, domain: Shape, pairs: Sequence[tuple[Shown, B]]) -> B:
        """An array, with the value of each member of ``domain``."""


def composite_text(structure: Structure, leaves: Sequence[Leaf]) -> str:
    """A value as text. Raises ``MisfitError``."""
    return built(structure, leaves, _Text())


def built(structure: Structure, leaves: Sequence[Leaf], builder: Builder[B]) -> B:
    """What ``builder`` makes of the value with these leaves. Raises ``MisfitError``."""
    left = iter(leaves)
    try:
        return _build(structure, left, builder)
    except (StopIteration, KeyError, TypeError, IndexError, ValueError) as problem:
        raise MisfitError(structure.kind) from problem


def _build(structure: Structure, left: Iterator[Leaf], builder: Builder[B]) -> B:
    if structure.kind == "leaf":
        return builder.leaf(*next(left))
    if structure.kind == "record":
        return builder.record([(p.label, built(p, _take(left, p), builder)) for p in structure.parts])
    (part,) = structure.parts
    if structure.kind == "optional":
        _, present = next(left)
        held = built(part, _take(left, part), builder)
        return builder.optional(held if present else None)
    if structure.kind == "sequence":
        _, length = next(left)
        leaves = _take(left, part)
        if not isinstance(length, int):
            raise MisfitError(structure.kind)
        return builder.sequence([built(part, [element(x, n) for x in leaves], builder) for n in range(length)])
    if structure.kind not in ("map", "array"):
        raise MisfitError(structure.kind)
    there = _names(*next(left)) if structure.kind == "map" else None
    leaves = _take(left, part)
    (shape, first), domain = leaves[0], leaves[0][0].domain
    if domain is None or not isinstance(first, list) or domain.size != len(first):
        raise MisfitError(shape.kind)
    found = zip(domain.values, elements(structure, leaves), strict=True)
    pairs = [(key, built(part, own, builder)) for key, (name, own) in found if there is None or name in there]
    return builder.array(domain, pairs) if there is None else builder.mapping(domain, pairs)


def elements(structure: Structure, leaves: Sequence[Leaf]) -> Iterator[tuple[str, list[Leaf]]]:
    """The elements of an array of composite values, each with the name of its position. Raises ``MisfitError``."""
    shape, first = leaves[0]
    if not isinstance(first, list):
        raise MisfitError(structure.kind)
    for n, member in enumerate(members(shape, len(first))):
        yield member, [element(leaf, n) for leaf in leaves]


def element(leaf: Leaf, n: int) -> Leaf:
    """The leaf of element ``n``."""
    shape, values = leaf
    if shape.element is None or not isinstance(values, list) or n >= len(values):
        raise MisfitError(shape.kind)
    return shape.element, values[n]


def count(structure: Structure) -> int:
    """The number of leaves."""
    own = {"leaf": 1, "record": 0, "array": 0}.get(structure.kind, 1)
    return own + sum(map(count, structure.parts))


def _take(left: Iterator[Leaf], structure: Structure) -> list[Leaf]:
    return [next(left) for _ in range(count(structure))]


def whole_text(value: Shown, shape: Shape | None) -> str:
    """A value that may be an array, as text."""
    if shape is None or shape.kind != "array" or not isinstance(value, list):
        return value_text(value, shape)
    inner = (whole_text(v, shape.element) for v in value)
    return "[" + ", ".join(f"{m}: {x}" for m, x in zip(members(shape, len(value)), inner, strict=True)) + "]"


def _names(shape: Shape, keys: Shown) -> set[str]:
    if not isinstance(keys, list):
        raise MisfitError(shape.kind)
    return {value_text(k, shape.element) for k in keys}


class _Text:
    """Values with parts as reports write them."""

    def leaf(self, shape: Shape, value: Shown) -> str:
        return whole_text(value, shape)

    def record(self, fields: Sequence[tuple[str, str]]) -> str:
        return f"{{{', '.join(f'{name} {text}' for name, text in fields)}}}"

    def optional(self, held: str | None) -> str:
        return NOBODY if held is None else held

    def sequence(self, elements: Sequence[str]) -> str:
        return f"⟨{', '.join(elements)}⟩"

    def mapping(self, domain: Shape, pairs: Sequence[tuple[Shown, str]]) -> str:
        return f"{{{', '.join(f'{value_text(key, domain)} ↦ {text}' for key, text in pairs)}}}"

    def array(self, domain: Shape, pairs: Sequence[tuple[Shown, str]]) -> str:
        return "[" + ", ".join(f"{value_text(key, domain)}: {text}" for key, text in pairs) + "]"


class PlainValues:
    """Values with parts as JSON values: records as objects, none as null, sequences and arrays as lists, maps as lists
    of pairs."""

    def leaf(self, shape: Shape, value: Shown) -> Any:
        return value

    def record(self, fields: Sequence[tuple[str, Any]]) -> Any:
        return dict(fields)

    def optional(self, held: Any) -> Any:
        return held

    def sequence(self, elements: Sequence[Any]) -> Any:
        return list(elements)

    def mapping(self, domain: Shape, pairs: Sequence[tuple[Shown, Any]]) -> Any:
        return [[key, value] for key, value in pairs]

    def array(self, domain: Shape, pairs: Sequence[tuple[Shown, Any]]) -> Any:
        return [value for _, value in pairs]


def composites(state: ShownState, variables: Sequence[Declared]) -> dict[str, tuple[Structure, list[Leaf]]]:
    """The variables with parts whose leaves a state has: their structure and their leaves, by name."""
    groups: dict[str, list[Declared]] = {}
    for v in variables:
        if v.whole is not None:
            groups.setdefault(v.whole.variable, []).append(v)
    return {
        name: (leaves[0].whole.structure, [(v.shape, state[v.name]) for v in leaves])
        for name, leaves in groups.items()
        if leaves[0].whole is not None and all(v.name in state for v in leaves)
    }
