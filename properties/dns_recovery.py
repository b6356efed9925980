"""Schedules: how the repaired automation brings every endpoint to the newest plan, from any state of any size."""

from __future__ import annotations

from planrace.model.dns.protocol import (
    Enactor,
    Endpoint,
    Phase,
    alias,
    cursor,
    empty,
    latest,
    lock,
    phase,
    plan,
    plans,
    trees,
)
from planrace.model.language import If, Term, both, either, exists, forall
from planrace.properties.schedule import Plan, schedule, take, take_for_some
from planrace.properties.schedule import plan as planned

ENACTING = {Phase.LOCK, Phase.BUILD, Phase.FLIP}
HOLDING = {Phase.BUILD, Phase.FLIP}


def _ready(i: Term) -> Term:
    """Enactor ``i`` is idle, and the newest plan is newer than everything that is applied or being applied."""
    return both(
        phase[i] == Phase.IDLE,
        ~latest.isin(empty),
        forall(Endpoint, lambda e: alias[e] < latest),
        forall(Enactor, lambda j: plan[j] < latest),
    )


def _applying(i: Term) -> Term:
    """Only Enactor ``i`` applies the newest plan; up to its cursor every endpoint has it."""
    return both(
        phase[i].isin(ENACTING),
        plan[i] == latest,
        forall(Enactor, lambda j: (j == i) | (plan[j] < latest)),
        forall(Endpoint, lambda e: (e < cursor[i]).implies((alias[e] == latest) & latest.isin(trees[e]))),
        forall(Endpoint, lambda e: (cursor[i] <= e).implies(alias[e] < latest)),
    )


def _held_by(i: Term, j: Term, at: Term) -> Term:
    """Enactor ``i`` waits for the lock of its endpoint, which ``j`` holds in phase ``at``."""
    c = cursor[i]
    return both(phase[i] == Phase.LOCK, lock[c] == j, cursor[j] == c, phase[j] == at)


def _nearness(i: Term) -> Term:
    """An upper bound for the number of steps of Enactor ``i`` until its flip at the endpoint."""
    c = cursor[i]
    ready = both(phase[i] == Phase.FLIP, lock[c] == i, plan[i].isin(trees[c]))
    building = both(phase[i] == Phase.BUILD, lock[c] == i)
    free = both(phase[i] == Phase.LOCK, lock[c] == None)  # noqa: E711  (a term)
    soon_free = exists(Enactor, lambda j: _held_by(i, j, Phase.FLIP))
    return If(ready, 0, If(building, 1, If(free, 2, If(soon_free, 3, If(phase[i] == Phase.LOCK, 4, 5)))))


@schedule(
    "automation-recovers",
    Enactor,
    meaning=(
        "one Enactor finishes what it is at; the Planner publishes; that Enactor applies the new plan everywhere, "
        "while whoever holds a lock that it waits for finishes its flip or loses the lock"
    ),
)
def drive(i: Term) -> Plan:
    c = cursor[i]
    waiting = ~_ready(i) & ~_applying(i)
    stage = If(_applying(i), 0, If(_ready(i), 1, 2))
    work = If(phase[i].isin(ENACTING), 3, If(phase[i] == Phase.LIST, 2, If(phase[i] == Phase.DELETE, 1, 0)))
    return planned(
        either(_applying(i), _ready(i), latest < plans),
        [
            take("publish a plan newer than all", "publish", when=waiting & (phase[i] == Phase.IDLE)),
            take("pick it up", "pick_up", i, when=_ready(i)),
            take("take the free lock", "take_lock", i, when=(phase[i] == Phase.LOCK) & (lock[c] == None)),  # noqa: E711
            take("let a lock run out", "expire_lock", c, when=(phase[i] == Phase.LOCK) & (lock[c] != None)),  # noqa: E711
            take_for_some(Enactor, "let the holder build", "build_tree", when=lambda j: _held_by(i, j, Phase.BUILD)),
            take_for_some(Enactor, "let the holder flip", "flip_alias", when=lambda j: _held_by(i, j, Phase.FLIP)),
            take("build the tree", "build_tree", i, when=(phase[i] == Phase.BUILD) & (lock[c] == i)),
            take("flip", "flip_alias", i, when=(phase[i] == Phase.FLIP) & (lock[c] == i)),
            take("see the lock lost", "lose_lock", i, when=phase[i].isin(HOLDING) & (lock[c] != i)),
            take("list old plans", "list_old_plans", i, when=phase[i] == Phase.LIST),
            take("delete old plans", "delete_old_plans", i, when=phase[i] == Phase.DELETE),
        ],
        [stage, work, cursor[i], _nearness(i)],
    )
