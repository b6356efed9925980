"""Properties: what can be asked of a protocol, and what is asked of ours."""

from .kinds import (
    Invariant,
    Liveness,
    Property,
    Reachability,
    Recoverability,
    StepInvariant,
    eventually_always,
    invariant,
    reachable,
    recoverable,
    step_invariant,
)
from .scenario import Event, Fact, Scenario, event, fact, role, scenario

__all__ = [
    "Event",
    "Fact",
    "Invariant",
    "Liveness",
    "Property",
    "Reachability",
    "Recoverability",
    "Scenario",
    "StepInvariant",
    "event",
    "eventually_always",
    "fact",
    "invariant",
    "reachable",
    "recoverable",
    "role",
    "scenario",
    "step_invariant",
]
