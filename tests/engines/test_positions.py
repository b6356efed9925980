"""Positions that are computed: every engine reads and writes what the interpreter does, or finds the same error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.symbolic.bmc import Bounded
from planrace.checker.engines.symbolic.induction import Induction
from planrace.checker.engines.symbolic.spacer import Spacer
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError
from planrace.model.language import System, Term
from planrace.properties import invariant, reachable, step_invariant
from planrace.properties.kinds import Checkable
from tests import naive
from tests.positions import systems_of_positions

pytestmark = pytest.mark.usefixtures("own_cache")

Drawn = tuple[System, list[Term], list[Term]]
STATES = 400
DEPTH = 5
"""Steps that solvers look at."""


def asked(states: list[Term], steps: list[Term]) -> list[Checkable]:
    """Properties of drawn terms."""
    (a, b), (c, d) = states, steps
    return [
        invariant("a", a, "drawn"),
        reachable("b", b, "drawn"),
        step_invariant("c", c, "drawn"),
        reachable("d", d, "drawn"),
    ]


def found(search: Any) -> Any:
    """What a search finds: counts and the lengths of runs, or the error."""
    try:
        answers, covered = search.run()
    except RangeError as problem:
        return "error" if problem.where is not None and ", after " in problem.what else problem
    shortest = {a.property.name: len(a.recording.moves) for a in answers if a.recording is not None}
    return covered.complete, covered.states, covered.transitions, covered.depth, shortest


def wanted(system: System, states: list[Term], steps: list[Term]) -> Any:
    """What the interpreter alone finds."""
    try:
        told = naive.search(system.instance(), asked(states, steps), most=STATES)
    except RangeError:
        return "error"
    return True, told.states, told.transitions, told.depth, told.shortest


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(systems_of_positions())
def test_the_reference_search(drawn: Drawn) -> None:
    system, states, steps = drawn
    try:
        expected = wanted(*drawn)
    except naive.TooManyError:
        return
    properties = asked(states, steps)
    assert found(Search(system.instance(), properties, exhaustive=True)) == expected


def length(problem: RangeError) -> int:
    """How many steps lead to an error."""
    return 0 if problem.what.endswith("after no step") else problem.what.rpartition(", after ")[2].count("(")


def outcome(run: Any) -> Any:
    """What a run returns, or how many steps lead to the error that it raises."""
    try:
        return run()
    except RangeError as problem:
        return length(problem)


@pytest.mark.parametrize("engine", [Bounded, Induction, Spacer])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(systems_of_positions())
def test_solvers(engine: Any, drawn: Drawn) -> None:
    """Solvers find the same errors, and agree on verdicts and lengths of runs."""
    system, states, steps = drawn
    properties = asked(states, steps)
    wanted = outcome(Search(system.instance(), properties, limits=Limits(states=STATES)).run)
    told = outcome(engine(system.instance(), properties, limits=Limits(depth=DEPTH, seconds=20)).run)
    if isinstance(told, int):
        assert told == wanted or (not isinstance(wanted, int) and not wanted[1].complete)
    elif isinstance(wanted, int):
        assert wanted > DEPTH or any("time limit" in a.how for a in told)
    else:
        for w, t in zip(wanted[0], told, strict=True):
            assert t.verdict in (w.verdict, Verdict.UNKNOWN) or w.verdict is Verdict.UNKNOWN
            if t.recording is not None and w.recording is not None:
                assert len(t.recording.moves) == len(w.recording.moves)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(systems_of_positions())
def test_machine_code(drawn: Drawn) -> None:
    system, states, steps = drawn
    properties = asked(states, steps)
    limits = Limits(states=STATES)
    expected = found(Search(system.instance(), properties, exhaustive=True, limits=limits))
    if expected != "error" and not expected[0]:
        return
    for workers in (1, 2):
        native = NativeSearch(system.instance(), properties, exhaustive=True, workers=workers)
        assert found(native) == expected
