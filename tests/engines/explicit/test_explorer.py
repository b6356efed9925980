"""The explorer against the plain interpreter, on random systems: every sort and operator."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planrace.checker import check
from planrace.checker.engines.explicit.layers import Onward
from planrace.checker.engines.explicit.lower import _HANDLERS as LOWERED
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel, OutOfRangeError
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.symbolic.bitvectors import _HANDLERS as ENCODED
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import _HANDLERS as INTERPRETED
from planrace.checker.semantics.interpreter import Interpreter, RangeError, State
from planrace.model.language import (
    Array,
    Instance,
    ModelError,
    Op,
    Protocol,
    SetOf,
    Sort,
    Step,
    System,
    Term,
    array,
    integers,
    step,
    subsets,
    update,
)
from planrace.model.language.render import _INFIX, _TEXT
from planrace.properties import StepInvariant, invariant, step_invariant
from tests import naive
from tests.systems import everything, random_systems

STATES = 25


def test_every_backend_has_a_handler_for_every_operator() -> None:
    for op in set(Op) - {Op.ENABLED}:  # a guard stands in its place
        assert op in INTERPRETED, op
        assert op in LOWERED, op
        assert op in ENCODED, op
        assert (op in _INFIX) != (op in _TEXT), op


def expected(
    interpreter: Interpreter, state: State, states: list[Term], steps: list[Term]
) -> tuple[int, list[tuple[State, int]]] | None:
    """What the step function must report for ``state``; None if something is out of range."""
    try:
        holds = sum(interpreter.holds(t, state) << k for k, t in enumerate(states))
        moves = [
            (after, sum(interpreter.holds(t, state, after, move) << k for k, t in enumerate(steps)))
            for move, after in interpreter.moves(state)
        ]
    except RangeError:
        return None
    return holds, moves


def anywhere(instance: Instance, chance: Random) -> State:
    """Any state of the instance, reachable or not."""

    def value(sort: Sort) -> Any:
        if isinstance(sort, Array):
            return tuple(value(sort.element) for _ in instance.members(sort.domain))
        if isinstance(sort, SetOf):
            return frozenset(v for v in instance.members(sort.element) if chance.random() < 0.5)
        return chance.choice(instance.members(sort))

    return tuple(value(v.sort) for v in instance.system.variables)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems(), st.integers(0, 2**32))
def test_the_step_function_agrees_with_the_interpreter(drawn: tuple[System, list[Term], list[Term]], seed: int) -> None:
    system, states, steps = drawn
    kernel, chance = Kernel(system.instance()), Random(seed)
    expand = kernel.expand(Watch(states=tuple(states), marks=tuple(steps)))
    for n in range(STATES):
        state = anywhere(kernel.instance, chance) if n else kernel.interpreter.initials()[0]
        packed = kernel.layout.encode(state)
        assert kernel.layout.decode(packed) == state
        wanted = expected(kernel.interpreter, state, states, steps)
        out: list[tuple[int, int]] = []
        try:
            found = expand(packed, out, [])
        except OutOfRangeError:
            assert wanted is None, "the explorer finds a value out of range, the interpreter does not"
            continue
        assert wanted is not None, "the interpreter finds a value out of range, the explorer does not"
        assert (found, [(kernel.layout.decode(t), m) for t, m in out]) == wanted


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_the_search_agrees_with_a_naive_one(drawn: tuple[System, list[Term], list[Term]]) -> None:
    system, states, steps = drawn
    properties = everything(states, steps)
    instance = system.instance()
    try:
        wanted = naive.search(instance, properties)
    except RangeError:
        with pytest.raises(RangeError):
            Search(instance, properties, exhaustive=True).run()
        return
    answers, covered = Search(instance, properties, exhaustive=True).run()
    assert covered.complete
    assert (covered.states, covered.transitions, covered.depth) == (
        wanted.states,
        wanted.transitions,
        wanted.depth,
    )
    shortest = {a.property.name: len(a.recording.moves) for a in answers if a.recording is not None}
    assert shortest == wanted.shortest


def paths(instance: Instance, p: Any, length: int) -> set[tuple[State, ...]]:
    """Every run of this length that breaks ``p`` at its end, by brute force."""
    interpreter = Interpreter(instance)
    runs: list[tuple[State, ...]] = [(s,) for s in interpreter.initials()]
    for n in range(length):
        steps = [(run, *found) for run in runs for found in interpreter.moves(run[-1])]
        last = n == length - 1 and isinstance(p, StepInvariant)
        kept = [(*r, t) for r, m, t in steps if not last or not interpreter.holds(p.holds, r[-1], t, m)]
        runs = list(dict.fromkeys(kept))
    return {r for r in runs if isinstance(p, StepInvariant) or not interpreter.holds(p.holds, r[-1])}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(random_systems())
def test_the_layers_of_shortest_runs(drawn: tuple[System, list[Term], list[Term]]) -> None:
    """The layers contain all shortest runs that break a property, and no others; one object serves all properties."""
    system, states, steps = drawn
    instance = system.instance()
    asked: list[Any] = [invariant(f"s{k}", t, "random") for k, t in enumerate(states)]
    asked += [step_invariant(f"t{k}", t, "random") for k, t in enumerate(steps)]
    try:
        answers, _ = Search(instance, asked, exhaustive=True, limits=Limits(states=200)).run()
    except RangeError:
        return
    kernel = Kernel(instance)
    onward = Onward(kernel)
    for p, a in zip(asked, answers, strict=True):
        if a.recording is None or len(a.recording.moves) > 4:
            continue
        length = len(a.recording.moves)
        layers = onward.violating(p, length)
        assert layers is not None
        runs = [[s] for s in layers[0]]
        for layer in layers[:-1]:
            runs = [[*run, t] for run in runs for t in layer[run[-1]]]
        decoded = {tuple(kernel.layout.decode(s) for s in run) for run in runs}
        assert decoded == paths(instance, p, length)


def test_terms_are_judged_as_for_a_report_or_as_strictly_as_by_the_interpreter() -> None:
    protocol = Protocol("judged")
    at = protocol.variable("at", integers(0, 5), 5)
    marks = protocol.variable("marks", array(integers(0, 1, "place"), integers(0, 1)), 0)

    @protocol.action(by="nobody")
    def stay() -> Step:
        return step(update(at, at))

    kernel = Kernel(protocol.system().instance())
    (start,) = kernel.initials
    beyond = [at == 4, marks[at] == 1, at == 5]
    assert kernel.judge(beyond[::2])(start) == 0b10
    assert kernel.judge(beyond, report_only=True)(start) == 0b100
    with pytest.raises(OutOfRangeError):
        kernel.judge(beyond)(start)


@pytest.mark.parametrize("engine", ["explicit", "native", "bmc"])
def test_sets_of_numbers_that_lie_far_apart(engine: str) -> None:
    """No mask covers the gap between two sets; a value that the set does not hold is out of range."""
    protocol = Protocol("far")
    near = protocol.variable("near", integers(-1, 0), 0)
    far = protocol.variable("far", subsets(integers(10**12, 10**12 + 5)), {10**12})
    protocol.declare(invariant("same", far == {10**12}, "nothing is taken away"))

    @protocol.action(by="nobody")
    def take() -> Step:
        return step(update(far, far - {near}))

    assert check(protocol, engine=engine, depth=3).findings[0].verdict is not Verdict.VIOLATED
    protocol.actions.clear()

    @protocol.action(by="nobody")
    def put() -> Step:
        return step(update(far, {near}))

    with pytest.raises(ModelError, match=r"put assigns far the value \{0\}"):
        check(protocol, engine=engine)
