"""Values of the state as text: none where an optional index has no member, arrays element by element.

What a value is of is told by the variables of its report; without them an optional index is a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..annotations import Declared, Shape
from ..vocabulary import Change, Shown, ShownState


def value_text(value: Shown, shape: Shape | None = None) -> str:
    """A value that is no array."""
    if shape is not None and shape.kind == "optional" and value == 0:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "{" + ", ".join(value_text(v) for v in value) + "}"
    return str(value)


def after_text(change: Change, variables: Sequence[Declared]) -> str:
    """What a place has after it was changed."""
    return value_text(change.after, _shape_at(change, variables))


def change_text(change: Change, variables: Sequence[Declared]) -> str:
    """What became of a place: ``owner: none → 1``."""
    before = value_text(change.before, _shape_at(change, variables))
    return f"{change.place}: {before} → {after_text(change, variables)}"


def state_text(state: ShownState, variables: Sequence[Declared]) -> str:
    """Every place of a state with its value: ``lock[1]: none, lock[2]: 1``."""
    shapes = {v.name: v.shape for v in variables}
    return ", ".join(text for name, value in state.items() for text in _places(name, value, shapes.get(name)))


def _places(place: str, value: Shown, shape: Shape | None) -> Iterator[str]:
    if shape is None or shape.kind != "array" or not isinstance(value, list):
        yield f"{place}: {value_text(value, shape)}"
        return
    for member, inner in zip(_members(shape, len(value)), value, strict=True):
        yield from _places(f"{place}[{value_text(member)}]", inner, shape.element)


def _members(array: Shape, length: int) -> Sequence[Shown]:
    """What an array is over; by number where it has another size than its report says."""
    named = array.domain.values if array.domain is not None else []
    return named if len(named) == length else list(range(1, length + 1))


def _shape_at(change: Change, variables: Sequence[Declared]) -> Shape | None:
    shape = next((v.shape for v in variables if v.name == change.variable), None)
    for _ in change.path:
        shape = shape.element if shape is not None else None
    return shape
