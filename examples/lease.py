"""A leader by lease, and the write that comes too late.

A lease makes a worker the leader; it may run out at any time, because no clock is trusted. A leader that was
held up (a pause of its garbage collector, a slow disk) still believes that it leads, and its write arrives after a new
leader has written. ``protocol`` accepts it. ``fixed`` has fencing tokens: each lease has a greater number than the
last, every write carries it, and the storage refuses a smaller one than it has seen. A worker that crashes
forgets that it led (``--fault crash``), which does not help: its write is on its way.

After M. Kleppmann, "How to do distributed locking" (2016).

    check -p examples/lease.py:protocol
    check -p examples/lease.py:fixed
    check prove -p examples/lease.py:fixed
"""

from __future__ import annotations

from planrace import (
    Protocol,
    Says,
    Step,
    Term,
    array,
    boolean,
    index,
    integers,
    optional,
    outcome,
    primed,
    reachable,
    says,
    step,
    step_invariant,
    taken,
    update,
    when,
)
from planrace.model.language.changes import Changes
from planrace.model.patterns import crash

protocol = Protocol("lease", "a leader by lease writes to a storage")

workers = protocol.parameter("workers", 2, 1, 6, "who may lead")
leases = protocol.parameter("leases", 3, 1, 12, "leases that will be given")

Worker = index("worker", workers, symmetric=True)
Token = integers(0, leases, "token")  # 0: none

holder = protocol.variable("holder", optional(Worker), None, "who has the lease")
given = protocol.variable("given", Token, 0, "the token of the last lease")
token = protocol.variable("token", array(Worker, Token), 0, "the token of the worker's own lease")
leads = protocol.variable("leads", array(Worker, boolean()), False, "the worker believes that it leads")
coming = protocol.variable("coming", array(Worker, Token), 0, "a write of the worker is on its way, with this token")
written = protocol.variable("written", Token, 0, "the token of the write that the storage holds")


@protocol.action(Worker, by=Worker, tags=["milestone"])
def acquire(w: Term) -> Step:
    return step(
        when(holder == None, given < leases),  # noqa: E711  (a term, not a comparison)
        update(holder, w),
        update(given, given + 1),
        update(token[w], given + 1),
        update(leads[w], True),
        says("gets the lease, with token {t}", t=given + 1),
    )


@protocol.action(by="time")
def expire() -> Step:
    return step(
        when(holder != None),  # noqa: E711
        update(holder, None),
        says("lets the lease of worker {w} run out", w=holder),
    )


@protocol.action(Worker, by=Worker)
def notice(w: Term) -> Step:
    return step(
        when(leads[w], holder != w),
        update(leads[w], False),
        update(token[w], 0),
        says("notices that it does not lead any more"),
    )


@protocol.action(Worker, by=Worker)
def send(w: Term) -> Step:
    return step(
        when(leads[w], coming[w] == 0),
        update(coming[w], token[w]),
        says("sends a write under token {t}", t=token[w]),
    )


@protocol.action(Worker, by="storage")
def store(w: Term) -> Step:
    return step(
        when(coming[w] > 0),
        update(coming[w], 0),
        outcome("stored", when(coming[w] >= 0), update(written, coming[w])),
        outcome("refused", says("refuses the write of worker {w} under token {t}", w=w, t=coming[w])),
        says("stores the write of worker {w} under token {t}", w=w, t=coming[w]),
    )


protocol.fault("crash", "a worker crashes; it has forgotten that it leads, the lease stays")
crash(protocol, [leads, token], fault="crash", by=Worker)


@protocol.protection("fencing", "the storage refuses a token that is smaller than one it has seen")
def fencing(change: Changes) -> None:
    change.condition("store", "stored", lambda w: coming[w] >= written)


@protocol.observe("storage")
def read() -> list[tuple[Term, Says]]:
    return [
        (written == 0, says("is empty")),
        (written > 0, says("has what the leader with token {t} wrote", t=written)),
    ]


protocol.declare(
    step_invariant(
        "no-write-is-undone",
        primed(written) >= written,
        "what a later leader has written is not overwritten by an earlier one",
    ),
    reachable("writes-are-stored", taken("store", outcome="stored"), "some write is stored"),
)
protocol.final((given == leases) & (holder == None))  # noqa: E711

fixed = protocol.variant("lease-fixed", ["fencing"])
