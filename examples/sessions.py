"""A worker is at work, and its entry in the registry goes with a session that it has no more.

A worker opens a session with a registry, and enters itself: whoever looks for workers finds the entry. The entry goes
with the session; when the registry has not heard of a session for long enough, it ends the session and removes what was
entered under it. A worker that has lost its connection opens a new session. The bug: it finds the entry of its old
session, and takes it for its own. ``half`` looks at the entry again before it begins to work; the old session ends a
moment later. ``fixed`` replaces the entry: a session that has just been opened has none yet.

    check -p examples/sessions.py:protocol
    check -p examples/sessions.py:half
    check prove -p examples/sessions.py:fixed
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace import (
    Changes,
    If,
    Protocol,
    Step,
    Term,
    array,
    at,
    each,
    either,
    event,
    exists,
    fact,
    forall,
    index,
    integers,
    invariant,
    lemma,
    local,
    or_,
    otherwise,
    outcome,
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

protocol = Protocol("sessions", "a worker's entry goes with a session that ends")
workers = protocol.parameter("workers", 1, 1, 4)
sessions = protocol.parameter("sessions", 3, 1, 12, "sessions that are opened in all")
Worker, Session = index("worker", workers, symmetric=True), integers(0, sessions, "session")
opened = protocol.variable("opened", Session, 0, "the last session that was opened")
live = protocol.variable("live", subsets(Session), set(), "sessions that have not ended")
entry = protocol.variable("entry", array(Worker, Session), 0, "the session of the worker's entry, 0: no entry")


@process(protocol, Worker)
def work(w: Term) -> Iterator[object]:
    session = local(Session, 0, "the session that the worker has")
    while True:
        when(opened < sessions)
        session = opened + 1
        update(opened, session)
        update(live, live | {session})
        yield at("CONNECT"), says("opens session {session}")
        at("ENTER")
        if session not in live:
            outcome("ended")
            yield says("hears that session {session} has ended")
            continue
        if entry[w] > 0:
            outcome("there")
            yield says("finds its entry")
        else:
            outcome("entered")
            entry[w] = session
            yield says("enters itself under session {session}")
        yield at("BEGIN"), says("begins to work")
        at("WORK")
        with either("loses"):
            yield says("loses its connection")
        with or_("hears"):
            when(~session.isin(live))
            yield says("hears that session {session} has ended")


@protocol.action(Session, by="registry")
def end(s: Term) -> Step:
    left = each(Worker, lambda w: If(entry[w] == s, 0, entry[w]))
    return step(
        when(s.isin(live)),
        update(live, live - {s}),
        update(entry, left),
        says("ends session {s}, and removes what was entered under it", s=s),
    )


session = work.session


@protocol.protection("look-again", "a worker that finds its entry looks a second time before it begins")
def look_again(change: Changes) -> None:
    def look(w: Term) -> Step:
        lost = when(entry[w] == 0, session[w].isin(live))
        gone = outcome("gone", lost, update(entry[w], session[w]), says("finds no entry and makes one"))
        return step(gone, otherwise("there", says("finds its entry again")))

    change.insert(work, after="ENTER", outcome="there", name="LOOK", steps=look)


@protocol.protection("own-entry", "a worker whose session is new replaces the entry that it finds")
def own_entry(change: Changes) -> None:
    change.step(work, "ENTER").drop_outcome("there")


protocol.final(opened == sessions)
protocol.declare(
    invariant(
        "workers-are-found",
        forall(Worker, lambda w: (work.at(w, "WORK") & session[w].isin(live)).implies(entry[w] > 0)),
        "who is at work, in a session that has not ended, has an entry",
    ),
    invariant(
        "entries-go-with-sessions",
        forall(Worker, lambda w: (entry[w] == 0) | entry[w].isin(live)),
        "what was entered under a session is gone when the session has ended",
    ),
    reachable(
        "workers-come-back",
        exists(Worker, lambda w: work.at(w, "WORK") & (entry[w] == session[w]) & (session[w] > 1)),
        "a worker works in a second session, with an entry of that",
    ),
)
protocol.argue(
    proof(
        [
            lemma(
                "entries-are-own",
                forall(
                    Worker,
                    lambda w: (work.at(w, "BEGIN", "WORK") & session[w].isin(live)).implies(entry[w] == session[w]),
                ),
                "who is at work has an entry of its own session, as long as that lasts",
            ),
            lemma(
                "sessions-were-opened",
                forall(Worker, lambda w: session[w] <= opened),
                "a session that is yet to be opened is nobody's",
            ),
            lemma(
                "sessions-are-counted",
                forall(Worker, lambda w: work.at(w, "ENTER", "BEGIN", "WORK").implies(session[w] > 0)),
                "who has connected has a session",
            ),
        ]
    )
)

w, s = role("worker", Worker), role("session", Session)
protocol.scenario(
    scenario(
        "not-found",
        "a worker that works is found by nobody",
        (w, s),
        fact(
            "F1",
            "the worker enters itself under a session",
            event(taken("work_enter", outcome="entered", w=w) & (session[w] == s)),
        ),
        fact("F2", "it loses its connection", event(taken("work_work_loses", w=w), after=("F1",))),
        fact(
            "F3",
            "it connects anew, and finds its entry",
            event(taken("work_enter", outcome="there", w=w) & session[w].isin(live), after=("F2",)),
        ),
        fact(
            "F4",
            "the old session ends under the worker, and the entry goes with it",
            event(taken("end", s=s) & work.at(w, "WORK"), after=("F3",)),
        ),
    )
)

half = protocol.variant("sessions-half", ["look-again"])
fixed = protocol.variant("sessions-fixed", ["own-entry"])
