"""What is asked of DynamoDB's DNS automation, and the two protocols with all of it declared."""

from __future__ import annotations

import model.dns
from model.dns.protocol import Endpoint, Plan, alias, empty, latest, plans, rollback, trees
from model.language import both, exists, forall, primed, taken

from .dns_proof import argument
from .kinds import eventually_always, invariant, reachable, recoverable, step_invariant
from .postmortem import postmortem

PROPERTIES = (
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
    step_invariant(
        "plans-never-regress",
        forall(Endpoint, lambda e: primed(alias[e]) >= alias[e]),
        "no step puts an older plan in place of a newer one",
    ),
    invariant(
        "rollback-target-exists",
        forall(Endpoint, lambda e: (rollback[e] != 0).implies(rollback[e].isin(trees[e]))),
        "the tree that an endpoint's rollback record points at exists",
    ),
    recoverable(
        "automation-recovers",
        forall(Endpoint, lambda e: (alias[e] == latest) & latest.isin(trees[e])),
        "while a generation is still to come, Planner and Enactors can bring every endpoint to the newest plan",
        wherever=latest < plans,
        helpers={"automation", "lease"},
    ),
    eventually_always(
        "endpoints-converge",
        forall(Endpoint, lambda e: both(latest == plans, alias[e] == plans, alias[e].isin(trees[e]))),
        "every fair run brings every endpoint to the last plan and leaves it there",
    ),
    reachable(
        "cleanup-deletes",
        taken("delete_old_plans")
        & exists(Endpoint, lambda e: exists(Plan, lambda g: g.isin(trees[e]) & ~g.isin(primed(trees[e])))),
        "some clean-up deletes a tree: a fix that never cleans up is no fix",
    ),
)

original = model.dns.original.declaring(PROPERTIES, [postmortem], [argument])
fixed = model.dns.fixed.declaring(PROPERTIES, [postmortem], [argument])
