"""Where a run leaves the protocol that it should refine. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from planrace.checker.results.trace import Change, ShownState


@dataclass(frozen=True)
class NearStep:
    """A step of the abstract protocol that would come near. ``fails`` are the parts of its guard that are false;
    ``differs`` are the places that it would leave with the value ``before``, where the run has ``after``."""

    step: str
    fails: tuple[str, ...] = ()
    differs: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Departure:
    """A run as one of the abstract protocol ``protocol`` at the sizes ``parameters``.

    ``steps`` has, for each step of the run but the last, the abstract step that it stands for, or None where it changes
    nothing that the abstract protocol has. ``before`` and ``after`` are what the states around the last step stand for,
    and ``changed`` is their difference; of a run without steps both are the initial state. ``outside`` are places whose
    value the abstract sort does not hold. ``nearest`` are abstract steps that come near, the nearest first.
    ``possible`` is an abstract step that does lead there, for another choice than the one that the author gave; else it
    is empty.
    """

    protocol: str
    parameters: Mapping[str, int]
    steps: tuple[str | None, ...]
    before: ShownState
    after: ShownState
    changed: tuple[Change, ...] = ()
    outside: tuple[str, ...] = ()
    nearest: tuple[NearStep, ...] = ()
    possible: str = ""
