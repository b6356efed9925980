"""Peterson's algorithm: two processes, one critical section, no lock.

Each process raises its flag, then gives the other one precedence (``turn``), then waits until the other's flag is down
or it is its own turn. The order of the first two steps matters: with it the other way round, both can pass the gate
(``protocol``, which gives precedence first and raises the flag after). ``fixed`` is Peterson's order: nobody is inside
together with the other, nobody is stuck (a search would warn of a deadlock), and who wants to go in gets in on every
weakly fair run. The counterexample fits on a blackboard and is found in a few milliseconds.

G. L. Peterson, "Myths about the mutual exclusion problem", Information Processing Letters 12(3), 1981.

    check -p examples/peterson.py:protocol
    check -p examples/peterson.py:fixed
"""

from __future__ import annotations

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    first,
    forall,
    index,
    invariant,
    last,
    leads_to,
    lemma,
    proof,
    reachable,
    says,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.changes import Changes

protocol = Protocol("peterson", "mutual exclusion for two, by flags and a turn")

Process = index("process", 2, ordered=True)
At = enumeration("at", "REST FIRST SECOND GATE INSIDE")

flag = protocol.variable("flag", array(Process, boolean()), False, "the process wants to go in")
turn = protocol.variable("turn", Process, first(Process), "who goes first where both want to")
at = protocol.variable("at", array(Process, At), At.REST, "where the process is in its work")


def other(p: Term) -> Term:
    """The other of the two."""
    return If(p == first(Process), last(Process), first(Process))


@protocol.action(Process, by=Process, fairness="none")
def want(p: Term) -> Step:
    return step(when(at[p] == At.REST), update(at[p], At.FIRST), says("wants to go in"))


@protocol.action(Process, by=Process)
def first_write(p: Term) -> Step:
    return step(
        when(at[p] == At.FIRST),
        update(at[p], At.SECOND),
        update(turn, other(p)),
        says("gives precedence to process {q}", q=other(p)),
    )


@protocol.action(Process, by=Process)
def second_write(p: Term) -> Step:
    return step(
        when(at[p] == At.SECOND),
        update(at[p], At.GATE),
        update(flag[p], True),
        says("raises its flag"),
    )


@protocol.action(Process, by=Process)
def pass_gate(p: Term) -> Step:
    return step(
        when(at[p] == At.GATE, ~flag[other(p)] | (turn == p)),
        update(at[p], At.INSIDE),
        says("finds the gate open and goes in"),
    )


@protocol.action(Process, by=Process)
def leave(p: Term) -> Step:
    return step(when(at[p] == At.INSIDE), update(at[p], At.REST), update(flag[p], False), says("leaves"))


@protocol.protection("flag-first", "the flag is raised before precedence is given: Peterson's order")
def flag_first(change: Changes) -> None:
    (p,) = first_write.parameters
    (q,) = second_write.parameters
    change.updates("first_write", update(at[p], At.SECOND), update(flag[p], True), words=says("raises its flag"))
    gives = says("gives precedence to process {r}", r=other(q))
    change.updates("second_write", update(at[q], At.GATE), update(turn, other(q)), words=gives)


protocol.declare(
    invariant(
        "one-inside",
        ~(exists(Process, lambda p: (at[p] == At.INSIDE) & (at[other(p)] == At.INSIDE))),
        "the two are never inside together",
    ),
    leads_to(
        "process-1-gets-in",
        at[first(Process)] == At.FIRST,
        at[first(Process)] == At.INSIDE,
        "process 1 gets in when it wants to",
    ),
    leads_to(
        "process-2-gets-in",
        at[last(Process)] == At.FIRST,
        at[last(Process)] == At.INSIDE,
        "process 2 gets in when it wants to",
    ),
    reachable("somebody-is-inside", taken("pass_gate"), "the gate opens"),
)
protocol.final(forall(Process, lambda p: at[p] == At.REST))

protocol.argue(
    proof(
        [
            lemma(
                "flags-are-up",
                forall(Process, lambda p: flag[p] == ~at[p].isin({At.REST, At.FIRST})),
                "a flag is up from the first write on until its process leaves",
            ),
            lemma(
                "who-is-inside-has-precedence",
                forall(
                    Process,
                    lambda p: ((at[p] == At.INSIDE) & at[other(p)].isin({At.GATE, At.INSIDE})).implies(turn == p),
                ),
                "who is inside while the other is at the gate has precedence",
            ),
        ]
    )
)

fixed = protocol.variant("peterson-fixed", ["flag-first"])
