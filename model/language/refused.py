"""What Python can write of terms and sorts but a protocol cannot say, each with the words that it has instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from .errors import DefinitionError

TIGHT = "put comparisons in parentheses: & and | bind tighter than == and <"

INSTEAD = {
    "add": "s | {x}",
    "append": "s | {x}",
    "remove": "s - {x}",
    "discard": "s - {x}",
    "pop": "s - {x}",
    "union": "s | t",
    "intersection": "s & t",
    "difference": "s - t",
    "issuperset": "t.issubset(s)",
    "get": "a[i]",
    "values": "forall(sort, lambda i: … a[i] …)",
    "items": "forall(sort, lambda i: … a[i] …)",
    "keys": "forall(sort, lambda i: … a[i] …)",
}
"""What terms have in place of methods of Python's sets and dictionaries."""


class Refused:
    """Operations that terms do not have."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise DefinitionError(
            "a term has no truth value while the protocol is being written",
            remedy="use &, | and ~ for and, or, not; If(…) for a choice; .isin(…) for membership; no chained a < b < c",
        )

    def __contains__(self, item: object) -> bool:
        raise DefinitionError("Python's `in` cannot build a term", remedy="write x.isin(set)")

    def __iter__(self) -> Iterator[Any]:
        raise DefinitionError("a term cannot be iterated over", remedy="use forall, exists, count or each")

    def __len__(self) -> int:
        raise DefinitionError(
            "Python's len cannot build a term", remedy="write count(sort, lambda x: x.isin(s)), or s != set()"
        )

    def __mul__(self, _other: object) -> NoReturn:
        raise DefinitionError("numbers are not multiplied or divided", remedy="write + and -, or choose with If(…)")

    __rmul__ = __truediv__ = __floordiv__ = __mod__ = __pow__ = __mul__

    def __neg__(self) -> NoReturn:
        raise DefinitionError("a term has no unary minus", remedy="write 0 - x; ~ is for truth values")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("__"):
                raise AttributeError(name)
            instead = f"write {INSTEAD[name]}" if name in INSTEAD else "docs/language.md lists what terms have"
            raise AttributeError(f"a term has no {name!r} ({instead})")


class Unwalked:
    """Sorts are no sequences of Python."""

    def __iter__(self) -> Iterator[Any]:
        raise DefinitionError(
            f"{getattr(self, 'name', 'a sort')} is a sort, whose members Python does not know",
            remedy="use forall, exists, count or each: forall(sort, lambda x: …)",
        )


def instead_of(value: object) -> str:
    """What somebody who wrote ``value`` for a term may have meant."""
    if isinstance(value, str):
        return "a member of an enumeration is written Phase.MEMBER, a variable by its Python name, both without quotes"
    if callable(value):
        return "write the term itself; functions are for forall, exists, count, each and such_that"
    if isinstance(value, dict | list | tuple):
        return "sets are written {…}; an array starts with one value everywhere, and each(sort, lambda x: …) assigns it"
    if value is None:
        return "only variables of an optional(…) sort can be None; does a function lack its return?"
    return "numbers, truth values, sets and terms"
