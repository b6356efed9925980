"""``let``: names of terms in reports, which no engine sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.explain.beliefs import beliefs
from planrace.checker.run.listing import Listing, listed, listing_text
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import record as recorded
from planrace.model.language import (
    DefinitionError,
    Protocol,
    Term,
    array,
    count,
    enumeration,
    exists,
    forall,
    index,
    integers,
    minimum,
    record,
    says,
    step,
    sum_of,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.named_terms import in_names
from planrace.model.language.variant import Variant
from planrace.properties import invariant, recoverable

Worker = index("worker", 2)
Number = integers(0, 3, "number")
Batch = record("batch", of=Number)
Phase = enumeration("phase", "LOOK TAKE")


def slots(*, named: bool = True) -> Protocol:
    """Workers look for free slots and take one later."""
    p = Protocol("slots", "workers share slots")
    jobs = p.variable("jobs", array(Worker, Number), 0, "jobs")
    phase = p.variable("phase", array(Worker, Phase), Phase.LOOK, "what they do")
    free: Any = 3 - sum_of(Worker, lambda w: jobs[w])
    share: Any = lambda w: minimum(free, 2 - jobs[w])  # noqa: E731
    if named:
        free = p.let("free slots", free)
        share = p.let("share", Worker, lambda w: minimum(free, 2 - jobs[w]))

    @p.action(Worker, by=Worker, tags=["repair"])
    def look(w: Term) -> Step:
        return step(when(phase[w] == Phase.LOOK, share(w) > 0), update(phase[w], Phase.TAKE))

    @p.action(Worker, by=Worker)
    def take(w: Term) -> Step:
        return step(
            when(phase[w] == Phase.TAKE),
            update(jobs[w], jobs[w] + 1),
            update(phase[w], Phase.LOOK),
            says("takes one of {f}", f=free),
        )

    p.declare(
        invariant("enough", free >= 0, "not more jobs than slots"),
        recoverable("all-free", free == 3, "jobs end", helpers=["repair"]),
    )
    return p


def test_engines_see_the_terms() -> None:
    """The systems are the same, term by term."""
    one, other = (slots(named=x).system() for x in (True, False))
    for mine, theirs in zip(one.actions.values(), other.actions.values(), strict=True):
        assert mine.guard is theirs.guard
        for a, b in zip(mine.outcomes[0].updates, theirs.outcomes[0].updates, strict=True):
            assert a.target is b.target
            assert a.value is b.value


def test_a_belief_has_the_name() -> None:
    """Also in the words of the clause; the process stands in place of the parameter."""
    p = slots()
    run = recorded(Interpreter(p.system().instance()), [("look", (1,)), ("look", (2,)), ("take", (2,))])
    found = beliefs(run, [performer(m) for m in run.moves])
    wanted = ("0 < share[1]", "0 is less than its share"), ("0 < share[2]", "0 is less than its share")
    assert [(b.text, b.sentence) for b in found if "share" in b.text] == list(wanted)


def test_a_dead_end_has_the_name() -> None:
    (end,) = [f.dead_end for f in check(slots()).findings if f.name == "all-free"]
    assert end is not None
    assert end.never == ("free slots = 3",)


def test_the_list_of_steps_has_the_names() -> None:
    text = listing_text(Listing((listed(Variant("slots", slots()), steps=True),), {}))
    assert "    free slots  3 - sum(w ∈ worker. jobs[w])\n    share[w]    minimum(free slots, 2 - jobs[w])\n" in text
    assert "when (phase[w] = LOOK) ∧ (0 < share[w])" in text


def test_names_inside_terms() -> None:
    """The largest name wins, also under quantifiers, and with members in place of the parameters."""
    p = Protocol("p")
    a, b = p.variable("a", Number, 0), p.variable("b", Number, 0)
    load = p.variable("load", array(Worker, array(Worker, Number)), 0)
    both_of = p.let("sum", a + b)
    p.let("twice", both_of * 2)
    far = p.let("far", Worker, Worker, lambda v, w: load[v][w] > both_of)
    named = {
        (a + b) * 2 == 3: "twice = 3",
        forall(Worker, lambda w: far(w, w) & (a + b < 2)): "∀w ∈ worker. far[w][w] ∧ (sum < 2)",
        exists(Worker, lambda v: forall(Worker, lambda w: ~far(w, v))): "∃v ∈ worker. ∀w ∈ worker. ¬far[w][v]",
        b + a == 1: "(b + a) = 1",
    }
    assert {t: str(in_names(t, p.named_terms)) for t in named} == named


REFUSED: dict[str, tuple[str, Callable[[Protocol, Term], object]]] = {
    "nothing": (r"let\('x'\) names nothing \(write let", lambda p, v: p.let("x")),
    "a variable": (r"let\('x'\): v is a name or a constant already", lambda p, v: p.let("x", v)),
    "a number": (r"let\('x'\): 3 is a name or a constant already", lambda p, v: p.let("x", 3)),
    "no term": (r"'v' is neither a term nor a constant", lambda p, v: p.let("x", "v")),
    "a function alone": (r"has a function, and no sorts", lambda p, v: p.let("x", lambda w: v + 1)),
    "sorts alone": (r"has sorts, and no function", lambda p, v: p.let("x", Worker, v + 1)),
    "no sort": (r"let\('x'\): v is not a bounded scalar sort", lambda p, v: p.let("x", v, lambda w: v + 1)),
    "a member that does not matter": (r"does not depend on w", lambda p, v: p.let("x", Worker, lambda w: v + 1)),
    "a record": (r"is a batch, and a name is for a term \(name a field", lambda p, v: p.let("x", Batch(of=1))),
    "twice": (r"x", lambda p, v: (p.let("x", v + 1), p.let("x", v + 2))),
    "too few members": (
        r"x is about 1 member \(worker\), and 2 are given",
        lambda p, v: p.let("x", Worker, lambda w: count(Worker, lambda x: (x == w) & (v > 0)))(1, 2),
    ),
    "another member": (r"member of x: ", lambda p, v: p.let("x", Number, lambda w: w + v)(Phase.LOOK)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    message, makes = REFUSED[case]
    p = Protocol("p")
    v = p.variable("v", Number, 0)
    with pytest.raises(DefinitionError, match=message):
        makes(p, v)
