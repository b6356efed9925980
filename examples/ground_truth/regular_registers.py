"""Registers that are read while they are written: somebody sees a one.

Each process writes 1 to its own register and then reads that of the process before it on a ring. Registers are
regular: a read during a write gets the old value or the new one, so that a register is the set of values that it may
show. When all are done, at least one has read 1: the one whose write came last.

L. Lamport, "Teaching concurrency", ACM SIGACT News 40(1), 2009; Y. Abraham, "On Lamport's 'Teaching concurrency'",
Bulletin of EATCS 127, 2019, asks for regular registers; these are from L. Lamport, "On interprocess communication",
Distributed Computing 1(2), 1986.

Source: SimpleRegular.tla, in the folder TeachingConcurrency of the TLA+ examples. With eight processes TLC finds
277,726 distinct states, with nine 1,330,669. The text lets processes that are all done rest for ever; so do they
here.

    check -p examples/ground_truth/regular_registers.py:protocol
"""

from __future__ import annotations

from planrace import (
    Protocol,
    Step,
    Term,
    array,
    enumeration,
    exists,
    forall,
    index,
    integers,
    invariant,
    predecessor,
    says,
    step,
    subsets,
    update,
    when,
)

protocol = Protocol("regular-registers", "processes write 1, and read their neighbour's register")

processes = protocol.parameter("processes", 8, 1, 10, "processes on the ring")
Process = index("process", processes, ordered=True)
Bit = integers(0, 1, "bit")
At = enumeration("at", "BEGIN_WRITE END_WRITE READ DONE")

shows = protocol.variable("shows", array(Process, subsets(Bit)), {0}, "what a read of the register may give")
got = protocol.variable("got", array(Process, Bit), 0, "what the process has read")
at = protocol.variable("at", array(Process, At), At.BEGIN_WRITE, "what the process does next")
all_done = forall(Process, lambda p: at[p] == At.DONE)


@protocol.action(Process, by=Process)
def begin_write(p: Term) -> Step:
    return step(
        when(at[p] == At.BEGIN_WRITE), update(shows[p], {0, 1}), update(at[p], At.END_WRITE), says("begins to write 1")
    )


@protocol.action(Process, by=Process)
def end_write(p: Term) -> Step:
    return step(when(at[p] == At.END_WRITE), update(shows[p], {1}), update(at[p], At.READ), says("has written 1"))


@protocol.action(Process, Bit, by=Process)
def read(p: Term, b: Term) -> Step:
    return step(
        when(at[p] == At.READ, b.isin(shows[predecessor(p)])),
        update(got[p], b),
        update(at[p], At.DONE),
        says("reads {b}", b=b),
    )


@protocol.action(by="all")
def rest() -> Step:
    return step(when(all_done), says("are done"))


somebody_got_one = exists(Process, lambda p: got[p] == 1)
protocol.declare(
    invariant("somebody-sees-it", all_done.implies(somebody_got_one), "when all are done, one has read 1"),
    invariant(
        "written-is-shown",
        forall(Process, lambda p: at[p].isin({At.READ, At.DONE}).implies(shows[p] == {1})),
        "what is written is what is read",
    ),
)
