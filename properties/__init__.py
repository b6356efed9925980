"""Properties: what can be asked of a protocol, and what is asked of ours."""

from .kinds import (
    Invariant,
    Liveness,
    Property,
    Reachability,
    Recoverability,
    StepInvariant,
    eventually_always,
    infinitely_often,
    invariant,
    leads_to,
    reachable,
    recoverable,
    step_invariant,
)
from .proof import Lemma, Proof, lemma, proof
from .scenario import Event, Fact, Scenario, event, fact, role, scenario
from .schedule import Plan, Schedule, plan, schedule, take, take_for_some

__all__ = [
    "Event",
    "Fact",
    "Invariant",
    "Lemma",
    "Liveness",
    "Plan",
    "Proof",
    "Property",
    "Reachability",
    "Recoverability",
    "Scenario",
    "Schedule",
    "StepInvariant",
    "event",
    "eventually_always",
    "fact",
    "infinitely_often",
    "invariant",
    "leads_to",
    "lemma",
    "plan",
    "proof",
    "reachable",
    "recoverable",
    "role",
    "scenario",
    "schedule",
    "step_invariant",
    "take",
    "take_for_some",
]
