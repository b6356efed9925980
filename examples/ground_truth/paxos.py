"""Paxos: acceptors agree on one value.

A leader opens a ballot. Acceptors promise not to take part in older ones, and say for what they voted last. When a
quorum has promised, the leader proposes a value: the one of the newest vote in the quorum, or any if nobody there has
voted. Acceptors vote for it unless they have promised a newer ballot. What a quorum has voted for is chosen. Messages
are never lost and may be read at any time, so they stay where they are.

L. Lamport, "Paxos made simple", ACM SIGACT News 32(4), 2001.

Source: Paxos.tla, in the folder PaxosHowToWinATuringAward of the TLA+ examples. With three acceptors, two values and
two ballots TLC finds 3,921 distinct states, with three ballots 185,369. Its one set of messages is several variables
here: an acceptor promises a ballot once, so its answer is kept by ballot and acceptor; and it votes for what the
leader has proposed.

    check -p examples/ground_truth/paxos.py:protocol --exhaustive --no-symmetry
    check refine --of examples/ground_truth/paxos.py:protocol --to voting
"""

from __future__ import annotations

from voting import heard as abstract_heard
from voting import protocol as voting
from voting import votes as abstract_votes

from planrace import (
    If,
    Protocol,
    Step,
    Term,
    array,
    count,
    each,
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

protocol = Protocol("paxos", "acceptors choose one value")

acceptors = protocol.parameter("acceptors", 3, 1, 5, "acceptors; more than half of them are a quorum")
ballots = protocol.parameter("ballots", 2, 1, 4, "ballots, each with a leader of its own")
values = protocol.parameter("values", 2, 1, 3, "values that may be proposed")
Acceptor = index("acceptor", acceptors, symmetric=True)
Ballot = integers(1, ballots, "ballot")
Vote = integers(0, ballots, "vote")  # 0: none
Value = integers(1, values, "value")
Choice = integers(0, values, "choice")  # 0: none

promised = protocol.variable("promised", array(Acceptor, Vote), 0, "the newest ballot that the acceptor has heard of")
voted = protocol.variable("voted", array(Acceptor, Vote), 0, "the newest ballot in which it has voted")
choice = protocol.variable("choice", array(Acceptor, Choice), 0, "what it voted for in that ballot")
opened = protocol.variable("opened", subsets(Ballot), set(), "messages: these ballots are open")
answers = protocol.variable("answers", array(Ballot, subsets(Acceptor)), set(), "messages: these have promised")
last_vote = protocol.variable("last_vote", array(Ballot, array(Acceptor, Vote)), 0, "in an answer: when it voted last")
last_choice = protocol.variable("last_choice", array(Ballot, array(Acceptor, Choice)), 0, "in an answer: what for")
proposed = protocol.variable("proposed", array(Ballot, Choice), 0, "messages: the value of the ballot")
votes = protocol.variable("votes", array(Ballot, subsets(Acceptor)), set(), "messages: these have voted")


def is_quorum(group: Term) -> Term:
    """A smallest majority: so are the quorums of the text."""
    return size_of(group) == acceptors // 2 + 1


@protocol.action(Ballot, by="leader")
def open_ballot(b: Term) -> Step:
    return step(update(opened, opened | {b}), says("opens ballot {b}", b=b))


@protocol.action(Acceptor, Ballot, by=Acceptor)
def promise(a: Term, b: Term) -> Step:
    return step(
        when(b.isin(opened), b > promised[a]),
        update(promised[a], b),
        update(answers[b], answers[b] | {a}),
        update(last_vote[b][a], voted[a]),
        update(last_choice[b][a], choice[a]),
        says("promises ballot {b}", b=b),
    )


def may_propose(b: Term, group: Term) -> Term:
    """The ballot has no value yet, and a quorum has promised it."""
    return (proposed[b] == 0) & is_quorum(group) & group.issubset(answers[b])


@protocol.action(Ballot, Value, subsets(Acceptor), by="leader")
def propose_any(b: Term, v: Term, group: Term) -> Step:
    return step(
        when(may_propose(b, group), forall(group, lambda a: last_vote[b][a] == 0)),
        update(proposed[b], v),
        says("proposes {v} in ballot {b}, as nobody in {g} has voted", v=v, b=b, g=group),
    )


@protocol.action(Ballot, Value, subsets(Acceptor), Acceptor, by="leader")
def propose_newest(b: Term, v: Term, group: Term, a: Term) -> Step:
    newest = forall(group, lambda c: last_vote[b][c] <= last_vote[b][a])
    return step(
        when(may_propose(b, group), a.isin(group), last_vote[b][a] > 0, last_choice[b][a] == v, newest),
        update(proposed[b], v),
        says("proposes {v} in ballot {b}, for which acceptor {a} voted", v=v, b=b, a=a),
    )


@protocol.action(Acceptor, Ballot, by=Acceptor)
def vote(a: Term, b: Term) -> Step:
    return step(
        when(proposed[b] > 0, b >= promised[a]),
        update(promised[a], b),
        update(voted[a], b),
        update(choice[a], proposed[b]),
        update(votes[b], votes[b] | {a}),
        says("votes for {v} in ballot {b}", v=proposed[b], b=b),
    )


def chosen(b: Term) -> Term:
    """More than half have voted for the value of the ballot."""
    return size_of(votes[b]) > acceptors // 2


def cannot_vote(a: Term, b: Term) -> Term:
    """It has not voted in this ballot, and has promised a newer one."""
    return (promised[a] > b) & ~a.isin(votes[b])


def safe(b: Term) -> Term:
    """No older ballot has chosen another value, nor can it: there, too few can still vote."""
    return forall(
        Ballot,
        lambda c: (
            (c >= b) | (proposed[c] == proposed[b]) | (count(Acceptor, lambda a: cannot_vote(a, c)) > acceptors // 2)
        ),
    )


protocol.refines(
    voting,
    {
        abstract_heard: promised,
        abstract_votes: each(Acceptor, lambda a: each(Ballot, lambda b: If(a.isin(votes[b]), proposed[b], 0))),
    },
)
protocol.declare(
    invariant(
        "agreement",
        forall(
            Ballot,
            lambda b: forall(Ballot, lambda c: (chosen(b) & chosen(c)).implies(proposed[b] == proposed[c])),
        ),
        "no two values are chosen",
    ),
    invariant(
        "acceptors-remember",
        forall(
            Acceptor,
            lambda a: (
                If(
                    voted[a] == 0,
                    choice[a] == 0,
                    exists(Ballot, lambda b: (b == voted[a]) & a.isin(votes[b]) & (proposed[b] == choice[a])),
                )
                & (promised[a] >= voted[a])
            ),
        ),
        "what an acceptor knows is a vote of its own, of a ballot that it has promised",
    ),
    invariant(
        "answers-are-true",
        forall(
            Ballot,
            lambda b: forall(
                answers[b],
                lambda a: (
                    (promised[a] >= b)
                    & (
                        (last_vote[b][a] == 0)
                        | exists(
                            Ballot,
                            lambda c: (c == last_vote[b][a]) & a.isin(votes[c]) & (proposed[c] == last_choice[b][a]),
                        )
                    )
                ),
            ),
        ),
        "who has answered has promised, and has cast the vote that it told",
    ),
    invariant(
        "proposals-are-safe",
        forall(Ballot, lambda b: (proposed[b] > 0).implies(safe(b))),
        "what is proposed is what older ballots have chosen, or can still choose",
    ),
    invariant(
        "votes-are-for-proposals",
        forall(Ballot, lambda b: forall(votes[b], lambda a: (voted[a] >= b) & (proposed[b] > 0))),
        "votes are for what was proposed",
    ),
)
