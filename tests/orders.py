"""A protocol of workers that pass orders on through a queue and inboxes, and runs of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from planrace.checker.explain.model_data import declared
from planrace.checker.report.text.values import changes, state_before
from planrace.checker.results.explanation import Declared
from planrace.checker.results.trace import Trace
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Pick, record
from planrace.model.language import (
    If,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    both,
    enumeration,
    forall,
    index,
    integers,
    optional,
    says,
    step,
    subsets,
    update,
    when,
)
from planrace.model.patterns import crash, duplicating, lossy, ordered, unordered
from planrace.properties import invariant


def orders() -> Protocol:
    """A controller tells workers what to do, over channels of every kind."""
    p = Protocol("orders")
    kind, worker = enumeration("kind", "START STOP"), index("worker", 2)
    p.fault("loss", "an order is lost")
    p.fault("twice", "an order comes twice")
    p.fault("crash", "a worker starts afresh")
    queue = ordered(p, "queue", (kind, worker), 3, (kind.START, None))
    inbox = ordered(p, "inbox", kind, 2, kind.STOP, over=worker)
    acks = unordered(p, "acks", (worker, kind))
    hints = unordered(p, "hints", (integers(1, 2), kind), over=worker, copies=2)
    told = p.variable("told", array(worker, array(kind, boolean())), False)
    runs = p.variable("runs", array(worker, boolean()), False)
    owner = p.variable("owner", array(kind, optional(worker)), None)
    seen = p.variable("seen", subsets(optional(worker)), set())
    lossy(p, queue, fault="loss")
    duplicating(p, queue, fault="twice")
    crash(p, [inbox], fault="crash", by=worker)

    @p.action(kind, worker, by="controller")
    def order(k: Term, w: Term) -> Step:
        done = update(told[w][k], True), update(owner[k], If(owner[k] == w, None, w)), update(seen, seen | {owner[k]})
        return step(when(queue.room, ~told[w][k]), *queue.sending(k, w), done, says("orders {k} of {w}", k=k, w=w))

    @p.action(kind, worker, by="dispatcher")
    def pass_on(k: Term, w: Term) -> Step:
        return step(
            when(queue.brings(k, w), inbox.room[w], hints.room(w, 1, k)),
            *queue.receiving(),
            *inbox.sending(w, k),
            hints.sending(w, 1, k),
            says("passes {k} on", k=k),
        )

    @p.action(kind, worker, by=worker)
    def obey(k: Term, w: Term) -> Step:
        return step(when(inbox.brings(w, k)), *inbox.receiving(w), update(runs[w], k == kind.START), acks.sending(w, k))

    @p.action(kind, worker, by="controller")
    def hear(k: Term, w: Term) -> Step:
        return step(when(acks.carries(w, k)), acks.receiving(w, k), says("hears of {k}", k=k))

    p.declare(
        invariant("one-runs", ~forall(worker, lambda w: runs[w]), "only one runs"),
        invariant("acks-are-heard", ~both(acks.waiting, ~queue.waiting, runs_all(runs, worker)), "acks are heard"),
    )
    return p


def runs_all(runs: Term, worker: Any) -> Term:
    return forall(worker, lambda w: runs[w])


PICKS: list[Pick] = [
    ("order", (0, 1)),
    ("order", (1, 1)),
    ("pass_on", (0, 1)),
    ("pass_on", (1, 1)),
    ("obey", (0, 1)),
    ("hear", (0, 1)),
    ("obey", (1, 1)),
]


def told(picks: Sequence[Pick], *faults: str) -> tuple[Trace, tuple[Declared, ...]]:
    instance = orders().system(faults=faults).instance()
    return record(Interpreter(instance), picks).trace(), declared(instance)


def changed(trace: Trace, variables: tuple[Declared, ...]) -> list[list[str]]:
    steps = enumerate(trace.steps, 1)
    return [[str(c) for c in changes(s, state_before(trace, n), variables)] for n, s in steps]
