"""Voting: how acceptors choose one value, without saying how they talk.

Acceptors vote in ballots, at most once in each, and never in a ballot below one that they have heard of. An acceptor
votes for a value only if a quorum shows that it is safe: all in the quorum have heard of the ballot, and their newest
vote before it, if there is one, was for this value. What a quorum has voted for in a ballot is chosen. Paxos
(``paxos.py``) is one way to find such a quorum, and refines this; this refines ``consensus``, which only says that
one value is chosen, once.

Source: Voting.tla, Consensus.tla and their configurations MCVoting.cfg and MCConsensus.cfg, in the folder
PaxosHowToWinATuringAward of the TLA+ examples. With three acceptors, two values and three ballots TLC finds 6,752
distinct states; of consensus on three values, 4. Votes are a set of ballots and values there; here an acceptor has a
value for each ballot, or 0. TLC counts a vote once for each way in which a quorum shows that it is safe; here it is
one step.

    check -p examples/ground_truth/voting.py:protocol --exhaustive --no-symmetry
    check refine --of examples/ground_truth/voting.py:protocol --to consensus
"""

from __future__ import annotations

from collections.abc import Callable

from planrace import (
    Protocol,
    Step,
    Term,
    array,
    count,
    exists,
    forall,
    index,
    integers,
    invariant,
    says,
    size_of,
    step,
    subsets,
    such_that,
    update,
    when,
)

# What is promised --------------------------------------------------------------------------------------------------
consensus = Protocol("consensus", "one value is chosen, once")
candidates = consensus.parameter("candidates", 3, 1, 5, "values that may be chosen")
Candidate = integers(1, candidates, "candidate")
chosen = consensus.variable("chosen", subsets(Candidate), set(), "what is chosen")


@consensus.action(Candidate, by="somebody")
def choose(v: Term) -> Step:
    return step(when(chosen == set()), update(chosen, {v}), says("chooses {v}", v=v))


consensus.declare(invariant("one-is-chosen", size_of(chosen) <= 1, "at most one value is chosen"))
consensus.final(chosen != set())

# Voting ------------------------------------------------------------------------------------------------------------
protocol = Protocol("voting", "acceptors vote for what is safe")

acceptors = protocol.parameter("acceptors", 3, 1, 5, "acceptors; more than half of them are a quorum")
values = protocol.parameter("values", 2, 1, 3, "values that may be chosen")
ballots = protocol.parameter("ballots", 3, 1, 4, "ballots")
Acceptor = index("acceptor", acceptors, symmetric=True)
Ballot = integers(1, ballots, "ballot")
Heard = integers(0, ballots, "heard")  # 0: of none
Value = integers(1, values, "value")
Vote = integers(0, values, "vote")  # 0: none

heard = protocol.variable("heard", array(Acceptor, Heard), 0, "the newest ballot that the acceptor takes part in")
votes = protocol.variable("votes", array(Acceptor, array(Ballot, Vote)), 0, "what it voted for in each ballot")


def silent(a: Term, after: Term | int, before: Term) -> Term:
    """The acceptor takes part in the later ballot, and has not voted in any between the two."""
    return (heard[a] >= before) & forall(Ballot, lambda b: (b <= after) | (b >= before) | (votes[a][b] == 0))


def enough(holds: Callable[[Term], Term]) -> Term:
    """It holds for a quorum."""
    return count(Acceptor, holds) > acceptors // 2


def shown_safe(b: Term, v: Term) -> Term:
    """A quorum takes part in the ballot, and its newest vote before it was for the value, or it never voted before it.
    Whoever cast that vote may be in any quorum of those who were silent since."""
    return enough(lambda a: silent(a, 0, b)) | exists(
        Ballot,
        lambda c: (
            (c < b)
            & enough(lambda a: silent(a, c, b))
            & exists(Acceptor, lambda a: silent(a, c, b) & (votes[a][c] == v))
        ),
    )


@protocol.action(Acceptor, Ballot, by=Acceptor)
def hear(a: Term, b: Term) -> Step:
    return step(when(b > heard[a]), update(heard[a], b), says("hears of ballot {b}", b=b))


@protocol.action(Acceptor, Ballot, Value, by=Acceptor)
def vote(a: Term, b: Term, v: Term) -> Step:
    others = forall(Acceptor, lambda c: (c == a) | (votes[c][b] == 0) | (votes[c][b] == v))
    return step(
        when(b >= heard[a], votes[a][b] == 0, others, shown_safe(b, v)),
        update(heard[a], b),
        update(votes[a][b], v),
        says("votes for {v} in ballot {b}", v=v, b=b),
    )


def cannot_choose_another(b: Term, v: Term) -> Term:
    """More than half have voted for the value in the ballot, or will not vote in it any more."""
    return enough(lambda a: (votes[a][b] == v) | ((heard[a] > b) & (votes[a][b] == 0)))


def is_chosen(b: Term, v: Term) -> Term:
    """More than half have voted for the value in the ballot."""
    return enough(lambda a: votes[a][b] == v)


protocol.declare(
    invariant(
        "one-value-a-ballot",
        forall(
            Ballot,
            lambda b: forall(
                Acceptor,
                lambda a: forall(
                    Acceptor, lambda c: (votes[a][b] == 0) | (votes[c][b] == 0) | (votes[a][b] == votes[c][b])
                ),
            ),
        ),
        "all votes of a ballot are for the same value",
    ),
    invariant(
        "votes-are-safe",
        forall(
            Acceptor,
            lambda a: forall(
                Ballot,
                lambda b: (
                    (votes[a][b] == 0) | forall(Ballot, lambda c: (c >= b) | cannot_choose_another(c, votes[a][b]))
                ),
            ),
        ),
        "no older ballot can choose another value than the one of a vote",
    ),
)
protocol.final(forall(Acceptor, lambda a: heard[a] == ballots))
protocol.refines(
    consensus,
    {chosen: such_that(Value, lambda v: exists(Ballot, lambda b: is_chosen(b, v)))},
    sizes={candidates: values},
)
