"""Runs as other checkers write them, and the contract of their formats.

A format says what a text tells: names of actions, parameters, values of variables, as far as it has them. It knows
names of the export, and nothing of what a protocol does: ``fitting`` finds the steps that fit.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from planrace.checker.results.trace import Shown
from planrace.model.language import Instance


@dataclass(frozen=True)
class ForeignStep:
    """What a text tells of one step; None is what it does not tell. ``place`` says where ("line 12"), ``action`` is the
    author's name, ``parameters`` and ``state`` (after the step) may have some of the names only. Values are as in
    ``results.trace``. ``stutter``: nothing happens."""

    place: str
    action: str | None = None
    parameters: Mapping[str, Shown] = field(default_factory=dict)
    outcome: str | None = None
    state: Mapping[str, Shown] = field(default_factory=dict)
    stutter: bool = False


@dataclass(frozen=True)
class ForeignRun:
    """What a text tells of a run. ``source`` names it in sentences ("SPIN's trail"), ``initial`` are the values that it
    tells of the first state. After the last step a lasso goes on with the steps after step ``loop`` (0: all steps, the
    number of steps: it stays where it is). ``violated`` are the properties that the run violates, as the checker says;
    None if it does not say which."""

    source: str
    steps: Sequence[ForeignStep]
    initial: Mapping[str, Shown] = field(default_factory=dict)
    loop: int | None = None
    violated: Sequence[str] | None = None


class RunFormat(ABC):
    """A format of runs. ``title`` names it in lists ("a trail of SPIN")."""

    title: ClassVar[str]

    @abstractmethod
    def recognises(self, text: str) -> bool:
        """Whether a text has this format, as its content says. No text has two."""

    @abstractmethod
    def runs(self, text: str, instance: Instance) -> Sequence[ForeignRun]:
        """The runs in a text on this instance. Raises ``MalformedError`` if there are none or the text is broken, and
        ``ModelError`` if it belongs to another model."""
