"""Electing a leader on a ring: the smallest identity comes round.

Nodes stand in a ring and send to the next one only. Some of them, the initiators, send their identity round. A
candidate that hears of a smaller identity has lost and passes it on; one that hears of a greater one drops it; one
that hears its own has won. Who has lost, or never was a candidate, passes on everything. Messages to a node may be
read in any order.

E. Chang and R. Roberts, "An improved algorithm for decentralized extrema-finding in circular configurations of
processes", CACM 22(5), 1979.

Source: ChangRoberts.tla and MCChangRoberts.cfg, in the folder chang_roberts of the TLA+ examples: three nodes, whose
identities are their numbers. TLC finds 137 distinct states. Each node is weakly fair there: it does something at last
if it could do something all the time, but which message it reads is left open. So it is here; therefore each node has
actions of its own.

    check -p examples/ground_truth/ring_election.py:protocol
"""

from __future__ import annotations

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    enumeration,
    eventually,
    exists,
    forall,
    integers,
    invariant,
    otherwise,
    outcome,
    says,
    step,
    subsets,
    update,
    weak,
    when,
)

NODES = 3

protocol = Protocol("ring-election", "the node with the smallest identity wins")

Node = integers(1, NODES, "node")
State = enumeration("state", "CANDIDATE LOST WON")

initiator = protocol.variable("initiator", array(Node, boolean()), anything, "the node wants an election")
begun = protocol.variable("begun", array(Node, boolean()), False, "the node has begun")
state = protocol.variable("state", array(Node, State), anything, "what the node knows of itself")
waiting = protocol.variable("waiting", array(Node, subsets(Node)), set(), "identities on their way to the node")
protocol.initially(forall(Node, lambda n: state[n] == If(initiator[n], State.CANDIDATE, State.LOST)))


def declare_node(n: int) -> None:
    """The actions of a node, and that it is fair."""
    after = n % NODES + 1

    def begin() -> Step:
        sent = If(initiator[n], waiting[after] | {n}, waiting[after])
        return step(when(~begun[n]), update(begun[n], True), update(waiting[after], sent), says("begins"))

    def hear(who: Term) -> Step:
        passes = update(waiting[after], waiting[after] | {who})
        return step(
            when(begun[n], who.isin(waiting[n])),
            update(waiting[n], waiting[n] - {who}),
            outcome("passes on", when(state[n] == State.LOST), passes, says("passes {w} on", w=who)),
            outcome("loses", when(who < n), passes, update(state[n], State.LOST), says("hears {w}: has lost", w=who)),
            outcome("wins", when(who == n), update(state[n], State.WON), says("hears itself: has won")),
            otherwise("drops", says("drops {w}", w=who)),
        )

    begin.__name__, hear.__name__ = f"begin_{n}", f"hear_{n}"
    acts = (
        protocol.action(by=f"node {n}", fairness="none")(begin),
        protocol.action(Node, by=f"node {n}", fairness="none")(hear),
    )
    protocol.fair(weak(*acts))


for number in range(1, NODES + 1):
    declare_node(number)

won = exists(Node, lambda n: state[n] == State.WON)
protocol.declare(
    invariant(
        "smallest-wins",
        forall(
            Node,
            lambda n: (state[n] == State.WON).implies(
                initiator[n]
                & forall(Node, lambda m: (m == n) | ((state[m] == State.LOST) & (initiator[m].implies(n < m))))
            ),
        ),
        "who wins is the initiator with the smallest identity, and all others know that they have lost",
    ),
    eventually("somebody-wins", won | ~exists(Node, lambda n: initiator[n]), "if there are initiators, one wins"),
)
protocol.final(forall(Node, lambda n: begun[n] & (waiting[n] == set())))
