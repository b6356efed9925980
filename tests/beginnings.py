"""Protocols with many initial states, after published ones whose numbers of states are known."""

from __future__ import annotations

from planrace.model.language import (
    If,
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    both,
    either,
    enumeration,
    exists,
    forall,
    integers,
    one_of,
    outcome,
    says,
    step,
    subsets,
    update,
    when,
)
from planrace.properties import invariant, leads_to, reachable


def termination(nodes: int = 3) -> Protocol:
    """Dijkstra, Feijen & van Gasteren, "Derivation of a termination detection algorithm for distributed computations"
    (EWD 840, 1983): a token goes around a ring of nodes, any of which may be active in the beginning. Three nodes have
    302 states, 192 of them initial."""
    p = Protocol("termination", "the first node finds out that all nodes are passive")
    node, hue = integers(0, nodes - 1, "node"), enumeration("color", "WHITE BLACK")
    active = p.variable("active", array(node, boolean()), anything, "which nodes work")
    color = p.variable("color", array(node, hue), anything)
    token = p.variable("token", node, anything, "the node that has the token")
    tint = p.variable("tint", hue, hue.BLACK, "the color of the token")

    @p.action(by="first node")
    def probe() -> Step:
        return step(
            when(token == 0, either(tint == hue.BLACK, color[0] == hue.BLACK)),
            update(token, nodes - 1),
            update(tint, hue.WHITE),
            update(color[0], hue.WHITE),
        )

    @p.action(node, by="nodes")
    def hand_on(n: Term) -> Step:
        return step(
            when(n > 0, token == n, either(~active[n], color[n] == hue.BLACK, tint == hue.BLACK)),
            update(token, n - 1),
            update(tint, If(color[n] == hue.BLACK, hue.BLACK, tint)),
            update(color[n], hue.WHITE),
        )

    @p.action(node, node, by="nodes")
    def send(n: Term, to: Term) -> Step:
        return step(
            when(active[n], n != to),
            update(active[to], True),
            update(color[n], If(to > n, hue.BLACK, color[n])),
        )

    @p.action(node, by="nodes")
    def rest(n: Term) -> Step:
        return step(when(active[n]), update(active[n], False))

    found = both(token == 0, tint == hue.WHITE, color[0] == hue.WHITE, ~active[0])
    quiet = forall(node, lambda n: ~active[n])
    p.declare(
        invariant("no-false-alarm", found.implies(quiet), "what the first node finds is true"),
        invariant("never-quiet", ~quiet, "some node works; this is false"),
    )
    p.final(both(found, quiet))
    return p


def election(nodes: int = 3) -> Protocol:
    """Chang & Roberts, "An improved algorithm for decentralized extrema-finding in circular configurations of
    processes" (CACM 22, 1979): of the nodes that start an election, the one with the smallest number wins. Which ones
    start is open, so there are eight initial states of three nodes, and 137 states."""
    p = Protocol("election", "nodes on a ring elect a leader")
    node, rank = integers(1, nodes, "node"), enumeration("standing", "CANDIDATE LOST WON")
    starts = p.variable("starts", array(node, boolean()), anything, "who starts an election")
    standing = p.variable("standing", array(node, rank), one_of(rank.CANDIDATE, rank.LOST))
    begun = p.variable("begun", array(node, boolean()), False)
    inbox = p.variable("inbox", array(node, subsets(node)), set())
    p.initially(forall(node, lambda n: starts[n] == (standing[n] == rank.CANDIDATE)))

    def after(n: Term) -> Term:
        return If(n == nodes, 1, n + 1)

    @p.action(node, by="nodes")
    def begin(n: Term) -> Step:
        told = inbox[after(n)]
        return step(when(~begun[n]), update(begun[n], True), update(told, If(starts[n], told | {n}, told)))

    @p.action(node, node, by="nodes")
    def hear(n: Term, of: Term) -> Step:
        left = If(after(n) == n, inbox[n], inbox[n] - {of})
        handed_on = update(inbox[n], left), update(inbox[after(n)], inbox[after(n)] | {of})
        return step(
            when(begun[n], of.isin(inbox[n])),
            outcome("forwards", when(standing[n] == rank.LOST), *handed_on),
            outcome("loses", when(of < n), update(standing[n], rank.LOST), *handed_on),
            outcome("wins", when(of == n), update(standing[n], rank.WON), update(inbox[n], inbox[n] - {of})),
            outcome("drops", update(inbox[n], inbox[n] - {of})),
            says("node {n} hears of {of}", n=n, of=of),
        )

    def beats(n: Term, other: Term) -> Term:
        return either(other == n, both(standing[other] == rank.LOST, starts[other].implies(other > n)))

    won = exists(node, lambda n: standing[n] == rank.WON)
    p.declare(
        invariant(
            "smallest-wins",
            forall(
                node,
                lambda n: (standing[n] == rank.WON).implies(starts[n] & forall(node, lambda m: beats(n, m))),
            ),
            "the winner has the smallest number of those that started",
        ),
        reachable("somebody-wins", won, "there is a leader"),
        leads_to("election-ends", exists(node, lambda n: starts[n]), won, "where somebody starts, somebody wins"),
        leads_to("third-wins", starts[nodes], standing[nodes] == rank.WON, "the last node wins; this is false"),
    )
    p.final(forall(node, lambda n: begun[n] & (inbox[n] == set())))
    return p


def coffee_can(beans: int = 100) -> Protocol:
    """Gries, *The Science of Programming* (1981), chapter 13: of two beans that are taken out of a can, one
    is put back. Every can with 1…``beans`` beans is an initial state: 5,150 for 100."""
    p = Protocol("coffee-can", "the color of the last bean")
    count = integers(0, beans, "count")
    black, white = p.variable("black", count, anything), p.variable("white", count, anything)
    p.initially(black + white >= 1)
    p.initially(black + white <= beans)

    @p.action(by="me")
    def two_black() -> Step:
        return step(when(black >= 2), update(black, black - 1))

    @p.action(by="me")
    def two_white() -> Step:
        return step(when(white >= 2), update(white, white - 2), update(black, black + 1))

    @p.action(by="me")
    def one_of_each() -> Step:
        return step(when(black >= 1, white >= 1), update(black, black - 1))

    p.declare(
        invariant("never-empty", black + white >= 1, "a bean stays in the can"),
        leads_to("one-is-left", both(), black + white == 1, "in the end there is one bean"),
    )
    p.final(black + white == 1)
    return p
