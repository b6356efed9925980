"""Fairness of choices between actions: against the definition, and told with the verdict."""

from __future__ import annotations

from random import Random
from typing import Any

import jsonschema
import pytest

from planrace.checker.api.calls import check, render
from planrace.checker.engines.temporal.liveness import LivenessChecker
from planrace.checker.report.json.write import to_json
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.model.language import (
    Changes,
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    boolean,
    everything,
    step,
    strong,
    update,
    weak,
    when,
)
from planrace.properties import eventually
from tests.engines.temporal.made import FORMS, Made, broken, property_of, searched
from tests.report.test_reports import SCHEMA


def drawn(rng: Random) -> Made:
    """A graph where mostly choices are fair, and no action by itself."""
    n = rng.randint(2, 4)
    moves = tuple({s: rng.randrange(n) for s in range(n) if rng.random() < 0.6} for _ in range(rng.randint(2, 3)))
    fairness = tuple(rng.choice(("none", "none", "none", "weak", "strong")) for _ in moves)
    some = (frozenset(rng.sample(range(len(moves)), rng.randint(1, len(moves)))) for _ in range(rng.randint(1, 2)))
    choices = tuple((rng.choice(("weak", "strong")), s) for s in some)
    goal, trigger = (frozenset(s for s in range(n) if rng.random() < 0.4) for _ in range(2))
    return Made(n, moves, fairness, goal, trigger, choices)


def test_choices_by_definition() -> None:
    """Against all sets of states that some fair run visits for ever; the interpreter judges every lasso."""
    verdicts = set()
    for seed in range(60):
        m = drawn(Random(seed))
        search, make = searched(m.system().instance())
        form = FORMS[seed % len(FORMS)]
        answer = LivenessChecker(search, make).answer(property_of(m, form))
        assert (answer.verdict is Verdict.VIOLATED) == broken(m, form), (seed, form)
        verdicts.add((form, answer.verdict))
    assert len(verdicts) == 2 * len(FORMS)


@pytest.mark.parametrize(
    ("ways", "choices", "verdict"),
    [
        ((0, 1), (), Verdict.VIOLATED),
        ((0, 1), (("weak", {1, 2}),), Verdict.HOLDS),
        ((0,), (("weak", {1}),), Verdict.VIOLATED),
        ((0,), (("strong", {1}),), Verdict.HOLDS),
        ((0, 1), (("strong", {0, 1}),), Verdict.VIOLATED),
        ((0, 1), (("weak", {0, 1}), ("strong", {2})), Verdict.HOLDS),
    ],
)
def test_a_choice_is_enabled_where_one_of_its_actions_is(ways: Any, choices: Any, verdict: Verdict) -> None:
    """Action 0 goes round in two states; each other action is a way out of one of them, never enabled for good."""
    out = tuple({s: 2} for s in ways)
    fairness = ("weak", *("weak" for _ in out))
    fair = tuple((kind, frozenset(some)) for kind, some in choices)
    m = Made(3, ({0: 1, 1: 0}, *out), fairness, frozenset({2}), frozenset(), fair)
    search, make = searched(m.system().instance())
    assert LivenessChecker(search, make).answer(property_of(m, "eventually")).verdict is verdict


def workers(fairness: str) -> Protocol:
    """One worker spins for ever, the other has something to do."""
    p = Protocol("workers", "one spins, one works")
    on, done = p.variable("on", boolean(), False), p.variable("done", boolean(), False)

    @p.action(by="spinner", fairness=fairness)
    def spin() -> Step:
        return step(update(on, ~on))

    @p.action(by="worker", fairness=fairness)
    def work() -> Step:
        return step(when(~done), update(done, True))

    p.declare(eventually("works", done, "the work is done"))
    return p


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_fairness_of_next_is_weaker_than_that_of_each_action(engine: str) -> None:
    """WF(Next), written literally, lets one worker spin; the report says which fairness the verdict is about."""
    each = check(workers("weak"), options=Options(engine=engine)).findings[0]
    assert (each.verdict, each.how) == (Verdict.HOLDS, "complete search of 2 states without faults, 2 actions fair")
    p = workers("none")
    p.fair(weak(everything))
    report = check(p, options=Options(engine=engine))
    (whole,) = report.findings
    assert whole.verdict is Verdict.VIOLATED
    assert whole.how == "explicit search, a fair lasso under weak fairness of any action"
    assert [(x.action, x.choice, x.kind, x.how) for x in whole.fairness] == [
        ("spin", (), "none", "taken"),
        ("any action", (), "weak", "taken"),
    ]
    assert "The loop is fair: spin and any action taken." in " ".join(render(report).split())
    jsonschema.validate(to_json(report), SCHEMA)
    p.fair(strong("work"))
    held = check(p, options=Options(engine=engine)).findings[0]
    assert held.verdict is Verdict.HOLDS
    assert held.how == (
        "complete search of 2 states without faults, 0 actions fair, weak fairness of any action and strong fairness "
        "of work"
    )


def test_everything_is_what_is_no_fault() -> None:
    """A run may rest where only a fault can happen; the fault is no turn of the others."""
    p = workers("none")
    done = p.system().variables[1].term
    lost = p.fault("lost", "the work gets lost")

    @p.action(by="weather", fault=lost)
    def lose() -> Step:
        return step(when(done), update(done, False))

    p.fair(weak(everything), weak("work", "lose"))
    whole, named = p.system(faults=["lost"]).fairness
    actions = list(p.system(faults=["lost"]).actions.values())
    assert whole.among(actions) == {"spin", "work"}
    assert named.among(actions) == {"work", "lose"}
    assert named.among(p.system().actions.values()) == {"work"}


def test_what_a_protection_adds_belongs_to_everything() -> None:
    p = workers("none")

    @p.protection("guarded", "a guard looks")
    def guarded(change: Changes) -> None:
        seen = change.variable("seen", boolean(), False)

        @change.action(by="guard", fairness="none")
        def look() -> Step:
            return step(when(~seen), update(seen, True))

    p.fair(weak(everything), weak("look"))
    system = p.system(["guarded"])
    assert [sorted(c.among(system.actions.values())) for c in system.fairness] == [["look", "spin", "work"], ["look"]]
    assert (
        check(p, with_protections=["guarded"])
        .findings[0]
        .how.endswith("under weak fairness of any action and weak fairness of look")
    )
    assert check(p).findings[0].how.endswith("under weak fairness of any action")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: weak(), "weak.* is of no action"),
        (lambda p: strong(everything, "spin"), "everything has all actions already"),
        (lambda p: weak(3), "weak: 3 is not an action"),
        (lambda p: p.fair("spin"), "fair: 'spin' is not fairness"),
    ],
)
def test_what_is_no_choice_is_refused(make: Any, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        make(workers("none"))


def test_actions_that_do_not_exist_are_refused() -> None:
    p = workers("none")
    p.fair(weak("wrk"))
    with pytest.raises(ModelError, match=r"weak: no action is called 'wrk'.*did you mean work"):
        check(p)
