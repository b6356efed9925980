"""How many facts of a scenario a run shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from planrace.checker.results.explanation import Insight
from planrace.checker.results.trace import Shown, Trace


@dataclass(frozen=True)
class FactMatch:
    """A fact of a scenario and the step of the trace (from 1) that completes it, or None. ``onward``: the fact is about
    all continuations after that step; ``states`` states of them were searched."""

    fact: str
    meaning: str
    step: int | None
    optional: bool = False
    onward: bool = False
    states: int | None = None


@dataclass(frozen=True)
class Match:
    """The facts of a scenario that a trace shows. ``roles`` says which member plays which role."""

    scenario: str
    facts: tuple[FactMatch, ...]
    roles: Mapping[str, Shown] = field(default_factory=dict)

    @property
    def matched(self) -> list[str]:
        return [f.fact for f in self.facts if f.step is not None]

    @property
    def missing(self) -> list[str]:
        return [f.fact for f in self.facts if f.step is None]

    @property
    def holds(self) -> bool:
        """Every fact that is not optional is shown."""
        return all(f.step is not None or f.optional for f in self.facts)

    @property
    def full(self) -> bool:
        return not self.missing


@dataclass(frozen=True)
class FullMatch:
    """The result of a search for a scenario: the trace that shows it in full, or the best match."""

    match: Match | None
    trace: Trace | None
    how: str
    insight: Insight | None = None
