"""Lint of fairness: what adds nothing, what nothing needs, and liveness that nobody has to make true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from planrace import (
    Changes,
    Protocol,
    Step,
    at,
    boolean,
    check,
    eventually,
    eventually_always,
    everything,
    lint,
    process,
    reachable,
    step,
    strong,
    update,
    weak,
    when,
)
from planrace.checker.advice.lint.fair import covered, nobody_has_to
from planrace.model.language.fairness import FairChoice
from tests.engines.temporal.made import FORMS, Made, broken, kept, property_of

KINDS = {"nothing fair", "covered fairness", "unused fairness"}


def workers(fairness: str, *choices: FairChoice, lively: bool = True) -> Protocol:
    """One worker spins for ever, the other has something to do."""
    p = Protocol("workers", "one spins, one works")
    on, done = p.variable("on", boolean(), False), p.variable("done", boolean(), False)

    @p.action(by="spinner", fairness=fairness)
    def spin() -> Step:
        return step(update(on, ~on))

    @p.action(by="worker", fairness=fairness, tags=["work"])
    def work() -> Step:
        return step(when(~done), update(done, True))

    p.declare(eventually("works", done, "the work is done") if lively else reachable("works", done & on, "it may be"))
    if choices:
        p.fair(*choices)
    return p


def told(p: Protocol) -> list[tuple[str, str]]:
    return [(x.kind, x.subject) for x in found(p)]


def found(p: Protocol) -> tuple[Any, ...]:
    return tuple(x for x in lint(p) if x.kind in KINDS)


@pytest.mark.parametrize(
    ("fairness", "choices", "findings"),
    [
        ("weak", (), []),
        ("none", (), [("nothing fair", "works")]),
        ("none", (weak(everything),), []),
        ("none", (weak("spin"),), [("nothing fair", "works")]),
        ("none", (weak("work"), strong("spin", "work")), []),
        ("weak", (weak(everything),), [("covered fairness", "weak fairness of any action")]),
        ("weak", (weak("work"),), [("covered fairness", "weak fairness of work")]),
        ("weak", (weak("spin", "work"),), [("covered fairness", "weak fairness of spin or work")]),
        ("weak", (strong("spin", "work"),), []),
        ("strong", (strong("spin", "work"),), [("covered fairness", "strong fairness of spin or work")]),
        ("none", (strong("work"), weak("work")), [("covered fairness", "weak fairness of work")]),
        ("none", (weak("work"), weak("work")), [("covered fairness", "weak fairness of work")]),
    ],
)
def test_choices(fairness: str, choices: tuple[FairChoice, ...], findings: list[tuple[str, str]]) -> None:
    assert told(workers(fairness, *choices)) == findings


def test_fairness_is_for_liveness() -> None:
    p = workers("strong", weak("work"), lively=False)
    assert told(p) == [("unused fairness", f"{kind} fairness of {of}") for kind, of in WITHOUT_LIVENESS]
    assert told(workers("weak", lively=False)) == []


WITHOUT_LIVENESS = (("weak", "work"), ("strong", "spin"), ("strong", "work"))


def test_a_process_is_told_of_once() -> None:
    p = Protocol("steps", "a process of two steps")
    done = p.variable("done", boolean(), False)

    @process(p, fairness="strong")
    def work() -> Iterator[object]:
        yield at("LOOK")
        update(done, True)
        yield at("WORK")

    p.declare(reachable("works", done, "it may be"))
    assert told(p) == [("unused fairness", "strong fairness of work")]


def test_what_a_property_leaves_out_is_not_fair_for_it() -> None:
    p = workers("weak")
    done = p.variables["done"].term
    p.declare(eventually_always("left-alone", done, "the work is done by nobody", without={"work"}))
    assert told(p) == [("nothing fair", "left-alone")]


def test_a_protection_adds_fairness() -> None:
    """It is for the systems that have it, and lint sees these, too."""
    p = workers("none")

    @p.protection("scheduler", "everybody has its turn")
    def scheduler(change: Changes) -> None:
        change.fair(weak("work"))

    assert check(p).verdict.word == "violated"
    held = check(p, with_protections=["scheduler"])
    assert held.findings[0].how.endswith("0 actions fair, weak fairness of work")
    assert held.verdict.word == "holds"
    assert [x.kind for x in lint(p)] == ["never read"]  # no unused protection, and what it adds is used


def drawn(rng: Random) -> Made:
    n = rng.randint(2, 4)
    moves = tuple({s: rng.randrange(n) for s in range(n) if rng.random() < 0.6} for _ in range(rng.randint(1, 3)))
    fairness = tuple(rng.choice(("none", "weak", "strong", "strong")) for _ in moves)
    some = (frozenset(rng.sample(range(len(moves)), rng.randint(1, len(moves)))) for _ in range(2))
    choices = tuple((rng.choice(("weak", "strong")), s) for s in some)
    goal, trigger = (frozenset(s for s in range(n) if rng.random() < 0.4) for _ in range(2))
    return Made(n, moves, fairness, goal, trigger, choices)


def test_what_adds_nothing_leaves_the_same_runs_fair() -> None:
    """By the definition of fairness: the sets of states that some fair run visits for ever are the same without it."""
    reasons = set()
    for seed in range(200):
        m = drawn(Random(seed))
        system = m.system()
        for k, c in enumerate(system.fairness):
            if reason := covered(c, system, []):
                reasons.add(reason)
                without = replace(m, choices=m.choices[:k] + m.choices[k + 1 :])
                assert list(kept(m)) == list(kept(without)), (seed, c, reason)
    assert len(reasons) > 4


def test_what_nobody_has_to_do_may_never_happen() -> None:
    """The property is broken, by definition, as soon as there is a state from which it asks for something."""
    for seed in range(20):
        m = replace(drawn(Random(seed)), choices=())
        unfair = replace(m, fairness=("none",) * len(m.moves))
        for form in FORMS:
            asked = {"eventually": {0}, "leads to": m.reachable & m.trigger}.get(form, m.reachable) - m.goal
            if nobody_has_to(property_of(unfair, form), unfair.system()):
                assert broken(unfair, form) == bool(asked), (seed, form)
        assert nobody_has_to(property_of(unfair, "eventually"), unfair.system()) == bool(m.goal)
