"""A pointer is flipped and what is older is deleted: the race of 20 October 2025 in its smallest form.

A planner publishes versions. Redundant workers pick the newest version, flip the pointer to it some time later, and
delete the versions that are older than their own. The bug: a slow worker flips the pointer back to a version that has
been deleted. The fix compares again in the moment of the flip. The README shows this file.

    check -p examples/rollout.py:protocol
    check -p examples/rollout.py:fixed
    check prove -p examples/rollout.py:fixed
"""

from __future__ import annotations

from planrace import (
    Changes,
    Protocol,
    Step,
    Term,
    array,
    forall,
    index,
    integers,
    invariant,
    lemma,
    proof,
    says,
    step,
    subsets,
    such_that,
    update,
    when,
)

protocol = Protocol("rollout", "workers flip a pointer to the newest version and delete what is older")
workers, versions = protocol.parameter("workers", 2, 1, 6), protocol.parameter("versions", 2, 1, 9)
Worker, Version = index("worker", workers, symmetric=True), integers(0, versions, "version")
latest, active = protocol.variable("latest", Version, 0), protocol.variable("active", Version, 0)
stored = protocol.variable("stored", subsets(Version), {0})
picked = protocol.variable("picked", array(Worker, Version), 0)
protocol.final(latest == versions)


@protocol.action(by="planner")
def publish() -> Step:
    return step(when(latest < versions), update(latest, latest + 1), update(stored, stored | {latest + 1}))


@protocol.action(Worker, by=Worker)
def pick(w: Term) -> Step:
    return step(when(latest > active), update(picked[w], latest), says("picks version {v}", v=latest))


@protocol.action(Worker, by=Worker)
def flip(w: Term) -> Step:
    return step(when(picked[w] > 0), update(active, picked[w]), says("makes version {v} active", v=picked[w]))


@protocol.action(Worker, by=Worker)
def clean_up(w: Term) -> Step:
    kept = such_that(Version, lambda v: v.isin(stored) & (v >= active))
    return step(when(picked[w] == active), update(stored, kept), says("deletes versions before {v}", v=active))


protocol.declare(invariant("active-is-stored", active.isin(stored), "the version that users get has not been deleted"))


@protocol.protection("compare-again", "a flip is refused unless the version is newer than the active one")
def compare_again(change: Changes) -> None:
    change.require("flip", lambda w: picked[w] > active)


LEMMAS = [
    lemma("latest-is-stored", latest.isin(stored), "nobody deletes the newest version"),
    lemma("picked-was-published", forall(Worker, lambda w: picked[w] <= latest), "no version is picked too early"),
    lemma(
        "newer-picks-are-stored",
        forall(Worker, lambda w: (picked[w] > active).implies(picked[w].isin(stored))),
        "a version that may still become active is not deleted",
    ),
]
fixed = protocol.variant("rollout-fixed", ["compare-again"]).declaring(proofs=[proof(LEMMAS)])
