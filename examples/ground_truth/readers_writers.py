"""Readers and writers who queue: everybody gets in.

Actors ask to read or to write, and stand in one queue. Whoever is first gets in: a reader if nobody writes, a writer
if nobody is inside. Who is inside leaves at some time. An actor may queue for both, and again for reading while it
reads.

Source: ReadersWriters.tla and MC.cfg, in the folder ReadersWriters of the TLA+ examples: three actors. TLC finds
21,527 distinct states. Each actor is weakly fair in asking to read, and to write; letting the first one in is weakly
fair, and so is leaving, but who leaves is left open.

    check -p examples/ground_truth/readers_writers.py:protocol
    check -p examples/ground_truth/readers_writers.py:protocol --no-symmetry --property one-writes --no-slicing
"""

from __future__ import annotations

from typing import Any

from planrace import (
    Protocol,
    Step,
    Term,
    enumeration,
    exists,
    forall,
    index,
    infinitely_often,
    invariant,
    otherwise,
    outcome,
    record,
    says,
    sequence,
    size_of,
    step,
    subsets,
    update,
    weak,
    when,
)

protocol = Protocol("readers-writers", "actors queue to read and to write")

actors = protocol.parameter("actors", 3, 1, 4, "actors that read and write")
Actor = index("actor", actors, symmetric=True)
Kind = enumeration("kind", "READ WRITE")
Request = record("request", kind=Kind, actor=Actor)

readers = protocol.variable("readers", subsets(Actor), set(), "who reads")
writers = protocol.variable("writers", subsets(Actor), set(), "who writes")
queue = protocol.variable("queue", sequence(Request, 2 * actors), [], "who waits, in order")


def waits(a: Term, kind: Term) -> Term:
    """The actor is in the queue for this."""

    def asks(r: Any) -> object:
        return (r.actor == a) & (r.kind == kind)

    return exists(queue, asks)


@protocol.action(Actor, by=Actor)
def ask_to_read(a: Term) -> Step:
    return step(when(~waits(a, Kind.READ)), update(queue, queue.append(Request(kind=Kind.READ, actor=a))))


@protocol.action(Actor, by=Actor)
def ask_to_write(a: Term) -> Step:
    return step(when(~waits(a, Kind.WRITE)), update(queue, queue.append(Request(kind=Kind.WRITE, actor=a))))


@protocol.action(Actor, by="doorkeeper")
def let_reader_in(a: Term) -> Step:
    return step(
        when(writers == set(), queue.length > 0, queue.head.kind == Kind.READ, queue.head.actor == a),
        update(readers, readers | {a}),
        update(queue, queue.tail),
        says("lets {a} in to read", a=a),
    )


@protocol.action(Actor, by="doorkeeper")
def let_writer_in(a: Term) -> Step:
    return step(
        when(writers == set(), readers == set(), queue.length > 0),
        when(queue.head.kind == Kind.WRITE, queue.head.actor == a),
        update(writers, writers | {a}),
        update(queue, queue.tail),
        says("lets {a} in to write", a=a),
    )


@protocol.action(Actor, by=Actor, fairness="none")
def leave(a: Term) -> Step:
    return step(
        when(a.isin(readers | writers)),
        outcome("stops reading", when(a.isin(readers)), update(readers, readers - {a}), says("stops reading")),
        otherwise("stops writing", update(writers, writers - {a}), says("stops writing")),
    )


protocol.fair(weak(leave))
protocol.declare(
    invariant("writers-are-alone", (readers == set()) | (writers == set()), "nobody reads while somebody writes"),
    invariant("one-writes", size_of(writers) <= 1, "at most one writes"),
    forall(Actor, lambda a: infinitely_often("reads", a.isin(readers), "everybody reads again and again")),
    forall(Actor, lambda a: infinitely_often("writes", a.isin(writers), "everybody writes again and again")),
    forall(Actor, lambda a: infinitely_often("stops-reading", ~a.isin(readers), "nobody reads for ever")),
    forall(Actor, lambda a: infinitely_often("stops-writing", ~a.isin(writers), "nobody writes for ever")),
)
