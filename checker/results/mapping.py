"""What a mapping file makes of the first lines of logs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from planrace.checker.results.conformance import LogLine


class LineKind(StrEnum):
    """What a mapping says of a line."""

    STEP = "step"
    """It is a step, or completes one."""
    BEGUN = "begins a step"
    """It begins a step that a later line completes."""
    IGNORED = "ignored"
    UNKNOWN = "not recognised"
    WRONG = "wrong"
    """It is a step, but makes no record of the model."""


@dataclass(frozen=True)
class ExplainedLine:
    """A line, what it is, and the records that it becomes, or why it is none."""

    line: LogLine
    kind: LineKind
    details: tuple[str, ...]


@dataclass(frozen=True)
class MappingExplanation:
    """The first lines of logs. ``never`` are actions of the mapping that none of them is."""

    mapping: str
    lines: tuple[ExplainedLine, ...]
    never: tuple[str, ...]

    def count(self, kind: LineKind) -> int:
        """How many of the lines are of a kind."""
        return sum(x.kind is kind for x in self.lines)
