"""Explanations of liveness and recovery: fairness, dead ends, runbooks."""

from __future__ import annotations

from dataclasses import dataclass

DISABLED, NEED_NOT = "disabled again and again", "need not be taken"


@dataclass(frozen=True)
class Fairness:
    """How a loop satisfies the fairness (``kind``: none, weak, strong) of an action with these parameters. ``how`` is
    "taken", "disabled again and again", or "need not be taken" if the run stays in one state. ``words`` are the
    parameters as reports show them."""

    action: str
    choice: tuple[int, ...]
    kind: str
    how: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class IneffectiveOutcome:
    """An outcome of an action that still happens in ``states`` states of a dead end, but never helps."""

    action: str
    outcome: str | None
    states: int


@dataclass(frozen=True)
class Refusal:
    """An outcome that would write ``place`` but never happens: its action is enabled in ``tried`` states of the dead
    end, and in all of them each of ``reasons``, conditions of the outcome, is false."""

    action: str
    outcome: str | None
    place: str
    tried: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class DeadEnd:
    """Why there is no recovery. The helpers' steps reach ``states`` states (``whole``: there are no more); the parts
    ``never`` of the goal are true in none of them."""

    states: int
    whole: bool
    never: tuple[str, ...]
    vain: tuple[IneffectiveOutcome, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True)
class Intervention:
    """Manual steps, in this order, after which the automation can recover. ``states`` states need exactly these."""

    steps: tuple[str, ...]
    states: int


@dataclass(frozen=True)
class Runbook:
    """What people can do if the automation cannot recover by itself. From ``helpless`` states, people cannot either."""

    interventions: tuple[Intervention, ...]
    helpless: int
