"""Probabilities and mean times against closed forms, and on random systems against a matrix exponential of the chain
that the plain interpreter gives."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from planrace.checker.engines.limits import Limits, until
from planrace.checker.engines.markov import hitting
from planrace.checker.engines.markov.chain import MarkovChain, RatedSteps, markov_chain
from planrace.checker.engines.markov.hitting import Hitting
from planrace.checker.engines.markov.stiff import StiffError
from planrace.checker.results.guard import TimeUpError
from planrace.checker.semantics.interpreter import Interpreter
from planrace.model.language import (
    Instance,
    ModelError,
    Protocol,
    Step,
    Term,
    array,
    exists,
    forall,
    index,
    integers,
    primed,
    step,
    update,
    when,
)
from planrace.properties import invariant, reachable, step_invariant
from planrace.properties.kinds import Checkable, Reachability, StepInvariant
from tests.naive import TooManyError, initials, speaks_of_a_step
from tests.systems import everything, random_systems

numpy = pytest.importorskip("numpy")
linalg = pytest.importorskip("scipy.linalg")
special = pytest.importorskip("scipy.special")


def chain_of(instance: Instance, properties: list[Any], *, symmetric: bool = False) -> MarkovChain:
    chain, stopped = markov_chain(RatedSteps(instance, properties, symmetric=symmetric), Limits())
    assert chain is not None, stopped
    return chain


def counting(events: int) -> tuple[Instance, list[Checkable]]:
    """A number that grows to ``events``, one by one."""
    protocol = Protocol("counting")
    n = protocol.variable("n", integers(0, events), 0)

    @protocol.action(by="environment")
    def grow() -> Step:
        return step(when(n < events), update(n, n + 1))

    return protocol.system().instance(), [
        reachable("all", n == events, "all of them"),
        step_invariant("last", primed(n) < events, "no step to the last one"),
        invariant("never", n <= events, "never too many"),
        reachable("at once", n == 0, "at first"),
    ]


@pytest.mark.parametrize("events", [1, 3, 40])
@pytest.mark.parametrize("rate", [0.01, 1.0, 25.0])
def test_a_sum_of_waiting_times_has_the_erlang_distribution(events: int, rate: float) -> None:
    instance, properties = counting(events)
    chain, times = chain_of(instance, properties), [0.2 * events / rate, events / rate, 5 * events / rate]
    for k in (0, 1):  # by the state and by the step
        found = Hitting.of(chain, k, [rate])
        assert found.within(times) == pytest.approx([special.gammainc(events, rate * t) for t in times], abs=1e-11)
        assert found.ever == pytest.approx(1.0)
        assert found.mean == pytest.approx(events / rate)
    never, at_once = Hitting.of(chain, 2, [rate]), Hitting.of(chain, 3, [rate])
    assert never.within(times) == [0.0] * 3
    assert never.ever == 0.0
    assert never.mean is None
    assert at_once.within(times) == [1.0] * 3
    assert at_once.ever == 1.0
    assert at_once.mean == 0.0


def race() -> tuple[Instance, list[Checkable]]:
    """Two events of which only the first one happens."""
    protocol = Protocol("race")
    won = protocol.variable("won", integers(0, 2), 0)

    @protocol.action(by="environment")
    def one() -> Step:
        return step(when(won == 0), update(won, 1))

    @protocol.action(by="environment")
    def two() -> Step:
        return step(when(won == 0), update(won, 2))

    return protocol.system().instance(), [invariant("two never wins", won < 2, "two never wins")]


def test_the_first_of_two_events_is_the_faster_one_as_often_as_the_rates_say() -> None:
    instance, properties = race()
    found = Hitting.of(chain_of(instance, properties), 0, [3.0, 0.5])
    assert found.within([0.7]) == pytest.approx([0.5 / 3.5 * (1 - math.exp(-3.5 * 0.7))], abs=1e-11)
    assert found.ever == pytest.approx(0.5 / 3.5)
    assert found.mean == pytest.approx(1 / 3.5)
    never = Hitting.of(chain_of(instance, properties), 0, [3.0, 0.0])
    assert never.ever == 0.0
    assert never.within([1e6]) == [0.0]


def walking(size: int) -> tuple[Instance, list[Checkable]]:
    """A number that goes up and down, until it is ``size``."""
    protocol = Protocol("walking")
    n = protocol.variable("n", integers(0, size), 0)

    @protocol.action(by="environment")
    def up() -> Step:
        return step(when(n < size), update(n, n + 1))

    @protocol.action(by="environment")
    def down() -> Step:
        return step(when((n > 0) & (n < size)), update(n, n - 1))

    return protocol.system().instance(), [invariant("below", n < size, "it stays below")]


@pytest.mark.parametrize("sweeps", [hitting.SWEEPS, 0])
def test_mean_times_of_births_and_deaths(sweeps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By products (``sweeps``) and by factorisation. The time from n to n + 1 is 1/up + down/up times that from
    n - 1 to n."""
    monkeypatch.setattr(hitting, "SWEEPS", sweeps)
    up, down = 2.0, 1.5
    instance, properties = walking(12)
    found = Hitting.of(chain_of(instance, properties), 0, [up, down])
    steps = [1 / up]
    for _ in range(11):
        steps.append(1 / up + down / up * steps[-1])
    assert found.mean == pytest.approx(sum(steps), rel=1e-9)
    assert found.ever == pytest.approx(1.0)


def test_a_chain_that_is_neither_swept_nor_factorised_has_probabilities_in_time_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    instance, properties = walking(12)
    exact = Hitting.of(chain_of(instance, properties), 0, [1.0, 1.5]).within([5.0, 50.0])
    monkeypatch.setattr(hitting, "SWEEPS", 3)
    monkeypatch.setattr(hitting, "DIRECT", 0)
    found = Hitting.of(chain_of(instance, properties), 0, [1.0, 1.5])
    assert found.ever is None
    assert found.mean is None
    assert found.within([5.0, 50.0]) == pytest.approx(exact, abs=1e-12)


def test_a_time_that_is_too_long_is_refused_and_the_clock_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    instance, properties = walking(3)
    found = Hitting.of(chain_of(instance, properties), 0, [1e-9, 1.0])
    monkeypatch.setattr(hitting, "JUMPS", 10_000)
    with pytest.raises(StiffError, match="at most 10,000 are computed"):
        found.within([1e6])
    with until(0.0), pytest.raises(TimeUpError):
        found.within([10.0])


def collecting(workers: int) -> tuple[Instance, list[Checkable]]:
    """Interchangeable workers, each of which finishes once."""
    protocol = Protocol("collecting")
    worker = index("worker", protocol.parameter("workers", workers, 1, 9), symmetric=True)
    done = protocol.variable("done", array(worker, integers(0, 1)), 0)

    @protocol.action(worker, by=worker)
    def finish(w: Term) -> Step:
        return step(when(done[w] == 0), update(done[w], 1))

    return protocol.system().instance(), [
        reachable("all", forall(worker, lambda w: done[w] == 1), "all finish"),
        reachable("one", exists(worker, lambda w: done[w] == 1), "one finishes"),
    ]


def test_orbits_of_interchangeable_members_are_as_likely_as_their_states() -> None:
    instance, properties = collecting(6)
    whole, orbits = chain_of(instance, properties), chain_of(instance, properties, symmetric=True)
    assert (whole.states, orbits.states) == (64, 7)
    assert orbits.orbits
    assert not whole.orbits
    for chain in (whole, orbits):
        every = Hitting.of(chain, 0, [0.3])
        assert every.within([4.0]) == pytest.approx([(1 - math.exp(-1.2)) ** 6], abs=1e-11)
        assert every.mean == pytest.approx(sum(1 / (0.3 * n) for n in range(1, 7)))
        assert Hitting.of(chain, 1, [0.3]).within([1.0]) == pytest.approx([1 - math.exp(-1.8)], abs=1e-11)


def test_rare_events_keep_their_relative_precision() -> None:
    instance, properties = race()
    found = Hitting.of(chain_of(instance, properties), 0, [1.0, 1e-9])
    assert found.within([60.0]) == pytest.approx([1e-9 / (1 + 1e-9)], rel=1e-6)


# Random systems --------------------------------------------------------------------------------------------------
def oracle(instance: Instance, properties: list[Checkable], rates: list[float], time: float) -> list[float]:
    """The probability within a time of each property, by a matrix exponential for each."""
    interpreter = Interpreter(instance)
    starts = initials(instance)
    number = {s: n for n, s in enumerate(starts)}
    order, edges = list(starts), []
    names = list(instance.system.actions)
    for s in order:
        for move, t in interpreter.moves(s):
            if t not in number:
                number[t] = len(order)
                order.append(t)
            edges.append((s, move, t))
        if len(order) > 150:
            raise TooManyError
    found = []
    for p in properties:
        term = p.event if isinstance(p, Reachability) else ~p.holds
        stepping = isinstance(p, StepInvariant) or speaks_of_a_step(term)
        bad = [not stepping and interpreter.holds(term, s) for s in order]
        matrix = numpy.zeros((len(order) + 1, len(order) + 1))
        for s, move, t in edges:
            hit = interpreter.holds(term, s, t, move) if stepping else bad[number[t]]
            if not bad[number[s]]:
                rate = rates[names.index(move.action.name)]
                matrix[number[s], len(order) if hit else number[t]] += rate
                matrix[number[s], number[s]] -= rate
        reached = linalg.expm(matrix * time)
        found.append(sum(1.0 if bad[number[s]] else float(reached[number[s], -1]) for s in starts) / len(starts))
    return found


@given(random_systems())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_random_systems_are_as_likely_as_a_matrix_exponential_says(drawn: Any) -> None:
    system, states, steps = drawn
    properties = everything(states, steps)
    rates = [0.7, 2.0, 0.1][: len(system.actions)]
    try:
        instance = system.instance()
        wanted = oracle(instance, properties, rates, 1.3)
    except (TooManyError, ModelError):  # among the latter: a value out of range
        return
    chain = chain_of(instance, properties)
    found = [Hitting.of(chain, k, rates).within([1.3])[0] for k in range(len(properties))]
    assert found == pytest.approx(wanted, abs=1e-9)
