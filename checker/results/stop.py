"""Why a search ended before it was complete."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class StopKind(StrEnum):
    """What ended it. Code asks for the kind; people read the sentence."""

    TIME = "time"
    MEMORY = "memory"
    STATES = "states"
    STEPS = "steps"
    DEPTH = "depth"
    RUNS = "runs"
    DECIDED = "decided"
    """Nothing that was asked was open any more."""
    INTERRUPTED = "interrupted"
    LOST = "lost"
    """A process that has a part of the states ended, and its part could not be made again."""
    REPORTED = "reported"
    """Read from a report, which has the sentence only."""


@dataclass(frozen=True)
class StopReason:
    """The ``sentence`` says which limit was reached, with its number as the user gave it."""

    kind: StopKind
    sentence: str

    def __str__(self) -> str:
        return self.sentence

    @staticmethod
    def bound(kind: StopKind, bound: str) -> StopReason:
        """A bound of the request, named with its number."""
        return StopReason(kind, f"the {bound} was reached")


INTERRUPTED = StopReason(StopKind.INTERRUPTED, "it was interrupted")
