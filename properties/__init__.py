"""Properties: the kinds that can be checked, and the declared ones of the DNS protocol."""

if __name__ == "properties":  # a second copy would have terms and errors of its own
    raise ImportError(
        "'properties' is a package of planrace, and it is imported as planrace.properties: "
        "write `from planrace import …` for the language, the properties and the checker, "
        "and `from planrace.properties import …` for everything else",
        name="properties",
    )

from planrace.properties.kinds import (
    Invariant,
    Liveness,
    Property,
    Reachability,
    Recoverability,
    StepInvariant,
    eventually,
    eventually_always,
    infinitely_often,
    invariant,
    leads_to,
    reachable,
    recoverable,
    step_invariant,
)
from planrace.properties.proof import Lemma, Proof, lemma, proof
from planrace.properties.scenario import Claim, Event, Fact, Scenario, event, fact, never, role, scenario
from planrace.properties.schedule import Plan, Schedule, plan, schedule, take, take_for_some

__all__ = [
    "Claim",
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
    "eventually",
    "eventually_always",
    "fact",
    "infinitely_often",
    "invariant",
    "leads_to",
    "lemma",
    "never",
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
