"""Sizes in proofs: assumptions about them are stated and satisfiable, and inference respects them. What proofs of many
systems share is computed once."""

from __future__ import annotations

import pytest

from planrace.checker import prove
from planrace.checker.results.verdict import Verdict
from planrace.model.language import (
    ModelError,
    Protocol,
    System,
    Term,
    array,
    boolean,
    forall,
    index,
    step,
    taken,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.changes import Changes
from planrace.model.language.terms import TRUE
from planrace.properties import invariant, lemma, proof, recoverable, step_invariant
from tests.engines.proof.test_wrong_models import pair


def test_assumptions_that_no_instance_satisfies_are_an_error() -> None:
    protocol = pair(lambda a, b: a == b)
    n = protocol.parameters["n"]
    assert verdict_assuming(protocol, n >= 400) is Verdict.HOLDS
    with pytest.raises(ModelError, match="no size satisfies 401 ≤ n"):
        verdict_assuming(pair(lambda a, b: a == b), n >= 401)
    with pytest.raises(ModelError, match="no size satisfies"):
        prove(pair(), infer=True) and verdict_assuming(pair(), n >= 401)


def verdict_assuming(protocol: Protocol, term: Term) -> Verdict:
    protocol.argue(proof([], assuming=[term]))
    return prove(protocol).verdict


def crowd(least: int) -> Protocol:
    """Nobody is lost; small crowds are left out."""
    protocol = Protocol("crowd")
    people, rooms = protocol.parameter("people", 6, 1, 8), protocol.parameter("rooms", 2, 1, 8)
    person = index("person", people)
    here = protocol.variable("here", array(person, boolean()), False)
    gone = protocol.variable("gone", array(person, boolean()), False)

    @protocol.action(person, by=person)
    def come(p: Term) -> Step:
        return step(when(~here[p]), update(here[p], True))

    @protocol.action(person, by=person)
    def go(p: Term) -> Step:
        return step(when(here[p], ~gone[p]), update(gone[p], True))

    protocol.declare(invariant("nobody-vanishes", forall(person, lambda p: gone[p].implies(here[p])), "who left came"))
    protocol.argue(proof([], assuming=[people >= least, rooms <= people]))
    return protocol


@pytest.mark.parametrize("least", [1, 2, 5, 8])
def test_inference_learns_from_the_smallest_instances_that_are_allowed(least: int) -> None:
    assert prove(crowd(least), infer=True).verdict is Verdict.HOLDS


def test_inference_with_assumptions_that_nothing_satisfies() -> None:
    with pytest.raises(ModelError, match="no size satisfies"):
        prove(crowd(9), infer=True)


@pytest.mark.parametrize(
    ("sizes", "said", "assumed"),
    [
        (
            {},
            "with any people and rooms such that 2 ≤ people and rooms ≤ people:",
            "people ≥ 1, rooms ≥ 1, as great as",
        ),
        (
            {"rooms": 1},
            "with rooms = 1 and any people such that 2 ≤ people and",
            "Sizes: rooms = 1; people ≥ 1, as great",
        ),
        ({"rooms": 1, "people": 3}, "with rooms = 1 and people = 3: in every", "Sizes: rooms = 1, people = 3. Numbers"),
    ],
)
def test_the_statement_says_of_which_sizes(sizes: dict[str, int], said: str, assumed: str) -> None:
    """A regression: assumptions about sizes were only shown beside the theorem, and fixed sizes were called
    arbitrary."""
    protocol = crowd(2)
    protocol.argue(proof([lemma("came", protocol.properties[0].holds, "who left came")]))
    report = prove(protocol, sizes)
    (certificate,) = report.proofs
    assert said in certificate.statement
    assert assumed in certificate.assumptions
    assert ("as great as you like" in certificate.assumptions) == (len(sizes) < 2)


def test_one_fault_does_something() -> None:
    protocol = crowd(1)
    protocol.fault("fire", "all must leave")

    @protocol.action(by="fire", fault="fire")
    def burn() -> Step:
        return step()

    assert "without protections, whatever fire does, with any" in prove(protocol).proofs[0].statement


# Many systems --------------------------------------------------------------------------------------------------
def guarded() -> Protocol:
    """Three protections, a fault, and a property of an action that only a protection adds."""
    protocol = crowd(1)
    protocol.fault("fire", "all must leave")

    @protocol.action(by="fire", fault="fire", tags=["alarm"])
    def burn() -> Step:
        return step()

    for name in ("one", "two", "three"):

        @protocol.protection(name, "an action more")
        def add(change: Changes, name: str = name) -> None:
            @change.action(by="guard", tags=[f"of {name}"])
            def watch() -> Step:
                return step()

    return protocol


def test_what_a_protocol_might_have_is_gathered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A regression: ``check prove --all`` made the same table for every set of protections and faults, up to three
    times each."""
    made = []
    everything = Protocol._everything

    def counted(self: Protocol, system: System) -> object:
        made.append(system)
        return everything(self, system)

    monkeypatch.setattr(Protocol, "_everything", counted)
    protocol = guarded()
    gone = step_invariant("quiet", ~taken("watch"), "nobody watches")
    protocol.declare(gone, recoverable("again", TRUE, "all is well again", helpers={"alarm", "of one"}))
    for protections in ([], ["one"], ["two"], ["three"]):
        for faults in ([], ["fire"]):
            protocol.system(protections, faults)
    assert len(made) == 1
    with pytest.raises(ModelError, match="no action is called 'wach'"):
        protocol.variant("wrong").declaring([step_invariant("wrong", ~taken("wach"), "misspelt")]).system()


def test_what_is_declared_later_is_known() -> None:
    protocol = guarded()
    protocol.declare(step_invariant("quiet", ~taken("watch"), "nobody watches"))
    protocol.system()

    @protocol.protection("four", "another action")
    def add(change: Changes) -> None:
        @change.action(by="guard")
        def look() -> Step:
            return step()

    protocol.declare(step_invariant("blind", ~taken("look"), "nobody looks"))
    assert len(protocol.system().properties) == 3
