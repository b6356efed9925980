"""Errors of a model's author, each with the place in the author's own file and a remedy."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TypeVar

_HERE = str(Path(__file__).parent)
T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """A line of the author's code: ``file`` as Python compiled it, ``line`` from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        path = Path(self.file)
        try:
            here = Path.cwd()
        except OSError:  # the working directory is gone
            return f"{path}:{self.line}"
        return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{self.line}"


class ModelError(Exception):
    """A protocol, an instance of it or a request about it is wrong.

    Shown to users without a traceback. ``what`` names the thing, ``where`` the place (when there is one) and
    ``remedy`` what to do about it.
    """

    def __init__(self, what: str, *, where: Place | None = None, remedy: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f" ({self.remedy})" if self.remedy else "")


class DefinitionError(ModelError):
    """Raised while a protocol is being defined; ``where`` is the author's line that caused it."""

    def __init__(self, what: str, *, where: Place | None = None, remedy: str | None = None) -> None:
        super().__init__(what, where=where or author(), remedy=remedy)


def so_many(things: int | Sized, word: str) -> str:
    """A count with its noun: 1 field, 2 fields."""
    number = things if isinstance(things, int) else len(things)
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def near(name: str, names: Iterable[str]) -> str:
    """The remedy for a name that is not in ``names``: the closest matches, or all names."""
    import difflib

    there = list(names)
    close = difflib.get_close_matches(str(name), there, n=3, cutoff=0.6)
    if close:
        return f"did you mean {' or '.join(close)}?"
    return f"there are: {', '.join(there)}" if there else "there are none"


def listed(names: Iterable[T], what: str, where: Place | None = None) -> tuple[T, ...]:
    """``names`` as a tuple; a single string is an error, because Python would iterate over its letters."""
    where = where or author()
    if isinstance(names, str):
        raise ModelError(
            f"{what}: {names!r} is one string, but a list is expected", where=where, remedy=f"write [{names!r}]"
        )
    if not isinstance(names, Iterable):
        raise ModelError(f"{what}: {names!r} is no list", where=where, remedy="write […]")
    return tuple(names)


def instances(things: object, kind: type[T], what: str, example: str) -> tuple[T, ...]:
    """``things`` as a tuple of instances of ``kind``. Raises ``DefinitionError``, which names ``what`` they are for and
    gives an ``example``."""
    if isinstance(things, kind) or not isinstance(things, Iterable):
        raise DefinitionError(f"{what}: {things!r} is no list", remedy=f"write [{example}, …]")
    found = tuple(things)
    for x in found:
        if not isinstance(x, kind):
            raise DefinitionError(f"{what}: {x!r} is no {kind.__name__.lower()}", remedy=f"write {example}")
    return found


def author() -> Place | None:
    """The innermost line on the call stack that belongs to the author."""
    frame = _author_frame()
    return None if frame is None else Place(frame.f_code.co_filename, frame.f_lineno)


def author_value(name: str) -> object:
    """The value of ``name`` at the author's line; None if there is no such name."""
    frame = _author_frame()
    return None if frame is None else frame.f_locals.get(name, frame.f_globals.get(name))


def _author_frame() -> FrameType | None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and not is_authors(frame):
        frame = frame.f_back
    return frame


def is_authors(frame: FrameType) -> bool:
    """Whether a frame is the author's. Frames of this package are not, nor those of modules that set ``_FOR_AUTHORS =
    True`` because they build terms on behalf of authors."""
    return _is_authors(frame.f_code.co_filename, frame.f_globals)


def is_authors_code(function: object) -> bool:
    """Whether the author has written the function."""
    code, names = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    return code is not None and _is_authors(code.co_filename, names)


def _is_authors(file: str, names: Mapping[str, object]) -> bool:
    return not file.startswith((_HERE, "<")) and not names.get("_FOR_AUTHORS")


def known(name: str, table: Iterable[str], kind: str, where: Place | None = None) -> str:
    """``name`` if it is in ``table``, else an error with the closest names; ``where`` says where it was written."""
    names = list(table)
    if name not in names:
        raise ModelError(f"no {kind} is called {name!r}", where=where, remedy=near(name, names))
    return name
