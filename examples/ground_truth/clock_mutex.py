"""Mutual exclusion by logical clocks: the oldest request goes first.

A process that wants to go in tells all others, with the time of its own clock. The others answer, and move their
clocks beyond that time. It goes in when all have answered and no request that it knows is older than its own; of
equal times the lower number is older. When it leaves it tells all. Messages from one process to another arrive in
order.

L. Lamport, "Time, clocks, and the ordering of events in a distributed system", CACM 21(7), 1978.

Source: LamportMutex.tla and MCLamportMutex.cfg, in the folder lamport_mutex of the TLA+ examples: three processes,
and clocks up to 6. TLC finds 724,274 distinct states. There, clocks may pass that limit, and such states are neither
counted nor searched further; here, a step that would pass it is not taken, so the transitions are fewer. Both mean
that nothing is said of runs with later times.

    check -p examples/ground_truth/clock_mutex.py:protocol
"""

from __future__ import annotations

from typing import Any

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    array,
    count,
    each,
    enumeration,
    exists,
    forall,
    index,
    integers,
    invariant,
    maximum,
    record,
    says,
    sequence,
    size_of,
    step,
    subsets,
    update,
    when,
)

protocol = Protocol("clock-mutex", "processes ask each other, and the oldest request goes first")

processes = protocol.parameter("processes", 3, 2, 4, "processes")
latest = protocol.parameter("latest", 6, 1, 12, "the latest time that a clock may show")
Process = index("process", processes, ordered=True)
Time = integers(0, latest, "time")  # 0: no request
Kind = enumeration("kind", "REQUEST ANSWER RELEASE")
Message = record("message", kind=Kind, time=Time)

clock = protocol.variable("clock", array(Process, integers(1, latest)), 1, "the clock of the process")
request = protocol.variable("request", array(Process, array(Process, Time)), 0, "what it knows of requests; 0: none")
answered = protocol.variable("answered", array(Process, subsets(Process)), set(), "who has answered its request")
inside = protocol.variable("inside", subsets(Process), set(), "who is in the critical section")
line = protocol.variable(
    "line", array(Process, array(Process, sequence(Message, 3))), [], "messages from the first to the second, in order"
)


def told_all(p: Term, message: object) -> Term:
    """The lines from p, with one more message on each."""
    return each(Process, lambda q: If(q == p, line[p][q], line[p][q].append(message)))


@protocol.action(Process, by=Process)
def ask(p: Term) -> Step:
    return step(
        when(request[p][p] == 0),
        update(request[p][p], clock[p]),
        update(line[p], told_all(p, Message(kind=Kind.REQUEST, time=clock[p]))),
        update(answered[p], {p}),
        says("asks all, at time {t}", t=clock[p]),
    )


@protocol.action(Process, Process, by=Process)
def hear_request(p: Term, q: Term) -> Step:
    message = line[q][p].head
    later = maximum(message.time, clock[p]) + 1
    return step(
        when(line[q][p].length > 0, message.kind == Kind.REQUEST, later <= latest),
        update(request[p][q], message.time),
        update(clock[p], later),
        update(line[q][p], line[q][p].tail),
        update(line[p][q], line[p][q].append(Message(kind=Kind.ANSWER, time=0))),
        says("hears the request of process {q}, and answers", q=q),
    )


@protocol.action(Process, Process, by=Process)
def hear_answer(p: Term, q: Term) -> Step:
    return step(
        when(line[q][p].length > 0, line[q][p].head.kind == Kind.ANSWER),
        update(answered[p], answered[p] | {q}),
        update(line[q][p], line[q][p].tail),
        says("hears the answer of process {q}", q=q),
    )


@protocol.action(Process, by=Process)
def go_in(p: Term) -> Step:
    def goes_before(q: Term) -> Term:
        same = (request[p][p] == request[p][q]) & (p < q)
        return (request[p][q] == 0) | (request[p][p] < request[p][q]) | same

    return step(
        when(forall(Process, lambda q: q.isin(answered[p]) & ((q == p) | goes_before(q)))),
        update(inside, inside | {p}),
        says("goes in"),
    )


@protocol.action(Process, by=Process)
def leave(p: Term) -> Step:
    return step(
        when(p.isin(inside)),
        update(inside, inside - {p}),
        update(line[p], told_all(p, Message(kind=Kind.RELEASE, time=0))),
        update(request[p][p], 0),
        update(answered[p], set()),
        says("leaves and tells all"),
    )


@protocol.action(Process, Process, by=Process)
def hear_release(p: Term, q: Term) -> Step:
    return step(
        when(line[q][p].length > 0, line[q][p].head.kind == Kind.RELEASE),
        update(request[p][q], 0),
        update(line[q][p], line[q][p].tail),
        says("hears that process {q} has left", q=q),
    )


def of_kind(messages: Any, kind: Term) -> Term:
    """How many of them are of this kind."""

    def fits(m: Any) -> object:
        return m.kind == kind

    return count(messages, fits)


protocol.declare(
    invariant("one-inside", size_of(inside) <= 1, "two are never inside together"),
    invariant(
        "one-of-a-kind",
        forall(
            Process,
            lambda p: forall(Process, lambda q: forall(Kind, lambda k: of_kind(line[p][q], k) <= 1)),
        ),
        "no two messages of a kind are on the same line",
    ),
)
protocol.final(exists(Process, lambda p: clock[p] == latest))
