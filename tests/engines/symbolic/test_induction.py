"""k-induction and Spacer: never in contradiction to explicit search, and no result is trusted unchecked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import z3
from hypothesis import HealthCheck, given, settings

from planrace.checker import Options, check, find
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.symbolic.cti import counterexample_to_induction
from planrace.checker.engines.symbolic.spacer import Spacer
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import If, ModelError, Protocol, Step, System, Term, integers, step, update, when
from planrace.properties import invariant
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Checkable, Invariant
from tests.engines.symbolic.searches import engine
from tests.systems import everything, random_systems

SMALL = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
SYSTEMS = [
    fixed.system(),
    fixed.system(["crash", "lock-expiry", "bad-plan"]),
    fixed.system(["stray-delete"]),
    original.system(),
    original.system([], ["transactional-check"]),
    original.system(["lock-expiry"], ["guarded-delete"]),
]


def told(system: System) -> str:
    return f"{'+'.join(system.protections) or 'none'} {'+'.join(system.faults) or 'no faults'}"


def checkable(system: System) -> list[Checkable]:
    return [p for p in system.properties if isinstance(p, Checkable)]


@pytest.mark.parametrize("name", ["induction", "spacer"])
@pytest.mark.parametrize("system", SYSTEMS, ids=told)
def test_against_explicit_search(name: str, system: System) -> None:
    instance = system.instance(**SMALL)
    explicit, _ = Search(instance, checkable(system)).run()
    answers = engine(name)(instance, checkable(system)).run()
    for a, b in zip(explicit, answers, strict=True):
        assert (a.property.name, b.verdict) == (a.property.name, a.verdict)
        if a.recording is not None:
            assert b.recording is not None
            assert len(b.recording.moves) == len(a.recording.moves)


@pytest.mark.parametrize("name", ["induction", "spacer"])
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_random_systems(name: str, drawn: tuple[System, list[Term], list[Term]]) -> None:
    system, states, steps = drawn
    properties = everything(states, steps)
    instance = system.instance()
    try:
        explicit, covered = Search(instance, properties, exhaustive=True, limits=Limits(states=300)).run()
        answers = engine(name)(instance, properties, limits=Limits(depth=6, seconds=2)).run()
    except ModelError:
        return  # a value or a position out of range
    for a, b in zip(explicit, answers, strict=True):
        if Verdict.UNKNOWN not in (a.verdict, b.verdict) and (covered.complete or a.recording is not None):
            assert b.verdict is a.verdict
            if a.recording is not None:
                assert b.recording is not None
                assert len(b.recording.moves) == len(a.recording.moves)


def hop(top: int) -> Protocol:
    """A counter that goes up by two; odd numbers are unreachable, but 1-induction does not know it."""
    protocol = Protocol("hop")
    n = protocol.variable("n", integers(0, top), 0)

    @protocol.action(by="clock")
    def up() -> Step:
        return step(when(n < top - 1), update(n, n + 2))

    @protocol.action(by="clock")
    def restart() -> Step:
        return step(when(n == top), update(n, 0))

    protocol.declare(invariant("never-seven", n != 7, "the counter is never 7"))
    return protocol


def test_simple_paths_make_induction_complete() -> None:
    """Only paths of different states count: 1, 3, 5, 7 is the longest that leads to 7, so k = 4 suffices."""
    (finding,) = check(hop(10), options=Options(engine="induction")).findings
    assert finding.verdict is Verdict.HOLDS
    assert finding.how == "k-induction, k = 4"


def test_a_counterexample_to_induction_is_shown_and_labelled() -> None:
    report = check(hop(10), options=Options(engine="induction", depth=1))
    (finding,) = report.findings
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.trace is None
    assert finding.cti is not None
    last = finding.cti.trace.steps[-1]
    assert (last.action, last.state["n"]) == ("up", 7)
    from planrace.checker.report.text.document import document
    from planrace.checker.report.text.plain import render_plain

    text = " ".join(render_plain(document(report, 3)).split())
    assert "never-seven: a counterexample to induction" in text
    assert "from a state that need not be reachable" in text


def test_a_value_that_may_leave_its_range_is_no_proof() -> None:
    protocol = Protocol("over")
    n = protocol.variable("n", integers(0, 5), 0)

    @protocol.action(by="clock")
    def up() -> Step:
        return step(when(n != 3), update(n, n + 1))

    protocol.declare(invariant("at-most-five", n <= 5, "the counter stays in its range"))
    report = check(protocol, options=Options(engine="induction", depth=0))
    assert report.verdict is Verdict.UNKNOWN
    assert "not shown: every value stays in its range" in report.findings[0].how
    assert check(protocol, options=Options(engine="induction")).verdict is Verdict.HOLDS
    assert check(protocol, options=Options(engine="spacer")).verdict is Verdict.HOLDS


def full() -> Protocol:
    """A number that fills its bits, so that no step at all takes it out of its range."""
    p = Protocol("full")
    turns = p.variable("turns", integers(0, 3), 0)

    @p.action(by="a")
    def turn() -> Step:
        return step(update(turns, If(turns == 2, 0, turns + 1)))

    p.declare(invariant("never-three", turns != 3, "three is left out"))
    return p


def test_an_invariant_with_quantifiers_is_checked() -> None:
    """Where nothing need be known of the states before, Spacer answers that a state is one that a step leads to."""
    assert check(full(), options=Options(engine="spacer")).verdict is Verdict.HOLDS
    instance = full().system().instance()
    (p,) = [p for p in instance.system.properties if isinstance(p, Invariant)]
    spacer = Spacer(instance, [p])
    bits = spacer._all(spacer._before)
    some = z3.Bool("some")
    kept = z3.Exists([some], z3.And(some, z3.Not(z3.And(*bits))))
    assert spacer._check(kept, spacer.base.badness(p)) is None
    lost = z3.Exists([some], z3.And(some, z3.Not(z3.Or(*bits))))
    assert "does not agree that it is kept" in str(spacer._check(lost, spacer.base.badness(p)))


def test_spacers_word_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong invariant (everything; nothing) is refused, and the failed obligation is named."""
    instance = fixed.system().instance(**SMALL)
    (p,) = [p for p in checkable(fixed.system()) if p.name == "active-plan-never-deleted"]
    for forged, failing in ((z3.BoolVal(True), "is enough"), (z3.BoolVal(False), "holds initially")):
        monkeypatch.setattr(Spacer, "_certificate", lambda *_, forged=forged: forged)
        (answer,) = Spacer(instance, [p]).run()
        assert answer.verdict is Verdict.UNKNOWN
        assert "a plain solver does not agree" in answer.how
        assert failing in answer.how


def test_a_counterexample_to_induction_is_what_it_says() -> None:
    system = original.system()
    (p,) = [p for p in system.properties if p.name == "active-plan-never-deleted"]
    lemmas = [x.holds for a in system.proofs for x in a.lemmas if x.name in ("plans-are-published", "work-has-a-plan")]
    instance = system.instance(**SMALL)
    found = counterexample_to_induction(instance, lemmas, p)
    assert found is not None
    interpreter, (before, after) = Interpreter(instance), found.states
    assert all(interpreter.holds(t, before) for t in [*lemmas, p.holds])
    assert not interpreter.holds(p.holds, after)


def test_limits_and_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("induction", "spacer"):
        options = Options(engine=name, time_limit=0.0)
        report = check(find("fixed"), SMALL, options=options)
        assert report.verdict is Verdict.UNKNOWN
        assert any("time limit" in f.how for f in report.findings)
        options = Options(engine=name, properties=("endpoints-converge",))
        assert check(find("fixed"), SMALL, options=options).verdict is Verdict.UNKNOWN


def test_fail_fast() -> None:
    for name in ("induction", "spacer"):
        report = check(find("original"), SMALL, options=Options(engine=name, fail_fast=True))
        words = {f.verdict.word for f in report.findings}
        assert "violated" in words
        assert "unknown" in words


def test_lemmas_are_used_only_as_far_as_they_are_inductive() -> None:
    from planrace.properties.proof import Proof, lemma

    system = fixed.system()
    argument: Any = system.proofs[0]
    wrong = lemma("nothing-is-published", ~argument.lemmas[0].holds, "a lemma that is false")
    changed = replace(system, proofs=(Proof((wrong, *argument.lemmas)),))
    found = engine("induction")(changed.instance(**SMALL), checkable(changed))
    assert "nothing-is-published" not in [x.name for x in found.lemmas]
    assert len(found.lemmas) > 5
