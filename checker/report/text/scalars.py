"""Single values as text: none where an optional index has no member, {} for a set without elements.

What a value is of is told by the variables of its report; without them an optional index is a number.
"""

from __future__ import annotations

from planrace.checker.results.explanation import Shape
from planrace.checker.results.trace import NOBODY, Shown

__all__ = ["NOBODY", "members", "value_text"]


def value_text(value: Shown, shape: Shape | None = None) -> str:
    """A value that is no array."""
    if shape is not None and shape.kind == "optional" and value == 0:
        return NOBODY
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        element = None if shape is None else shape.element
        return "{" + ", ".join(value_text(v, element) for v in value) + "}"
    return str(value)


def members(array: Shape, length: int) -> list[str]:
    """What an array is over; by number where it has another size than its report says."""
    named = array.domain.values if array.domain is not None else []
    if len(named) != length:
        return [str(n) for n in range(1, length + 1)]
    return [value_text(m, array.domain) for m in named]
