"""The primary is cut off, another replica takes over, and what clients were told is stored is not there.

The primary of a database stores writes, tells clients that they are stored, and copies them to other replicas. A
monitor makes another replica the primary when it does not reach the primary any more. The bug: a write that clients
were told of may be on the cut-off replica only. ``half`` tells clients when a second replica has the write, too, which
need not be the one that takes over. ``fixed`` tells them when more than half of the replicas have it, and a replica
takes over only if it has all that more than half of them have: any two such halves have a replica in common.
That the monitor asks the replicas and chooses one is a single step here, and the old primary knows at once.

    check -p examples/failover.py:protocol
    check -p examples/failover.py:half
    check prove -p examples/failover.py:fixed
"""

from __future__ import annotations

from planrace import (
    Changes,
    Protocol,
    Step,
    Term,
    anything,
    array,
    count,
    event,
    exists,
    fact,
    forall,
    index,
    integers,
    invariant,
    lemma,
    primed,
    proof,
    reachable,
    role,
    says,
    scenario,
    step,
    subsets,
    taken,
    update,
    when,
)

protocol = Protocol("failover", "a replica takes over from a primary that is cut off")
replicas, writes = protocol.parameter("replicas", 3, 1, 5), protocol.parameter("writes", 1, 1, 4)
Replica, Write = index("replica", replicas, symmetric=True), integers(1, writes, "write")
stored = protocol.variable("stored", array(Replica, subsets(Write)), set(), "what the replica has")
told = protocol.variable("told", subsets(Write), set(), "writes that clients were told are stored")
cut = protocol.variable("cut", subsets(Replica), set(), "replicas that the others and the monitor do not reach")
primary = protocol.variable("primary", Replica, anything, "the replica that clients write to")


def having(write: Term) -> Term:
    return count(Replica, lambda r: write.isin(stored[r]))


@protocol.action(Write, by="primary")
def store(x: Term) -> Step:
    there = exists(Replica, lambda r: x.isin(stored[r]))
    return step(when(~there), update(stored[primary], stored[primary] | {x}), says("stores write {x}", x=x))


@protocol.action(Write, by="primary")
def tell(x: Term) -> Step:
    known = when(x.isin(stored[primary]), ~x.isin(told))
    return step(known, update(told, told | {x}), says("tells its client that write {x} is stored", x=x))


@protocol.action(Replica, Write, by="primary")
def copy(r: Term, x: Term) -> Step:
    return step(
        when(~primary.isin(cut), ~r.isin(cut), x.isin(stored[primary]), ~x.isin(stored[r])),
        update(stored[r], stored[r] | {x}),
        says("copies write {x} to replica {r}", x=x, r=r),
    )


@protocol.action(Replica, by="network")
def part(r: Term) -> Step:
    return step(when(~r.isin(cut)), update(cut, cut | {r}), says("cuts replica {r} off", r=r))


@protocol.action(Replica, by="network")
def join(r: Term) -> Step:
    return step(when(r.isin(cut)), update(cut, cut - {r}), says("connects replica {r} again", r=r))


@protocol.action(Replica, by="monitor")
def take_over(r: Term) -> Step:
    alone = when(primary.isin(cut), ~r.isin(cut))
    return step(alone, update(primary, r), says("makes replica {r} the primary", r=r))


@protocol.protection("second-copy", "a client is told of a write when a second replica has it, too")
def second_copy(change: Changes) -> None:
    change.require("tell", lambda x: having(x) >= 2)


@protocol.protection("most-copies", "a client is told of a write when more than half of the replicas have it")
def most_copies(change: Changes) -> None:
    change.require("tell", lambda x: 2 * having(x) > replicas)


@protocol.protection("most-known", "who takes over has all that more than half of the replicas have")
def most_known(change: Changes) -> None:
    def known(r: Term) -> Term:
        return count(Replica, lambda q: ~q.isin(cut) & stored[q].issubset(stored[r]))

    change.require("take_over", lambda r: 2 * known(r) > replicas)


protocol.declare(
    invariant(
        "told-is-there",
        told.issubset(stored[primary]),
        "the primary has every write of which clients were told",
    ),
    reachable("primaries-change", taken("take_over") & (told != set()), "a replica takes over with what was told"),
)
protocol.argue(
    proof(
        [
            lemma(
                "told-is-on-most",
                forall(Write, lambda x: x.isin(told).implies(2 * having(x) > replicas)),
                "more than half of the replicas have what clients were told of",
            )
        ]
    )
)

x, r = role("write", Write), role("replica", Replica)
protocol.scenario(
    scenario(
        "write-lost",
        "a client reads, and its write is not there",
        (x, r),
        fact("F1", "the primary stores a write", event(taken("store", x=x) & (primary == r))),
        fact("F2", "its client is told so", event(taken("tell", x=x), after=("F1",))),
        fact("F3", "the primary is cut off", event(taken("part", r=r))),
        fact(
            "F4",
            "a replica takes over that does not have the write",
            event(taken("take_over") & (primary == r) & ~x.isin(stored[primed(primary)]), after=("F2", "F3")),
        ),
    )
)

half = protocol.variant("failover-half", ["second-copy"])
fixed = protocol.variant("failover-fixed", ["most-copies", "most-known"])
