"""Liveness of each member: an answer for every single one, and one for all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace.checker.api.calls import check, establish, load, mutate, render, save
from planrace.checker.explain.states import truths
from planrace.checker.report.json.write import to_json
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.options import Options
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import record
from planrace.model.language import (
    DefinitionError,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    boolean,
    enumeration,
    exists,
    forall,
    index,
    step,
    subsets,
    update,
    when,
)
from planrace.properties import eventually, eventually_always, infinitely_often, invariant, leads_to
from tests.report.test_reports import SCHEMA

FORMS: list[Any] = [eventually, eventually_always, infinitely_often]


def desk(fairness: str = "weak", clients: int = 3) -> Protocol:
    """Clients that cannot be told apart ask a clerk, who serves one at a time."""
    p = Protocol("desk", "a clerk serves clients")
    client = index("client", clients, symmetric=True)
    asks = p.variable("asks", array(client, boolean()), False)

    @p.action(client, by=client, fairness="none")
    def ask(c: Term) -> Step:
        return step(when(~asks[c]), update(asks[c], True))

    @p.action(client, by="clerk", fairness=fairness)
    def serve(c: Term) -> Step:
        return step(when(asks[c]), update(asks[c], False))

    @p.action(by="clerk", fairness="none")
    def idle() -> Step:
        return step()

    def apart(c: Term, d: Term) -> Any:
        return infinitely_often("apart", ~(asks[c] & asks[d]), "no two wait for ever")

    p.declare(
        forall(client, lambda c: leads_to("served", asks[c], ~asks[c], "who asks is served")),
        forall(client, lambda c: forall(client, lambda d: apart(c, d))),
    )
    return p


def lights() -> Protocol:
    """Of three lights the red one is lit for good, the amber one at times, the green one never."""
    p = Protocol("lights", "three lights")
    light = enumeration("light", "RED AMBER GREEN")
    lit = p.variable("lit", array(light, boolean()), False)

    @p.action(by="switch")
    def shine() -> Step:
        return step(when(~lit[light.RED]), update(lit[light.RED], True))

    @p.action(by="clock")
    def blink() -> Step:
        return step(update(lit[light.AMBER], ~lit[light.AMBER]))

    for f in FORMS:
        p.declare(forall(light, lambda x: f(f.__name__, lit[x], "it is lit")))  # noqa: B023  (it is called at once)
    p.declare(*(f(f"{f.__name__} {m}", lit[getattr(light, m)], "it is lit") for f in FORMS for m in light.members))
    return p


@pytest.mark.parametrize("engine", ["explicit", "native"])
def test_each_member_is_answered_as_alone(engine: str, tmp_path: Path) -> None:
    """The same verdict and length as the property of that member, written by hand; the worst of them for all."""
    report = check(lights(), options=Options(engine=engine))
    found = {f.name: (f.verdict, f.depth) for f in report.findings}
    for form in ("eventually", "eventually_always", "infinitely_often"):
        alone = {m: found[f"{form}[{m}]"] for m in ("RED", "AMBER", "GREEN")}
        assert alone == {m: found[f"{form} {m}"] for m in alone}
        assert found[form] == next(v for v in alone.values() if v[0] is Verdict.VIOLATED)
    assert found["eventually[AMBER]"][0] is Verdict.HOLDS
    assert found["eventually_always[AMBER]"][0] is Verdict.VIOLATED
    whole = next(f for f in report.findings if f.name == "eventually")
    assert whole.how == "explicit search, a fair lasso (eventually[GREEN])"
    jsonschema.validate(to_json(report), SCHEMA)
    save(report, tmp_path / "report.json")
    assert to_json(load(tmp_path / "report.json")) == to_json(report)
    assert report.source_of_property("eventually[RED]") == report.source_of_property("eventually") is not None


def test_single_members_can_be_named() -> None:
    one = check(desk(), options=Options(properties=("served[2]",)))
    assert [f.name for f in one.findings] == ["served[2]"]
    every = check(desk(), options=Options(properties=("served",)))
    assert [f.name for f in every.findings] == ["served", "served[1]", "served[2]", "served[3]"]
    assert every.findings[0].how.endswith(", for 3 members")
    with pytest.raises(ModelError, match=r"no property of desk is called 'served\[4\]'.*served\[3\]"):
        check(desk(), options=Options(properties=("served[4]",)))


def test_an_engine_without_liveness_says_so_once() -> None:
    report = check(desk(), options=Options(engine="bmc"))
    assert [(f.name, f.verdict.word) for f in report.findings] == [("served", "unknown"), ("apart", "unknown")]


@pytest.mark.parametrize("fairness", ["none", "weak"])
def test_symmetry_changes_no_verdict(fairness: str) -> None:
    """What holds for one member holds for all like it; what is violated has a run for every member."""
    plain, folded = (
        check(desk(fairness), options=Options(engine="explicit", symmetry=symmetry)) for symmetry in (False, True)
    )
    assert [(f.name, f.verdict, f.depth) for f in plain.findings] == [
        (f.name, f.verdict, f.depth) for f in folded.findings
    ]
    how = {f.name: f.how for f in folded.findings}
    if fairness == "weak":
        assert how["served[3]"] == "by symmetry as served[1]: members are interchangeable"
        assert how["apart[3,1]"] == "by symmetry as apart[1,2]: members are interchangeable"
        assert how["apart[2,2]"] == "by symmetry as apart[1,1]: members are interchangeable"
    else:
        assert not [f for f in folded.findings if f.verdict is Verdict.VIOLATED and f.trace is None]
        assert how["served[3]"] == "explicit search, a fair lasso"


def test_mutants_and_truths_know_the_members() -> None:
    p = desk(clients=2)
    assert list(mutate(p).verdicts) == ["served", "apart"]
    interpreter = Interpreter(p.system().instance())
    run = record(interpreter, [("ask", (2,))])
    (served, _) = interpreter.instance.system.properties
    assert [(t.property, t.inner, t.holds) for t in truths(run, [served])] == [
        ("served[1]", "trigger", (False, False)),
        ("served[1]", "answer", (True, True)),
        ("served[2]", "trigger", (False, True)),
        ("served[2]", "answer", (True, False)),
    ]
    assert "served[2]" in render(check(p))


def test_faults_left_out_are_told_once() -> None:
    p = desk(clients=2)
    lost = p.fault("lost", "it gets lost")
    p.action(by="post", fault=lost)(_loses)
    report = check(p, faults=["lost"], options=Options(properties=("served",)))
    assert [w.subject for w in report.warnings if w.kind == "without faults"] == ["served"]


def _loses() -> Step:
    return step()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda c, a: forall(c, lambda x: invariant("p", x.isin(a), "no")), "p is a property.*quantify in its terms"),
        (lambda c, a: exists(c, lambda x: eventually("p", x.isin(a), "no")), "exists: p is a property"),
        (lambda c, a: forall(a, lambda x: eventually("p", x.isin(a), "no")), "asks is no sort but a set"),
        (lambda c, a: forall(c, lambda x: eventually("p", a != set(), "no")), "the same of each client"),
    ],
)
def test_what_cannot_be_of_each_member_is_refused(make: Callable[[Any, Any], Any], words: str) -> None:
    p = Protocol("refused")
    client = index("client", 3)
    asks = p.variable("asks", subsets(client), set())
    with pytest.raises(DefinitionError, match=words):
        make(client, asks)


def test_names_of_members_are_names_of_their_own() -> None:
    p = lights()
    p.declare(invariant("eventually[RED]", exists(boolean(), lambda x: x), "is"))
    with pytest.raises(DefinitionError, match=r"eventually\[RED\] is called like eventually of a single member"):
        check(p)


def test_the_gate_expects_a_verdict_of_all_members_together() -> None:
    """Some lights are lit and others not, as is meant."""
    p = Protocol("lamps", "two lights")
    light = enumeration("light", "RED GREEN")
    lit = p.variable("lit", array(light, boolean()), False)

    @p.action(by="switch")
    def shine() -> Step:
        return step(when(~lit[light.RED]), update(lit[light.RED], True))

    p.final(lit[light.RED])
    p.declare(forall(light, lambda x: eventually("lit", lit[x], "it is lit")))
    for violated, status in (((), "not met"), (("lit",), "met")):
        found = {r.condition.value: r.status.value for r in establish(p, violated=violated).conditions}
        assert found["as expected"] == status
