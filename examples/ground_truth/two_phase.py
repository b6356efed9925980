"""Two-phase commit, as it was published.

Resource managers say that they have prepared; the transaction manager commits when all have, and may abort before.
What is sent is never lost and stays where it can be read again, so the messages are sets that only grow, and reading
one for the second time changes nothing. It refines transaction commit (``transaction_commit.py``).
``examples/two_phase_commit.py`` tells the story of a participant that loses patience; there, nobody reads a message
twice.

Source: TwoPhase.tla, in the folder transaction_commit of the TLA+ examples, after J. Gray and L. Lamport, "Consensus
on transaction commit", ACM TODS 31(1), 2006, section 3. With three resource managers TLC finds 288 distinct states.
Stateright's example 2pc is the same protocol: 1,568 states with four, 8,832 with five.

    check -p examples/ground_truth/two_phase.py:protocol --exhaustive --no-symmetry
    check refine --of examples/ground_truth/two_phase.py:protocol --to transaction-commit
"""

from __future__ import annotations

from transaction_commit import State
from transaction_commit import protocol as transaction_commit
from transaction_commit import state as abstract_state

from planrace import (
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    forall,
    index,
    invariant,
    says,
    step,
    subsets,
    update,
    when,
)

protocol = Protocol("two-phase", "a manager counts votes and tells all what to do")

managers = protocol.parameter("managers", 3, 1, 6, "resource managers that take part")
Manager = index("manager", managers, symmetric=True)
Decision = enumeration("decision", "OPEN COMMITTED ABORTED")

state = protocol.variable("state", array(Manager, State), State.WORKING, "what the resource manager has done")
decision = protocol.variable("decision", Decision, Decision.OPEN, "what the transaction manager has decided")
counted = protocol.variable("counted", subsets(Manager), set(), "whose vote the transaction manager has got")
prepared = protocol.variable("prepared", subsets(Manager), set(), "messages: these have prepared")
commit = protocol.variable("commit", boolean(), False, "message: commit")
abort = protocol.variable("abort", boolean(), False, "message: abort")


@protocol.action(Manager, by=Manager)
def prepare(m: Term) -> Step:
    working = state[m] == State.WORKING
    return step(when(working), update(state[m], State.PREPARED), update(prepared, prepared | {m}), says("prepares"))


@protocol.action(Manager, by=Manager)
def refuse(m: Term) -> Step:
    return step(when(state[m] == State.WORKING), update(state[m], State.ABORTED), says("aborts before it has prepared"))


@protocol.action(Manager, by="transaction manager")
def count_vote(m: Term) -> Step:
    return step(
        when(decision == Decision.OPEN, m.isin(prepared)),
        update(counted, counted | {m}),
        says("gets the vote of manager {m}", m=m),
    )


@protocol.action(by="transaction manager")
def decide_commit() -> Step:
    return step(
        when(decision == Decision.OPEN, forall(Manager, lambda m: m.isin(counted))),
        update(decision, Decision.COMMITTED),
        update(commit, True),
        says("has all votes and commits"),
    )


@protocol.action(by="transaction manager")
def decide_abort() -> Step:
    undecided = decision == Decision.OPEN
    return step(when(undecided), update(decision, Decision.ABORTED), update(abort, True), says("aborts"))


@protocol.action(Manager, by=Manager)
def hear_commit(m: Term) -> Step:
    return step(when(commit), update(state[m], State.COMMITTED), says("hears: commit"))


@protocol.action(Manager, by=Manager)
def hear_abort(m: Term) -> Step:
    return step(when(abort), update(state[m], State.ABORTED), says("hears: abort"))


def somebody(wanted: Term) -> Term:
    """Some manager is in this state."""
    return exists(Manager, lambda m: state[m] == wanted)


protocol.declare(
    invariant(
        "consistent", ~(somebody(State.ABORTED) & somebody(State.COMMITTED)), "nobody undoes what another commits"
    )
)
protocol.refines(transaction_commit, {abstract_state: state})
protocol.final(forall(Manager, lambda m: state[m].isin({State.COMMITTED, State.ABORTED})))
