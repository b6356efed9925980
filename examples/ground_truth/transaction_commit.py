"""Transaction commit: what every commit protocol has to do.

Resource managers take part in a transaction. Each one prepares; if all have prepared, each may commit; as long as
nobody has committed, any may abort that has not. There are no messages and no manager of the transaction here: this
is the promise that protocols such as two-phase commit and Paxos commit refine.

Source: TCommit.tla, in the folder transaction_commit of the TLA+ examples, after J. Gray and L. Lamport, "Consensus
on transaction commit", ACM TODS 31(1), 2006, section 2. With three resource managers TLC finds 34 distinct states.

    check -p examples/ground_truth/transaction_commit.py:protocol --exhaustive --no-symmetry
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
    invariant,
    reachable,
    says,
    step,
    update,
    when,
)

protocol = Protocol("transaction-commit", "all commit or all abort")

managers = protocol.parameter("managers", 3, 1, 6, "resource managers that take part")
Manager = index("manager", managers, symmetric=True)
State = enumeration("state", "WORKING PREPARED COMMITTED ABORTED")

state = protocol.variable("state", array(Manager, State), State.WORKING, "what the resource manager has done")


@protocol.action(Manager, by=Manager)
def prepare(m: Term) -> Step:
    return step(when(state[m] == State.WORKING), update(state[m], State.PREPARED), says("prepares"))


@protocol.action(Manager, by=Manager)
def commit(m: Term) -> Step:
    ready = forall(Manager, lambda n: state[n].isin({State.PREPARED, State.COMMITTED}))
    return step(when(state[m] == State.PREPARED, ready), update(state[m], State.COMMITTED), says("commits"))


@protocol.action(Manager, by=Manager)
def abort(m: Term) -> Step:
    nobody = forall(Manager, lambda n: state[n] != State.COMMITTED)
    open_ = state[m].isin({State.WORKING, State.PREPARED})
    return step(when(open_, nobody), update(state[m], State.ABORTED), says("aborts"))


def somebody(wanted: Term) -> Term:
    """Some manager is in this state."""
    return exists(Manager, lambda m: state[m] == wanted)


protocol.declare(
    invariant(
        "consistent", ~(somebody(State.ABORTED) & somebody(State.COMMITTED)), "nobody undoes what another commits"
    ),
    reachable("all-commit", forall(Manager, lambda m: state[m] == State.COMMITTED), "a transaction may succeed"),
)
protocol.final(forall(Manager, lambda m: state[m].isin({State.COMMITTED, State.ABORTED})))
