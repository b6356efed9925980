"""Changes of one step of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from planrace.model.language.changes import Changes


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

    def value(self, variable: Any, value: Any) -> None:
        """Replace what is assigned to a variable."""
        for a in self.actions:
            self._change.value(a, variable, value)

    def also(self, *updates: Any, outcome: str | None = None) -> None:
        """Add updates, to all outcomes or to one."""
        for a in self.actions:
            self._change.also(a, *updates, outcome=outcome)
