"""What explains a verdict cannot change it: whatever fails while something is told is noted, and the rest is told.

A section of telling (beliefs, causes, a match, a block of a report) runs in a ``Guard``. What it raises becomes a
warning of the report, which says what is missing and why; time that is up is noted too. Only an interruption passes,
for that is what the user wants.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import TypeVar

from planrace.checker.results.report import NOT_TOLD, UNAVAILABLE, ModelWarning
from planrace.checker.results.wording import joined

X = TypeVar("X")
Y = TypeVar("Y")

OURS = "This is a defect of planrace, not of your protocol; please report it"
ROOMS = ("checker.", "model.", "properties.")
"""Where our own code is."""


class TimeUpError(Exception):
    """There is no time left; the message says which limit was reached."""


class Guard:
    """Runs sections, and keeps what could not be told, and why."""

    def __init__(self) -> None:
        self._noted: dict[tuple[str, str, str], list[str]] = {}

    def told(self, subject: str, what: str, tell: Callable[[], X], instead: Y) -> X | Y:
        """What ``tell`` says of ``subject``; ``instead`` where it raises something, which is noted then. ``what`` names
        it, in the plural."""
        try:
            return tell()
        except TimeUpError as problem:
            self._note(NOT_TOLD, subject, what, str(problem))
        except Exception as problem:
            self._note(UNAVAILABLE, subject, what, fault(problem))
        return instead

    def _note(self, kind: str, subject: str, what: str, why: str) -> None:
        known = self._noted.setdefault((kind, subject, why), [])
        if what not in known:
            known.append(what)

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """What was noted, one for each reason."""
        noted = self._noted.items()
        return tuple(ModelWarning(kind, subject, _said(kind, what, why)) for (kind, subject, why), what in noted)


def _said(kind: str, what: list[str], why: str) -> str:
    listed = joined(what)
    return f"is told without {listed}: {why}" if kind == NOT_TOLD else f"{listed} are unavailable: {why}"


def fault(problem: BaseException) -> str:
    """What failed in our code, and where, with what to do about it. Memory that is not there is nobody's fault."""
    if isinstance(problem, MemoryError):
        return f"there is not enough memory{f' ({problem})' if str(problem) else ''}"
    ours = [f for f, _ in traceback.walk_tb(problem.__traceback__) if f.f_globals.get("__name__", "").startswith(ROOMS)]
    place = f" in {ours[-1].f_globals['__name__']}, {ours[-1].f_code.co_name}" if ours else ""
    return f"{type(problem).__name__}{place}: {problem}. {OURS}"
