"""A Kubernetes operator that deletes a live object, because its cache is old.

An object named ``web`` has a volume claim, which is an object, too. Whoever deletes ``web`` only marks it; the
operator's finalizer holds it until the operator has deleted the claim and takes the finalizer off. The operator knows
objects from its informer, a cache that follows later. The bug: ``web`` is deleted and created anew, the cache still
shows the old one, marked, and the operator cleans up once more, by name: it deletes a claim in use.

The API server can tell the difference: a deletion may name the UID that it means (``preconditions.uid``), as in
``fixed``. To look for claims by UID and delete them by name, as was proposed where the bug was found
(k8ssandra/cass-operator, issue 118), is not enough where a deletion is sent twice.

    check -p examples/finalizers.py:protocol
    check -p examples/finalizers.py:protocol --with list-by-uid --fault resend
    check prove -p examples/finalizers.py:fixed
"""

from __future__ import annotations

from planrace import (
    Changes,
    Protocol,
    Says,
    Step,
    Term,
    boolean,
    both,
    forall,
    integers,
    invariant,
    leads_to,
    lemma,
    outcome,
    primed,
    proof,
    reachable,
    says,
    step,
    step_invariant,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.patterns import lossy, unordered

protocol = Protocol("finalizers", "an operator cleans up after objects that its cache shows")

objects = protocol.parameter("objects", 2, 1, 12, "how often an object is created under the name")
Number = integers(0, objects, "UID")  # 0: there is no object
Uid = integers(1, objects, "UID")

created = protocol.variable("created", Number, 0, "the UID that was given last")
live = protocol.variable("live", Number, 0, "the object that has the name")
marked = protocol.variable("marked", boolean(), False, "it has a deletion timestamp")
claims = protocol.variable("claims", subsets(Uid), set(), "claims that exist, by the object that they were made for")
seen = protocol.variable("seen", Number, 0, "the object in the cache")
seen_marked = protocol.variable("seen_marked", boolean(), False, "the cache shows the deletion timestamp")
deletions = unordered(protocol, "deletions", Uid, "deletions of the claim on their way, with the UID in the cache")

protocol.fault("loss", "a request is lost")
protocol.fault("resend", "a request is served, and sent again for its answer was lost")
protocol.final((live == 0) & (created == objects) & (seen == 0))
protocol.picture(claims, live, seen)
lossy(protocol, deletions, fault="loss")


@protocol.action(by="user", fairness="none")
def create() -> Step:
    return step(
        when(live == 0, created < objects),
        update(created, created + 1),
        update(live, created + 1),
        update(claims, claims | {created + 1}),
        says("creates web, UID {u}, with its claim", u=created + 1),
    )


@protocol.action(by="user", fairness="none")
def delete() -> Step:
    return step(when(live > 0, ~marked), update(marked, True), says("deletes web: UID {u} is marked", u=live))


@protocol.action(by="informer")
def watch() -> Step:
    behind = (seen != live) | (seen_marked != marked)
    return step(when(behind), update(seen, live), update(seen_marked, marked), says("brings the cache up to date"))


@protocol.action(by="operator")
def clean_up() -> Step:
    return step(
        when(seen > 0, seen_marked, claims != set(), ~deletions.carries(seen)),
        deletions.sending(seen),
        says("sees in its cache that web, UID {u}, is marked, and asks to delete the claim of web", u=seen),
    )


@protocol.action(by="operator")
def release() -> Step:
    return step(
        when(seen > 0, seen_marked, claims == set(), live == seen),  # an update names the version that it changes
        update(live, 0),
        update(marked, False),
        says("takes the finalizer off web, UID {u}, which is gone with that", u=live),
    )


@protocol.action(Uid, by="API server")
def serve(u: Term) -> Step:
    return step(
        when(deletions.carries(u)),
        deletions.receiving(u),
        outcome(
            "deleted",
            when(claims != set()),
            update(claims, set()),
            says("deletes the claim of web, which is that of UID {c}", c=claims),
        ),
        outcome("not-found", says("finds no claim to delete")),
    )


@protocol.action(Uid, by="API server", fault="resend")
def serve_again(u: Term) -> Step:
    return step(
        when(deletions.carries(u), claims != set()),
        update(claims, set()),
        says("deletes the claim of web, which is that of UID {c}, and is asked again: its answer is lost", c=claims),
    )


@protocol.protection("uid-precondition", "a deletion names the UID it means, and is refused where it is another's")
def uid_precondition(change: Changes) -> None:
    change.outcome(
        "serve",
        lambda u: outcome(
            "conflict",
            when(claims != set(), ~u.isin(claims)),
            says("refuses to delete the claim: UID {u} is not its object's", u=u),
        ),
    )
    if change.has("serve_again"):
        change.require("serve_again", lambda u: u.isin(claims))


@protocol.protection("list-by-uid", "the operator looks for claims of the UID in its cache, and deletes them by name")
def list_by_uid(change: Changes) -> None:
    change.require("clean_up", lambda: seen.isin(claims))


@protocol.observe("web")
def use() -> list[tuple[Term, Says]]:
    return [
        (live == 0, says("is not there")),
        (marked, says("is being deleted")),
        (live.isin(claims), says("runs, and has its data")),
        (~live.isin(claims), says("runs, and its data is gone")),
    ]


protocol.declare(
    invariant(
        "live-objects-have-data", ((live > 0) & ~marked).implies(live.isin(claims)), "a live object has its data"
    ),
    step_invariant(
        "nobody-deletes-what-lives",
        forall(Uid, lambda u: (u.isin(claims) & (u == live) & ~marked).implies(u.isin(primed(claims)))),
        "no claim is deleted while its object is there and nobody deletes that",
    ),
    invariant("nothing-is-left", (live == 0).implies(claims == set()), "no data is left of an object that is gone"),
    leads_to("deletions-end", marked, ~marked, "an object that is marked will be gone"),
    reachable("objects-are-replaced", taken("create") & (created > 0), "the name is used a second time"),
)

protocol.argue(
    proof(
        [
            lemma(
                "uids-grow",
                both(live <= created, seen <= created, forall(Uid, lambda u: ~deletions.carries(u) | (u <= created))),
                "no UID that anybody knows is greater than the last one given",
            ),
            lemma(
                "claims-are-of-the-object",
                forall(Uid, lambda u: u.isin(claims).implies(u == live)),
                "there is no claim of another object than the one that is there",
            ),
            lemma("the-cache-was-right", ((live > 0) & (seen == live) & seen_marked).implies(marked), "marks are true"),
            lemma(
                "deletions-were-right",
                ((live > 0) & deletions.carries(live)).implies(marked),
                "an object whose claim somebody asked to delete is marked, if it is still there",
            ),
        ]
    )
)

fixed = protocol.variant("finalizers-fixed", ["uid-precondition"])
