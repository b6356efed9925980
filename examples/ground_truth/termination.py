"""Detecting termination on a ring: a token comes back white.

Nodes work, and wake others by messages; who works may stop at any time. Node 1 wants to know when all have stopped.
It sends a white token round, to the last node first and from each node to the one before. A node passes it on when it
has stopped (or when the round is in vain anyhow), and stains it if the node is black: it has woken a node of a higher
number, which the token may have passed. If the token comes back black, the next round begins.

E. W. Dijkstra, W. H. J. Feijen and A. J. M. van Gasteren, "Derivation of a termination detection algorithm for
distributed computations", EWD 840, 1983.

Source: EWD840.tla, in the folder ewd840 of the TLA+ examples; its nodes are numbered from 0. With three nodes TLC
finds 302 distinct states, of which 192 are initial. Steps of the token are weakly fair, those of the work are not.
What is promised is in SyncTerminationDetection.tla, 129 states in another configuration of that folder: ``promise``
here.

    check -p examples/ground_truth/termination.py:protocol
    check refine --of examples/ground_truth/termination.py:protocol --to termination
"""

from __future__ import annotations

from planrace import (
    Protocol,
    Step,
    Term,
    anything,
    array,
    boolean,
    exists,
    first,
    forall,
    index,
    invariant,
    last,
    leads_to,
    preceding,
    primed,
    says,
    step,
    step_invariant,
    update,
    weak,
    when,
)

# What is promised --------------------------------------------------------------------------------------------------
promise = Protocol("termination", "it is told when all have stopped, and not before")
workers = promise.parameter("workers", 3, 2, 7, "nodes that work")
Worker = index("worker", workers, ordered=True)
busy = promise.variable("busy", array(Worker, boolean()), anything, "the node works")
told = promise.variable("told", boolean(), anything, "it is told that all have stopped")
all_idle = forall(Worker, lambda w: ~busy[w])
promise.initially(told.implies(all_idle))


@promise.action(Worker, boolean(), by=Worker, fairness="none")
def finish(w: Term, tells: Term) -> Step:
    """The last one to finish may tell so in the same step."""
    last_one = forall(Worker, lambda v: (v == w) | ~busy[v])
    return step(when(busy[w], (tells == told) | (tells == last_one)), update(busy[w], False), update(told, tells))


@promise.action(Worker, Worker, by=Worker, fairness="none")
def wake(w: Term, other: Term) -> Step:
    return step(when(busy[w]), update(busy[other], True))


@promise.action(by="observer")
def tell() -> Step:
    return step(when(all_idle), update(told, True))


promise.declare(
    invariant("true-when-told", told.implies(all_idle), "what is told is true"),
    step_invariant("stays-so", all_idle.implies(primed(all_idle)), "when all have stopped, nobody works any more"),
    leads_to("told-at-last", all_idle, told, "it is told at last"),
)
promise.final(told)

# The algorithm -----------------------------------------------------------------------------------------------------
protocol = Protocol("ring-termination", "a token finds out that all have stopped")
nodes = protocol.parameter("nodes", 3, 2, 6, "nodes on the ring")
Node = index("node", nodes, ordered=True)
works = protocol.variable("works", array(Node, boolean()), anything, "the node works")
black = protocol.variable("black", array(Node, boolean()), anything, "the node has woken one of a higher number")
token = protocol.variable("token", Node, anything, "where the token is")
stained = protocol.variable("stained", boolean(), True, "the token is black")
one = first(Node)


@protocol.action(by="initiator", fairness="none")
def begin_round() -> Step:
    return step(
        when(token == one, stained | black[one]),
        update(token, last(Node)),
        update(stained, False),
        update(black[one], False),
        says("sends a white token round"),
    )


@protocol.action(Node, by=Node, fairness="none")
def pass_on(n: Term) -> Step:
    return step(
        when(token == n, n != one, ~works[n] | black[n] | stained),
        update(token, preceding(n)),
        update(stained, stained | black[n]),
        update(black[n], False),
        says("passes the token on"),
    )


@protocol.action(Node, Node, by=Node, fairness="none")
def send(n: Term, to: Term) -> Step:
    return step(
        when(works[n], n != to),
        update(works[to], True),
        update(black[n], black[n] | (to > n)),
        says("sends work to node {m}", m=to),
    )


@protocol.action(Node, by=Node, fairness="none")
def stop(n: Term) -> Step:
    return step(when(works[n]), update(works[n], False), says("stops"))


protocol.fair(weak(begin_round, pass_on))

stopped = protocol.let("all have stopped", forall(Node, lambda n: ~works[n]))
detected = protocol.let("node 1 knows", (token == one) & ~stained & ~black[one] & ~works[one])
passed_idle = forall(Node, lambda n: (n > token).implies(~works[n]))
will_stain = exists(Node, lambda n: (n <= token) & black[n])
protocol.declare(
    invariant("detects-no-more", detected.implies(stopped), "if node 1 knows that all have stopped, they have"),
    invariant("round-is-right", passed_idle | will_stain | stained, "who has passed the token rests, or it gets black"),
    leads_to("is-detected", stopped, detected, "when all have stopped, node 1 gets to know"),
)
protocol.refines(promise, {busy: works, told: detected})
protocol.final(detected)
