"""Records, sequences and maps as one value: variables hold their leaves, and reports show them together.

``{of 2, at IDLE}`` is a record, ``⟨1, 2⟩`` a sequence, ``{EAST ↦ 1}`` a map, ``[1: {…}, 2: {…}]`` an array of records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from planrace.checker.results.explanation import Shape, Structure
from planrace.checker.results.scalars import NOBODY, members, value_text
from planrace.checker.results.trace import Shown

Leaf: TypeAlias = "tuple[Shape, Shown]"
"""The shape and the value of a leaf."""


class MisfitError(ValueError):
    """Values that the structure does not have, as in a file from a stranger."""


def composite_text(structure: Structure, leaves: Sequence[Leaf]) -> str:
    """A value as text. Raises ``MisfitError``."""
    left = iter(leaves)
    try:
        return _TEXT[structure.kind](structure, left)
    except (StopIteration, KeyError, TypeError, IndexError) as problem:
        raise MisfitError(structure.kind) from problem


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


def _leaf(_: Structure, left: Iterator[Leaf]) -> str:
    shape, value = next(left)
    return whole_text(value, shape)


def whole_text(value: Shown, shape: Shape | None) -> str:
    """A value that may be an array, as text."""
    if shape is None or shape.kind != "array" or not isinstance(value, list):
        return value_text(value, shape)
    inner = (whole_text(v, shape.element) for v in value)
    return "[" + ", ".join(f"{m}: {x}" for m, x in zip(members(shape, len(value)), inner, strict=True)) + "]"


def _record(structure: Structure, left: Iterator[Leaf]) -> str:
    fields = [f"{p.label} {composite_text(p, _take(left, p))}" for p in structure.parts]
    return f"{{{', '.join(fields)}}}"


def _optional(structure: Structure, left: Iterator[Leaf]) -> str:
    _, present = next(left)
    (record,) = structure.parts
    held = composite_text(record, _take(left, record))
    return held if present else NOBODY


def _sequence(structure: Structure, left: Iterator[Leaf]) -> str:
    _, length = next(left)
    (part,) = structure.parts
    leaves = _take(left, part)
    if not isinstance(length, int):
        raise MisfitError(structure.kind)
    return f"⟨{', '.join(composite_text(part, [element(x, n) for x in leaves]) for n in range(length))}⟩"


def _map(structure: Structure, left: Iterator[Leaf]) -> str:
    keys = _names(*next(left))
    (part,) = structure.parts
    found = elements(structure, _take(left, part))
    return f"{{{', '.join(f'{key} ↦ {composite_text(part, leaves)}' for key, leaves in found if key in keys)}}}"


def _names(shape: Shape, keys: Shown) -> set[str]:
    if not isinstance(keys, list):
        raise MisfitError(shape.kind)
    return {value_text(k, shape.element) for k in keys}


def _array(structure: Structure, left: Iterator[Leaf]) -> str:
    (part,) = structure.parts
    found = elements(structure, _take(left, part))
    return "[" + ", ".join(f"{m}: {composite_text(part, leaves)}" for m, leaves in found) + "]"


_TEXT: dict[str, Callable[[Structure, Iterator[Leaf]], str]] = {
    "leaf": _leaf,
    "record": _record,
    "optional": _optional,
    "array": _array,
    "sequence": _sequence,
    "map": _map,
}
