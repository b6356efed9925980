"""Sequences and maps: what authors write, what it means, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check, render
from planrace.checker.run.options import Options
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    Term,
    anything,
    array,
    count,
    enumeration,
    exists,
    forall,
    index,
    integers,
    mapping,
    one_of,
    record,
    says,
    sequence,
    step,
    such_that,
    update,
    when,
)
from planrace.properties import invariant, reachable

from ..naive import initials

Worker = index("worker", 2, symmetric=True)
Number = integers(0, 2, "number")
Site = enumeration("end", "EAST WEST")
Batch = record("batch", of=Number, to=Worker)


def starts(sort: Any, initially: Any) -> list[tuple[Any, ...]]:
    p = Protocol("p", "a protocol")
    p.variable("v", sort, initially)

    @p.action(by="somebody")
    def rest() -> Step:
        return step()

    return initials(p.system().instance())


def test_initial_values() -> None:
    assert starts(sequence(Number, 2), []) == [(0, (0, 0))]
    assert starts(sequence(Number, 2), [2]) == [(1, (2, 0))]
    assert len(starts(sequence(Number, 2), anything)) == 1 + 3 + 9
    assert len(starts(sequence(Worker, 2), anything)) == 1 + 2 + 4
    assert len(starts(sequence(Batch, 1), anything)) == 1 + 6
    assert len(starts(sequence(Number, 2), one_of([], [1, 2]))) == 2
    assert starts(array(Site, sequence(Number, 2)), [1]) == [((1, 1), ((1, 0), (1, 0)))]
    assert starts(mapping(Site, Number), {Site.WEST: 2}) == [(frozenset({1}), (0, 2))]
    assert len(starts(mapping(Site, Worker), anything)) == 9


def queue_protocol() -> Protocol:
    """Workers queue up for a lock; a map says who has which site."""
    p = Protocol("queues", "workers queue up")
    workers = p.parameter("workers", 2, 1, 4)
    w = index("worker", workers, symmetric=True)
    waiting = p.variable("waiting", sequence(w, workers), [], "who waits, in order")
    owner = p.variable("owner", mapping(Site, w), {}, "who has the site")

    @p.action(w, by=w)
    def wait(m: Term) -> Step:
        return step(when(~m.isin(waiting)), update(waiting, waiting.append(m)), says("queues up behind {q}", q=waiting))

    @p.action(w, Site, by=w)
    def enter(m: Term, s: Term) -> Step:
        return step(
            when(waiting.length > 0, waiting.head == m, ~owner.has(s)),
            update(waiting, waiting.tail),
            update(owner, owner.put(s, m)),
        )

    @p.action(w, Site, by=w)
    def leave(m: Term, s: Term) -> Step:
        return step(when(owner.has(s), owner[s] == m), update(owner, owner.without(s)))

    both_taken = (owner.size == 2) & forall(owner, lambda s: exists(w, lambda m: owner[s] == m))
    p.declare(
        invariant("once", forall(w, lambda m: count(waiting, lambda x: x == m) <= 1), "nobody waits twice"),
        invariant("room", waiting.length <= workers, "there is room for all"),
        reachable("both", both_taken, "both are taken"),
        reachable("a-queue", forall(w, lambda m: m.isin(waiting)), "all wait"),
    )
    return p


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc", "induction"])
def test_every_engine(engine: str) -> None:
    report = check(queue_protocol(), options=Options(engine=engine, depth=5 if engine == "bmc" else None))
    told = {f.name: f.verdict.word for f in report.findings}
    assert told["both"] == told["a-queue"] == "holds"
    assert told["once"] == told["room"] == ("unknown" if engine == "bmc" else "holds")


def test_symmetry_counts_orbits() -> None:
    p = queue_protocol()
    found = [check(p, options=Options(symmetry=s)).exploration for s in (False, True)]
    assert [e.states for e in found if e is not None] == [45, 23]


def test_they_are_one_value_in_texts() -> None:
    shown = render(check(broken()), "text")
    assert "q: ⟨1⟩ → ⟨1, 2⟩, m: {EAST ↦ 0} → {EAST ↦ 0, WEST ↦ 2}" in shown
    assert "appends 2 to ⟨1⟩" in shown


def broken() -> Protocol:
    p = Protocol("p", "a protocol")
    q = p.variable("q", sequence(Number, 2), [1])
    m = p.variable("m", mapping(Site, Number), {Site.EAST: 0})

    @p.action(by="somebody")
    def add() -> Step:
        return step(
            when(q.length < 2), update(q, q.append(2)), update(m, m.put(Site.WEST, 2)), says("appends 2 to {q}", q=q)
        )

    p.declare(invariant("short", q != [1, 2], "it never gets there"))
    return p


WRONG: list[tuple[Callable[[Any, Any], Any], str]] = [
    (lambda q, m: update(q, q.append(1).append(1).append(1)), "there is no room in .* for another element"),
    (lambda q, m: update(q, q.tail.tail), "the tail of .*, which is empty"),
    (lambda q, m: update(q, [q.tail.head]), "the head of .*, which is empty"),
    (lambda q, m: update(q, [q[q.length + 1]]), r"q has no position q.length \+ 1"),
    (lambda q, m: update(q, [q[q.length - 1]]), "position 0 is not in 1…2"),
    (lambda q, m: update(q, q.put(2, 1)), "q has no position 2"),
    (lambda q, m: update(q, q.part(1, 2)), "q has no position 2"),
    (lambda q, m: update(q, [m[Site.WEST]]), "m has no key WEST"),
]


@pytest.mark.parametrize(("change", "error"), WRONG)
def test_what_is_not_there_is_an_error_of_the_model(change: Any, error: str) -> None:
    p = Protocol("p", "a protocol")
    q = p.variable("q", sequence(Number, 2), [1])
    m = p.variable("m", mapping(Site, Number), {Site.EAST: 0})

    @p.action(by="somebody")
    def act() -> Step:
        return step(change(q, m))

    p.declare(invariant("fine", q.length >= 0, "a length is no less than 0"))
    for engine in ("explicit", "bmc"):
        with pytest.raises(ModelError, match=error):
            check(p, options=Options(engine=engine))


REFUSED: list[tuple[Callable[[Any, Any, Any], Any], str]] = [
    (lambda q, m, x: q[0], "q: there is no position 0 .positions count from 1"),
    (lambda q, m, x: q[1:2], r"slices are not terms \(write q.part\(first, last\)\)"),
    (lambda q, m, x: q[3], "3 is out of the range of position"),
    (lambda q, m, x: q.part(2, 5), "there are no such positions"),
    (lambda q, m, x: q.part(x, 2), "x is no number"),
    (lambda q, m, x: q.push(x), "q is a sequence of number, and has no 'push'"),
    (lambda q, m, x: q.append(Site.EAST), "EAST is an end, but a number is expected"),
    (lambda q, m, x: update(q, [1, 2, 1]), "there are 3 elements, and a sequence of number holds 2"),
    (lambda q, m, x: update(q, x), "x is a number, but a sequence of number is expected .write its elements"),
    (lambda q, m, x: update(q[1], x), r"cannot be assigned to .*update\(s, s.put\(k, x\)\)"),
    (lambda q, m, x: update(m[Site.EAST], x), r"cannot be assigned to .*update\(s, s.put\(k, x\)\)"),
    (lambda q, m, x: len(q), "q is a sequence of number"),
    (lambda q, m, x: x in q, "q is a sequence of number"),
    (lambda q, m, x: [*q], "q is a sequence of number"),
    (lambda q, m, x: when(q), "q is a sequence of number, and a term is expected"),
    (lambda q, m, x: m[x], "key of m: x is a number, but an end is expected"),
    (lambda q, m, x: m.hat(Site.EAST), "has no 'hat' .did you mean has"),
    (lambda q, m, x: update(m, []), r"\[\] is given, but a map from end to number is expected .write a dictionary"),
    (lambda q, m, x: such_that(q, lambda y: y > 0), "such_that: q is a sequence of number"),
    (lambda q, m, x: mapping(Batch, Number), "keys of mapping.. are scalars, not a batch"),  # type: ignore[arg-type]
    (lambda q, m, x: sequence(3, 2), "elements of sequence.. need a bounded sort, not 3"),  # type: ignore[arg-type]
    (lambda q, m, x: sequence(Number, 0), "the range 1…0 is empty"),
]


@pytest.mark.parametrize(("body", "error"), REFUSED)
def test_mistakes_are_refused_at_their_line(body: Any, error: str) -> None:
    p = Protocol("p", "a protocol")
    q = p.variable("q", sequence(Number, 2), [1])
    m = p.variable("m", mapping(Site, Number), {})
    x = p.variable("x", Number, 0)
    with pytest.raises(DefinitionError, match=error) as found:
        body(q, m, x)
    assert "test_sequences_and_maps.py:" in str(found.value)
