"""Records what an author makes for a protocol and has to use: parts of steps, properties, lemmas, scenarios.

Python evaluates ``update(x, 1)`` on a line of its own and discards the result. So whatever is made is entered here, and
crossed out when it becomes a part of something. Anything that a function of the author has made and not used when it
returns is an error of the model. What is made outside functions may still be used later, so checks only warn about it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import TYPE_CHECKING, TypeAlias

from planrace.model.language.errors import DefinitionError, Place, author, is_authors

if TYPE_CHECKING:
    from planrace.model.language.terms import Term


CodePoint: TypeAlias = "tuple[CodeType, int, int]"
"""The position of a running function: its code, the instruction and the line."""
Trail: TypeAlias = "tuple[CodePoint, ...]"
"""The author's functions on the call stack, each called by the next."""


@dataclass(frozen=True)
class Made:
    """Something that was made at a line, in words (``update(x, …)``, ``property safe``); ``belongs`` says what should
    receive it. ``trail`` leads from there to the function that ran then, if there was one; ``terms`` are those it
    contains."""

    words: str
    belongs: str
    where: Place | None
    trail: Trail = field(default=(), compare=False)
    terms: tuple[Term, ...] = field(default=(), compare=False)


class Ledger:
    """What was made and is not used yet, by identity. The ledger keeps the objects alive, so that no other object gets
    their identity."""

    def __init__(self, code: CodeType | None = None) -> None:
        self.code = code
        self._open: dict[int, tuple[object, Made]] = {}
        self._latest: dict[Made, int] = {}
        self._earlier: dict[int, tuple[object, Made]] = {}

    def enter(self, thing: object, made: Made) -> None:
        """Enter a thing in place of what the same line made before: a function may run repeatedly."""
        before = self._latest.get(made, 0)
        replaced = self._open.pop(before, None)
        if replaced is not None and self.code is not None:
            self._earlier[before] = replaced
        self._latest[made] = id(thing)
        self._open[id(thing)] = (thing, made)

    def cross_out(self, thing: object) -> None:
        """It has become a part of something; entries that the same line makes at other times are crossed out as
        well."""
        self._earlier.pop(id(thing), None)
        found = self._open.pop(id(thing), None)
        if found is not None:
            self._latest.pop(found[1], None)

    def forget(self, file: str) -> None:
        """Drop what was made in a file."""
        for found in [m for m in self.left if m.where is not None and m.where.file == file]:
            del self._open[self._latest.pop(found)]

    @property
    def left(self) -> list[Made]:
        """What is unused, in the order in which it was made."""
        return [made for _, made in self._open.values()]

    @property
    def replaced(self) -> list[Made]:
        """Unused things that were replaced when the same line made another."""
        return [made for _, made in self._earlier.values()]


_outside = Ledger()
_ledgers: ContextVar[tuple[Ledger, ...]] = ContextVar("ledgers", default=())


def made(thing: object, words: str, belongs: str, terms: tuple[Term, ...] = ()) -> None:
    """Enter what the author makes at this line."""
    ledger = (_outside, *_ledgers.get())[-1]
    ledger.enter(thing, Made(words, belongs, author(), _trail_to(ledger.code), terms))


def handed_on(*things: object) -> None:
    """Cross out what has become a part of something."""
    for ledger in (*_ledgers.get(), _outside):
        for thing in things:
            ledger.cross_out(thing)


def _trail_to(code: CodeType | None) -> Trail:
    """The positions of the author's running functions, up to the one with this code; without a code, the innermost
    only."""
    found: list[CodePoint] = []
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if is_authors(frame):
            found.append((frame.f_code, frame.f_lasti, frame.f_lineno))
        if frame.f_code is code or (found and code is None):
            return tuple(found)
        frame = frame.f_back
    return ()


@contextmanager
def accounting(
    what: str, code: CodeType | None, is_kept: Callable[[Trail], bool], is_replaced: Callable[[Trail], bool]
) -> Iterator[None]:
    """While a function of the author, with this code, runs as ``what``. Raises ``DefinitionError`` for the first thing
    that it makes and does not use; not if the function itself fails. ``is_kept``, given the trail to a thing, says
    whether Python may have left it out on purpose; of what a line makes repeatedly that may be all but the last, unless
    ``is_replaced`` says otherwise."""
    ledger = Ledger(code)
    token = _ledgers.set((*_ledgers.get(), ledger))
    try:
        yield
    finally:
        _ledgers.reset(token)
    for lost in ledger.left:
        if lost.trail and is_kept(lost.trail):
            continue
        raise DefinitionError(
            f"{what}: {lost.words} is made here and never used",
            where=lost.where,
            remedy=f"hand it to {lost.belongs}, or remove it",
        )
    for lost in ledger.replaced:
        if lost.trail and is_replaced(lost.trail):
            raise DefinitionError(
                f"{what}: {lost.words} is made here in each turn of a loop, and only the last is used",
                where=lost.where,
                remedy=f"collect them in a list, and hand that to {lost.belongs}",
            )


def begin_file(file: str) -> None:
    """A file of the author starts to run, possibly again: forget what it made before."""
    _outside.forget(file)


def left_over() -> list[Made]:
    """What was made outside protocols' functions and is unused so far."""
    return _outside.left
