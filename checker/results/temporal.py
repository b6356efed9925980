"""What there is to say of liveness and recovery: fairness, dead ends, runbooks."""

from __future__ import annotations

from dataclasses import dataclass

DISABLED, NEED_NOT = "disabled again and again", "need not be taken"


@dataclass(frozen=True)
class Fairness:
    """How a loop meets the fairness (``kind``: none, weak, strong) of an action with these parameters: ``how`` is
    "taken", "disabled again and again", or "need not be taken" where a run rests; ``words`` are the parameters as they
    are told."""

    action: str
    choice: tuple[int, ...]
    kind: str
    how: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class IneffectiveOutcome:
    """An outcome of an action that still comes about in so many states, and never helps."""

    action: str
    outcome: str | None
    states: int


@dataclass(frozen=True)
class Refusal:
    """An outcome that would write ``place``, and never comes about in the ``tried`` states where its action is
    enabled there; each of ``reasons`` is a condition of it that is false in all of them."""

    action: str
    outcome: str | None
    place: str
    tried: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class DeadEnd:
    """Why there is no recovery: ``states`` can be reached by steps that may help (``whole``: these are all), in none of
    them are the parts ``never`` of the goal true."""

    states: int
    whole: bool
    never: tuple[str, ...]
    vain: tuple[IneffectiveOutcome, ...]
    refused: tuple[Refusal, ...]


@dataclass(frozen=True)
class Intervention:
    """Manual steps, in this order, after which the automation can recover; ``states`` need just these."""

    steps: tuple[str, ...]
    states: int


@dataclass(frozen=True)
class Runbook:
    """What people can do where the automation cannot recover by itself; ``helpless`` states are beyond them too."""

    interventions: tuple[Intervention, ...]
    helpless: int
