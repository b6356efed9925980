"""The protocol: Planner, Enactors, clean-up and faults of the environment.

Delay is modelled by interleaving alone: an Enactor may pause for any time between two of its steps.
"""

from __future__ import annotations

from planrace.model.language import (
    If,
    Protocol,
    Says,
    Step,
    Term,
    Update,
    array,
    enumeration,
    exists,
    first,
    following,
    forall,
    index,
    integers,
    last,
    optional,
    otherwise,
    outcome,
    says,
    step,
    subsets,
    such_that,
    update,
    when,
)

dns = Protocol("dns", "DynamoDB's DNS automation: plan, enact, clean up")

enactors = dns.parameter("enactors", 3, 1, 8, "redundant Enactors, one an Availability Zone")
endpoints = dns.parameter("endpoints", 2, 1, 8, "endpoints of one region, each its own hosted zone")
plans = dns.parameter("plans", 4, 1, 15, "generations that the Planner will publish")
keep = dns.parameter("keep", 2, 0, 15, "retention: who applied plan p deletes the trees of plans up to p - keep")

CRASH = dns.fault("crash", "an Enactor dies anywhere in its work and starts afresh; its lock stays held")
EXPIRY = dns.fault("lock-expiry", "a lock runs out while it is held")
BAD_PLAN = dns.fault("bad-plan", "the Planner publishes a plan without a single load balancer")
STRAY = dns.fault("stray-delete", "something outside the protocol deletes a tree")

Enactor = index("enactor", enactors, symmetric=True)
Endpoint = index("endpoint", endpoints, ordered=True)
Generation = integers(0, plans, "generation")  # 0: none yet
Plan = integers(1, plans, "plan")
Phase = enumeration("phase", "IDLE LOCK BUILD FLIP LIST DELETE")

latest = dns.variable("latest", Generation, 0, "newest generation published")
empty = dns.variable("empty", subsets(Plan), set(), "generations whose plan lists no load balancer")
trees = dns.variable("trees", array(Endpoint, subsets(Plan)), set(), "generations whose record tree exists")
alias = dns.variable("alias", array(Endpoint, Generation), 0, "the active plan: what the stable name points at")
rollback = dns.variable("rollback", array(Endpoint, Generation), 0, "what the rollback record points at")
lock = dns.variable("lock", array(Endpoint, optional(Enactor)), None, "who is named in the zone's lock record")
phase = dns.variable("phase", array(Enactor, Phase), Phase.IDLE, "where the Enactor is in its work")
plan = dns.variable("plan", array(Enactor, Generation), 0, "the generation it is working on")
cursor = dns.variable("cursor", array(Enactor, Endpoint), first(Endpoint), "the endpoint it is working on")
doomed = dns.variable("doomed", array(Enactor, subsets(Plan)), set(), "generations it listed for deletion")


def idle(i: Term) -> tuple[Update, ...]:
    """Enactor ``i`` becomes idle; its unused variables are reset."""
    return (
        update(phase[i], Phase.IDLE),
        update(plan[i], 0),
        update(cursor[i], first(Endpoint)),
        update(doomed[i], set()),
    )


def pass_on(i: Term) -> tuple[Update, ...]:
    """Enactor ``i`` is done with the endpoint: it goes on to the next one, or to clean-up after the last."""
    at_last = cursor[i] == last(Endpoint)
    return (
        update(phase[i], If(at_last, Phase.LIST, Phase.LOCK)),
        update(cursor[i], If(at_last, first(Endpoint), following(cursor[i]))),
    )


def fresh(generation: Term) -> Term:
    """Some endpoint has an older plan than ``generation``: the Enactors' one-time check."""
    return exists(Endpoint, lambda e: alias[e] < generation)


def about(template: str, i: Term) -> Says:
    """Words about Enactor ``i`` at its endpoint ``{c}`` with its plan ``{p}`` over the active one ``{a}``."""
    return says(template, c=cursor[i], p=plan[i], a=alias[cursor[i]])


@dns.action(by="planner", tags=["automation", "milestone"])
def publish() -> Step:
    return step(when(latest < plans), update(latest, latest + 1), says("publishes plan {g}", g=latest + 1))


@dns.action(Enactor, by=Enactor, tags=["automation"])
def pick_up(i: Term) -> Step:
    return step(
        when(phase[i] == Phase.IDLE, latest > 0, fresh(latest)),
        update(plan[i], latest),
        update(cursor[i], first(Endpoint)),
        update(phase[i], Phase.LOCK),
        says("picks up plan {g}; its one-time check passes: it is newer than what is applied", g=latest),
    )


@dns.action(Enactor, by=Enactor, tags=["automation"])
def take_lock(i: Term) -> Step:
    c = cursor[i]
    return step(
        when(phase[i] == Phase.LOCK, lock[c] == None),  # noqa: E711  (a term, not a comparison)
        update(lock[c], i),
        update(phase[i], Phase.BUILD),
        about("takes the lock of endpoint {c} for plan {p}", i),
    )


@dns.action(Enactor, by=Enactor, tags=["automation"])
def build_tree(i: Term) -> Step:
    c = cursor[i]
    return step(
        when(phase[i] == Phase.BUILD, lock[c] == i),
        update(trees[c], trees[c] | {plan[i]}),
        update(phase[i], Phase.FLIP),
        about("builds the record tree of plan {p} in the zone of endpoint {c}", i),
    )


@dns.action(Enactor, by=Enactor, tags=["automation"])
def flip_alias(i: Term) -> Step:
    c = cursor[i]
    return step(
        when(phase[i] == Phase.FLIP, lock[c] == i),
        update(lock[c], None),
        outcome(
            "accepted",
            when(plan[i].isin(trees[c]), (alias[c] == 0) | alias[c].isin(trees[c])),
            update(rollback[c], alias[c]),
            update(alias[c], plan[i]),
            *pass_on(i),
            about("flips endpoint {c} from plan {a} to plan {p}", i),
        ),
        otherwise(
            "refused",
            update(phase[i], Phase.LOCK),
            about("cannot flip endpoint {c} to plan {p}: Route 53 refuses the batch, a tree it names is gone", i),
        ),
    )


@dns.action(Enactor, by=Enactor, tags=["automation"], awaits=EXPIRY)
def lose_lock(i: Term) -> Step:
    return step(
        when(phase[i].isin({Phase.BUILD, Phase.FLIP}), lock[cursor[i]] != i),
        update(phase[i], Phase.LOCK),
        about("finds that it has lost the lock of endpoint {c} and starts over with plan {p}", i),
    )


@dns.action(Enactor, by=Enactor, role="cleaner", tags=["automation", "milestone"])
def list_old_plans(i: Term) -> Step:
    old = such_that(Plan, lambda g: (g <= plan[i] - keep) & exists(Endpoint, lambda e: g.isin(trees[e])))
    return step(
        when(phase[i] == Phase.LIST),
        outcome(
            "nothing-old",
            when(old == set()),
            *idle(i),
            says("starts clean-up after plan {p}: no plan is old enough to delete", p=plan[i]),
        ),
        otherwise(
            "listed",
            update(doomed[i], old),
            update(cursor[i], first(Endpoint)),
            update(phase[i], Phase.DELETE),
            says("starts clean-up after plan {p}: lists plans {old} for deletion", p=plan[i], old=old),
        ),
    )


@dns.action(Enactor, by=Enactor, role="cleaner", tags=["automation"])
def delete_old_plans(i: Term) -> Step:
    c = cursor[i]
    words = says("deletes the trees of plans {old} at endpoint {c}", old=doomed[i], c=c)
    return step(
        when(phase[i] == Phase.DELETE),
        update(trees[c], trees[c] - doomed[i]),
        outcome("finished", when(c == last(Endpoint)), *idle(i)),
        otherwise("continues", update(cursor[i], following(c))),
        words,
    )


@dns.action(Enactor, by="environment", fault=CRASH)
def crash(i: Term) -> Step:
    return step(when(phase[i] != Phase.IDLE), *idle(i), says("Enactor {i} crashes and starts afresh", i=i))


@dns.action(Endpoint, by="environment", fault=EXPIRY, tags=["lease"])
def expire_lock(e: Term) -> Step:
    return step(
        when(lock[e] != None),  # noqa: E711
        update(lock[e], None),
        says("the lock of endpoint {e}, held by Enactor {i}, expires", e=e, i=lock[e]),
    )


@dns.action(by="planner", fault=BAD_PLAN, tags=["milestone"])
def publish_empty() -> Step:
    return step(
        when(latest < plans),
        update(latest, latest + 1),
        update(empty, empty | {latest + 1}),
        says("publishes plan {g}, which lists no load balancer", g=latest + 1),
    )


@dns.action(Endpoint, Plan, by="environment", fault=STRAY)
def stray_delete(e: Term, g: Term) -> Step:
    return step(
        when(g.isin(trees[e])),
        update(trees[e], trees[e] - {g}),
        says("something outside the protocol deletes the tree of plan {g} at endpoint {e}", e=e, g=g),
    )


dns.final((latest == plans) & forall(Enactor, lambda i: phase[i] == Phase.IDLE))


dns.picture(trees, alias, rollback, holder=lock)


@dns.observe("endpoint", Endpoint)
def resolves(e: Term) -> list[tuple[Term, Says]]:
    return [
        (alias[e] == 0, says("has no record yet")),
        (~alias[e].isin(trees[e]), says("answers with no address: the tree of plan {a} is gone", a=alias[e])),
        (alias[e].isin(empty), says("answers with no address: plan {a} lists none", a=alias[e])),
        (alias[e] == alias[e], says("resolves to the addresses of plan {a}", a=alias[e])),
    ]
