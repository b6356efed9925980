"""History variables: properties and lemmas read them, nothing in a run does; unread they cost no states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker.api.calls import check, mutate, prove
from planrace.checker.run.options import Options
from planrace.model.language import (
    Changes,
    DefinitionError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    count,
    exists,
    forall,
    index,
    integers,
    minimum,
    otherwise,
    outcome,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Piece
from planrace.model.patterns import crash
from planrace.properties import eventually, invariant, lemma, proof, step_invariant

WORKER = index("worker", 2)


def shelf(*more: Callable[[Any], Piece], handed: bool = True) -> Protocol:
    """Workers take a key and put it back; a history counts how often each has had it."""
    p = Protocol("shelf", "a key on a shelf")
    worker = WORKER
    has = p.variable("has", array(worker, boolean()), False)
    had = p.history("had", array(worker, integers(0, 3)), 0, "how often it had the key") if handed else None

    @p.action(worker, by=worker)
    def take(w: Term) -> Step:
        counted = () if had is None else (update(had[w], minimum(had[w] + 1, 3)),)
        return step(when(forall(worker, lambda v: ~has[v])), update(has[w], True), *counted, *(m(had) for m in more))

    @p.action(worker, by=worker)
    def put(w: Term) -> Step:
        return step(when(has[w]), update(has[w], False))

    p.declare(invariant("alone", count(WORKER, lambda w: has[w]) <= 1, "one has the key"))
    return p


def knows(has: Any, had: Any) -> Any:
    """A property that reads the history."""
    return invariant("knows", forall(WORKER, lambda w: has[w].implies(had[w] > 0)), "who has the key has had it")


def held(p: Protocol) -> Any:
    """The variables ``has`` and ``had``."""
    return p.variables["has"].term, p.variables["had"].term


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_they_cost_states_only_where_a_property_reads_them(engine: str) -> None:
    p = shelf()
    has, had = held(p)
    p.declare(knows(has, had))
    plain = check(shelf(handed=False), options=Options(engine=engine)).exploration
    without = check(p, options=Options(engine=engine, properties=("alone",))).exploration
    read = check(p, options=Options(engine=engine)).exploration
    assert plain is not None
    assert without is not None
    assert read is not None
    assert (without.states, without.transitions) == (plain.states, plain.transitions) == (3, 4)
    assert without.sliced == ("had",)
    assert read.states == 40  # 16 pairs of counts; in 12 of them each worker may have the key


@pytest.mark.parametrize("engine", ["explicit", "bmc", "induction", "proof"])
def test_properties_and_lemmas_read_them(engine: str) -> None:
    p = shelf()
    has, had = held(p)
    p.declare(
        step_invariant("counts", forall(WORKER, lambda w: taken("take", w=w).implies(~has[w])), "it has it not yet"),
        knows(has, had),
        invariant("once", forall(WORKER, lambda w: had[w] < 2), "nobody has it twice; this is false"),
    )
    found = {f.name: f.verdict.word for f in check(p, options=Options(engine=engine)).findings}
    assert found["once"] == "violated"
    assert engine == "bmc" or found["knows"] == found["counts"] == "holds"


def test_a_proof_uses_lemmas_about_them() -> None:
    p = shelf()
    has, had = held(p)
    never = forall(WORKER, lambda w: (had[w] == 0).implies(~has[w]))
    p.argue(proof([lemma("had", never, "who never had it has it not")]))
    report = prove(p)
    assert report.verdict.word == "holds"
    assert [w for w in report.warnings if w.kind == "lemma left out"] == []


def test_liveness_may_read_them() -> None:
    p = shelf()
    _, had = held(p)
    p.declare(eventually("used", exists(WORKER, lambda w: had[w] > 0), "somebody has it"))
    assert check(p).verdict.word == "holds"


def late(had: Any) -> Any:
    """An outcome whose condition reads the history."""
    return outcome("late", when(exists(WORKER, lambda w: had[w] > 1))), otherwise("new")


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (lambda had: when(exists(WORKER, lambda w: had[w] < 2)), "action take: its guard reads the history had"),
        (late, "the condition of late reads the history had"),
    ],
)
def test_guards_and_conditions_do_not_read_them(part: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words) as problem:
        check(shelf(part))
    assert problem.value.where is not None


def test_effects_and_positions_do_not_read_them_but_those_of_histories_may() -> None:
    p = Protocol("log", "a number is logged")
    last = p.history("last", integers(1, 2), 1)
    seen = p.history("seen", array(integers(1, 2), boolean()), False)
    x = p.variable("x", integers(1, 2), 1)
    marks = p.variable("marks", array(integers(1, 2), boolean()), False)

    @p.action(by="me")
    def log() -> Step:
        return step(update(x, 3 - x), update(last, x), update(seen[last], True))

    p.declare(invariant("in", x < 3, "it is"))
    assert check(p).exploration.states == 2  # type: ignore[union-attr]
    for change, words in (
        (lambda: update(marks[last], True), r"the update of marks\[last\] reads the history last"),
        (lambda: update(marks[1], last == 2), r"the update of marks\[1\] reads the history last"),
    ):
        q = changed(p, change)
        with pytest.raises(DefinitionError, match=words):
            check(q, with_protections=["bad"])
        assert check(q).verdict.word == "holds"
        del p.protections["bad"]
        p._names._given.pop(("protection", "bad"))


def changed(p: Protocol, also: Any) -> Protocol:
    """The protocol with a protection that adds an update."""

    @p.protection("bad", "it decides by what was logged")
    def bad(change: Changes) -> None:
        change.also("log", also())

    return p


def test_final_and_initial_states_do_not_depend_on_them() -> None:
    p = shelf()
    p.final(forall(WORKER, lambda w: held(p)[1][w] == 3))
    with pytest.raises(DefinitionError, match="final states reads the history had"):
        check(p)
    q = shelf()
    q.initially(forall(WORKER, lambda w: held(q)[1][w] == 0))
    with pytest.raises(DefinitionError, match="initial states reads the history had"):
        check(q)


def test_mutants_leave_them_alone_and_a_crash_keeps_them() -> None:
    p = shelf()
    has, had = held(p)
    down = p.fault("down", "a worker forgets that it has the key")
    crash(p, [has], fault=down, by=WORKER)
    p.declare(knows(has, had))
    assert check(p, faults=["down"]).verdict.word == "holds"
    assert not [j for j in mutate(p).judged if "had" in j.mutant.change]
    q = shelf()
    has, had = held(q)
    crash(q, [has, had], fault=q.fault("down", "all is lost"), by=WORKER)
    with pytest.raises(DefinitionError, match="crash: its guard reads the history had"):
        check(q, faults=["down"])
