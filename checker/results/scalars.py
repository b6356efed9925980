"""Scalars and sets as text: "none" for an optional index without a member, "off" for a clock that does not run, {} for
an empty set.

The sort of a value comes from the variables of its report. Without a sort, they are shown as numbers.
"""

from __future__ import annotations

from planrace.checker.results.explanation import Shape
from planrace.checker.results.trace import NOBODY, OFF, Shown

__all__ = ["NOBODY", "members", "value_text"]


def value_text(value: Shown, shape: Shape | None = None) -> str:
    """A value that is no array."""
    if shape is not None and shape.kind == "optional" and value == 0:
        return NOBODY
    if shape is not None and shape.kind == "ticks" and value == -1:
        return OFF
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        element = None if shape is None else shape.element
        return "{" + ", ".join(value_text(v, element) for v in value) + "}"
    return str(value)


def members(array: Shape, length: int) -> list[str]:
    """The names of an array's positions; numbers if its length differs from its sort."""
    named = array.domain.values if array.domain is not None else []
    if len(named) != length:
        return [str(n) for n in range(1, length + 1)]
    return [value_text(m, array.domain) for m in named]
