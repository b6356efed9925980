"""The four base protections, each a small change of the one protocol."""

from __future__ import annotations

from planrace.model.dns.protocol import about, alias, cursor, dns, empty, latest, lock, pass_on, plan, rollback, trees
from planrace.model.language import Changes, Term, outcome, update, when

BASE = ("transactional-check", "guarded-delete", "tolerant-rollback", "plan-validation")


@dns.protection("transactional-check", "the flip transaction compares plans again: an older plan is passed over")
def transactional_check(change: Changes) -> None:
    change.outcome(
        "flip_alias",
        lambda i: outcome(
            "superseded",
            when(plan[i] <= alias[cursor[i]]),
            update(lock[cursor[i]], None),
            *pass_on(i),
            about("leaves endpoint {c} at plan {a}: its own plan {p} is superseded", i),
        ),
    )


@dns.protection("guarded-delete", "clean-up spares the active plan and the rollback plan of the endpoint")
def guarded_delete(change: Changes) -> None:
    def spared(rest: Term, i: Term) -> Term:
        c = cursor[i]
        return rest | (trees[c] & {alias[c], rollback[c]})

    change.value("delete_old_plans", trees, spared)


@dns.protection("tolerant-rollback", "a flip is accepted although the active tree is gone; the rollback record stays")
def tolerant_rollback(change: Changes) -> None:
    change.outcome(
        "flip_alias",
        lambda i: outcome(
            "accepted",
            when(plan[i].isin(trees[cursor[i]])),
            update(lock[cursor[i]], None),
            update(alias[cursor[i]], plan[i]),
            *pass_on(i),
            about("flips endpoint {c} to plan {p} although the tree of plan {a} is gone", i),
        ),
        before="refused",
    )


@dns.protection("plan-validation", "no Enactor picks up a plan that lists no load balancer")
def plan_validation(change: Changes) -> None:
    change.require("pick_up", lambda i: ~latest.isin(empty))
