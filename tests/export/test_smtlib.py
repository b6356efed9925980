"""SMT-LIB: Z3 and cvc5 answer exported systems as the bounded engine does."""

from __future__ import annotations

import re
from typing import Any

import pytest
import z3

from planrace.checker import Options, Verdict, check
from planrace.checker.api.crosschecking import export_model
from planrace.checker.api.request import selected, subject_of
from planrace.checker.cli.main import run
from planrace.checker.export.smtlib import BOUND, smtlib
from planrace.model.language import DefinitionError, ModelError, Protocol, integers, maximum, step, taken, update, when
from planrace.properties import invariant, reachable, step_invariant
from tests import ROOT
from tests.export.test_promela import exchange
from tests.random_systems.draw import draw
from tests.random_systems.write import load

ROLLOUT = str(ROOT / "examples" / "rollout.py") + ":protocol"
LONG = pytest.mark.long("solvers search random systems")


def of_z3(text: str) -> list[str]:
    context = z3.Context()
    found = z3.Z3_eval_smtlib2_string(context.ref(), text)
    assert isinstance(found, str)
    return found.split()


def of_cvc5(text: str) -> list[str]:
    cvc5 = pytest.importorskip("cvc5")
    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("incremental", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "model")
    found = []
    while not (command := parser.nextCommand()).isNull():
        found += command.invoke(solver, parser.getSymbolManager()).split()
    return [word for word in found if word != "success"]


def ours(instance: Any) -> list[str]:
    """What the bounded engine says, in the words of a solver."""
    report = check(instance.system, dict(instance.parameters), options=Options(engine="bmc", depth=BOUND))
    met = {"reachability": Verdict.HOLDS}
    asked = [f for f in report.findings if f.kind in ("invariant", "step invariant", "reachability")]
    return ["unsat", *("sat" if f.verdict is met.get(f.kind, Verdict.VIOLATED) else "unsat" for f in asked)]


def instance_of(subject: Any, **selection: Any) -> Any:
    return selected(subject_of(subject, "test"), None, **selection).instance


@pytest.mark.parametrize("subject", [ROLLOUT, exchange(), "register"], ids=["rollout", "exchange", "register"])
def test_solvers_answer_as_we_do(subject: Any) -> None:
    instance = instance_of(subject)
    text = smtlib(instance, "check").text
    expected = ours(instance)
    assert of_z3(text) == expected
    if not isinstance(subject, Protocol):  # for which cvc5 takes a minute
        assert of_cvc5(text) == expected


def wrong() -> Protocol:
    """Number 2 is met after two steps, leaves its range with the third, and a property divides by 0 there."""
    protocol = Protocol("and")
    number = protocol.variable("bvsdiv_i", integers(0, 2, "or"), 0)

    @protocol.action(by="somebody")
    def define() -> Any:
        return step(when(number <= 2), update(number, number + 1))

    protocol.declare(
        invariant("assert", 6 // (2 - number) <= 6, "it has no value where it is 2"),
        invariant("true", number <= 1, "it stays small"),
        invariant("not", maximum(number, 1) <= 2, "it is in range"),
        step_invariant("step", ~taken(define) | (number < 1), "it happens once"),
        reachable("push", number == 2, "it is full"),
    )
    return protocol


def test_errors_of_the_model_are_asked_for() -> None:
    text = export_model(wrong(), "smtlib").text
    assert of_z3(text) == of_cvc5(text) == ["sat", "sat", "sat", "unsat", "sat", "sat"]


def test_runs_have_as_many_steps_as_the_head_says() -> None:
    protocol = Protocol("counter")
    number = protocol.variable("number", integers(0, BOUND + 1), 0)

    @protocol.action(by="somebody")
    def count() -> Any:
        return step(when(number <= BOUND), update(number, number + 1))

    protocol.declare(*(reachable(f"is {n}", number == n, "it is met") for n in (BOUND, BOUND + 1)))
    assert of_z3(export_model(protocol, "smtlib").text) == ["unsat", "sat", "unsat"]


def test_one_answer_for_each_line_of_the_head() -> None:
    text = export_model(ROLLOUT, "smtlib").text
    told = re.findall(r"^; (.*): sat if ", text, re.MULTILINE)
    assert told == ["wrong", "active-is-stored (invariant)"]
    assert text.count("(check-sat)") == 2
    assert all(line.startswith(("(", ";", " ")) or not line for line in text.splitlines())


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "-p", "original", "-s", "plans=2", "-s", "endpoints=1", "--to", "smtlib"]) == 0
    out, err = capsys.readouterr()
    assert "; Written by: check export -p original --to smtlib -s enactors=3 -s endpoints=1" in out
    assert "without automation-recovers, endpoints-converge" in err


@LONG
@pytest.mark.parametrize("seed", range(8))
def test_random_systems(seed: int) -> None:
    d = draw(seed).described
    protections = [name for name, _ in d.protections] if d.protected else []
    try:
        instance = selected(load(d), dict(d.values), faults=d.on, with_protections=protections).instance
        expected = ours(instance)
        text = smtlib(instance, "").text
    except (ModelError, DefinitionError):
        return
    assert of_z3(text) == expected
