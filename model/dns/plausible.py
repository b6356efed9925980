"""Plausible protections of clean-up and of the flip: ideas that people have after such an outage, each with the
argument for it. Which of them suffice, ``check matrix`` decides; ``plausible_locks.py`` has those about locks and work.

All are off in ``original`` and in ``fixed``. They combine freely, with each other and with the four base ones.
"""

from __future__ import annotations

from collections.abc import Callable

import planrace.model.dns.protections  # noqa: F401  (the base protections are declared first, and applied first)
from planrace.model.dns.protocol import (
    Enactor,
    Endpoint,
    Generation,
    Phase,
    Plan,
    about,
    alias,
    cursor,
    dns,
    doomed,
    keep,
    lock,
    pass_on,
    phase,
    plan,
    rollback,
    trees,
)
from planrace.model.language import (
    Changes,
    If,
    Step,
    Term,
    Update,
    array,
    boolean,
    either,
    exists,
    otherwise,
    outcome,
    says,
    step,
    subsets,
    such_that,
    update,
    when,
)


def released(i: Term) -> Update:
    """The lock of the endpoint of Enactor ``i`` becomes free if it is still its own."""
    c = cursor[i]
    return update(lock[c], If(lock[c] == i, None, lock[c]))


def narrow(change: Changes, narrower: Callable[[Term, Term], Term]) -> None:
    """Let clean-up list fewer plans: those that ``narrower`` leaves of what Enactor ``i`` lists so far."""
    (before,) = (a for a in change.actions if a.name == "list_old_plans")
    (listed,) = (u for o in before.outcomes if o.name == "listed" for u in o.updates if u.variable is doomed)
    i = before.parameters[0]
    fewer = narrower(listed.value, i)
    change.value("list_old_plans", doomed, fewer, outcome="listed")
    change.condition("list_old_plans", "nothing-old", fewer == set())
    words = says("starts clean-up after plan {p}: lists plans {old} for deletion", p=plan[i], old=fewer)
    change.words("list_old_plans", words, outcome="listed")


@dns.protection(
    "rollback-points-to-nothing",
    "a flip whose active tree is gone is accepted, and its rollback record points to nothing",
    plausible=True,
)
def rollback_points_to_nothing(change: Changes) -> None:
    """The outage lasted because each flip had to name a tree that was gone. Without a tree to go back to, the rollback
    record names none, and the next flip heals the endpoint."""
    change.outcome(
        "flip_alias",
        lambda i: outcome(
            "accepted",
            when(plan[i].isin(trees[cursor[i]])),
            released(i),
            update(alias[cursor[i]], plan[i]),
            update(rollback[cursor[i]], 0),
            *pass_on(i),
            about("flips endpoint {c} to plan {p}; plan {a} is gone, so that the rollback record points to nothing", i),
        ),
        before="refused",
    )


@dns.protection(
    "stale-lock-read",
    "the lock is read through the data plane, which may answer what was true earlier, and not compared in the batch",
    plausible=True,
)
def stale_lock_read(change: Changes) -> None:
    """A query of the lock record is cheaper than a call of the control plane, and says the same a moment later."""
    for action, at in {"take_lock": Phase.LOCK, "build_tree": Phase.BUILD, "flip_alias": Phase.FLIP}.items():
        change.guard(action, lambda i, at=at: phase[i] == at)
    change.value("flip_alias", lock, lambda _, i: If(lock[cursor[i]] == i, None, lock[cursor[i]]))


@dns.protection(
    "spare-active-at-listing",
    "clean-up does not list plans that an endpoint points at, as its active or its rollback plan",
    plausible=True,
)
def spare_active_at_listing(change: Changes) -> None:
    """Clean-up deleted a plan that was active. It knows what is active when it lists what is old, so it need not list
    that."""

    def used(g: Term) -> Term:
        return exists(Endpoint, lambda e: either(alias[e] == g, rollback[e] == g))

    narrow(change, lambda listed, _: such_that(Plan, lambda g: g.isin(listed) & ~used(g)))


@dns.protection("longer-keep", "plans are kept for one generation more: as if keep were larger by one", plausible=True)
def longer_keep(change: Changes) -> None:
    """The plan that was deleted was many generations old. With a longer retention it would still have been there."""
    narrow(change, lambda listed, i: such_that(Plan, lambda g: g.isin(listed) & (g <= plan[i] - keep - 1)))


@dns.protection(
    "delete-after-grace",
    "clean-up marks the plans that it finds old, and deletes those that an earlier clean-up has marked",
    plausible=True,
)
def delete_after_grace(change: Changes) -> None:
    """Whoever still uses a plan when it becomes old is done with it when the next clean-up comes."""
    marked = change.variable("marked", subsets(Plan), set(), "plans that the last clean-up found old")
    (before,) = (a for a in change.actions if a.name == "list_old_plans")
    (listed,) = (u for o in before.outcomes if o.name == "listed" for u in o.updates if u.variable is doomed)
    narrow(change, lambda old, _: old & marked)
    change.also("list_old_plans", update(marked, listed.value))


@dns.protection(
    "recheck-before-lock",
    "an Enactor compares its plan with the active one before it takes a lock, in a step of its own",
    plausible=True,
)
def recheck_before_lock(change: Changes) -> None:
    """The check was stale because it was made once, for all endpoints. Made for each endpoint, right before its lock is
    taken, it is fresh."""
    compared = change.variable("compared", array(Enactor, boolean()), False, "it has compared plans again")

    @change.action(Enactor, by=Enactor, tags=["automation"])
    def recheck_before_lock(i: Term) -> Step:
        c = cursor[i]
        superseded = plan[i] <= alias[c]
        return step(
            when(phase[i] == Phase.LOCK, either(~compared[i], superseded)),
            outcome(
                "superseded",
                when(superseded),
                update(compared[i], False),
                *pass_on(i),
                about("sees that endpoint {c} has plan {a} and leaves it: its own plan {p} is superseded", i),
            ),
            otherwise(
                "newer",
                update(compared[i], True),
                about("sees that its plan {p} is newer than plan {a} of endpoint {c}", i),
            ),
        )

    change.require("take_lock", lambda i: compared[i])
    change.also("take_lock", lambda i: update(compared[i], False))
    if change.has("crash"):
        change.also("crash", lambda i: update(compared[i], False))


@dns.protection(
    "recheck-under-lock",
    "an Enactor compares its plan with the active one between taking the lock and building, in a step of its own",
    plausible=True,
)
def recheck_under_lock(change: Changes) -> None:
    """While it holds the lock, nobody else flips: what it sees of the endpoint then is true until its own flip."""
    compared = change.variable(
        "compared_locked", array(Enactor, boolean()), False, "it has compared plans again under the lock"
    )

    @change.action(Enactor, by=Enactor, tags=["automation"])
    def recheck_under_lock(i: Term) -> Step:
        c = cursor[i]
        return step(
            when(phase[i] == Phase.BUILD, lock[c] == i, ~compared[i]),
            outcome(
                "superseded",
                when(plan[i] <= alias[c]),
                released(i),
                *pass_on(i),
                about("sees that endpoint {c} has plan {a} and frees its lock: its own plan {p} is superseded", i),
            ),
            otherwise(
                "newer",
                update(compared[i], True),
                about("sees under the lock that its plan {p} is newer than plan {a} of endpoint {c}", i),
            ),
        )

    change.require("build_tree", lambda i: compared[i])
    for ends in ("build_tree", "lose_lock", "crash"):
        if change.has(ends):
            change.also(ends, lambda i: update(compared[i], False))


@dns.protection(
    "fencing-token",
    "the zone remembers the newest generation that a flip put there, and refuses older ones",
    plausible=True,
)
def fencing_token(change: Changes) -> None:
    """Generations only grow, so they are fencing tokens: who comes with an older one than the zone has seen is late."""
    fence = change.variable("fence", array(Endpoint, Generation), 0, "the newest generation that was flipped to")
    change.also("flip_alias", lambda i: update(fence[cursor[i]], plan[i]), outcome="accepted")
    change.outcome(
        "flip_alias",
        lambda i: outcome(
            "fenced-off",
            when(plan[i] < fence[cursor[i]]),
            released(i),
            *pass_on(i),
            about("is fenced off from endpoint {c}: its plan {p} is older than one that was active there", i),
        ),
    )
