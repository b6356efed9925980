"""A run as people read it: states, steps, what changed, what the outside world saw.

Values are numbers, the names of enumeration members, truth values, sorted lists for sets, lists for arrays. Index
members count from 1. No member is 0 in a state, and ``NOBODY`` as a parameter of a step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from planrace.checker.results.notebook import NotebookRepr
from planrace.checker.results.wording import counted, ending

if TYPE_CHECKING:
    Shown: TypeAlias = "bool | int | str | list[Shown]"
    """A value as reports show it, and as JSON holds it."""
else:
    Shown = bool | int | str | list  # at run time the alias cannot refer to itself

NOBODY = "none"
"""No member of an index, where its sort is not known: as a parameter of a step, or in a sentence."""
OFF = "off"
"""A clock that does not run, where that is known."""
ShownState: TypeAlias = Mapping[str, Shown]


@dataclass(frozen=True)
class Change:
    """A place in the state (``alias[2]``) that a step changed: the element of ``variable`` at offsets ``path``."""

    place: str
    before: Shown
    after: Shown
    variable: str = ""
    path: tuple[int, ...] = ()


@dataclass(frozen=True)
class Observed:
    """What the outside world sees after a step: ``title`` and ``member`` (if any) name it, ``text`` describes it."""

    title: str
    member: Shown | None
    text: str


@dataclass(frozen=True)
class TraceStep:
    """One step of a run, replayed by the interpreter.

    ``by`` is who performs it ("planner", "enactor 2"), ``role`` in what role ("cleaner"), ``text`` the author's
    description, ``state`` the state after it, ``changed`` the changes of the state, ``observed`` the changes that the
    outside world sees.
    """

    action: str
    parameters: Mapping[str, Shown]
    by: str
    role: str
    outcome: str | None
    fault: str | None
    text: str
    state: ShownState
    changed: tuple[Change, ...] = ()
    observed: tuple[Observed, ...] = ()


@dataclass(frozen=True)
class Trace(NotebookRepr):
    """A run from ``initial``; step n (from 1) is ``steps[n - 1]``. A lasso repeats the steps after step ``loop`` (0:
    all steps) for ever. ``chosen`` names the variables that have several initial values."""

    initial: ShownState
    steps: tuple[TraceStep, ...]
    loop: int | None = None
    chosen: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.steps)

    def __repr__(self) -> str:
        return f"<Trace in {counted(len(self), 'step')}: {', '.join(ending(s.action, s.outcome) for s in self.steps)}>"


@dataclass(frozen=True)
class Source:
    """A line, from 1, of the author's file."""

    file: str
    line: int
