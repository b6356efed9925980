"""Conditions as clauses: what a belief says of its process, in words."""

from __future__ import annotations

import pytest

from planrace.checker.explain.sentences import SHORT, clause
from planrace.model.language import (
    Index,
    Op,
    Protocol,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    forall,
    index,
    integers,
    optional,
    subsets,
    such_that,
)
from planrace.model.language.terms import contains, make

host, job = index("host", 3), index("job", 2)
p = Protocol("clauses")
latest = p.variable("latest_plan", integers(0, 4), 0)
plan = p.variable("plan", array(job, integers(0, 4)), 0)
lock = p.variable("lock", array(host, optional(job)), None)
trees = p.variable("trees", array(host, subsets(integers(0, 4))), frozenset())
Phase = enumeration("phase", "IDLE BUSY")
phase = p.variable("phase", array(job, Phase), Phase.IDLE)
ready = p.variable("all_ready", boolean(), False)
done = p.variable("done", subsets(integers(0, 4)), frozenset())
there = p.variable("there", array(host, array(job, integers(0, 1))), 0)


def member(sort: Index, n: int) -> Term:
    """A member as a belief names it: the process's own number, in place of the action's parameter."""
    return make(Op.CONST, (), sort, n)


me, other = member(job, 1), member(job, 2)
nobody = None

CLAUSES = [
    (plan[me] == latest, "its plan is the latest plan"),
    (plan[other] == latest, "the plan of job 2 is the latest plan"),
    (lock[member(host, 3)] == me, "the lock of host 3 is job 1"),
    (lock[member(host, 3)] == nobody, "the lock of host 3 is none"),
    (phase[me] != Phase.IDLE, "its phase is not IDLE"),
    (plan[me] <= latest - 1, "its plan is at most the latest plan minus 1"),
    (~(plan[me] < latest), "its plan is not less than the latest plan"),
    (contains(trees[member(host, 2)], plan[me]), "its plan is in the trees of host 2"),
    (exists(host, lambda h: contains(trees[h], 3)), "3 is in the trees of some host"),
    (~exists(host, lambda h: contains(trees[h], 3)), "3 is in the trees of no host"),
    (forall(host, lambda h: lock[h] == nobody), "the lock of every host is none"),
    (
        exists(host, lambda h: contains(trees[h], 1) & (lock[h] == nobody)),
        "for some host h, 1 is in the trees of h and the lock of h is none",
    ),
    (ready, "all ready is true"),
    (~ready, "all ready is false"),
    (contains(done, latest), "the latest plan is in done"),
    ((plan[me] == 1) | (plan[me] == 2), "its plan is 1 or its plan is 2"),
    (~((plan[me] == 1) | (plan[me] == 2)), "its plan is not 1 and its plan is not 2"),
]


@pytest.mark.parametrize(("term", "words"), CLAUSES, ids=[w for _, w in CLAUSES])
def test_clauses(term: Term, words: str) -> None:
    assert clause(term, "job 1") == words


def test_its_own_variables_are_its() -> None:
    assert clause(latest == 3, "planner", lambda t: t is latest) == "its latest plan is 3"


def test_what_has_no_good_clause_has_none() -> None:
    """The term itself is shown then; half a sentence would be wrong."""
    few = such_that(integers(0, 4), lambda n: n <= plan[me])
    assert clause(trees[member(host, 1)] == few, "job 1") == ""
    assert clause(there[member(host, 1)][other] == 1, "job 1") == ""
    long = plan[me] == 0
    for n in range(1, 9):
        long = long & (plan[me] != n % 4)
    assert len(long.args) > 1
    assert clause(long, "job 1") == ""
    assert SHORT < 200
