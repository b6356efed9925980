"""Operations of Python that terms and sorts do not support, each with the replacement that the error suggests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from planrace.model.language.errors import DefinitionError, near
from planrace.model.language.writing import is_operating, is_writing

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
"""Replacements for methods of Python's sets and dictionaries."""


def _lost(words: str, by: str = "an f-string") -> DefinitionError:
    """The error for a text that contains the name of a value in place of the value."""
    return DefinitionError(
        f"{by} contains the text {words}, not the value in a run",
        remedy=f'write says("… {{x}} …", x={words}){", without f" if by == "an f-string" else ""}',
    )


class Unwritten(str):
    """The text of a term while an author describes a step. It can be printed; inside another text it would be mistaken
    for the value."""

    __slots__ = ()

    def lost(self) -> DefinitionError:
        """The error for using it as words of a report."""
        return _lost(str.__str__(self), "this text")

    def _refuse(self, *_others: object) -> NoReturn:
        raise self.lost()

    __add__ = __radd__ = __mod__ = __format__ = format = join = replace = _refuse  # type: ignore[assignment]


class Unformatted:
    """Base of objects that have no text while an author describes a step: an f-string would contain the name and not
    the value."""

    __slots__ = ()

    def __format__(self, wanted: str) -> str:
        if is_writing() and not self._fixed():
            raise _lost(self._text())
        return format(self._text(), wanted)

    def __str__(self) -> str:
        if not is_writing() or self._fixed():
            return self._text()
        if is_operating():
            raise _lost(self._text(), "%")
        return Unwritten(self._text())

    def _text(self) -> str:
        return repr(self)

    def _fixed(self) -> bool:
        """Whether its value is the same in all runs."""
        return False


class UnsupportedOperations(Unformatted):
    """Operations that terms do not have."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise DefinitionError(
            "a term has no truth value while the protocol is being written",
            remedy="use &, | and ~ for and, or, not; If(…) for a choice; .isin(…) for membership; minimum(…) for min, "
            "maximum(…) for max; no chained a < b < c",
        )

    def __contains__(self, item: object) -> bool:
        raise DefinitionError("Python's `in` cannot build a term", remedy="write x.isin(set)")

    def __iter__(self) -> Iterator[Any]:
        raise DefinitionError("a term cannot be iterated over", remedy="use forall, exists, count or each")

    def __len__(self) -> int:
        raise DefinitionError("Python's len cannot build a term", remedy="write size_of(s), or s != set()")

    def __index__(self) -> NoReturn:
        raise DefinitionError(
            "a term is no number while the protocol is being written",
            remedy="for each member write forall(sort, lambda x: …), or for k in range(1, n + 1) in a process",
        )

    def __setitem__(self, position: object, value: object) -> NoReturn:
        raise DefinitionError("a[i] = value does not work in a protocol", remedy="write update(a[i], value) in a step")

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("__"):
                raise AttributeError(name)
            raise AttributeError(f"a term has no {name!r} ({_method(name)})")


def _method(name: str) -> str:
    """The remedy for an unknown attribute of a term."""
    close = near(name, ("implies", "isin", "issubset"))
    others = close if close.startswith("did you") else "docs/language.md lists what terms have"
    return f"write {INSTEAD[name]}" if name in INSTEAD else others


class Unwalked:
    """Makes iterating over a sort an error."""

    def __iter__(self) -> Iterator[Any]:
        raise DefinitionError(
            f"{getattr(self, 'name', 'a sort')} is a sort; Python cannot iterate over its members",
            remedy="use forall, exists, count or each: forall(sort, lambda x: …)",
        )


def instead_of(value: object) -> str:
    """The remedy for a ``value`` that is not a term."""
    if isinstance(value, str):
        return "a member of an enumeration is written Phase.MEMBER, a variable by its Python name, both without quotes"
    if isinstance(value, Unwalked):
        return "a sort is not a value: quantify over it, as in forall(sort, lambda x: x.isin(s))"
    if callable(value):
        return "write the term itself; functions are for forall, exists, count, each and such_that"
    if (meant := getattr(value, "condition", None)) is not None:
        return f"write the condition itself, without when(…): {meant!r}"
    if value == {}:
        return "the empty set is set(); {} is a dictionary in Python"
    if isinstance(value, dict | list | tuple):
        return "sets are written {…}; an array starts with one value everywhere, and each(sort, lambda x: …) assigns it"
    if value is None:
        return "only variables of an optional(…) sort can be None; does a function lack its return?"
    return "numbers, truth values, sets and terms"


MEANT = (
    "write x == None for x is None, x != y for x is not y, x.isin({…}) for x in {…}, n.term == m to compare two sizes; "
    "both() is always true, either() is never true"
)
"""The remedy if Python evaluated something that was meant as a condition."""
