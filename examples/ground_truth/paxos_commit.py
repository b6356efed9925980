"""Paxos commit: a transaction that no single failure can block.

Each resource manager has a round of Paxos of its own, about one question: has it prepared? It proposes the answer
itself, in ballot 0. Acceptors vote; where a manager is silent, a leader opens a further ballot and proposes what a
quorum tells it, or that the manager aborts. All commit when all managers have been voted prepared; all abort when one
has been voted aborted. It refines transaction commit (``transaction_commit.py``).

Source: PaxosCommit.tla, in the folder transaction_commit of the TLA+ examples, after J. Gray and L. Lamport,
"Consensus on transaction commit", ACM TODS 31(1), 2006, section 4. With two resource managers, three acceptors and
two ballots TLC finds 1,321,761 distinct states. Its one set of messages is several variables here: an acceptor
promises a ballot once and votes for what was proposed. TLC counts each way in which messages show that something is
decided as a step of its own, which is one step here.

    check -p examples/ground_truth/paxos_commit.py:protocol --exhaustive --no-symmetry
"""

from __future__ import annotations

from transaction_commit import State
from transaction_commit import protocol as transaction_commit
from transaction_commit import state as abstract_state

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    forall,
    index,
    integers,
    invariant,
    says,
    size_of,
    step,
    subsets,
    update,
    when,
)

protocol = Protocol("paxos-commit", "acceptors vote on whether each manager has prepared")

managers = protocol.parameter("managers", 2, 1, 4, "resource managers that take part")
acceptors = protocol.parameter("acceptors", 3, 1, 5, "acceptors; more than half of them are a quorum")
later = protocol.parameter("later", 1, 1, 3, "ballots that leaders may open, after the managers' own")
Manager = index("manager", managers, symmetric=True)
Acceptor = index("acceptor", acceptors, symmetric=True)
Ballot = integers(0, later, "ballot")
Later = integers(1, later, "later")
Vote = integers(-1, later, "vote")  # -1: none
Answer = enumeration("answer", "NONE PREPARED ABORTED")

state = protocol.variable("state", array(Manager, State), State.WORKING, "what the resource manager has done")
promised = protocol.variable(
    "promised", array(Manager, array(Acceptor, Ballot)), 0, "the newest ballot that the acceptor has heard of"
)
voted = protocol.variable("voted", array(Manager, array(Acceptor, Vote)), -1, "the newest one in which it has voted")
choice = protocol.variable("choice", array(Manager, array(Acceptor, Answer)), Answer.NONE, "what it voted for there")
opened = protocol.variable("opened", array(Manager, subsets(Later)), set(), "messages: these ballots are open")
told = protocol.variable(
    "told", array(Manager, array(Later, subsets(Acceptor))), set(), "messages: these have promised the ballot"
)
last_vote = protocol.variable(
    "last_vote", array(Manager, array(Later, array(Acceptor, Vote))), -1, "in a promise: when it voted last"
)
last_choice = protocol.variable(
    "last_choice", array(Manager, array(Later, array(Acceptor, Answer))), Answer.NONE, "in a promise: what for"
)
proposed = protocol.variable(
    "proposed", array(Manager, array(Ballot, Answer)), Answer.NONE, "messages: what the ballot is about"
)
votes = protocol.variable("votes", array(Manager, array(Ballot, subsets(Acceptor))), set(), "messages: these voted")
commit = protocol.variable("commit", boolean(), False, "message: commit")
abort = protocol.variable("abort", boolean(), False, "message: abort")


# What managers do --------------------------------------------------------------------------------------------------
@protocol.action(Manager, by=Manager)
def prepare(m: Term) -> Step:
    return step(
        when(state[m] == State.WORKING),
        update(state[m], State.PREPARED),
        update(proposed[m][0], Answer.PREPARED),
        says("prepares and says so"),
    )


@protocol.action(Manager, by=Manager)
def refuse(m: Term) -> Step:
    return step(
        when(state[m] == State.WORKING),
        update(state[m], State.ABORTED),
        update(proposed[m][0], Answer.ABORTED),
        says("aborts and says so"),
    )


@protocol.action(Manager, by=Manager)
def hear_commit(m: Term) -> Step:
    return step(when(commit), update(state[m], State.COMMITTED), says("hears: commit"))


@protocol.action(Manager, by=Manager)
def hear_abort(m: Term) -> Step:
    return step(when(abort), update(state[m], State.ABORTED), says("hears: abort"))


# What leaders do ---------------------------------------------------------------------------------------------------
@protocol.action(Manager, Later, by="leader")
def open_ballot(m: Term, b: Term) -> Step:
    return step(update(opened[m], opened[m] | {b}), says("opens ballot {b} for manager {m}", b=b, m=m))


@protocol.action(Manager, Later, subsets(Acceptor), by="leader")
def propose(m: Term, b: Term, group: Term) -> Step:
    """Votes of one ballot are for the same answer, so there is one newest answer."""

    def newest_is(answer: Term) -> Term:
        return exists(
            group,
            lambda a: (
                (last_choice[m][b][a] == answer) & forall(group, lambda c: last_vote[m][b][c] <= last_vote[m][b][a])
            ),
        )

    return step(
        when(proposed[m][b] == Answer.NONE, size_of(group) == acceptors // 2 + 1, group.issubset(told[m][b])),
        update(proposed[m][b], If(newest_is(Answer.PREPARED), Answer.PREPARED, Answer.ABORTED)),
        says("proposes for manager {m} what {g} have voted for", m=m, g=group),
    )


def decided(m: Term, answer: Term) -> Term:
    """A quorum has voted for the answer in some ballot."""
    return exists(Ballot, lambda b: (proposed[m][b] == answer) & (size_of(votes[m][b]) > acceptors // 2))


@protocol.action(by="leader")
def decide_commit() -> Step:
    ready = forall(Manager, lambda m: decided(m, Answer.PREPARED))
    return step(when(ready), update(commit, True), says("knows that all have prepared: commit"))


@protocol.action(by="leader")
def decide_abort() -> Step:
    given_up = exists(Manager, lambda m: decided(m, Answer.ABORTED))
    return step(when(given_up), update(abort, True), says("knows that one has aborted: abort"))


# What acceptors do -------------------------------------------------------------------------------------------------
@protocol.action(Acceptor, Manager, Later, by=Acceptor)
def promise(a: Term, m: Term, b: Term) -> Step:
    return step(
        when(b.isin(opened[m]), b > promised[m][a]),
        update(promised[m][a], b),
        update(told[m][b], told[m][b] | {a}),
        update(last_vote[m][b][a], voted[m][a]),
        update(last_choice[m][b][a], choice[m][a]),
        says("promises ballot {b} for manager {m}", b=b, m=m),
    )


@protocol.action(Acceptor, Manager, Ballot, by=Acceptor)
def vote(a: Term, m: Term, b: Term) -> Step:
    return step(
        when(proposed[m][b] != Answer.NONE, b >= promised[m][a]),
        update(promised[m][a], b),
        update(voted[m][a], b),
        update(choice[m][a], proposed[m][b]),
        update(votes[m][b], votes[m][b] | {a}),
        says("votes for {v} in ballot {b} of manager {m}", v=proposed[m][b], b=b, m=m),
    )


def somebody(wanted: Term) -> Term:
    """Some manager is in this state."""
    return exists(Manager, lambda m: state[m] == wanted)


protocol.declare(
    invariant(
        "consistent", ~(somebody(State.ABORTED) & somebody(State.COMMITTED)), "nobody undoes what another commits"
    ),
    invariant("one-decision", ~(commit & abort), "nobody hears of two decisions"),
)
protocol.refines(transaction_commit, {abstract_state: state})
