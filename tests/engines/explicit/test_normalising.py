"""Searches up to the normal form of generations: counts, verdicts, lengths, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from planrace.checker import find
from planrace.checker.engines.explicit.normalising import MOST
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.results.verdict import Verdict
from planrace.checker.semantics.interpreter import RangeError, State
from planrace.checker.semantics.normal_form import normal_form
from planrace.model.dns.protocol import Enactor
from planrace.model.language import (
    Array,
    Index,
    Instance,
    Maybe,
    ModelError,
    Protocol,
    SetOf,
    Step,
    Term,
    array,
    count,
    exists,
    forall,
    index,
    integers,
    optional,
    step,
    subsets,
    such_that,
    update,
    when,
)
from planrace.properties import invariant
from planrace.properties.kinds import Checkable
from tests.generations import Drawing, formed, reached

SORT = "generation"
SIZES = ("enactors", "endpoints", "plans", "keep")
ENGINES: list[Any] = [Search, NativeSearch]


def dns(name: str, faults: list[str], *sizes: int) -> Instance:
    return find(name).system(faults).instance(**dict(zip(SIZES, sizes, strict=True)))


def explored(engine: Any, instance: Instance, *, sort: str | None = SORT, symmetric: bool = False) -> tuple[int, Any]:
    """The number of states, and the verdicts with the lengths of runs."""
    asked = [p for p in instance.system.properties if isinstance(p, Checkable)]
    form = None if sort is None else normal_form(instance, sort, asked)
    answers, covered = engine(instance, asked, exhaustive=True, symmetric=symmetric, normal=form).run()
    assert covered.complete
    assert covered.normalised == sort
    return covered.states, [(a.verdict, None if a.recording is None else len(a.recording.moves)) for a in answers]


def swapped(value: Any, sort: Any, worker: Index) -> Any:
    """The value with the two members of an index exchanged."""
    match sort:
        case Array(domain=domain, element=element):
            inner = tuple(swapped(v, element, worker) for v in value)
            return inner[::-1] if domain == worker else inner
        case Maybe(index=of) if of == worker:
            return (0, 2, 1)[value]
    return value


def orbits(instance: Instance, worker: Index, states: Iterable[State]) -> int:
    """The number of orbits of some states."""
    sorts = [v.sort for v in instance.system.variables]
    return len({frozenset({s, tuple(swapped(v, t, worker) for v, t in zip(s, sorts, strict=True))}) for s in states})


# Counts --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("faults", "sizes"), [(["crash"], (2, 1, 3, 1)), ([], (1, 2, 4, 1)), (["bad-plan"], (1, 1, 5, 2))]
)
@pytest.mark.parametrize("name", ["original", "fixed"])
def test_counts_and_verdicts(name: str, faults: list[str], sizes: tuple[int, ...], engine: Any) -> None:
    instance = dns(name, faults, *sizes)
    asked = [p for p in instance.system.properties if isinstance(p, Checkable)]
    form = normal_form(instance, SORT, asked)
    quotient = {form.normal(s) for s in reached(instance)}
    assert explored(engine, instance) == (len(quotient), explored(Search, instance, sort=None)[1])


@pytest.mark.parametrize("engine", ENGINES)
def test_how_much_smaller_the_search_becomes(engine: Any) -> None:
    instance = dns("original", [], 2, 1, 6, 1)
    plain, verdicts = explored(Search, instance, sort=None)
    assert (plain, explored(engine, instance)) == (29_906, (7_092, verdicts))


@pytest.mark.long("the smallest case for which a factor of 2 is asked")
@pytest.mark.parametrize(("symmetric", "states"), [(False, (83_967, 38_989)), (True, (42_868, 19_868))])
def test_the_repaired_automation_with_many_plans(symmetric: bool, states: tuple[int, int]) -> None:
    instance = dns("fixed", [], 2, 1, 8, 2)
    plain, verdicts = explored(NativeSearch, instance, sort=None, symmetric=symmetric)
    assert (plain, explored(NativeSearch, instance, symmetric=symmetric)) == (states[0], (states[1], verdicts))


@pytest.mark.parametrize("engine", ENGINES)
def test_orbits_of_normal_forms(engine: Any) -> None:
    instance = dns("original", ["crash"], 2, 1, 3, 1)
    plain, verdicts = explored(Search, instance, sort=None, symmetric=True)
    form, states = formed(instance), reached(instance)
    assert plain == orbits(instance, Enactor, states)
    assert explored(engine, instance, symmetric=True) == (orbits(instance, Enactor, map(form.normal, states)), verdicts)


def both_ways(engine: Any, instance: Instance, *, symmetric: bool = False) -> list[Any]:
    """What a search finds without the normal form and with it; "error" if there is an error of the model."""
    found: list[Any] = []
    for sort in (None, SORT):
        try:
            found.append(explored(engine, instance, sort=sort, symmetric=symmetric))
        except RangeError:
            found.append("error")
    return found


def agree(engine: Any, instance: Instance) -> None:
    plain, normal = both_ways(engine, instance)
    if "error" in (plain, normal):
        assert plain == normal
    else:
        form = formed(instance)
        states = reached(instance)
        assert plain == (len(states), normal[1])
        assert normal[0] == len({form.normal(s) for s in states})


@pytest.mark.parametrize("seed", range(30))
def test_random_systems(seed: int) -> None:
    agree(Search, Drawing(Random(seed), wild=False).instance())


@pytest.mark.parametrize("seed", range(4))
def test_random_systems_in_machine_code(seed: int) -> None:
    agree(NativeSearch, Drawing(Random(seed), wild=False).instance())


@pytest.mark.long("random systems with generations in machine code")
@pytest.mark.parametrize("seed", range(4, 40))
def test_more_random_systems_in_machine_code(seed: int) -> None:
    agree(NativeSearch, Drawing(Random(seed), wild=False).instance())


@pytest.mark.parametrize("seed", range(100, 120))
def test_random_systems_with_interchangeable_workers(seed: int) -> None:
    drawing = Drawing(Random(seed), wild=False, symmetric=True)
    instance = drawing.instance()
    plain, normal = both_ways(Search, instance, symmetric=True)
    if "error" in (plain, normal):
        assert plain == normal
        return
    form = formed(instance)
    found = {form.normal(s) for s in reached(instance)}
    assert normal == (orbits(instance, drawing.worker, found), plain[1])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("tried", [1, 5040])
def test_members_that_refer_to_each_other(tried: int, engine: Any) -> None:
    """With one order tried, an orbit has several representatives, and runs are traced by the names of members."""
    protocol = Protocol("followers", "nodes follow each other, and remember when they began")
    node, generation = index("node", 3, symmetric=True), integers(0, 4, SORT)
    latest = protocol.variable("latest", generation, 0)
    leader = protocol.variable("leader", array(node, optional(node)), None)
    since = protocol.variable("since", array(node, generation), 0)

    @protocol.action(by="planner")
    def publish() -> Step:
        return step(when(latest < 4), update(latest, latest + 1))

    @protocol.action(node, node, by=node)
    def follow(n: Term, m: Term) -> Step:
        return step(when(n != m, since[n] < latest), update(leader[n], m), update(since[n], latest))

    def longer(n: Term) -> Term:
        return exists(node, lambda m: (leader[n] == m) & (leader[m] == n) & (since[m] < since[n]))

    protocol.declare(
        invariant("no-pair", forall(node, lambda n: ~longer(n)), "two who follow each other began together"),
        invariant("in-time", forall(node, lambda n: since[n] <= latest), "nobody begins early"),
    )
    instance = protocol.system().instance()
    asked, form = list(instance.system.properties), formed(instance)
    plain, normal = (
        engine(instance, asked, exhaustive=True, symmetric=True, tried=tried, normal=n).run() for n in (None, form)
    )
    assert [len(a.recording.moves) if a.recording else a.verdict for a in normal[0]] == [4, Verdict.HOLDS]
    assert [len(a.recording.moves) if a.recording else a.verdict for a in plain[0]] == [4, Verdict.HOLDS]
    assert normal[1].states < plain[1].states
    assert (normal[1].states_per_orbit > 1) is (tried == 1)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_smallest_value_is_told_apart(engine: Any) -> None:
    """In machine code, too: ``seen == 2`` and ``seen < 4`` depend on how large the smallest value is."""
    protocol = Protocol("counted", "what has been seen is compared with constants")
    generation = integers(0, 9, SORT)
    latest, seen = protocol.variable("latest", generation, 0), protocol.variable("seen", generation, 0)
    kept = protocol.variable("kept", subsets(generation), set())

    @protocol.action(by="planner")
    def publish() -> Step:
        return step(when(latest < 9), update(latest, latest + 1))

    @protocol.action(by="worker")
    def look() -> Step:
        return step(update(seen, latest), update(kept, such_that(generation, lambda g: g.isin(kept) & (g > seen))))

    @protocol.action(by="worker")
    def keep() -> Step:
        return step(update(kept, kept | {seen}))

    protocol.declare(
        invariant("two", ~((seen == 2) & (latest == 8)), "the second one is forgotten"),
        invariant("small", ~((seen == 3) & (latest == 9) & (count(kept, lambda g: g > 3) > 0)), "none is kept"),
        invariant("never", ~((seen > latest) | (seen == 3) & (latest < 3)), "nothing is seen early"),
    )
    instance = protocol.system().instance()
    assert formed(instance).least == 4
    agree(engine, instance)


def test_too_many_generations() -> None:
    protocol = Protocol("many", "a counter that goes far")
    generation = integers(0, MOST + 1, SORT)
    latest, seen = protocol.variable("latest", generation, 0), protocol.variable("seen", generation, 0)

    @protocol.action(by="planner")
    def publish() -> Step:
        return step(when(latest < MOST), update(latest, latest + 1), update(seen, latest))

    instance = protocol.system().instance()
    with pytest.raises(ModelError, match=f"numbered up to {MOST + 1} here, and it is made of {MOST} at most") as caught:
        explored(Search, instance)
    assert caught.value.where is not None


# Single states -------------------------------------------------------------------------------------------------
def any_state(instance: Instance, random: Random) -> State:
    """A state in which generations are at most the counter, which need not be reachable."""
    latest = random.randint(0, 15)

    def some(sort: Any) -> Any:
        match sort:
            case Array(domain=domain, element=element):
                return tuple(some(element) for _ in instance.members(domain))
            case SetOf():
                return frozenset(g for g in range(1, latest + 1) if random.random() < 0.15)
        return random.choice([0, random.randint(0, latest)]) if sort.name == SORT else instance.bounds(sort)[0]

    return tuple(latest if v.name == "latest" else some(v.sort) for v in instance.system.variables)


@pytest.mark.parametrize("distance", range(1, 6))
def test_packed_states_have_the_normal_form_of_the_interpreter(distance: int) -> None:
    instance, random = dns("fixed", [], 3, 2, 15, 2), Random(distance)
    for least in range(1, distance + 1):
        form = replace(formed(instance), distance=distance, least=least)
        kernel = Kernel(instance, normal=form)
        for _ in range(100):
            state = any_state(instance, random)
            assert kernel.layout.decode(kernel.view(state)) == form.normal(state)
