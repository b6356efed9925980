"""Proofs for all sizes: the table against explicit search, minimality, soundness, and a second solver."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.proof.decide import Decider
from planrace.checker.engines.proof.houdini import Argument, Gap, Prover
from planrace.checker.engines.proof.matrix import Matrix
from planrace.checker.engines.proof.obligations import Obligations
from planrace.checker.engines.proof.second_solver import confirm
from planrace.checker.engines.proof.smtlib import scripts
from planrace.checker.results.matrix import Cell, MatrixReport
from planrace.checker.results.verdict import Verdict
from planrace.model.dns import BASE
from planrace.model.dns.protocol import latest
from planrace.model.language import ModelError, System, taken
from planrace.properties import invariant, reachable
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Invariant, StepInvariant
from planrace.properties.proof import Proof, lemma
from tests import ROOT
from tests.proving import proving

FAULTS = tuple(fixed.protocol.faults)
SAFETY = [p for p in fixed.system().properties if isinstance(p, Invariant | StepInvariant)]
HARMLESS = ("crash", "lock-expiry", "bad-plan")


def subsets(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for size in range(len(names) + 1):
        yield from combinations(names, size)


@pytest.fixture(scope="module")
def table() -> Matrix:
    made = Matrix(fixed)
    made.report = made.run()  # type: ignore[attr-defined]
    return made


@pytest.fixture(scope="module")
def report(table: Matrix) -> MatrixReport:
    return table.report  # type: ignore[attr-defined, no-any-return]


# The table -----------------------------------------------------------------------------------------------------
def test_every_cell_is_decided(report: MatrixReport) -> None:
    assert len(report.cells) == 2 ** len(BASE) * 2 ** len(FAULTS) * len(SAFETY) == 1024
    assert report.undecided == 0
    assert len({(c.protections, c.faults, c.property) for c in report.cells}) == 1024
    for c in report.cells:
        assert (c.depth is None) == (c.parameters is None) == (c.verdict is Verdict.HOLDS)


@pytest.mark.parametrize("protections", list(subsets(BASE)), ids="+".join)
def test_against_explicit_search(protections: tuple[str, ...], report: MatrixReport) -> None:
    """Every set of faults at one size, some at others: what is proved is never violated; what is violated is so at
    the size that the table names."""
    for faults in subsets(FAULTS):
        cells = [c for c in report.cells if (c.protections, c.faults) == (protections, faults)]
        assert len(cells) == len(SAFETY)
        system = original.system(faults, protections)
        for sizes in sizes_for(faults, cells):
            answers, _ = Search(system.instance(**sizes), SAFETY, limits=Limits(states=60_000)).run()
            for a in answers:
                (cell,) = [c for c in cells if c.property == a.property.name]
                if a.verdict is Verdict.VIOLATED:
                    assert cell.verdict is Verdict.VIOLATED, (system.faults, sizes, cell)
                elif cell.verdict is Verdict.VIOLATED:
                    assert sizes != cell.parameters, (system.faults, sizes, cell)


def sizes_for(faults: tuple[str, ...], cells: list[Cell]) -> Iterator[dict[str, int]]:
    named = {tuple((c.parameters or {}).items()) for c in cells}
    yield from (dict(n) for n in named if n)
    if faults in ((), HARMLESS):
        yield {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
        yield {"enactors": 2, "endpoints": 2, "plans": 2, "keep": 1}
        yield {"enactors": 2, "endpoints": 1, "plans": 4, "keep": 2}


def test_the_named_lengths_are_real(report: MatrixReport) -> None:
    """One search for each property and protection set, at the size named: no counterexample is shorter than the
    shortest there, and the table's run is as long as it says."""
    for p in SAFETY:
        cell = next(c for c in report.cells if c.property == p.name and not c.protections and not c.faults)
        system = original.system()
        (answer,), _ = Search(system.instance(**dict(cell.parameters or {})), [p]).run()
        assert answer.recording is not None
        assert len(answer.recording.moves) == cell.depth


def test_each_base_protection_matters(report: MatrixReport) -> None:
    """Taking any base protection but tolerant-rollback out of ``fixed`` turns a proof into a counterexample."""
    verdict = {(c.protections, c.property): c.verdict for c in report.cells if c.faults == HARMLESS}
    lost = {
        b: [p.name for p in SAFETY if verdict[tuple(x for x in BASE if x != b), p.name] is Verdict.VIOLATED]
        for b in BASE
    }
    assert all(verdict[BASE, p.name] is Verdict.HOLDS for p in SAFETY)
    assert lost == {
        "transactional-check": ["plans-never-regress"],
        "guarded-delete": ["rollback-target-exists"],
        "tolerant-rollback": [],  # it is there for recovery: see test_recovery
        "plan-validation": ["record-never-empty"],
    }


def test_more_faults_never_help(report: MatrixReport) -> None:
    verdict = {(c.protections, c.faults, c.property): c.verdict for c in report.cells}
    for (protections, faults, name), found in verdict.items():
        for more in FAULTS:
            wider = tuple(f for f in FAULTS if f in faults or f == more)
            assert verdict[protections, wider, name] <= found


# Invariants are true -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("protections", "faults"),
    [(BASE, ()), (BASE, HARMLESS), (BASE, FAULTS), ((), ()), (BASE[:1], HARMLESS), (BASE[1:2], ("lock-expiry",))],
    ids=str,
)
def test_the_invariant_holds_in_every_reachable_state(protections: tuple[str, ...], faults: tuple[str, ...]) -> None:
    system = original.system(faults, protections)
    facts = Prover(system, Obligations(system)).strongest()
    lemmas = [x for a in system.proofs for x in a.lemmas if x.name in facts]
    assert len(lemmas) >= 4
    asked = [invariant(x.name, x.holds, x.meaning) for x in lemmas]
    asked += [p for p in SAFETY if isinstance(p, Invariant) and p.name in facts]
    for sizes in ({"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}, {"enactors": 2, "endpoints": 2, "plans": 2}):
        answers, _ = Search(system.instance(**{"keep": 1, **sizes}), asked, limits=Limits(states=60_000)).run()
        assert [a.property.name for a in answers if a.verdict is Verdict.VIOLATED] == []


def test_proofs_are_not_vacuous() -> None:
    """Every action and outcome happens in some instance, from states that satisfy the (true) invariant."""
    system = fixed.system(FAULTS)
    events = [
        reachable(f"{a.name} {o.name}", taken(a.name, o.name), "it happens")
        for a in system.actions.values()
        for o in a.outcomes
    ]
    happens = set()
    for enactors, endpoints in ((2, 1), (1, 2)):
        sizes = {"enactors": enactors, "endpoints": endpoints, "plans": 2, "keep": 1}
        answers, _ = Search(system.instance(**sizes), events).run()
        happens |= {a.property.name for a in answers if a.verdict is Verdict.HOLDS}
    assert [p.name for p in events if p.name not in happens] == []


def test_a_false_lemma_does_not_land() -> None:
    system = fixed.system(HARMLESS)
    argument: Any = system.proofs[0]
    false = lemma("nothing-is-published", latest == 0, "false as soon as the Planner publishes")
    changed = replace(system, proofs=(Proof((false, *argument.lemmas), argument.assuming),))
    assert "nothing-is-published" not in Prover(changed, Obligations(changed)).strongest()


def test_a_proof_cannot_assume_its_goal() -> None:
    """The goal as a lemma under another name: it is dropped with the goal, for ``original`` violates it."""
    system = original.system()
    goal = next(p for p in SAFETY if p.name == "active-plan-never-deleted")
    assert isinstance(goal, Invariant)
    changed = replace(system, proofs=(Proof((lemma("goal-in-disguise", goal.holds, "the goal"),)),))
    decider = Decider(changed)
    decision = decider.decide(changed, goal)
    assert decision.verdict is Verdict.VIOLATED
    assert decision.argument is None


def test_contradictory_assumptions_prove_nothing() -> None:
    with pytest.raises(ModelError, match="no size satisfies 1 ≤ keep and keep = 0"):
        proving(fixed, {"keep": 0})


# Minimality ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("p", SAFETY, ids=lambda p: p.name)
@pytest.mark.parametrize("protections", [BASE, ("transactional-check", "plan-validation")], ids="+".join)
def test_no_conjunct_can_be_dropped(p: Invariant | StepInvariant, protections: tuple[str, ...]) -> None:
    system = original.system(HARMLESS, protections)
    decider = Decider(system)
    found = decider.decide(system, p, least=True).argument
    if found is None:
        assert (p.name, protections) == ("rollback-target-exists", ("transactional-check", "plan-validation"))
        return
    for name in found.facts:
        if name != p.name and name not in decider.obligations.ranges:  # every proof shows that the ranges are kept
            left = Obligations(system, decider.assuming)
            left.facts = {n: f for n, f in left.facts.items() if n in found.facts and n != name}
            assert isinstance(Prover(system, left).decide(p), Gap), f"{p.name} does without {name}"


def test_every_lemma_earns_its_place() -> None:
    """Each declared lemma occurs in a proof that fails without it: of a property, or of recovery."""
    needed: set[str] = set()
    sets: list[tuple[str, ...]] = [(), HARMLESS, ("crash", "lock-expiry")]
    guards: list[tuple[str, ...]] = [BASE, BASE[:1], (BASE[0], BASE[3])]
    for protections in guards:
        for faults in sets:
            system = original.system(faults, protections)
            decider = Decider(system)
            for p in SAFETY:
                found = decider.decide(system, p, least=True).argument if decider.proves(system, p) else None
                needed |= set(found.facts) if found else set()
    for faults in ((), HARMLESS, ("lock-expiry",), ("bad-plan",)):
        system = fixed.system(faults)
        argument: Any = system.proofs[0]
        names = [x.name for x in argument.lemmas]
        for name in names:
            if name not in needed and not recovers(system, without=name):
                needed.add(name)
    assert [x.name for x in fixed.system().proofs[0].lemmas if x.name not in needed] == []


def recovers(system: System, without: str = "") -> bool:
    (p,) = [p for p in system.properties if p.name == "automation-recovers"]
    argument: Any = system.proofs[0]
    lemmas = tuple(x for x in argument.lemmas if x.name != without)
    changed = replace(system, proofs=(replace(argument, lemmas=lemmas),))
    return Decider(changed).proves(changed, p)


# Reports and honesty -------------------------------------------------------------------------------------------
def test_original_fails_with_a_reachable_counterexample_to_induction() -> None:
    made = proving(original, faults=[])
    told = made.run(SAFETY)
    for f in told.findings:
        assert f.verdict is Verdict.VIOLATED
        assert f.trace is not None
        assert "is a counterexample to induction that is reachable" in f.how
        assert f.parameters == {"enactors": 2, "endpoints": 1, "plans": 2, "keep": 1}


def test_faults_that_a_property_survives_are_found() -> None:
    told = proving(fixed).run(SAFETY)
    hows = {f.name: f.how for f in told.findings}
    assert told.verdict is Verdict.HOLDS
    assert "also under crash, lock-expiry, bad-plan; violated with stray-delete" in hows["active-plan-never-deleted"]
    assert hows["plans-never-regress"].endswith("also under crash, lock-expiry, bad-plan, stray-delete")
    assert {c.properties for c in told.proofs} == {
        ("active-plan-never-deleted", "record-never-empty", "rollback-target-exists"),
        ("plans-never-regress",),
    }
    assert all(c.complete for c in told.proofs)
    assert "whatever crash, lock-expiry and bad-plan do" in told.proofs[0].statement
    assert "Faults that do not happen: stray-delete." in told.proofs[0].assumptions


def test_a_solver_that_gives_up_is_unknown() -> None:
    told = proving(fixed, faults=[], rlimit=1).run(SAFETY[:1])
    assert told.verdict is Verdict.UNKNOWN
    for f in told.findings:
        assert f.parameters is None
        assert "the solver gave up: its resource limit of 1" in f.how
        assert "not proved: " in f.how


def test_a_time_limit_is_unknown() -> None:
    told = proving(fixed, faults=[], limits=Limits(seconds=0.0)).run(SAFETY)
    assert told.verdict is Verdict.UNKNOWN


def test_results_repeat() -> None:
    """The same command gives the same result, also if Python orders sets differently."""

    def told(seed: str) -> Any:
        command = [sys.executable, "-c", "from planrace.checker.cli import main; main()", "prove", "-p", "fixed"]
        done = subprocess.run(
            [*command, "--format", "json"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        return re.sub(r'"seconds": [-.e\d]+', "", done.stdout)

    assert told("1") == told("2")


def test_a_size_can_be_fixed() -> None:
    """A single Enactor has no competitor."""
    (p,) = [p for p in SAFETY if p.name == "plans-never-regress"]
    told = proving(original, {"enactors": 1}, faults=[]).run([p])
    assert told.verdict is not Verdict.VIOLATED
    assert told.parameters == {"enactors": 1}
    cti = told.findings[0].cti  # the lemmas do not say it: the report shows what they allow
    assert told.verdict is Verdict.HOLDS or (cti is not None and cti.parameters["enactors"] == 1)


# A second solver -----------------------------------------------------------------------------------------------
def test_cvc5_confirms_every_obligation(table: Matrix, report: MatrixReport) -> None:
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    assert report.undecided == 0
    texts = list(scripts(table.decider.obligations, table.discharged()))
    answer = confirm(texts)
    assert answer.doubted == ()
    assert answer.asked == len(texts) > 200


def test_cvc5_confirms_recovery_and_doubts_what_is_wrong() -> None:
    pytest.importorskip("cvc5", reason="the second solver: pip install planrace[cvc5]")
    made = proving(fixed, faults=FAULTS)
    made.run([p for p in fixed.system().properties if p.name == "automation-recovers"])
    texts = list(scripts(made.decider.obligations, made.discharged()))
    assert confirm(texts).doubted == ()
    name, text = next((n, t) for n, t in texts if "plans-are-published-pick-up" in n)
    broken = "\n".join(line for line in text.splitlines() if "check-sat" not in line).split("(assert")
    empty = "(assert".join(broken[:-1]) + "(check-sat)\n"  # without the negated goal
    assert [n for n, _ in confirm([(name, empty)]).doubted] == [name]


def test_scripts_say_what_they_are() -> None:
    made = proving(fixed, faults=[])
    made.run(SAFETY)
    texts = dict(scripts(made.decider.obligations, made.discharged()))
    assert len(texts) == len({id(d.result) for d in made.discharged()})
    for name, text in texts.items():
        assert name.endswith(".smt2")
        assert text.startswith("; Obligation: ")
        assert text.count("(check-sat)") == 1
        assert "; assertion 1: size 1" in text
        assert "(set-info :status unsat)" in text


def test_arguments_are_complete() -> None:
    """Each conjunct has an obligation for the initial state and for every action."""
    system = fixed.system(HARMLESS)
    decider = Decider(system)
    for p in SAFETY:
        found = decider.decide(system, p).argument
        assert isinstance(found, Argument)
        wanted = {(n, a) for n in found.facts for a in ("initially", *system.actions)}
        if isinstance(p, StepInvariant):
            wanted |= {(p.name, a) for a in system.actions}
        assert {(o.fact, o.action) for o in found.obligations} == wanted
        assert all(o.result.proved for o in found.obligations)
        assert all(o.result.used <= set(found.facts) for o in found.obligations)
