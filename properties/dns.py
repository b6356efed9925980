"""The properties of DynamoDB's DNS automation, and ``original`` and ``fixed``: the protocol with properties,
scenario and proof, which ``check -p`` loads."""

from __future__ import annotations

import planrace.model.dns
import planrace.properties.dns_costs
from planrace.model.dns.operator import frozen
from planrace.model.dns.protocol import Endpoint, Plan, alias, empty, latest, plans, rollback, trees
from planrace.model.language import Term, Variant, both, either, exists, forall, primed, taken
from planrace.properties.dns_design import design, register
from planrace.properties.dns_proof import argument
from planrace.properties.kinds import (
    Recoverability,
    eventually_always,
    infinitely_often,
    invariant,
    reachable,
    recoverable,
    step_invariant,
)
from planrace.properties.postmortem import postmortem, repaired

INVARIANTS = (
    invariant(
        "active-plan-never-deleted",
        forall(Endpoint, lambda e: (alias[e] != 0).implies(alias[e].isin(trees[e]))),
        "the tree of the plan that an endpoint's name points at exists",
    ),
    invariant(
        "record-never-empty",
        forall(
            Endpoint,
            lambda e: (alias[e] != 0).implies(alias[e].isin(trees[e]) & ~alias[e].isin(empty)),
        ),
        "an endpoint that has been given a plan resolves to at least one address",
    ),
    invariant(
        "rollback-target-exists",
        forall(Endpoint, lambda e: (rollback[e] != 0).implies(rollback[e].isin(trees[e]))),
        "the tree that an endpoint's rollback record points at exists",
    ),
)
deletes = reachable(
    "cleanup-deletes",
    taken("delete_old_plans")
    & exists(Endpoint, lambda e: exists(Plan, lambda g: g.isin(trees[e]) & ~g.isin(primed(trees[e])))),
    "some clean-up deletes a tree: a fix that never cleans up is no fix",
)


def never_regress(but: Term | None = None) -> Term:
    """No endpoint gets an older plan; steps of ``but`` are exempt."""
    kept = forall(Endpoint, lambda e: primed(alias[e]) >= alias[e])
    return kept if but is None else but | kept


def recovers(meaning: str, wherever: Term, also: Term | None = None) -> Recoverability:
    """Planner, Enactors and expiring leases can bring every endpoint to the newest plan, and people can help; in that
    state ``also`` holds too."""
    everywhere = forall(Endpoint, lambda e: (alias[e] == latest) & latest.isin(trees[e]))
    return recoverable(
        "automation-recovers",
        everywhere if also is None else everywhere & also,
        meaning,
        wherever=wherever,
        helpers={"automation", "lease"},
        manual={"operator"},
    )


TO_COME = "while a generation is still to come, Planner and Enactors can bring every endpoint to the newest plan"
SAFETY = (
    *INVARIANTS[:2],
    step_invariant("plans-never-regress", never_regress(), "no step puts an older plan in place of a newer one"),
    INVARIANTS[2],
)
converges = eventually_always(
    "endpoints-converge",
    forall(Endpoint, lambda e: both(latest == plans, alias[e] == plans, alias[e].isin(trees[e]))),
    "every fair run brings every endpoint to the last plan and leaves it there",
    without={"operator"},
)

PROPERTIES = (*SAFETY, recovers(TO_COME, latest < plans), converges, deletes)

BY_HAND = (*SAFETY, recovers(f"{TO_COME}; or an operator does", latest < plans, ~frozen), converges, deletes)
"""The properties if there is an operator: at the goal the automation must be running again."""

GOING_BACK = (
    *INVARIANTS[:2],
    step_invariant(
        "plans-never-regress",
        never_regress(taken("rollback_by_hand")),
        "no step puts an older plan in place of a newer one, but those of an operator who goes back on purpose",
    ),
    INVARIANTS[2],
    recovers(f"{TO_COME}; or an operator flips names back", latest < plans),
    converges,
    deletes,
)
"""The properties if an operator may go back: the promise is about the automation alone."""

ENDLESS = (
    *INVARIANTS[:2],
    step_invariant(
        "plans-never-regress",
        never_regress(either(taken("publish"), taken("publish_empty"))),
        "no step puts an older plan in place of a newer one (publishing renumbers)",
    ),
    INVARIANTS[2],
    recovers("Planner and Enactors can bring every endpoint to the newest plan", latest > 0),
    infinitely_often(
        "endpoints-answer",
        forall(Endpoint, lambda e: (alias[e] != 0) & alias[e].isin(trees[e])),
        "every fair run brings every endpoint to a plan that exists, again and again",
        without={"operator"},
    ),
    deletes,
)
"""The properties if the Planner never stops: there is no last plan then, and generations are renumbered."""


def _declared(variant: Variant) -> Variant:
    extended = variant.declaring(PROPERTIES, [postmortem], [argument])
    extended = extended.small_at(enactors=2, endpoints=1, keep=1)
    return (
        extended.where(planrace.model.dns.endless, ENDLESS)
        .where(planrace.model.dns.hands, BY_HAND, [repaired])
        .where(planrace.model.dns.back, GOING_BACK, [postmortem])
    )


original = _declared(planrace.model.dns.original)
fixed = _declared(planrace.model.dns.fixed)

__all__ = ["BY_HAND", "ENDLESS", "INVARIANTS", "PROPERTIES", "design", "fixed", "original", "register"]
