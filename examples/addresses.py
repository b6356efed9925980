"""An address is given to a new machine, and the clean-up after the last one cuts it off.

A pool gives addresses to machines; a route is entered with each. A machine that goes gives its address back at once,
and leaves the route to an agent, which cleans up later: it takes an address from a list, and removes the route to it.
The bug: the address is that of a new machine by then. ``half`` lets an address cool down before it is given again,
for longer than the agent usually takes; ``stricter`` gives none that is still on the list, but the agent takes it from
the list before it removes the route. In ``fixed`` an address is free when its clean-up has ended.

    check -p examples/addresses.py:protocol
    check -p examples/addresses.py:half
    check -p examples/addresses.py:stricter
    check prove -p examples/addresses.py:fixed
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace import (
    Changes,
    Protocol,
    Step,
    Term,
    array,
    at,
    event,
    fact,
    forall,
    index,
    invariant,
    lemma,
    optional,
    process,
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

protocol = Protocol("addresses", "an address is given to a new machine before its clean-up")
machines, addresses = protocol.parameter("machines", 2, 1, 4), protocol.parameter("addresses", 1, 1, 4)
cooling = protocol.parameter("cooling", 1, 0, 4, "ticks before an address is given again, where addresses cool down")
Machine, Address = index("machine", machines, symmetric=True), index("address", addresses, symmetric=True)
owner = protocol.variable("owner", array(Address, optional(Machine)), None, "who has the address")
route = protocol.variable("route", array(Address, optional(Machine)), None, "where packets to the address go")
listed = protocol.variable("listed", subsets(Address), set(), "addresses that the agent shall clean up")


@protocol.action(Machine, Address, by="pool")
def give(m: Term, a: Term) -> Step:
    return step(
        when(owner[a] == None),  # noqa: E711
        update(owner[a], m),
        update(route[a], m),
        says("gives address {a} to machine {m}", a=a, m=m),
    )


@protocol.action(Address, by="user")
def leave(a: Term) -> Step:
    return step(
        when(owner[a] != None),  # noqa: E711
        update(owner[a], None),
        update(listed, listed | {a}),
        says("removes machine {m}, which gives address {a} back", m=owner[a], a=a),
    )


@process(protocol, Address, by="agent")
def clean(a: Term) -> Iterator[object]:
    while True:
        when(a.isin(listed))
        update(listed, listed - {a})
        yield at("TAKE"), says("takes address {a} from its list")
        route[a] = None
        yield at("REMOVE"), says("removes the route to address {a}")


@protocol.protection("cool-down", "an address is given again only after a while")
def cool_down(change: Changes) -> None:
    change.timed("give", since=["initially", "leave"], after=cooling)


@protocol.protection("not-listed", "no address is given that the agent shall clean up")
def not_listed(change: Changes) -> None:
    change.require("give", lambda m, a: ~a.isin(listed))


@protocol.protection("not-in-clean-up", "nor one that it is cleaning up")
def not_in_clean_up(change: Changes) -> None:
    change.require("give", lambda m, a: clean.at(a, "TAKE"))


protocol.declare(
    invariant(
        "machines-are-reached",
        forall(Address, lambda a: (owner[a] == None) | (route[a] == owner[a])),  # noqa: E711
        "packets to an address reach the machine that has it",
    ),
    reachable("routes-are-removed", taken("clean_remove"), "the agent removes a route"),
)

protocol.argue(
    proof(
        [
            lemma(
                "no-clean-up-of-what-is-used",
                forall(Address, lambda a: (owner[a] == None) | (clean.at(a, "TAKE") & ~a.isin(listed))),  # noqa: E711
                "an address that a machine has is neither on the list nor in the agent's hands",
            )
        ]
    )
)

m, a = role("machine", Machine), role("address", Address)
protocol.scenario(
    scenario(
        "cut-off",
        "a new machine is not reached by anybody",
        (m, a),
        fact("F1", "a machine gives its address back", event(taken("leave", a=a))),
        fact("F2", "the address is given to a machine", event(taken("give", a=a, m=m), after=("F1",))),
        fact("F3", "the agent takes the address from its list", event(taken("clean_take", a=a), after=("F1",))),
        fact(
            "F4",
            "the agent removes the route to the machine",
            event(taken("clean_remove", a=a) & (route[a] == m) & (owner[a] == m), after=("F2", "F3")),
        ),
    )
)

half = protocol.variant("addresses-half", ["cool-down"])
stricter = protocol.variant("addresses-stricter", ["not-listed"])
fixed = protocol.variant("addresses-fixed", ["not-listed", "not-in-clean-up"])
