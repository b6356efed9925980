"""Events of a log, as the search reads them: which steps of the model an event may be, and when it happened."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from planrace.checker.drive.observing import matches
from planrace.checker.results.conformance import LogLine
from planrace.checker.semantics.describe import chosen_words
from planrace.checker.semantics.interpreter import State
from planrace.model.language import Action

Observation = tuple[tuple[int, Any], ...]
"""Variables by their place in a state, with the values (or patterns) that a line names."""


@dataclass(frozen=True)
class StepPattern:
    """Steps of one action: parameters that are None may have any value, and so may an outcome."""

    action: str
    values: tuple[int | None, ...]
    outcome: str | None = None

    def fits(self, values: tuple[int, ...]) -> bool:
        """Whether the parameters of a step are those that are meant."""
        return all(wanted in (None, v) for wanted, v in zip(self.values, values, strict=True))


@dataclass(frozen=True)
class LogEvent:
    """Something that a line of a log says. It happened between ``earliest`` and ``latest``, in seconds of one clock
    that all hosts share up to their uncertainty; without a clock the two are infinite. ``patterns`` are the steps that
    it may be; ``before`` and ``after`` what it says of the states around the step. ``serials`` are numbers by what they
    count (the serial number of a zone): of two events that count the same, the lower number came first. ``optional``:
    it may also not have happened, such as the step that a crash cut. ``unannounced``: how many seconds the step took,
    if no line said that it began."""

    line: LogLine
    patterns: tuple[StepPattern, ...]
    earliest: float = -math.inf
    latest: float = math.inf
    before: Observation = ()
    after: Observation = ()
    serials: tuple[tuple[str, int], ...] = ()
    optional: bool = False
    unannounced: float = 0.0

    @property
    def time(self) -> float:
        """The middle of its interval; 0 without a clock."""
        middle = (self.earliest + self.latest) / 2
        return middle if math.isfinite(middle) else 0.0


@dataclass
class Stream:
    """What one process logged, in the order in which it logged it. ``complete``: it never gets further events, also if
    the logs grow."""

    name: str
    events: list[LogEvent] = field(default_factory=list)
    complete: bool = False


def pattern_text(action: Action, pattern: StepPattern) -> str:
    """The step that a line says, as a call: ``flip_alias(1,…)[accepted]``; what it leaves open is a dot."""
    values = [
        "…" if v is None else chosen_words(p.sort, v) for p, v in zip(action.parameters, pattern.values, strict=True)
    ]
    outcome = "" if pattern.outcome is None else f"[{pattern.outcome}]"
    return f"{pattern.action}{'(' + ','.join(values) + ')' if values else ''}{outcome}"


def agrees(observation: Observation, state: State) -> bool:
    """Whether a state is as a line says."""
    return all(matches(pattern, state[place]) for place, pattern in observation)
