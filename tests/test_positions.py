"""Positions that are computed: every engine reads and writes what the interpreter does, or finds the same error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from checker.explore import Search
from checker.interpreter import RangeError
from checker.limits import Limits
from checker.native import NativeSearch
from model.language import System, Term
from properties import invariant, reachable, step_invariant
from properties.kinds import Checkable

from . import naive
from .positions import systems_of_positions

pytestmark = pytest.mark.usefixtures("own_cache")

Drawn = tuple[System, list[Term], list[Term]]
STATES = 400


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


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(systems_of_positions())
def test_the_reference_search(drawn: Drawn) -> None:
    system, states, steps = drawn
    try:
        expected = wanted(*drawn)
    except naive.TooManyError:
        return
    properties = asked(states, steps)
    assert found(Search(system.instance(), properties, exhaustive=True)) == expected


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
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
