"""``check refine``: which refinement is asked for, and what a counterexample says about the abstract protocol."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace.checker import Report, Verdict, check, find, fixes, load, mutate, prove, refine, render
from planrace.checker.cli.main import run
from planrace.checker.explain.departure import departure
from planrace.checker.report.errors import ReadError
from planrace.checker.review.mutation.judge import MutantStatus
from planrace.checker.run.departing import verdict_on
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import ReplayError, record
from planrace.model.dns.design import design
from planrace.model.dns.protocol import alias, dns, latest, rollback, trees
from planrace.model.language import (
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    both,
    changed,
    index,
    integers,
    minimum,
    otherwise,
    outcome,
    primed,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.refinement import refinement
from planrace.model.language.terms import constant
from tests import ROOT

SMALL = {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}


def counter(most: int = 3, start: int = 0) -> Any:
    """A counter that goes up by one, and back to 0 where it is full."""
    p = Protocol("counter")
    n = p.variable("n", integers(0, most), start)

    @p.action(by="somebody")
    def count_up() -> Step:
        return step(outcome("more", when(n < most), update(n, n + 1)), otherwise("full", update(n, 0)))

    return p


def sums(most: int = 2, back: int = 0) -> Any:
    """Two numbers that go up by one, and become ``back`` at once."""
    p = Protocol("sums")
    who = index("who", 2)
    x = p.variable("x", array(who, integers(0, most)), 0)

    @p.action(who, by=who)
    def add(w: Term) -> Step:
        return step(when(x[w] < most), update(x[w], x[w] + 1))

    @p.action(by="somebody")
    def reset() -> Step:
        return step(when(*(x_of(p, w) == most for w in (1, 2))), *(update(x_of(p, w), back) for w in (1, 2)))

    return p


def x_of(p: Any, w: int) -> Term:
    x: Any = p.variables["x"].term
    found: Term = x[constant(w, x.sort.domain)]
    return found


def refining(abstract: Any, p: Any) -> Any:
    p.refines(abstract, {"n": x_of(p, 1) + x_of(p, 2)})
    return p


def left(report: Report) -> Any:
    found = report.findings[-1]
    assert found.verdict is Verdict.VIOLATED
    assert found.departure is not None
    return found.departure


def test_the_abstract_run_stands_below_the_counterexample() -> None:
    away = left(refine(refining(counter(4), sums(back=1)), "counter"))
    assert away.steps == ("count_up [more]",) * 4
    assert (away.before, away.after) == ({"n": 4}, {"n": 2})
    assert [(c.place, c.before, c.after) for c in away.changed] == [("n", 4, 2)]
    assert away.outside == ()
    assert away.possible == ""


def test_a_refinement_holds() -> None:
    assert refine(refining(counter(4), sums()), "counter")


def test_a_value_that_the_abstract_sort_does_not_hold() -> None:
    away = left(refine(refining(counter(3), sums()), "counter"))
    assert away.outside == ("n is 4, which is not in 0…3",)
    assert len(away.steps) == 3


def test_a_start_that_is_none() -> None:
    report = refine(refining(counter(4, start=1), sums()), "counter")
    first, second = report.findings
    assert (first.verdict, first.depth) == (Verdict.VIOLATED, 0)
    assert first.departure is not None
    (near,) = first.departure.nearest
    assert [(c.place, c.before, c.after) for c in near.differs] == [("n", 1, 0)]
    assert second.verdict is Verdict.HOLDS
    assert "The nearest of counter is an initial state, which has n: 1, where this run has n: 0." in render(report)


def test_steps_that_change_nothing_are_told_apart() -> None:
    report = refine("original", "design", SMALL)
    away = left(report)
    assert [n for n, s in enumerate(away.steps, 1) if s is not None] == [1, 3, 6, 7, 9]
    assert away.steps[6] == "install(e=1, g=2)"
    assert [(c.place, c.before, c.after) for c in away.changed] == [("alias[1]", 2, 1), ("rollback[1]", 0, 2)]
    assert [(x.step, x.fails, x.differs) for x in away.nearest] == [
        ("install(e=1, g=1)", ("alias[e] ≤ g (alias[1] is 2)",), ())
    ]
    assert away.parameters == {"endpoints": 1, "plans": 2}
    assert [f.depth for f in report.findings] == [None, 10]


@pytest.mark.parametrize("abstract", ["design", "register"])
def test_the_repair_refines_the_design(abstract: str) -> None:
    faults = ["crash", "lock-expiry"]
    assert refine("fixed", abstract, SMALL, faults=faults)
    assert refine("original", abstract, SMALL).findings[1].verdict is Verdict.VIOLATED


@pytest.mark.parametrize("abstract", ["design", "register"])
def test_the_repair_refines_the_design_for_every_size(abstract: str) -> None:
    every = refine("fixed", abstract, engine="proof")
    assert every.every_size
    assert [f.verdict for f in every.findings] == [Verdict.HOLDS] * 2


@pytest.mark.parametrize("without", ["transactional-check", "guarded-delete"])
def test_without_a_protection_the_design_is_left(without: str) -> None:
    sizes = {**SMALL, "plans": 3, "keep": 1}
    assert not refine("fixed", "design", sizes, without=[without], faults=["lock-expiry"])


def test_a_mutated_design_is_another_one() -> None:
    """The repair flips, builds and deletes, so it refines no design without these."""
    fixed = find("fixed")
    for action in design.actions:
        without = changed(design.bare_system(), lambda change, a=action: change.remove(a))  # type: ignore[misc]
        made = refinement(
            without,
            {"latest": latest, "trees": trees, "alias": alias, "rollback": rollback},
            dns.parameters,
            dns.variables,
            choosing={} if action == "clean_up" else {"clean_up": {"gone": lambda e: trees[e] - primed(trees[e])}},
        )
        system = fixed.system()
        asked = replace(system, properties=made.properties(system), refinements=(made,))
        report = check(asked, {**SMALL, "plans": 3})
        assert [f.verdict.word for f in report.findings] == ["holds", "violated"], action


def test_a_proof_tells_where_a_small_instance_leaves_it() -> None:
    report = refine("original", "register", engine="proof")
    away = left(report)
    assert report.findings[1].parameters is not None
    assert set(away.parameters) == {"names", "top"}
    assert [x.step for x in away.nearest] == ["move_forward(n=1, g=1)"]


def test_what_is_declared_by_default_is_asked_with_the_others() -> None:
    p = refining(counter(4), sums())
    assert [f.name for f in check(p).findings] == ["starts-as-counter", "refines-counter"]
    assert [f.name for f in prove(p, properties=["refines-counter"]).findings] == ["refines-counter"]
    assert "refines-design" not in [f.name for f in check("fixed", SMALL).findings]


# What the author chooses -------------------------------------------------------------------------------------------
def bags(wrong: bool) -> Any:
    abstract, p = Protocol("bag"), Protocol("shelf")
    number = integers(1, 3)
    inside = abstract.variable("inside", subsets(number), {1, 2, 3})
    there = p.variable("there", subsets(number), {1, 2, 3})

    @abstract.action(subsets(number), by="somebody")
    def take_out(some: Term) -> Step:
        return step(when(some != set()), update(inside, inside - some))

    @p.action(number, by="somebody")
    def take(n: Term) -> Step:
        return step(update(there, there - {n}))

    said = there if wrong else there - primed(there)
    p.refines(abstract, {inside: there}, choosing={"take_out": {"some": said}})
    return p


def test_a_wrong_choice_decides_nothing() -> None:
    assert refine(bags(False), "bag")
    report = refine(bags(True), "bag")
    found = report.findings[1]
    assert (found.verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    assert "choosing says otherwise, but bag can take take_out(some={1}) there" in found.how


def test_what_nobody_has_tried_is_no_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """With another choice than the author's, the step may be one of those that are not tried."""
    monkeypatch.setattr("planrace.checker.explain.departure.MOST", 0)
    report = refine(bags(True), "bag")
    assert (report.findings[1].verdict, report.exit_code) == (Verdict.UNKNOWN, 3)
    assert "whether another choice would was not decided" in report.findings[1].how
    assert any("bag has more than 0 steps there" in w.message for w in report.warnings)


def test_without_an_abstract_run_only_a_choice_is_doubted() -> None:
    violated, chose = (Verdict.VIOLATED, "in a search"), bags(True).system()
    assert verdict_on(*violated, chose, "refines-bag", None)[0] is Verdict.UNKNOWN
    assert verdict_on(*violated, chose, "starts-as-bag", None) == violated
    assert verdict_on(Verdict.HOLDS, "in a search", chose, "refines-bag", None)[0] is Verdict.HOLDS
    assert verdict_on(*violated, refining(counter(), sums()).system(), "refines-counter", None) == violated


def test_a_wrong_choice_makes_no_set_of_protections_insufficient() -> None:
    """Also of sets whose counterexamples are not told."""
    p = bags(True)
    for name in ("early", "late"):
        p.protection(name, name)(lambda change: change.require("take", lambda n: n < 9))
    found = fixes(p, max_set=2, proof_time=0, cache=False)
    assert [(x.searched, x.undecided) for x in found.levels] == [(1, 1), (2, 2), (1, 1)]


def test_a_wrong_choice_detects_no_mutant() -> None:
    """Without the second effect, the shelf takes out less: the author's choice says that this is no step of the bag,
    but it is one."""
    abstract, p = Protocol("bag"), Protocol("shelves")
    number = integers(1, 3)
    inside = abstract.variable("inside", subsets(number), {1, 2, 3})
    low, high = p.variable("low", subsets(number), {1, 2}), p.variable("high", subsets(number), {3})

    @abstract.action(subsets(number), by="somebody")
    def take_out(some: Term) -> Step:
        return step(when(some != set()), update(inside, inside - some))

    @p.action(by="somebody")
    def clear() -> Step:
        return step(update(low, set()), update(high, set()))

    p.refines(abstract, {inside: low | high}, choosing={"take_out": {"some": low | high}})
    judged = mutate(p).judged
    assert {j.status for j in judged if "high" in j.mutant.change} == {MutantStatus.UNDECIDED}
    assert all("another choice" in j.how for j in judged if j.status is MutantStatus.UNDECIDED)
    assert MutantStatus.KILLED not in {j.status for j in judged}


def test_a_violation_whatever_is_chosen() -> None:
    """No set that is taken out puts something in, and all sets are tried."""
    number = integers(1, 2)
    abstract, p = Protocol("bag"), Protocol("puts")
    inside, there = (q.variable("x", subsets(number), {1}) for q in (abstract, p))

    @abstract.action(subsets(number), by="somebody")
    def take_out(some: Term) -> Step:
        return step(update(inside, inside - some))

    @p.action(by="somebody")
    def put() -> Step:
        return step(update(there, there | {2}))

    p.refines(abstract, {inside: there}, choosing={"take_out": {"some": there}})
    report = refine(p, "bag")
    assert (report.findings[1].verdict, report.exit_code) == (Verdict.VIOLATED, 1)


# Requests ----------------------------------------------------------------------------------------------------------
def test_what_is_not_declared() -> None:
    with pytest.raises(ModelError, match=r"fixed does not say how it refines desgn.*did you mean design"):
        refine("fixed", "desgn")
    with pytest.raises(ModelError, match=r"counter does not say how it refines design.*refines"):
        refine(counter(), "design")
    with pytest.raises(ModelError, match="asked for alone"):
        refine("fixed", "design", properties=["refines-design"])


def test_the_abstract_protocol_may_be_passed() -> None:
    assert refine("fixed", find("design"), SMALL)
    abstract = counter(4)
    p = refining(abstract, sums())
    assert refine(p, abstract)
    hasty, begun = counter(4), counter(4)
    more: Protocol = begun
    hasty.initially(hasty.variables["n"].term == 0)

    @more.action(by="somebody")
    def again() -> Step:
        return step(update(begun.variables["n"].term, 0))

    for other in (counter(5), counter(4, start=1), hasty, begun):
        with pytest.raises(ModelError, match=r"another protocol that is called counter"):
            refine(p, other)


def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sizes = [x for n, v in SMALL.items() for x in ("-s", f"{n}={v}")]
    place = tmp_path / "left.json"
    assert run(["refine", "--of", "original", "--to", "design", *sizes, "-o", f"json:{place}"]) == 1
    text = capsys.readouterr().out
    assert "Step 10 leaves design: alias[1]: 2 → 1, rollback[1]: 0 → 2." in text
    assert "The nearest of design is install(e=1, g=1), which needs alias[e] ≤ g (alias[1] is 2)." in text
    assert run(["refine", "--of", "fixed", "--to", "design", *sizes, "-q"]) == 0
    assert run(["refine", "--of", "fixed", "--to", "design", *sizes, "--max-states", "20", "-q"]) == 3
    assert run(["refine", "--of", "fixed", "--to", "nothing", *sizes]) == 2
    assert run(["refine", "--of", "original", "--to", "design", *sizes, "--expect", "violated", "-q"]) == 0
    capsys.readouterr()

    found = json.loads(place.read_text(encoding="utf-8"))
    jsonschema.validate(found, json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8")))
    again = load(place)
    assert render(again).split("refines-design: violated")[1] == text.split("refines-design: violated")[1]
    assert r"leaves design: alias[1]: 2 \u2192 1" in render(again, "html")

    found["properties"][1]["departure"]["steps"].pop()
    place.write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(ReadError, match=r"properties\[1\]\.departure\.steps: the run has 9 steps before its last"):
        load(place)


def test_a_disjunction_is_no_nearer_than_it_is() -> None:
    """Two things are wrong with every step of the abstract protocol: the nearest says both."""
    abstract, p = Protocol("two"), Protocol("one")
    a, b = abstract.variable("a", integers(0, 3), 0), abstract.variable("b", integers(0, 3), 0)
    x = p.variable("x", integers(0, 3), 0)

    @abstract.action(integers(0, 3), by="somebody")
    def both_up(k: Term) -> Step:
        return step(when(k > 1, a < 3), update(a, k), update(b, k))

    @p.action(by="somebody")
    def up() -> Step:
        return step(when(x < 1), update(x, x + 1))

    p.refines(abstract, {a: x, b: 0})
    p.final(both(x == 1))
    (near,) = left(refine(p, "two")).nearest
    assert near.step == "both_up(k=1)"
    assert near.fails == ("1 < k",)
    assert [(c.place, c.before, c.after) for c in near.differs] == [("b", 1, 0)]


def switch(most: int) -> Any:
    """A switch that forgets how often it was turned, with a history of that."""
    p = Protocol("switch")
    on = p.variable("on", boolean(), False)
    turned = p.history("turned", integers(0, 3), 0, "how often")

    @p.action(by="somebody")
    def turn() -> Step:
        return step(update(on, ~on), update(turned, minimum(turned + 1, most)))

    return p, on, turned


def turns() -> Any:
    """A counter of turns, up to three, which knows whether their number is odd."""
    p = Protocol("turns")
    n, odd = p.variable("n", integers(0, 3), 0), p.variable("odd", boolean(), False)

    @p.action(by="somebody")
    def one_more() -> Step:
        return step(update(n, minimum(n + 1, 3)), update(odd, ~odd))

    return p, n, odd


@pytest.mark.parametrize("engine", ["auto", "proof"])
def test_a_history_remembers_what_the_mapping_needs(engine: str) -> None:
    for most in (3, 2):
        (p, on, turned), (q, n, odd) = switch(most), turns()
        p.refines(q, {n: turned, odd: on})
        report = refine(p, "turns", engine=engine)
        assert [f.verdict.word for f in report.findings] == ["holds", "holds" if most == 3 else "violated"]
        if most == 2:
            assert report.findings[1].depth == 3
            assert left(report).nearest[0].differs[0].place == "n"


def test_outcomes_are_tried_in_order() -> None:
    """The concrete step is what a later outcome would do, where an earlier one applies."""
    abstract, p = Protocol("ordered"), Protocol("hasty")
    n, x = abstract.variable("n", integers(0, 2), 0), p.variable("x", integers(0, 2), 0)

    @abstract.action(by="somebody")
    def go() -> Step:
        return step(outcome("first", when(n == 0), update(n, 1)), otherwise("then", update(n, 2)))

    @p.action(by="somebody")
    def jump() -> Step:
        return step(update(x, 2))

    p.refines(abstract, {n: x})
    away = left(refine(p, "ordered"))
    assert away.nearest == ()
    assert away.changed[0].after == 2


def test_the_nearest_step_comes_first() -> None:
    abstract, p = Protocol("steps"), Protocol("leaps")
    n, x = abstract.variable("n", integers(0, 3), 0), p.variable("x", integers(0, 3), 0)

    @abstract.action(integers(0, 3), by="somebody")
    def far(k: Term) -> Step:
        return step(when(k < 2, n > 0), update(n, k + 1))

    @abstract.action(integers(0, 3), by="somebody")
    def near(k: Term) -> Step:
        return step(when(k < 3), update(n, k))

    @p.action(by="somebody")
    def leap() -> Step:
        return step(update(x, 3))

    p.refines(abstract, {n: x})
    away = left(refine(p, "steps"))
    assert [(s.step, len(s.fails)) for s in away.nearest] == [("near(k=3)", 1), ("far(k=2)", 2)]


def test_a_step_that_is_one_cannot_be_told_as_none() -> None:
    """The abstract interpreter has the last word: otherwise a defect of the property would be shown as a finding."""
    p = refining(counter(4), sums())
    recording = record(Interpreter(p.system().instance()), [("add", (1,))])
    with pytest.raises(ReplayError, match=r"count_up \[more\] of counter is a step that the property denies"):
        departure(recording, p.refinements[0])
