"""Plausible protections about locks, and about who works: see ``plausible.py``."""

from __future__ import annotations

from planrace.model.dns.plausible import released
from planrace.model.dns.protocol import (
    Enactor,
    Endpoint,
    Phase,
    about,
    alias,
    cursor,
    dns,
    doomed,
    idle,
    lock,
    phase,
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
    each,
    either,
    exists,
    first,
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

RETRIES = 2
"""Looks at a held lock after which an Enactor with bounded retries gives up its plan."""


@dns.protection(
    "locked-cleanup", "clean-up deletes at an endpoint only while no other Enactor holds its lock", plausible=True
)
def locked_cleanup(change: Changes) -> None:
    """Clean-up deleted while another Enactor worked on the endpoint. The lock is there to keep them apart."""
    change.require("delete_old_plans", lambda i: either(lock[cursor[i]] == None, lock[cursor[i]] == i))  # noqa: E711


@dns.protection(
    "lock-held-through",
    "an Enactor keeps the lock of an endpoint after its flip until it has cleaned up there, and only then deletes",
    plausible=True,
)
def lock_held_through(change: Changes) -> None:
    """Between flip and clean-up nobody else changes the endpoint, so what is active is the plan that it has applied."""
    change.value("flip_alias", lock, lambda _, i: lock[cursor[i]], outcome="accepted")
    change.also(
        "list_old_plans",
        lambda i: update(lock, each(Endpoint, lambda e: If(lock[e] == i, None, lock[e]))),
        outcome="nothing-old",
    )
    change.value("delete_old_plans", trees, lambda rest, i: If(lock[cursor[i]] == i, rest, trees[cursor[i]]))
    change.also("delete_old_plans", released)


@dns.protection(
    "single-enactor", "one Enactor works, the first that picked up a plan; the others never", plausible=True
)
def single_enactor(change: Changes) -> None:
    """Without a second Enactor there is nobody to race with."""
    leader = change.variable("leader", optional(Enactor), None, "the only Enactor that works")
    change.require("pick_up", lambda i: either(leader == None, leader == i))  # noqa: E711
    change.also("pick_up", lambda i: update(leader, i))


@dns.protection(
    "bounded-retry",
    f"an Enactor gives up its plan when it has found a lock held {RETRIES} times in a row",
    plausible=True,
)
def bounded_retry(change: Changes) -> None:
    """The delayed Enactor retried many times. Had it given up, its plan would not have been applied so late."""
    tries = change.variable("tries", array(Enactor, integers(0, RETRIES - 1)), 0, "locks found held in a row")

    @change.action(Enactor, by=Enactor, tags=["automation"])
    def back_off(i: Term) -> Step:
        return step(
            when(phase[i] == Phase.LOCK, lock[cursor[i]] != None),  # noqa: E711
            outcome(
                "gives-up",
                when(tries[i] == RETRIES - 1),
                update(tries[i], 0),
                *idle(i),
                about("finds the lock of endpoint {c} held once more and gives up plan {p}", i),
            ),
            otherwise(
                "waits", update(tries[i], tries[i] + 1), about("finds the lock of endpoint {c} held and waits", i)
            ),
        )

    for ends in ("take_lock", "crash"):
        if change.has(ends):
            change.also(ends, lambda i: update(tries[i], 0))
    if change.has("recheck_before_lock"):
        change.also("recheck_before_lock", lambda i: update(tries[i], 0), outcome="superseded")


@dns.protection(
    "preamble-everywhere",
    "clean-up's batches, too, delete the lock record exactly as it was when they were prepared, and write it anew",
    plausible=True,
)
def preamble_everywhere(change: Changes) -> None:
    """A batch whose lock record has changed since is refused, so that nothing has changed at an endpoint between
    listing and deleting. A record that was written anew is told apart by its time."""
    unchanged: Term = change.variable(
        "unchanged", array(Enactor, subsets(Endpoint)), set(), "endpoints whose lock record is as clean-up has read it"
    )

    def rewritten(i: Term) -> Update:
        """Enactor ``i`` writes the lock record of its endpoint anew: nobody else knows it any more."""
        return update(unchanged, each(Enactor, lambda j: If(j == i, unchanged[j], unchanged[j] - {cursor[i]})))

    for batch in ("take_lock", "build_tree", "flip_alias"):
        change.also(batch, rewritten)
    if change.has("recheck_under_lock"):
        change.also("recheck_under_lock", rewritten, outcome="superseded")
    everywhere = such_that(Endpoint, lambda e: e <= last(Endpoint))
    change.also("list_old_plans", lambda i: update(unchanged[i], everywhere), outcome="listed")
    _batches_of_cleanup(change, unchanged)
    if change.has("crash"):
        change.also("crash", lambda i: update(unchanged[i], set()))


def _batches_of_cleanup(change: Changes, unchanged: Term) -> None:
    def after(i: Term, own: Term | set[object]) -> Update:
        return update(unchanged, each(Enactor, lambda j: If(j == i, own, unchanged[j] - {cursor[i]})))

    (deletes,) = (a for a in change.actions if a.name == "delete_old_plans")
    if any(u.variable is lock for o in deletes.outcomes for u in o.updates):
        change.value("delete_old_plans", lock, lambda _, i: None)
    else:
        change.also("delete_old_plans", lambda i: update(lock[cursor[i]], None))
    change.also("delete_old_plans", lambda i: after(i, set()), outcome="finished")
    change.also("delete_old_plans", lambda i: after(i, unchanged[i]), outcome="continues")
    change.outcome(
        "delete_old_plans",
        lambda i: outcome(
            "refused",
            when(~cursor[i].isin(unchanged[i])),
            update(phase[i], Phase.LIST),
            update(cursor[i], first(Endpoint)),
            update(doomed[i], set()),
            update(unchanged[i], set()),
            says(
                "cannot delete plans {old} at endpoint {c}: its lock record has changed since the plans were listed",
                old=doomed[i],
                c=cursor[i],
            ),
        ),
    )


@dns.protection(
    "freeze-on-anomaly",
    "a monitor halts Planner and Enactors when it sees that an endpoint's active tree is gone",
    plausible=True,
)
def freeze_on_anomaly(change: Changes) -> None:
    """Automation that does harm should stop by itself, before it does more."""
    halted = change.variable("halted", boolean(), False, "the monitor has halted the automation")
    for action in change.actions:
        if "automation" in action.tags:
            change.require(action.name, lambda *_: ~halted)

    @change.action(by="monitor", tags=["milestone"])
    def halt() -> Step:
        gone = exists(Endpoint, lambda e: (alias[e] != 0) & ~alias[e].isin(trees[e]))
        return step(when(~halted, gone), update(halted, True), says("sees a name without addresses and halts all"))

    if change.has("unfreeze"):
        change.also("unfreeze", update(halted, False))


PLAUSIBLE = tuple(p.name for p in dns.protections.values() if p.plausible)
"""The names of all plausible protections."""
