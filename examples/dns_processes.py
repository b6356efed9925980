"""The DNS automation as its code reads: a Planner and Enactors as sequential processes.

It is the protocol of ``docs/protocol.md``, state for state. What stands between two ``yield`` happens at once; between
them everybody else may do anything. ``original`` is the automation of October 2025, ``fixed`` has protections.

    check -p examples/dns_processes.py:original
    check -p examples/dns_processes.py:fixed
    check list -p examples/dns_processes.py:fixed --steps
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace import (
    Changes,
    If,
    Protocol,
    Step,
    Term,
    Update,
    array,
    at,
    exists,
    first,
    following,
    forall,
    index,
    integers,
    invariant,
    last,
    local,
    optional,
    outcome,
    primed,
    process,
    says,
    step,
    step_invariant,
    subsets,
    such_that,
    update,
    when,
)
from planrace.model.patterns import crash

protocol = Protocol("dns-processes", "DynamoDB's DNS automation, written as processes")

enactors = protocol.parameter("enactors", 3, 1, 8, "redundant Enactors, one an Availability Zone")
endpoints = protocol.parameter("endpoints", 2, 1, 8, "endpoints of one region, each its own hosted zone")
plans = protocol.parameter("plans", 4, 1, 15, "generations that the Planner will publish")
keep = protocol.parameter("keep", 2, 0, 15, "retention: who applied plan p deletes the trees of plans up to p - keep")

protocol.fault("crash", "an Enactor dies anywhere in its work and starts afresh; its lock stays held")
protocol.fault("lock-expiry", "a lock runs out while it is held")

Enactor = index("enactor", enactors, symmetric=True)
Endpoint = index("endpoint", endpoints, ordered=True)
Generation = integers(0, plans, "generation")  # 0: none yet
Plan = integers(1, plans, "plan")

latest = protocol.variable("latest", Generation, 0, "newest generation published")
trees = protocol.variable("trees", array(Endpoint, subsets(Plan)), set(), "generations whose record tree exists")
alias = protocol.variable("alias", array(Endpoint, Generation), 0, "the active plan: what the stable name points at")
rollback = protocol.variable("rollback", array(Endpoint, Generation), 0, "what the rollback record points at")
lock = protocol.variable("lock", array(Endpoint, optional(Enactor)), None, "who is named in the zone's lock record")


def fresh(generation: Term) -> Term:
    """Some endpoint has an older plan: the Enactors' one-time check."""
    return exists(Endpoint, lambda e: alias[e] < generation)


def old_plans(applied: Term) -> Term:
    """Plans whose trees exist and are old enough to delete."""
    return such_that(Plan, lambda g: (g <= applied - keep) & exists(Endpoint, lambda e: g.isin(trees[e])))


@process(protocol, by="planner", tags=["automation", "milestone"])
def planner() -> Iterator[object]:
    while True:
        when(latest < plans)
        update(latest, latest + 1)
        yield at("PUBLISH"), says("publishes plan {latest}")


@process(protocol, Enactor, tags=["automation"])
def enactor(i: Term) -> Iterator[object]:
    plan = local(Generation, 0, "the generation it is working on")
    doomed = local(subsets(Plan), set(), "generations it listed for deletion")
    while True:
        when(latest > 0, fresh(latest))
        plan = latest
        yield at("PICK_UP"), says("picks up plan {plan}; its one-time check passes")
        for c in Endpoint:
            while True:
                when(lock[c] is None)
                lock[c] = i
                yield at("LOCK"), says("takes the lock of endpoint {c} for plan {plan}")
                at("BUILD")
                if lock[c] != i:
                    outcome("lost")
                    yield says("finds that it has lost the lock of endpoint {c}")
                    continue
                trees[c] |= {plan}
                yield says("builds the record tree of plan {plan} in the zone of endpoint {c}")
                at("FLIP")
                if lock[c] != i:
                    outcome("lost")
                    yield says("finds that it has lost the lock of endpoint {c}")
                    continue
                lock[c] = None
                active = alias[c]
                if plan in trees[c] and (active == 0 or active in trees[c]):
                    outcome("accepted")
                    rollback[c] = active
                    alias[c] = plan
                    yield says("flips endpoint {c} from plan {active} to plan {plan}")
                    break
                outcome("refused")
                yield says("cannot flip endpoint {c} to plan {plan}: a tree that it names is gone")
        at("LIST", role="cleaner")
        old = old_plans(plan)
        if old == set():
            outcome("nothing-old")
            yield says("starts clean-up after plan {plan}: no plan is old enough to delete")
            continue
        outcome("listed")
        doomed = old
        yield says("starts clean-up after plan {plan}: lists plans {old} for deletion")
        for d in Endpoint:
            at("DELETE", role="cleaner")
            trees[d] -= doomed
            yield says("deletes the trees of plans {doomed} at endpoint {d}, for plan {plan}")


crash(protocol, enactor, fault="crash", words="crashes and starts afresh")


@protocol.action(Endpoint, by="environment", fault="lock-expiry", tags=["lease"])
def expire_lock(e: Term) -> Step:
    return step(
        when(lock[e] != None),  # noqa: E711  (a term, not a comparison)
        update(lock[e], None),
        says("ends the lock of endpoint {e}, held by Enactor {i}", e=e, i=lock[e]),
    )


def pass_on(i: Term) -> list[Update]:
    """The Enactor is done with the endpoint, as after an accepted flip."""
    at_last = enactor.c[i] == last(Endpoint)
    return [
        update(enactor.at(i), If(at_last, enactor.point("LIST"), enactor.point("LOCK"))),
        update(enactor.c[i], If(at_last, first(Endpoint), following(enactor.c[i]))),
    ]


@protocol.protection("transactional-check", "the flip transaction compares plans again: an older plan is passed over")
def transactional_check(change: Changes) -> None:
    c, plan = enactor.c, enactor.plan
    change.step(enactor, "FLIP").outcome(
        lambda i: outcome(
            "superseded",
            when(lock[c[i]] == i, plan[i] <= alias[c[i]]),
            update(lock[c[i]], None),
            pass_on(i),
            says("leaves endpoint {c} at plan {a}: its own plan {p} is superseded", c=c[i], a=alias[c[i]], p=plan[i]),
        )
    )


@protocol.protection("guarded-delete", "clean-up spares the active plan and the rollback plan of the endpoint")
def guarded_delete(change: Changes) -> None:
    d = enactor.d
    change.step(enactor, "DELETE").value(trees, lambda rest, i: rest | (trees[d[i]] & {alias[d[i]], rollback[d[i]]}))


@protocol.protection("tolerant-rollback", "a flip is accepted although the active tree is gone")
def tolerant_rollback(change: Changes) -> None:
    c, plan = enactor.c, enactor.plan
    change.step(enactor, "FLIP").outcome(
        lambda i: outcome(
            "accepted",
            when(plan[i].isin(trees[c[i]])),
            update(lock[c[i]], None),
            update(alias[c[i]], plan[i]),
            pass_on(i),
            says("flips endpoint {c} to plan {p} although the active tree is gone", c=c[i], p=plan[i]),
        ),
        before="refused",
    )


protocol.final((latest == plans) & enactor.all_at("PICK_UP"))
protocol.picture(trees, alias, rollback, holder=lock)
protocol.declare(
    invariant(
        "active-plan-never-deleted",
        forall(Endpoint, lambda e: (alias[e] == 0) | alias[e].isin(trees[e])),
        "the plan that an endpoint points at exists",
    ),
    invariant(
        "rollback-target-exists",
        forall(Endpoint, lambda e: (rollback[e] == 0) | rollback[e].isin(trees[e])),
        "the plan that the rollback record points at exists",
    ),
    step_invariant(
        "plans-never-regress",
        forall(Endpoint, lambda e: primed(alias[e]) >= alias[e]),
        "no endpoint goes back to an older plan",
    ),
)

original = protocol.variant("original", [], "the automation of October 2025")
fixed = protocol.variant("fixed", ["transactional-check", "guarded-delete", "tolerant-rollback"], "with protections")
