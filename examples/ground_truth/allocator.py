"""A scheduling allocator: clients ask for resources, and get them in turn.

A client that has nothing and waits for nothing may ask for some resources. The allocator puts those who wait into a
schedule, in any order, behind those who are there. It hands out what is free, a part of a wish at a time, if nobody
earlier in the schedule waits for it. A client may return what it holds at any time, and does so at last if it has got
all it wanted.

S. Merz, "The specification language TLA+", in Logics of Specification Languages, Springer, 2008, section 3.

Source: SchedulingAllocator.tla, in the folder allocator of the TLA+ examples. With three clients and two resources
TLC finds 1,690 distinct states. The schedule is a sequence there; here each client has its place in it, or 0.
Fairness is that of the text: a client that has all returns all of it, the allocator hands something out to each
client if it could all the time, and it makes schedules. Which resources it hands out is left open; therefore each
client has an action of its own for that.

    check -p examples/ground_truth/allocator.py:protocol
"""

from __future__ import annotations

from itertools import combinations

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    array,
    count,
    each,
    exists,
    forall,
    index,
    infinitely_often,
    integers,
    invariant,
    leads_to,
    says,
    size_of,
    step,
    subsets,
    such_that,
    update,
    weak,
    when,
)

CLIENTS = 3

protocol = Protocol("allocator", "clients get resources by a schedule")

resources = protocol.parameter("resources", 2, 1, 4, "resources that there are")
Resource = index("resource", resources, symmetric=True)
Client = integers(1, CLIENTS, "client")
Place = integers(0, CLIENTS, "place")

wanted = protocol.variable("wanted", array(Client, subsets(Resource)), set(), "what the client waits for")
held = protocol.variable("held", array(Client, subsets(Resource)), set(), "what the client has")
place = protocol.variable("place", array(Client, Place), 0, "its place in the schedule; 0: it is not there")

free = such_that(Resource, lambda r: ~exists(Client, lambda c: r.isin(held[c])))
scheduled = count(Client, lambda c: place[c] > 0)
new = such_that(Client, lambda c: (wanted[c] != set()) & (place[c] == 0))
"""Who waits and is not yet in the schedule."""


@protocol.action(Client, subsets(Resource), by="clients", fairness="none")
def ask(c: Term, wish: Term) -> Step:
    return step(
        when(wanted[c] == set(), held[c] == set(), wish != set()),
        update(wanted[c], wish),
        says("client {c} asks for {w}", c=c, w=wish),
    )


def declare_handing_out(c: int) -> None:
    """What the allocator hands out to one client."""

    def hand_out(part: Term) -> Step:
        earlier = forall(
            Client, lambda d: ((place[d] > 0) & (place[d] < place[c])).implies((wanted[d] & part) == set())
        )
        gone = each(Client, lambda d: If(d == c, 0, If(place[d] > place[c], place[d] - 1, place[d])))
        return step(
            when(part != set(), part.issubset(free), part.issubset(wanted[c]), place[c] > 0, earlier),
            update(held[c], held[c] | part),
            update(wanted[c], wanted[c] - part),
            update(place, If(part == wanted[c], gone, place)),
            says(f"hands {{p}} out to client {c}", p=part),
        )

    hand_out.__name__ = f"hand_out_{c}"
    action = protocol.action(subsets(Resource), by="allocator", fairness="none")(hand_out)
    protocol.fair(weak(action))


for number in range(1, CLIENTS + 1):
    declare_handing_out(number)


@protocol.action(Client, subsets(Resource), by="clients", fairness="none")
def return_some(c: Term, part: Term) -> Step:
    done = (wanted[c] == set()) & (part == held[c])
    return step(
        when(part != set(), part.issubset(held[c]), ~done),
        update(held[c], held[c] - part),
        says("client {c} returns {p}", c=c, p=part),
    )


@protocol.action(Client, by="clients")
def return_all(c: Term) -> Step:
    return step(
        when(wanted[c] == set(), held[c] != set()),
        update(held[c], set()),
        says("client {c} has got all it wanted, and returns it", c=c),
    )


def queued(*clients: Term) -> Step:
    """All who are new stand behind the others, in this order."""

    def behind(d: Term) -> Term:
        found = place[d]
        for n, c in enumerate(clients, 1):
            found = If(d == c, scheduled + n, found)
        return found

    return step(
        when(
            size_of(new) == len(clients),
            *(c.isin(new) for c in clients),
            *(c != d for c, d in combinations(clients, 2)),
        ),
        update(place, each(Client, behind)),
        says(
            "schedules " + ", then ".join(f"{{c{n}}}" for n in range(len(clients))),
            **{f"c{n}": c for n, c in enumerate(clients)},
        ),
    )


@protocol.action(Client, by="allocator", fairness="none")
def schedule_one(a: Term) -> Step:
    return queued(a)


@protocol.action(Client, Client, by="allocator", fairness="none")
def schedule_two(a: Term, b: Term) -> Step:
    return queued(a, b)


@protocol.action(Client, Client, Client, by="allocator", fairness="none")
def schedule_three(a: Term, b: Term, c: Term) -> Step:
    return queued(a, b, c)


protocol.fair(weak(schedule_one, schedule_two, schedule_three))


def earlier_than(c: Term, d: Term) -> Term:
    """Both are scheduled, and c comes first."""
    return (place[c] > 0) & (place[c] < place[d])


def obtainable(c: Term, r: Term) -> Term:
    """It is free when those who come earlier, and those who are not scheduled, have had all and returned it."""
    return r.isin(free) | exists(
        Client,
        lambda d: (earlier_than(d, c) & (r.isin(wanted[d]) | r.isin(held[d]))) | ((place[d] == 0) & r.isin(held[d])),
    )


protocol.declare(
    invariant(
        "one-holder",
        forall(Client, lambda c: forall(Client, lambda d: (c == d) | ((held[c] & held[d]) == set()))),
        "nobody has what another one has",
    ),
    invariant(
        "schedule-is-of-who-waits",
        forall(Client, lambda c: (place[c] > 0).implies(wanted[c] != set())),
        "all who are scheduled wait for something",
    ),
    invariant(
        "first-come",
        forall(
            Client,
            lambda c: forall(Client, lambda d: earlier_than(d, c).implies((held[c] & wanted[d]) == set())),
        ),
        "nobody has what one who is scheduled earlier waits for",
    ),
    invariant(
        "no-dead-end",
        forall(
            Client,
            lambda c: (place[c] > 0).implies(forall(Resource, lambda r: r.isin(wanted[c]).implies(obtainable(c, r)))),
        ),
        "who is scheduled gets all when those before have returned what they have",
    ),
    forall(
        Client,
        lambda c: leads_to(
            "returned", wanted[c] == set(), held[c] == set(), "who waits for nothing returns what it has"
        ),
    ),
    forall(
        Client,
        lambda c: forall(
            Resource,
            lambda r: leads_to("obtained", r.isin(wanted[c]), r.isin(held[c]), "who waits for something gets it"),
        ),
    ),
    forall(
        Client, lambda c: infinitely_often("satisfied", wanted[c] == set(), "all wishes are granted again and again")
    ),
)
