"""A broker restarts, and a confirmation from before deletes a message that nobody has processed.

A broker gives messages to workers, each delivery under a number; a worker processes its message, and confirms the
number; the broker deletes what it gave out under that. Numbers and what they stand for are in the broker's memory only:
after a restart it gives out again what is not confirmed, and counts from 1 anew. The bug: a worker that was at work
during the restart confirms its old number, which stands for a message of somebody else by now. ``half`` writes the
count to disk from time to time, and goes on from there. In ``fixed`` a confirmation says which start of the broker its
number is of, and the broker refuses others.

    check -p examples/broker.py:protocol
    check -p examples/broker.py:half
    check prove -p examples/broker.py:fixed
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
    each,
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
    primed,
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

protocol = Protocol("broker", "a broker restarts while workers process its messages")
workers, messages = protocol.parameter("workers", 2, 1, 4), protocol.parameter("messages", 2, 1, 4)
deliveries = protocol.parameter("deliveries", 2, 1, 8, "deliveries that are numbered between two starts")
starts = protocol.parameter("starts", 2, 1, 8, "how often the broker starts")
Worker, Start = index("worker", workers, symmetric=True), integers(1, starts)
Message, Given = integers(1, messages, "message"), integers(0, messages)
Number, Count = integers(1, deliveries, "number"), integers(0, deliveries)
queue = protocol.variable("queue", subsets(Message), such_that(Message, lambda m: m > 0), "messages that are stored")
done = protocol.history("done", subsets(Message), set(), "messages that somebody has processed")
start = protocol.variable("start", Start, 1, "how often the broker has started")
count = protocol.variable("count", Count, 0, "the number of the last delivery since then")
given = protocol.variable("given", array(Number, Given), 0, "the message of each unconfirmed number, 0: none")
since = protocol.variable("since", array(Worker, integers(0, starts)), 0, "the start that the worker's number is of")


@process(protocol, Worker)
def work(w: Term) -> Iterator[object]:
    message = local(Given, 0, "the message that the worker has")
    number = local(Count, 0, "the number under which it was given")
    while True:
        when(count < deliveries)
        message = some(Message, lambda m: m.isin(queue) & ~exists(Number, lambda n: given[n] == m))
        number = count + 1
        since[w] = start
        update(count, number)
        given[number] = message
        yield at("TAKE"), says("is given message {message} under number {number}")
        update(done, done | {message})
        yield at("PROCESS"), says("processes message {message}")
        update(queue, queue - {given[number]})
        given[number] = 0
        since[w] = 0
        yield at("CONFIRM"), says("confirms number {number}")


@protocol.action(by="broker")
def restart() -> Step:
    forgotten = [update(count, 0), update(given, each(Number, lambda n: 0))]
    return step(when(start < starts), update(start, start + 1), *forgotten, says("restarts"))


message, number = work.message, work.number


@protocol.protection("count-on-disk", "the broker writes its count to disk at times, and goes on from there")
def count_on_disk(change: Changes) -> None:
    saved = change.variable("saved", Count, 0, "the count on disk")

    @change.action(by="broker")
    def save() -> Step:
        return step(when(saved != count), update(saved, count), says("writes its count, {n}, to disk", n=count))

    change.value("restart", count, lambda assigned: saved)


@protocol.protection("numbers-of-one-start", "the broker refuses a number that was given before its last start")
def numbers_of_one_start(change: Changes) -> None:
    def refused(w: Term) -> Outcome:
        words = says("is told that number {n} is from before a restart", n=number[w])
        over = [update(work.at(w), "TAKE"), update(number[w], 0), update(since[w], 0)]
        return outcome("refused", when(since[w] != start), *over, words)

    change.step(work, "CONFIRM").outcome(refused)


protocol.final(start == starts)
protocol.declare(
    invariant(
        "no-message-is-lost",
        forall(Message, lambda m: m.isin(queue) | m.isin(done)),
        "a message is stored until somebody has processed it",
    ),
    reachable("messages-are-deleted", queue == set(), "all messages are processed and deleted"),
)


def current(w: Term) -> Term:
    return since[w] == start


def has_message(w: Term) -> Term:
    return work.at(w, "PROCESS").implies(message[w] > 0)


def apart(v: Term, w: Term) -> Term:
    return (current(v) & current(w) & (v != w)).implies(number[v] != number[w])


protocol.argue(
    proof(
        [
            lemma("starts-are-known", forall(Worker, lambda w: since[w] <= start), "no number is of a later start"),
            lemma("they-have-messages", forall(Worker, has_message), "who processes has been given a message"),
            lemma(
                "numbers-are-counted",
                forall(
                    Worker,
                    lambda w: current(w).implies(
                        work.at(w, "PROCESS", "CONFIRM") & (number[w] > 0) & (number[w] <= count)
                    ),
                ),
                "a number of this start is one that has been counted",
            ),
            lemma(
                "numbers-are-unique",
                forall(Worker, lambda w: forall(Worker, lambda v: apart(v, w))),
                "no two are equal",
            ),
            lemma(
                "numbers-stand-for-messages",
                forall(Worker, lambda w: (work.at(w, "PROCESS") & current(w)).implies(given[number[w]] == message[w])),
                "a number of this start stands for the message that the worker has",
            ),
            lemma(
                "confirmed-is-processed",
                forall(Worker, lambda w: (work.at(w, "CONFIRM") & current(w)).implies(given[number[w]].isin(done))),
                "who confirms a number of this start has processed its message",
            ),
        ]
    )
)

w, v, m = role("worker", Worker), role("other worker", Worker), role("message", Message)
protocol.scenario(
    scenario(
        "message-lost",
        "a message is gone, and nobody has processed it",
        (w, v, m),
        fact("F1", "a worker is given a message", event(taken("work_take", w=w))),
        fact("F2", "the broker restarts before the worker confirms", event(taken("restart"), after=("F1",))),
        fact(
            "F3",
            "another message is given out under the same number",
            event(taken("work_take", w=v, message=m) & (number[w] == count + 1), after=("F2",)),
        ),
        fact(
            "F4",
            "the worker confirms, and the other message is deleted",
            event(taken("work_confirm", w=w) & m.isin(queue - primed(queue)) & ~m.isin(done), after=("F3",)),
        ),
    )
)

half = protocol.variant("broker-half", ["count-on-disk"])
fixed = protocol.variant("broker-fixed", ["numbers-of-one-start"])
