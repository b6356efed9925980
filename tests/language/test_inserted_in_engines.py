"""Steps that a protection inserts, in every engine, in lint and in mutants."""

from __future__ import annotations

import pytest

from planrace.checker import Options, check, lint, mutate, prove
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    Changes,
    Protocol,
    any_outcome,
    forall,
    outcome,
    step,
    taken,
    update,
    when,
)
from planrace.properties import eventually_always, invariant, lemma, proof, reachable
from tests.language.rollout import Rollout, rollout_protocol
from tests.naive import search

pytestmark = pytest.mark.usefixtures("own_cache")


@pytest.fixture
def rollout() -> Rollout:
    return rollout_protocol()


# Engines ----------------------------------------------------------------------------------------------------------
def protected(r: Rollout) -> Protocol:
    """Before the flip the worker looks whether its version is newer; but others may flip in between."""

    @r.protocol.protection("look", "a worker looks at the active version before it flips")
    def look(change: Changes) -> None:
        change.before(
            "flip",
            name="look",
            outcome="go",
            steps=lambda w: step(
                any_outcome(
                    outcome("go", when(r.picked[w] > r.active)),
                    outcome("stale", when(r.picked[w] <= r.active), update(r.picked[w], 0)),
                )
            ),
        )

    r.protocol.declare(reachable("goes", taken("flip", outcome="newer"), "a version becomes active"))
    return r.protocol


@pytest.mark.parametrize("engine", ["explicit", "native"])
@pytest.mark.parametrize("symmetry", [True, False])
def test_searches_agree_with_the_interpreter(rollout: Rollout, engine: str, symmetry: bool) -> None:
    p = protected(rollout)
    naive = search(p.system(["look"], ["crash"]).instance(workers=3), [])
    options = Options(engine=engine, symmetry=symmetry, exhaustive=True, slicing=False, properties=("goes",))
    coverage = check(p, with_protections=["look"], faults=["crash"], workers=3, options=options).exploration
    assert coverage is not None
    if symmetry:
        assert naive.states > coverage.states >= naive.states / 6
    else:
        assert (coverage.states, coverage.transitions) == (naive.states, naive.transitions)


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc", "induction", "spacer"])
def test_the_race_is_between_the_two_steps(rollout: Rollout, engine: str) -> None:
    """In the original an old version is flipped to in 5 steps; with the look before it, in two more."""
    p = protected(rollout)
    p.declare(reachable("older", taken("flip", outcome="older"), "an older version becomes active"))
    lengths = []
    for protections in ([], ["look"]):
        options = Options(engine=engine, depth=9, properties=("older",))
        trace = check(p, with_protections=protections, options=options).findings[0].trace
        assert trace is not None
        lengths.append([s.action for s in trace.steps])
    assert [len(x) for x in lengths] == [5, 7]
    assert lengths[1].count("look") == 2


@pytest.mark.parametrize("waits", [True, False])
def test_liveness_counts_on_the_step(rollout: Rollout, waits: bool) -> None:
    """What is pending happens at last, unless the step waits for something that does not come."""
    r = rollout

    @r.protocol.protection("note", "what is picked is noted")
    def note(change: Changes) -> None:
        change.after("pick", name="note", steps=lambda w: step(when(r.active < (0 if waits else 3))))

    r.protocol.declare(eventually_always("newest", r.active == r.latest, "the newest version becomes active"))
    report = check(r.protocol, with_protections=["note"], properties=["newest"])
    assert report.findings[0].verdict is (Verdict.VIOLATED if waits else Verdict.HOLDS)


def test_it_is_proved_for_every_size(rollout: Rollout) -> None:
    r = rollout

    @r.protocol.protection("note", "what becomes active is noted")
    def note(change: Changes) -> None:
        change.after("flip", name="note", steps=lambda w: step(update(r.seen[w], r.active)))

    known = forall(r.worker, lambda w: r.picked[w] <= r.latest)
    r.protocol.argue(proof([lemma("known", known, "what is picked was published")]))
    r.protocol.declare(invariant("published", r.active <= r.latest, "what is active was published"))
    assert prove(r.protocol, with_protections=["note"], faults=["crash"]).verdict is Verdict.HOLDS


def test_lint_and_mutants_leave_the_variable_alone(rollout: Rollout) -> None:
    p = protected(rollout)
    assert [str(x) for x in lint(p, with_protections=["look"], faults=["crash"]) if "pending" in str(x)] == []
    judged = mutate(p, with_protections=["look"], actions=["flip", "look"]).judged
    assert [str(j.mutant) for j in judged if "pending" in str(j.mutant)] == []
    assert "look: outcome go without active < picked[w]" in [str(j.mutant) for j in judged]
