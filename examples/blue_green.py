"""A blue/green deployment with garbage collection of old releases.

A builder publishes releases; redundant deployers each pick the newest, look once whether it is newer than what is
live, and switch the ``live`` pointer some time later. A collector lists releases older than the live one, and deletes
them some time later. The bug: between list and deletion a slow deployer may switch back to a listed release, and users
get a release that is no longer there. The fix compares again in the moment of the switch.

    check -p examples/blue_green.py:protocol
    check -p examples/blue_green.py:fixed
    check prove -p examples/blue_green.py:fixed
"""

from __future__ import annotations

from planrace import (
    Changes,
    Protocol,
    Says,
    Step,
    Term,
    array,
    enumeration,
    exists,
    forall,
    index,
    integers,
    invariant,
    lemma,
    outcome,
    primed,
    proof,
    reachable,
    says,
    step,
    subsets,
    such_that,
    taken,
    update,
    when,
)

protocol = Protocol("blue-green", "deployers switch a pointer, a collector deletes old releases")

deployers = protocol.parameter("deployers", 2, 1, 6, "redundant deployers")
releases = protocol.parameter("releases", 3, 1, 12, "releases that will be built")

Deployer = index("deployer", deployers, symmetric=True)
Version = integers(0, releases, "version")  # 0: nothing is live yet
Release = integers(1, releases, "release")
Work = enumeration("work", "IDLE SWITCHING")

newest = protocol.variable("newest", Version, 0, "the newest release built")
stored = protocol.variable("stored", subsets(Release), set(), "releases whose files exist")
live = protocol.variable("live", Version, 0, "the release that users get")
work = protocol.variable("work", array(Deployer, Work), Work.IDLE, "what the deployer is doing")
target = protocol.variable("target", array(Deployer, Version), 0, "the release it is about to switch to")
condemned = protocol.variable("condemned", subsets(Release), set(), "releases the collector listed")

protocol.final((newest == releases) & (condemned == set()) & forall(Deployer, lambda d: work[d] == Work.IDLE))


@protocol.action(by="builder")
def build() -> Step:
    return step(
        when(newest < releases),
        update(newest, newest + 1),
        update(stored, stored | {newest + 1}),
        says("builds release {r}", r=newest + 1),
    )


@protocol.action(Deployer, by=Deployer)
def choose(d: Term) -> Step:
    return step(
        when(work[d] == Work.IDLE, newest > live, newest.isin(stored)),
        update(work[d], Work.SWITCHING),
        update(target[d], newest),
        says("chooses release {r}, which is newer than release {l}", r=newest, l=live),
    )


@protocol.action(Deployer, by=Deployer)
def switch(d: Term) -> Step:
    return step(
        when(work[d] == Work.SWITCHING),
        update(live, target[d]),
        update(work[d], Work.IDLE),
        update(target[d], 0),
        says("switches users from release {l} to release {r}", l=live, r=target[d]),
    )


@protocol.action(by="collector")
def list_old() -> Step:
    old = such_that(Release, lambda r: r.isin(stored) & (r < live))
    return step(
        when(condemned == set(), old != set()),
        update(condemned, old),
        says("lists releases {old} for deletion", old=old),
    )


@protocol.action(by="collector")
def delete() -> Step:
    return step(
        when(condemned != set()),
        update(stored, stored - condemned),
        update(condemned, set()),
        says("deletes releases {old}", old=condemned),
    )


protocol.picture(stored, live)


@protocol.observe("users")
def get() -> list[tuple[Term, Says]]:
    return [
        (live == 0, says("get nothing yet")),
        (~live.isin(stored), says("get an error: the files of release {l} are gone", l=live)),
        (live.isin(stored), says("get release {l}", l=live)),
    ]


@protocol.protection("compare-and-set", "a switch to a release that is no newer than the live one is dropped")
def compare_and_set(change: Changes) -> None:
    change.outcome(
        "switch",
        lambda d: outcome(
            "superseded",
            when(target[d] <= live),
            update(work[d], Work.IDLE),
            update(target[d], 0),
            says("drops release {r}: release {l} is live already", r=target[d], l=live),
        ),
    )


protocol.declare(
    invariant("live-release-exists", (live == 0) | live.isin(stored), "the release that users get exists"),
    reachable(
        "old-releases-are-deleted",
        taken("delete") & exists(Release, lambda r: r.isin(stored) & ~r.isin(primed(stored))),
        "the collector really deletes something",
    ),
)

protocol.argue(
    proof(
        [
            lemma(
                "condemned-releases-are-old",
                forall(Release, lambda r: r.isin(condemned).implies(r < live)),
                "what the collector listed is older than what users get",
            ),
            lemma(
                "chosen-releases-are-stored",
                forall(
                    Deployer,
                    lambda d: (work[d] == Work.SWITCHING).implies(target[d].isin(stored) | (target[d] <= live)),
                ),
                "a release that a deployer will switch to exists, or is superseded by now",
            ),
        ]
    )
)

fixed = protocol.variant("blue-green-fixed", ["compare-and-set"], "deployers compare again when they switch")
