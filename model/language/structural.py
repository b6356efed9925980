"""Equality of records that hold terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from typing import Any, cast

from planrace.model.language.terms import Term


class Structural:
    """Base class of dataclasses (declared with ``eq=False``) whose fields hold terms; two are equal if all fields are.

    ``==`` between terms builds a term, so the methods that ``dataclass`` generates cannot compare them. Until Python
    3.12 those methods compare tuples, which test identity first; from 3.13 on they compare field by field with ``==``.
    Terms are hash-consed: two terms are equal if and only if they are the same object.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(same(getattr(self, name), getattr(other, name)) for name in _names(self))

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _names(self)))


def same(left: object, right: object) -> bool:
    """Whether two values are equal, terms by identity, at any depth of tuples, lists and dictionaries."""
    if left is right:
        return True
    if isinstance(left, Term) or isinstance(right, Term):
        return False
    if isinstance(left, tuple | list) and type(left) is type(right):
        other = cast("Sequence[object]", right)
        return len(left) == len(other) and all(same(a, b) for a, b in zip(left, other, strict=True))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    return left == right


def _names(record: Structural) -> tuple[str, ...]:
    kind: Any = type(record)
    return _compared(kind)


@cache
def _compared(record: Any) -> tuple[str, ...]:
    """The names of a dataclass's fields that ``==`` looks at."""
    return tuple(field.name for field in fields(record) if field.compare)
