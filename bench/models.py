"""Protocols of other kinds than the DNS automation, for ``bench/native.py --models``: states of one to five words, with
few and with many successors.

    check -p bench/models.py:paxos -s acceptors=3 -s ballots=3
"""

from __future__ import annotations

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
    integers,
    invariant,
    reachable,
    step,
    subsets,
    update,
    when,
)


def _gossip() -> Protocol:
    protocol = Protocol("gossip", "nodes publish versions, and pull newer ones from each other")
    nodes, versions = protocol.parameter("nodes", 10, 2, 16), protocol.parameter("versions", 3, 1, 15)
    node, version = index("node", nodes), integers(0, versions, "version")
    held = protocol.variable("held", array(node, version), 0)

    @protocol.action(node, by=node)
    def publish(n: Term) -> Step:
        return step(when(held[n] < versions), update(held[n], held[n] + 1))

    @protocol.action(node, node, by=node)
    def pull(n: Term, m: Term) -> Step:
        return step(when(held[m] > held[n]), update(held[n], held[m]))

    spread = forall(node, lambda n: held[n] == versions)
    protocol.declare(reachable("spread", spread, "all nodes hold the newest version"))
    protocol.final(spread)
    return protocol


def _vectors() -> Protocol:
    protocol = Protocol("vectors", "vector clocks: nodes count their events, and learn all that another one knows")
    nodes, events = protocol.parameter("nodes", 5, 2, 8), protocol.parameter("events", 15, 1, 15)
    node, number = index("node", nodes), integers(0, events, "number")
    known = protocol.variable("known", array(node, array(node, number)), 0)

    @protocol.action(node, by=node)
    def act(n: Term) -> Step:
        return step(when(known[n][n] < events), update(known[n][n], known[n][n] + 1))

    @protocol.action(node, node, by=node)
    def learn(n: Term, m: Term) -> Step:
        newer = each(node, lambda k: If(known[m][k] > known[n][k], known[m][k], known[n][k]))
        return step(when(~forall(node, lambda k: known[m][k] <= known[n][k])), update(known[n], newer))

    first = forall(node, lambda n: forall(node, lambda m: known[m][n] <= known[n][n]))
    protocol.declare(invariant("knows-its-own", first, "nobody knows of more events of a node than the node itself"))
    protocol.final(forall(node, lambda n: forall(node, lambda m: known[n][m] == events)))
    return protocol


def _paxos() -> Protocol:
    """One decree (Lamport, "Paxos made simple", 2001). Messages are never lost, and wait in what a proposer reads."""
    protocol = Protocol("paxos", "acceptors choose one value")
    acceptors, ballots = protocol.parameter("acceptors", 3, 1, 5), protocol.parameter("ballots", 4, 1, 6)
    acceptor, ballot, value = index("acceptor", acceptors), integers(1, ballots, "ballot"), integers(1, 2, "value")
    vote, chosen = integers(0, ballots, "vote"), integers(0, 2, "chosen")
    promised = protocol.variable("promised", array(acceptor, vote), 0)
    voted = protocol.variable("voted", array(acceptor, vote), 0)
    held = protocol.variable("held", array(acceptor, chosen), 0)
    begun = protocol.variable("begun", subsets(ballot), set())
    answered = protocol.variable("answered", array(ballot, subsets(acceptor)), set())
    past = protocol.variable("past", array(ballot, array(acceptor, vote)), 0)
    told = protocol.variable("told", array(ballot, array(acceptor, chosen)), 0)
    proposed = protocol.variable("proposed", array(ballot, chosen), 0)
    accepted = protocol.variable("accepted", array(ballot, subsets(acceptor)), set())

    @protocol.action(ballot, by="proposer")
    def begin(b: Term) -> Step:
        return step(when(~b.isin(begun)), update(begun, begun | {b}))

    @protocol.action(acceptor, ballot, by=acceptor)
    def promise(a: Term, b: Term) -> Step:
        return step(
            when(b.isin(begun), promised[a] < b),
            update(promised[a], b),
            update(answered[b], answered[b] | {a}),
            update(past[b][a], voted[a]),
            update(told[b][a], held[a]),
        )

    @protocol.action(ballot, value, subsets(acceptor), by="proposer")
    def propose(b: Term, v: Term, quorum: Term) -> Step:
        def newest(a: Term) -> Term:
            return forall(acceptor, lambda c: ~c.isin(quorum) | (past[b][c] <= past[b][a]))

        free = forall(acceptor, lambda a: ~a.isin(quorum) | (past[b][a] == 0))
        bound = exists(acceptor, lambda a: a.isin(quorum) & (past[b][a] > 0) & (told[b][a] == v) & newest(a))
        most = count(acceptor, lambda a: a.isin(quorum)) * 2 > acceptors
        answers = forall(acceptor, lambda a: ~a.isin(quorum) | a.isin(answered[b]))
        return step(when(proposed[b] == 0, most, answers, free | bound), update(proposed[b], v))

    @protocol.action(acceptor, ballot, by=acceptor)
    def accept(a: Term, b: Term) -> Step:
        return step(
            when(proposed[b] > 0, promised[a] <= b, ~a.isin(accepted[b])),
            update(promised[a], b),
            update(voted[a], b),
            update(held[a], proposed[b]),
            update(accepted[b], accepted[b] | {a}),
        )

    def decided(b: Term, v: int) -> Term:
        return (proposed[b] == v) & (count(acceptor, lambda a: a.isin(accepted[b])) * 2 > acceptors)

    both = exists(ballot, lambda b: decided(b, 1)) & exists(ballot, lambda b: decided(b, 2))
    protocol.declare(invariant("agreement", ~both, "not two values are chosen"))
    return protocol


gossip, vectors, paxos = _gossip(), _vectors(), _paxos()
