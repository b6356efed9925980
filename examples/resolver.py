"""A resolver that caches a negative answer for too long.

An outage publishes an empty record for a name, and is repaired. Resolvers that asked meanwhile keep the empty answer,
for as long as the zone says for negative answers (RFC 2308), which is often many times as long as they may keep
addresses: so clients come back only minutes after the record did. Liveness does not show it, for all clients
come back eventually. What matters is a bound, so there is a clock; a tick is the time for which addresses may be kept.

In ``fixed`` resolvers keep no empty answer for longer than we are patient (``max-ncache-ttl`` in BIND,
``cache-max-negative-ttl`` in Unbound). In ``steady`` those that are told that there are no addresses also keep the ones
they have, which goes further than stale answers while no server answers (RFC 8767); a restart still forgets them.

    check -p examples/resolver.py:protocol
    check prove -p examples/resolver.py:fixed
    check -p examples/resolver.py:steady --fault restart
"""

from __future__ import annotations

from planrace import (
    Changes,
    If,
    Protocol,
    Says,
    Step,
    Term,
    array,
    enumeration,
    eventually_always,
    forall,
    index,
    integers,
    invariant,
    lemma,
    otherwise,
    outcome,
    primed,
    proof,
    reachable,
    says,
    step,
    step_invariant,
    taken,
    update,
    when,
)
from planrace.model.patterns import clock, crash, timer

protocol = Protocol("resolver", "resolvers keep answers, also that there is none")

resolvers = protocol.parameter("resolvers", 2, 1, 4, "resolvers that clients ask")
outages = protocol.parameter("outages", 1, 1, 3, "how often the record is emptied")
negative = protocol.parameter("negative", 5, 1, 15, "ticks for which the zone lets an empty answer be kept")
patience = protocol.parameter("patience", 2, 1, 15, "ticks after a repair by which clients shall be back")

Resolver = index("resolver", resolvers, symmetric=True)
Record = enumeration("record", "ADDRESSES EMPTY")
Answer = enumeration("answer", "NOTHING ADDRESSES EMPTY")

record = protocol.variable("record", Record, Record.ADDRESSES, "what the zone says")
emptied = protocol.variable("emptied", integers(0, outages), 0, "outages so far")
kept = protocol.variable("kept", array(Resolver, Answer), Answer.NOTHING, "the last answer the resolver got")
fresh = timer(protocol, "fresh", negative, "ticks for which the resolver may give that answer", over=Resolver)
grace = timer(protocol, "grace", patience, "ticks for which clients may still be without addresses")


protocol.final((emptied == outages) & (record == Record.ADDRESSES))


@protocol.action(by="automation", fairness="none")
def empty() -> Step:
    return step(
        when(record == Record.ADDRESSES, emptied < outages),
        update(record, Record.EMPTY),
        update(emptied, emptied + 1),
        grace.stopping(),
        says("publishes an empty record"),
    )


@protocol.action(by="operator")
def repair() -> Step:
    return step(
        when(record == Record.EMPTY),
        update(record, Record.ADDRESSES),
        grace.starting(patience),
        says("puts the addresses back"),
    )


@protocol.action(Resolver, by=Resolver)
def ask(r: Term) -> Step:
    return step(
        when(~fresh.running(r)),
        outcome(
            "addresses",
            when(record == Record.ADDRESSES),
            update(kept[r], Answer.ADDRESSES),
            fresh.starting(r, 1),
            says("asks, and gets addresses to keep for a tick"),
        ),
        otherwise(
            "empty",
            update(kept[r], Answer.EMPTY),
            fresh.starting(r, negative),
            says("asks, and is told that there are none"),
        ),
    )


tick = clock(protocol, fresh, grace)
protocol.fault("restart", "somebody restarts a resolver, which empties its cache")
restart = crash(protocol, [kept, fresh.left], fault="restart", by=Resolver, name="restart")


@protocol.protection("short-negative-ttl", "no empty answer is kept for longer than we are patient")
def short_negative_ttl(change: Changes) -> None:
    change.value("ask", fresh.left, lambda ticks, r: If(ticks > patience, patience, ticks))


@protocol.protection("keep-last-addresses", "a resolver that is told there are none keeps the addresses it has")
def keep_last_addresses(change: Changes) -> None:
    change.outcome(
        "ask",
        lambda r: outcome(
            "kept",
            when(record == Record.EMPTY, kept[r] == Answer.ADDRESSES),
            fresh.starting(r, 1),
            says("asks, is told that there are none, and keeps those it has"),
        ),
    )


@protocol.observe("clients of resolver", Resolver)
def see(r: Term) -> list[tuple[Term, Says]]:
    return [
        (~fresh.running(r), says("are answered as soon as their resolver has asked")),
        (kept[r] == Answer.EMPTY, says("are told that the name has no addresses")),
        (kept[r] == Answer.ADDRESSES, says("get addresses")),
    ]


protocol.declare(
    invariant(
        "back-in-time",
        ((record == Record.ADDRESSES) & ~grace.running()).implies(
            forall(Resolver, lambda r: ~(fresh.running(r) & (kept[r] == Answer.EMPTY)))
        ),
        "when the grace after a repair is over nobody is told any more that there are no addresses",
    ),
    eventually_always(
        "back-some-time",
        (record == Record.ADDRESSES) & forall(Resolver, lambda r: kept[r] == Answer.ADDRESSES),
        "clients come back, sooner or later",
    ),
    reachable("outages-are-seen", taken("ask", outcome="empty"), "some resolver asks during an outage"),
)

protocol.argue(
    proof(
        [
            lemma(
                "negatives-are-short",
                forall(Resolver, lambda r: (kept[r] == Answer.EMPTY).implies(fresh.left[r] <= patience)),
                "no empty answer is kept for longer than we are patient",
            ),
            lemma(
                "negatives-end-with-the-grace",
                (record == Record.ADDRESSES).implies(
                    forall(Resolver, lambda r: (kept[r] == Answer.EMPTY).implies(fresh.left[r] <= grace.left))
                ),
                "after the repair every empty answer is forgotten when the grace is over",
            ),
        ]
    )
)

fixed = protocol.variant("resolver-fixed", ["short-negative-ttl"])
steady = protocol.variant("resolver-steady", ["short-negative-ttl", "keep-last-addresses"]).declaring(
    [
        step_invariant(
            "addresses-stay",
            forall(Resolver, lambda r: (kept[r] == Answer.ADDRESSES).implies(primed(kept)[r] == Answer.ADDRESSES)),
            "a resolver that has got addresses always has some",
        )
    ]
)
