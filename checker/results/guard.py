"""A failing explanation does not change a verdict: the failure is noted, and the rest of the report is made.

Each section (beliefs, causes, a match, a part of a report) runs in a ``Guard``. An exception in it becomes a warning
of the report that says what is missing and why; so does a time limit. An interruption by the user passes, unless there
are verdicts that it must not take away: then it ends the explanations.
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
INTERRUPTED = "it was interrupted"
PACKAGE = "planrace."
"""How the names of our own modules begin."""


class TimeUpError(Exception):
    """The time is up; the message says which limit was reached."""


class Guard:
    """Runs sections, and remembers which ones failed and why.

    With ``keeps`` an interruption ends its section and leaves out all later ones that take time; ``interrupted`` says
    that there was one. Otherwise it passes.
    """

    def __init__(self, *, keeps: bool = False) -> None:
        self._noted: dict[tuple[str, str, str], list[str]] = {}
        self._keeps = keeps
        self.interrupted = False

    def attempt(self, subject: str, what: str, make: Callable[[], X], instead: Y, *, brief: bool = False) -> X | Y:
        """The result of ``make``; if it raises, the failure is noted and the result is ``instead``. ``what`` names the
        section of ``subject``, in the plural ("causes"). A ``brief`` section takes no time, so it is told after an
        interruption, too."""
        try:
            if self.interrupted and not brief:
                raise TimeUpError(INTERRUPTED)
            return make()
        except KeyboardInterrupt:
            if not self._keeps:
                raise
            self.interrupted = True
            self._note(NOT_TOLD, subject, what, INTERRUPTED)
        except TimeUpError as problem:
            self._note(NOT_TOLD, subject, what, str(problem))
        except Exception as problem:
            self._note(UNAVAILABLE, subject, what, defect_text(problem))
        return instead

    def _note(self, kind: str, subject: str, what: str, why: str) -> None:
        known = self._noted.setdefault((kind, subject, why), [])
        if what not in known:
            known.append(what)

    @property
    def warnings(self) -> tuple[ModelWarning, ...]:
        """One warning for each reason."""
        noted = self._noted.items()
        return tuple(ModelWarning(kind, subject, _message(kind, what, why)) for (kind, subject, why), what in noted)


def _message(kind: str, what: list[str], why: str) -> str:
    listed = joined(what)
    return f"is explained without {listed}: {why}" if kind == NOT_TOLD else f"{listed} are unavailable: {why}"


def defect_text(problem: BaseException) -> str:
    """What failed in our code, where, and what to do about it. A lack of memory is no defect."""
    if isinstance(problem, MemoryError):
        return f"there is not enough memory{f' ({problem})' if str(problem) else ''}"
    ours = [
        f for f, _ in traceback.walk_tb(problem.__traceback__) if f.f_globals.get("__name__", "").startswith(PACKAGE)
    ]
    place = f" in {ours[-1].f_globals['__name__']}, {ours[-1].f_code.co_name}" if ours else ""
    return f"{type(problem).__name__}{place}: {problem}. {OURS}"
