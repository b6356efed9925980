"""An autoscaler removes an empty node while the scheduler puts a pod on it.

The scheduler picks a node for a pod, and binds the pod to it a little later. The autoscaler looks for a node without
pods, makes sure a second time, and removes it. The bug: a pod between picking and binding is on no list. ``half``
taints the node before it removes it, so that nobody picks it any more; who has picked it before binds all the same.
``fixed`` taints the node before it makes sure, and nothing is bound to a tainted node.

    check -p examples/autoscaler.py:protocol
    check -p examples/autoscaler.py:half
    check prove -p examples/autoscaler.py:fixed
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace import (
    Changes,
    Outcome,
    Protocol,
    Step,
    Term,
    array,
    at,
    event,
    exists,
    fact,
    forall,
    index,
    integers,
    invariant,
    lemma,
    local,
    outcome,
    process,
    proof,
    reachable,
    role,
    says,
    scenario,
    some,
    step,
    subsets,
    such_that,
    taken,
    update,
    when,
)

protocol = Protocol("autoscaler", "a node is removed while a pod is put on it")
pods, nodes = protocol.parameter("pods", 2, 1, 6), protocol.parameter("nodes", 2, 1, 6)
Pod, Node, Host = index("pod", pods, symmetric=True), integers(1, nodes, "node"), integers(0, nodes)
up = protocol.variable("up", subsets(Node), such_that(Node, lambda n: n > 0), "the nodes that there are")
tainted = protocol.variable("tainted", subsets(Node), set(), "nodes that take no new pods")
host = protocol.variable("host", array(Pod, Host), 0, "the node that a pod is bound to, 0: none")


def used(node: Term) -> Term:
    return exists(Pod, lambda p: host[p] == node)


@process(protocol, Pod, by="scheduler")
def schedule(pod: Term) -> Iterator[object]:
    node = local(Host, 0, "the node that was picked")
    while True:
        node = some(Node, lambda n: n.isin(up) & ~n.isin(tainted))
        yield at("PICK"), says("picks node {node} for pod {pod}")
        host[pod] = node
        yield at("BIND"), says("binds pod {pod} to node {node}")
        host[pod] = 0
        yield at("END"), says("hears that pod {pod} has come to its end")


@process(protocol, by="autoscaler")
def autoscaler() -> Iterator[object]:
    idle = local(Host, 0, "the node that shall go")
    while True:
        idle = some(Node, lambda n: n.isin(up) & ~used(n))
        yield at("FIND"), says("finds node {idle} empty")
        at("CONFIRM")
        if used(idle):
            outcome("used")
            yield says("finds that node {idle} is used")
            continue
        outcome("empty")
        yield says("finds node {idle} empty again")
        update(up, up - {idle})
        yield at("REMOVE"), says("removes node {idle}")


idle = autoscaler.idle


def taint() -> Step:
    return step(update(tainted, tainted | {idle}), says("taints node {n}", n=idle))


@protocol.protection("taint-late", "a node that was found empty again is tainted, and then removed")
def taint_late(change: Changes) -> None:
    change.insert(autoscaler, after="CONFIRM", outcome="empty", name="TAINT", steps=taint())


@protocol.protection("taint-first", "a node is tainted, and then found tainted and empty")
def taint_first(change: Changes) -> None:
    change.insert(autoscaler, after="FIND", name="TAINT", steps=taint())
    change.step(autoscaler, "CONFIRM").condition("used", used(idle) | ~idle.isin(tainted))
    change.step(autoscaler, "CONFIRM").also(update(tainted, tainted - {idle}), outcome="used")


@protocol.protection("checked-binding", "nothing is bound to a tainted node: the scheduler picks another one")
def checked_binding(change: Changes) -> None:
    def refused(pod: Term) -> Outcome:
        node = schedule.node[pod]
        again = [update(schedule.at(pod), "PICK"), update(node, 0)]
        words = says("may not bind pod {p} to node {n}, which is tainted", n=node, p=pod)
        return outcome("refused", when(node.isin(tainted)), *again, words)

    change.step(schedule, "BIND").outcome(refused)


protocol.final(up == set())
protocol.declare(
    invariant("pods-have-nodes", forall(Pod, lambda p: (host[p] == 0) | host[p].isin(up)), "no pod loses its node"),
    reachable("nodes-are-removed", taken("autoscaler_remove"), "an empty node is removed"),
)
protocol.argue(
    proof(
        [
            lemma("nobody-else-removes-it", autoscaler.at("CONFIRM", "REMOVE").implies(idle.isin(up)), "it is there"),
            lemma("no-pod-comes-back", forall(Node, lambda n: n.isin(up) | n.isin(tainted)), "what is gone is tainted"),
            lemma(
                "it-is-empty",
                autoscaler.at("REMOVE").implies(idle.isin(tainted) & ~used(idle)),
                "a node that is about to go is tainted, and no pod is on it",
            ),
        ]
    )
)

p, n = role("pod", Pod), role("node", Node)
protocol.scenario(
    scenario(
        "pod-lost",
        "a pod starts on a node that goes away",
        (p, n),
        fact("F1", "the scheduler picks the node for the pod", event(taken("schedule_pick", pod=p, node=n))),
        fact("F2", "the autoscaler finds the node empty", event(taken("autoscaler_find", idle=n))),
        fact(
            "F3",
            "it makes sure: no pod is bound to the node",
            event(taken("autoscaler_confirm", outcome="empty") & (idle == n), after=("F1", "F2")),
        ),
        fact("F4", "the pod is bound to the node", event(taken("schedule_bind", pod=p), after=("F3",))),
        fact(
            "F5",
            "the node is removed with the pod on it",
            event(taken("autoscaler_remove") & (idle == n) & (host[p] == n), after=("F4",)),
        ),
    )
)

half = protocol.variant("autoscaler-half", ["taint-late"])
fixed = protocol.variant("autoscaler-fixed", ["taint-first", "checked-binding"])
