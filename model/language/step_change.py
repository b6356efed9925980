"""Changes of one step of a process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from planrace.model.language.actions import Action
from planrace.model.language.errors import DefinitionError, near

if TYPE_CHECKING:
    from planrace.model.language.changes import Changes


def actions_at(actions: Iterable[Action], process: str, point: str, reason: str) -> tuple[str, ...]:
    """The names of the actions that a step of a process is. Raises ``DefinitionError`` if there are none."""
    points = [(a.origin.point, a.name) for a in actions if a.origin is not None and a.origin.process == process]
    names = tuple(name for there, name in points if there == point)
    if not names:
        if not points:
            there = dict.fromkeys(a.origin.process for a in actions if a.origin is not None)
            raise DefinitionError(f"{reason}: there is no process {process}", remedy=near(process, there))
        there = dict.fromkeys(p for p, _ in points)
        remedy = f"its steps are {', '.join(there)}"
        raise DefinitionError(f"{reason}: process {process} has no step {point}", remedy=remedy)
    return names


class StepChange:
    """What a protection changes of one step; each method is that of ``Changes``, without the action."""

    def __init__(self, change: Changes, actions: tuple[str, ...]) -> None:
        self._change = change
        self.actions = actions
        """The names of the step's actions: several, if it chooses."""

    def require(self, condition: Any) -> None:
        """Strengthen the guard."""
        for a in self.actions:
            self._change.require(a, condition)

    def outcome(self, ending: Any, *, before: str | None = None) -> None:
        """Add an outcome."""
        for a in self.actions:
            self._change.outcome(a, ending, before=before)

    def condition(self, ending: str, condition: Any) -> None:
        """Replace the condition of an outcome."""
        for a in self.actions:
            self._change.condition(a, ending, condition)

    def drop_outcome(self, ending: str, *, waits: bool = False) -> None:
        """Take an outcome out."""
        for a in self.actions:
            self._change.drop_outcome(a, ending, waits=waits)

    def value(self, variable: Any, value: Any, *, outcome: str | None = None) -> None:
        """Replace what is assigned to a variable, by all outcomes or by one."""
        for a in self.actions:
            self._change.value(a, variable, value, outcome=outcome)

    def also(self, *updates: Any, outcome: str | None = None) -> None:
        """Add updates, to all outcomes or to one."""
        for a in self.actions:
            self._change.also(a, *updates, outcome=outcome)
