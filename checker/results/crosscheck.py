"""What another checker says about a protocol, beside what planrace says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from planrace.checker.results.verdict import Verdict


class ComparedKind(StrEnum):
    """What is compared."""

    COUNT = "count"
    VERDICT = "verdict"


@dataclass(frozen=True)
class ComparedAnswer:
    """One question and both answers: numbers, or for a verdict its words; its question is the name of the property.
    None: no answer."""

    kind: ComparedKind
    question: str
    ours: int | str | None
    theirs: int | str | None

    @property
    def agrees(self) -> bool | None:
        """None where one of the two has no answer."""
        if self.ours is None or self.theirs is None:
            return None
        return self.ours == self.theirs


@dataclass(frozen=True)
class NotAsked:
    """A property that the peer is not asked about, and why."""

    name: str
    kind: str
    why: str


@dataclass(frozen=True)
class Crosscheck:
    """Both answers to everything that a peer can be asked. ``peer`` is its name and version, ``undecided`` says why
    something has no answer."""

    protocol: str
    parameters: Mapping[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    peer: str
    answers: tuple[ComparedAnswer, ...]
    left_out: tuple[NotAsked, ...] = ()
    undecided: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Holds if all answers agree, violated if two differ, unknown if none differ and some are missing."""
        agreed = [a.agrees for a in self.answers]
        if False in agreed:
            return Verdict.VIOLATED
        return Verdict.HOLDS if agreed and None not in agreed and self.undecided is None else Verdict.UNKNOWN

    def __bool__(self) -> bool:
        return bool(self.verdict)
