"""The gate: a protocol that fails exactly one condition, for each; and nothing undecided is ever established."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planrace.checker import Options, establish, render
from planrace.checker.advice.lint.finding import LintFindings
from planrace.checker.cli.main import run
from planrace.checker.results.proof import Confirmation
from planrace.checker.results.report import NOT_TOLD, OF_MODEL, UNAVAILABLE, Coverage, Finding, ModelWarning, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.gate.conditions import (
    ConditionStatus,
    Establishment,
    Evidence,
    GateCondition,
    GateOutcome,
    GateRequest,
)
from planrace.checker.review.gate.judge import judge
from planrace.checker.review.mutation.judge import JudgedMutant, MutantStatus, Mutation
from planrace.checker.review.mutation.mutants import Mutant
from planrace.model.language import ModelError, Protocol, boolean
from planrace.properties import invariant, leads_to, reachable
from planrace.properties.kinds import Property
from tests import ROOT
from tests.counter import PROTOCOL
from tests.review.test_mutation import door

MET, NOT_MET, UNDECIDED = ConditionStatus.MET, ConditionStatus.NOT_MET, ConditionStatus.UNDECIDED


def statuses(made: Establishment) -> dict[GateCondition, ConditionStatus]:
    return {c.condition: c.status for c in made.conditions}


# Protocols ---------------------------------------------------------------------------------------------------------
def violated(p: Protocol) -> None:
    inside = p.variables["inside"].term
    p.declare(invariant("one-at-most", inside < 2, "at most one guest is inside"))


def warned(p: Protocol) -> None:
    p.variable("forgotten", boolean(), False)


def vacuous(p: Protocol) -> None:
    is_open, inside = p.variables["is_open"].term, p.variables["inside"].term
    p.declare(invariant("of-nobody", (~is_open & (inside == 1)).implies(inside == 0), "about states that nobody meets"))


def unreached(p: Protocol) -> None:
    is_open, inside = p.variables["is_open"].term, p.variables["inside"].term
    p.declare(reachable("locked-in", ~is_open & (inside > 0), "somebody can be locked in"))


def unchanged(p: Protocol) -> None:
    pass


def changed(change: Callable[[Protocol], None], *, careful: bool = True) -> Protocol:
    p = door(careful=careful)
    change(p)
    return p


def test_a_careful_protocol_is_established() -> None:
    made = establish(door(careful=True))
    assert made.conditions
    assert set(statuses(made).values()) == {MET}, render(made)
    assert made
    assert made.exit_code == 0


@pytest.mark.parametrize(
    ("protocol", "fails"),
    [
        (changed(violated), {GateCondition.AS_EXPECTED}),
        (changed(unchanged, careful=False), {GateCondition.SPECIFIED}),
        (changed(warned), {GateCondition.NO_WARNINGS}),
        (changed(vacuous), {GateCondition.ACTS}),
        (changed(unreached), {GateCondition.ACTS, GateCondition.AS_EXPECTED}),  # a witness is also a property
    ],
    ids=["violated", "not specified", "warned", "vacuous", "unreached"],
)
def test_one_condition_is_enough_to_fail(protocol: Protocol, fails: set[GateCondition]) -> None:
    made = establish(protocol)
    assert statuses(made) == {c: NOT_MET if c in fails else MET for c in GateCondition}, render(made)
    assert not made
    assert made.outcome is GateOutcome.NOT_ESTABLISHED
    assert made.exit_code == 1
    assert all(c.open for c in made.conditions if c.status is NOT_MET)


def test_what_is_undecided_is_not_established() -> None:
    made = establish(door(careful=True), options=Options(max_states=3))
    assert set(statuses(made).values()) == {UNDECIDED}, render(made)
    assert (made.outcome, made.exit_code, bool(made)) == (GateOutcome.UNDECIDED, 3, False)


def test_no_time_is_undecided() -> None:
    made = establish(door(careful=True), options=Options(time_limit=0))
    assert MET not in statuses(made).values()
    assert made.exit_code == 3


def test_a_meant_violation_is_an_expectation() -> None:
    made = establish(changed(violated), violated=["one-at-most"])
    assert made, render(made)
    wrong = establish(door(careful=True), violated=["two"])  # it is reached
    assert statuses(wrong)[GateCondition.AS_EXPECTED] is NOT_MET
    with pytest.raises(ModelError, match="did you mean one-at-most"):
        establish(changed(violated), violated=["one-at-mos"])


def test_what_somebody_accepts_is_not_open() -> None:
    accepted = ["never read: forgotten", "never written: forgotten"]
    some, every = (establish(changed(warned), accepted=accepted[:n]) for n in (1, 2))
    assert statuses(some)[GateCondition.NO_WARNINGS] is NOT_MET
    assert every, render(every)
    notes = next(c for c in every.conditions if c.condition is GateCondition.NO_WARNINGS).open
    assert "accepted: never read: forgotten" in notes, "it stays in sight"
    idle = establish(changed(vacuous), accepted=["vacuous: of-nobody"], at_least=50)
    acts = next(c for c in idle.conditions if c.condition is GateCondition.ACTS)
    assert acts.status is MET
    assert "but for what is accepted" in acts.why, "it is not claimed that no property is vacuous"
    assert acts.open
    stale = establish(door(careful=True), accepted=["never read: nobody"])
    assert stale
    assert "accepted, but not there: never read: nobody" in render(stale)


def test_the_score_that_is_asked_decides() -> None:
    protocol = door()
    score = establish(protocol).evidence.mutation
    assert score is not None
    assert score.score is not None
    least = 100 * score.score
    assert establish(protocol, at_least=least)
    assert not establish(protocol, at_least=least + 0.01)


def test_proofs_for_every_size_are_asked_for() -> None:
    made = establish(str(ROOT / "examples" / "lease.py") + ":fixed", at_least=40, every_size=True)
    assert made, render(made)
    assert made.conditions[0].why.endswith("; 1 of them decided for every size"), "a witness has no proof"
    assert made.conditions[0].open, "and is named"
    lacking = replace(made.evidence, proof=None, missing={"proof": "the time limit was reached"})
    assert judge(made.request, lacking).outcome is GateOutcome.UNDECIDED
    doubted = replace(made.evidence.proof or made.evidence.report, confirmation=Confirmation("cvc5", 2, (("a", "b"),)))
    assert judge(made.request, replace(made.evidence, proof=doubted)).outcome is GateOutcome.UNDECIDED


def door_with(*properties: Property) -> Protocol:
    """A careful door about which only this is said."""
    p = door(careful=True)
    p.properties.clear()
    p.declare(*properties)
    return p


def test_witnesses_alone_establish_nothing() -> None:
    """They notice mutants, but no run can break them."""
    is_open = door().variables["is_open"].term
    made = establish(door_with(reachable("opens", is_open, "the door opens")), at_least=0)
    assert statuses(made)[GateCondition.SPECIFIED] is NOT_MET
    assert made.exit_code == 1


def test_every_size_is_undecided_if_nothing_can_be_proved_for_it() -> None:
    """``check prove`` says "unknown" of such a protocol, too."""
    is_open = door().variables["is_open"].term
    protocol = door_with(leads_to("opens", ~is_open, is_open, "the door opens again"))
    here, everywhere = (establish(protocol, at_least=0, every_size=every) for every in (False, True))
    assert statuses(here)[GateCondition.DECIDED] is MET
    assert statuses(everywhere)[GateCondition.DECIDED] is UNDECIDED
    assert not everywhere
    assert everywhere.exit_code != 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(properties=("two",)), "by all of its properties"),
        (Options(engine="simulate"), "engine simulate makes none"),
        (Options(engine="bmc"), "engine bmc makes none"),
        (Options(engine="induction"), "engine induction makes none"),
    ],
)
def test_nothing_less_can_be_asked_for(options: Options, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        establish(door(careful=True), options=options)


# Evidence ----------------------------------------------------------------------------------------------------------
COMPLETE = Coverage(9, 12, 3, True, False, 0.1, 0)
HOLDS = Finding("safe", "invariant", "it is safe", Verdict.HOLDS, "complete search of 9 states")
MUTANT = Mutant("guard", "enter", "guard without is_open", None, lambda: pytest.fail("not made"))


def report(**other: Any) -> Report:
    return replace(Report("door", {}, (), (), "explicit", (HOLDS,), COMPLETE), **other)


def mutation(*judged: MutantStatus, interrupted: bool = False) -> Mutation:
    return Mutation("door", {}, (), (), {}, tuple(JudgedMutant(MUTANT, s) for s in judged), 0.1, interrupted)


GOOD = Evidence(report(), None, LintFindings("door", ()), mutation(MutantStatus.KILLED))
LIMITED = replace(COMPLETE, complete=False)
NOT_SAID = ModelWarning(NOT_TOLD, OF_MODEL, "warnings are missing")
FAILED = ModelWarning(UNAVAILABLE, OF_MODEL, "warnings are missing")
UNKNOWN = replace(HOLDS, verdict=Verdict.UNKNOWN, how="not decided: the limit of 9 states was reached")

OPEN: dict[str, Callable[[Evidence], Evidence]] = {
    "an unknown verdict": lambda e: replace(e, report=replace(e.report, findings=(*e.report.findings, UNKNOWN))),
    "a bounded search": lambda e: replace(e, report=replace(e.report, exploration=LIMITED)),
    "no search": lambda e: replace(e, report=replace(e.report, exploration=None)),
    "a simulation that claims": lambda e: replace(
        e, report=replace(e.report, engine="simulate", exploration=LIMITED, findings=(HOLDS,))
    ),
    "a bounded engine that claims": lambda e: replace(e, report=replace(e.report, engine="bmc", exploration=None)),
    "an interruption": lambda e: replace(e, report=replace(e.report, interrupted=True)),
    "a doubted proof": lambda e: replace(
        e, report=replace(e.report, confirmation=Confirmation("cvc5", 2, (("safe", "unknown"),)))
    ),
    "no property": lambda e: replace(e, report=replace(e.report, findings=())),
    "no lint": lambda e: replace(e, linted=None),
    "no mutants": lambda e: replace(e, mutation=None),
    "interrupted mutants": lambda e: replace(e, mutation=mutation(MutantStatus.KILLED, interrupted=True)),
    "undecided mutants": lambda e: replace(e, mutation=mutation(MutantStatus.KILLED, MutantStatus.UNDECIDED)),
    "warnings that are not told": lambda e: replace(e, report=replace(e.report, warnings=(NOT_SAID,))),
    "warnings that failed": lambda e: replace(e, report=replace(e.report, warnings=(FAILED,))),
}


def test_the_good_evidence_is_good() -> None:
    """Or what follows would show nothing."""
    assert judge(GateRequest(), GOOD)


def test_mutants_that_nobody_judged_are_named_even_if_the_score_suffices() -> None:
    made = judge(GateRequest(at_least=50), OPEN["undecided mutants"](GOOD))
    specified = next(c for c in made.conditions if c.condition is GateCondition.SPECIFIED)
    assert made.established, "they count as not noticed"
    assert specified.why.startswith("at least 50.0% of mutants")
    assert len(specified.open) == 1


@given(st.sets(st.sampled_from(sorted(OPEN)), min_size=1), st.booleans(), st.sampled_from([51.0, 80.0, 100.0]))
def test_no_combination_with_an_open_part_is_established(parts: set[str], accept: bool, at_least: float) -> None:
    """Not even if all that can be accepted is."""
    evidence = GOOD
    for part in sorted(parts):
        evidence = OPEN[part](evidence)
    accepted = tuple(f"{k}: {OF_MODEL}" for k in (NOT_TOLD, UNAVAILABLE)) if accept else ()
    made = judge(GateRequest(accepted=accepted, at_least=at_least), evidence)
    assert not made.established
    assert made.exit_code != 0
    assert json.loads(render(made, "json"))["established"] is False
    assert "established (exit 0)" not in render(made)


@pytest.mark.parametrize("part", OPEN)
def test_each_open_condition_is_reported(part: str) -> None:
    made = judge(GateRequest(at_least=100), OPEN[part](GOOD))
    assert made.outcome is not GateOutcome.ESTABLISHED
    assert any(c.status is not MET and c.why for c in made.conditions)


@pytest.mark.parametrize(
    "part",
    ["an unknown verdict", "a bounded search", "no search", "a simulation that claims"],
)
def test_a_claim_without_a_complete_search_is_no_decided_verdict(part: str) -> None:
    """The condition itself says so; that others are open, too, is no substitute."""
    found = statuses(judge(GateRequest(), OPEN[part](GOOD)))
    assert found[GateCondition.DECIDED] is ConditionStatus.UNDECIDED
    assert found[GateCondition.AS_EXPECTED] is ConditionStatus.UNDECIDED


@given(st.dictionaries(st.sampled_from(GateCondition), st.sampled_from(ConditionStatus)))
def test_conditions_that_were_not_judged_are_not_met(found: dict[GateCondition, ConditionStatus]) -> None:
    made = judge(GateRequest(), GOOD)
    some = replace(
        made, conditions=tuple(replace(c, status=found[c.condition]) for c in made.conditions if c.condition in found)
    )
    assert bool(some) == (found == dict.fromkeys(GateCondition, MET))
    assert (some.outcome is GateOutcome.NOT_ESTABLISHED) == (NOT_MET in found.values())


# The command -------------------------------------------------------------------------------------------------------
def test_the_command_has_its_exit_codes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "counter.py"
    file.write_text(PROTOCOL, encoding="utf-8")
    asked = ["establish", "-p", f"{file}:fixed", "--at-least"]
    assert run([*asked, "50", "--format", "json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert (value["schema"], value["established"], value["outcome"]) == (
        "planrace/establishment/1",
        True,
        "established",
    )
    assert run([*asked, "80", "-o", f"json:{tmp_path / 'e.json'}"]) == 1
    assert capsys.readouterr().out == "not established (exit 1)\n"
    assert run([*asked, "50", "--max-states", "5"]) == 3
    assert capsys.readouterr().out.splitlines()[-1] == "undecided (exit 3)"
    assert run([*asked, "50", "--violated", "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err
