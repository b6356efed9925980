"""Two-phase commit, and a participant that loses patience.

Resource managers prepare and tell the transaction manager; when all have, it commits, and it may abort before. Messages
are never lost and may arrive late, so the messages sent are a set that only grows. ``protocol`` lets a participant that
has prepared give up after waiting, which it must not: the manager may have committed meanwhile. ``fixed`` is the
protocol of the TLA+ examples (TwoPhase.tla, after Gray & Lamport, "Consensus on transaction commit", ACM TODS 31(1),
2006): with three resource managers TLC counts 288 distinct states, and so do we; with six they are 50,816.

Votes may be forgotten (``--fault restart``: they are counted again), but a decision may not, so the manager writes it
to disk before anybody hears of it. ``--fault amnesia`` is one that does not.

    check -p examples/two_phase_commit.py:protocol
    check -p examples/two_phase_commit.py:fixed --exhaustive --no-symmetry
    check -p examples/two_phase_commit.py:fixed --fault amnesia
"""

from __future__ import annotations

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
    lemma,
    proof,
    reachable,
    says,
    step,
    subsets,
    taken,
    update,
    when,
)
from planrace.model.language.changes import Changes
from planrace.model.patterns import crash, unordered

protocol = Protocol("two-phase-commit", "all commit or all abort")

managers = protocol.parameter("managers", 3, 1, 6, "resource managers that take part")
Manager = index("manager", managers, symmetric=True)
State = enumeration("state", "WORKING PREPARED COMMITTED ABORTED")
Decision = enumeration("decision", "OPEN COMMIT ABORT")

state = protocol.variable("state", array(Manager, State), State.WORKING, "what the resource manager has done")
decision = protocol.variable("decision", Decision, Decision.OPEN, "what the transaction manager has decided")
votes = protocol.variable("votes", subsets(Manager), set(), "whose vote the transaction manager has got")
prepared = unordered(protocol, "prepared", Manager, "messages: these have prepared")
commit = protocol.variable("commit", boolean(), False, "message: commit")
abort = protocol.variable("abort", boolean(), False, "message: abort")


@protocol.action(Manager, by=Manager)
def prepare(m: Term) -> Step:
    return step(
        when(state[m] == State.WORKING),
        update(state[m], State.PREPARED),
        prepared.sending(m),
        says("prepares and says so"),
    )


@protocol.action(Manager, by=Manager)
def refuse(m: Term) -> Step:
    return step(when(state[m] == State.WORKING), update(state[m], State.ABORTED), says("aborts before it has prepared"))


@protocol.action(Manager, by="transaction manager")
def count_vote(m: Term) -> Step:
    return step(
        when(decision == Decision.OPEN, prepared.carries(m), ~m.isin(votes)),
        update(votes, votes | {m}),
        says("gets the vote of manager {m}", m=m),
    )


@protocol.action(by="transaction manager")
def decide_commit() -> Step:
    return step(
        when(decision == Decision.OPEN, forall(Manager, lambda m: m.isin(votes))),
        update(decision, Decision.COMMIT),
        update(commit, True),
        says("has all votes and commits"),
    )


@protocol.action(by="transaction manager")
def decide_abort() -> Step:
    return step(when(decision == Decision.OPEN), update(decision, Decision.ABORT), update(abort, True), says("aborts"))


@protocol.action(Manager, by=Manager)
def hear_commit(m: Term) -> Step:
    return step(when(commit, state[m] != State.COMMITTED), update(state[m], State.COMMITTED), says("hears: commit"))


@protocol.action(Manager, by=Manager)
def hear_abort(m: Term) -> Step:
    return step(when(abort, state[m] != State.ABORTED), update(state[m], State.ABORTED), says("hears: abort"))


@protocol.action(Manager, by=Manager, fairness="none")
def give_up(m: Term) -> Step:
    return step(
        when(state[m] == State.PREPARED),
        update(state[m], State.ABORTED),
        says("has waited for a decision long enough and aborts"),
    )


protocol.fault("restart", "the transaction manager restarts, and has forgotten whose votes it got")
crash(protocol, [votes], fault="restart", by="transaction manager", name="restart")
protocol.fault("amnesia", "it has forgotten what it decided, too")
crash(protocol, [votes, decision], fault="amnesia", by="transaction manager", name="forget_all")


@protocol.protection("patience", "who has prepared waits for the transaction manager")
def patience(change: Changes) -> None:
    change.remove("give_up")


protocol.declare(
    invariant(
        "all-or-none",
        ~(
            exists(Manager, lambda m: state[m] == State.COMMITTED)
            & exists(Manager, lambda m: state[m] == State.ABORTED)
        ),
        "nobody aborts what somebody else commits",
    ),
    reachable("commits-happen", taken("hear_commit"), "some transaction is committed"),
)
protocol.final(forall(Manager, lambda m: state[m].isin({State.COMMITTED, State.ABORTED})))

protocol.argue(
    proof(
        [
            lemma(
                "messages-are-decisions",
                (commit == (decision == Decision.COMMIT)) & (abort == (decision == Decision.ABORT)),
                "what the transaction manager says is what it has decided",
            ),
            lemma(
                "votes-were-sent",
                forall(Manager, lambda m: m.isin(votes).implies(prepared.carries(m))),
                "who is counted has said that it has prepared",
            ),
            lemma(
                "a-commit-is-unanimous",
                commit.implies(forall(Manager, prepared.carries)),
                "before a commit everybody has said that they have prepared",
            ),
            lemma(
                "commits-are-told",
                forall(Manager, lambda m: (state[m] == State.COMMITTED).implies(commit)),
                "nobody commits before it is told to",
            ),
            lemma(
                "who-prepared-waits",
                forall(
                    Manager,
                    lambda m: (prepared.carries(m) & state[m].isin({State.WORKING, State.ABORTED})).implies(abort),
                ),
                "who has said that it has prepared stays so until it is told",
            ),
        ]
    )
)

fixed = protocol.variant("two-phase-commit-fixed", ["patience"])
