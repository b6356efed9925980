"""What a mapping file makes of the lines of logs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from planrace.checker.results.conformance import LogLine


class LineKind(StrEnum):
    """What a mapping says of a line."""

    STEP = "step"
    """It is a step, or completes one."""
    BEGUN = "begins a step"
    """It begins a step that a later line completes."""
    UNFINISHED = "never completed"
    """It begins a step that no later line completes."""
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
    """Lines of logs: the first ones, and of the others those that need attention, up to a number. ``counts`` says of
    all lines how many are of a kind, and ``never`` are actions of the mapping that none of them is."""

    mapping: str
    lines: tuple[ExplainedLine, ...]
    counts: Mapping[LineKind, int]
    never: tuple[str, ...]
