"""Peterson's algorithm: two processes, one critical section, no lock.

Each process raises its flag, then gives the other one precedence (``turn``), then waits until the other's flag is down
or the turn is its own. The order of the first two steps matters: with it the other way round, both can pass the gate
(``protocol``, which gives precedence first and raises the flag after). ``fixed`` is Peterson's order. The
counterexample is the one that every textbook draws on the blackboard, found in a few milliseconds.

G. L. Peterson, "Myths about the mutual exclusion problem", Information Processing Letters 12(3), 1981.

    check -p examples/peterson.py:protocol
    check -p examples/peterson.py:fixed
"""

from __future__ import annotations

from model.language import (
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
    last,
    says,
    step,
    taken,
    update,
    when,
)
from model.language.changes import Changes
from properties import invariant, leads_to, reachable

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
        update(flag[p], flag[p]),
        says("does the first of its two writes"),
    )


@protocol.action(Process, by=Process)
def second_write(p: Term) -> Step:
    return step(
        when(at[p] == At.SECOND),
        update(at[p], At.GATE),
        update(flag[p], True),
        update(turn, turn),
        says("does the second of its two writes"),
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
    change.value("first_write", flag, lambda _, p: True)
    change.value("first_write", turn, lambda _, p: turn)
    change.value("second_write", turn, lambda _, p: other(p))


protocol.declare(
    invariant(
        "one-inside",
        ~(exists(Process, lambda p: (at[p] == At.INSIDE) & (at[other(p)] == At.INSIDE))),
        "the two are never inside together",
    ),
    leads_to(
        "who-wants-gets-in",
        at[first(Process)] == At.FIRST,
        at[first(Process)] == At.INSIDE,
        "a process that wants to go in gets in",
    ),
    reachable("somebody-is-inside", taken("pass_gate"), "the gate opens"),
)
protocol.final(forall(Process, lambda p: at[p] == At.REST))

fixed = protocol.variant("peterson-fixed", ["flag-first"])
