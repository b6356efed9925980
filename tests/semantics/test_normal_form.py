"""The normal form of generations: states do what their normal form does, on explicit graphs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from planrace.checker import find
from planrace.checker.semantics.interpreter import Interpreter, State
from planrace.checker.semantics.normal_form import NormalForm
from planrace.model.language import (
    Instance,
    ModelError,
)
from planrace.properties.kinds import Invariant, StepInvariant
from tests import ROOT
from tests.generations import Drawing, behaviour, difference, formed, noticed, reached

FAULTS: list[list[str]] = [[], ["crash", "lock-expiry"], ["bad-plan"], ["stray-delete"]]
SIZES = ("enactors", "endpoints", "plans", "keep")


def dns(name: str, faults: list[str], *sizes: int) -> NormalForm:
    return formed(find(name).system(faults).instance(**dict(zip(SIZES, sizes, strict=True))))


# Graphs --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("sizes", [(1, 1, 5, 1), (1, 1, 5, 2), (2, 1, 3, 1), (1, 2, 4, 1), (1, 1, 6, 3)], ids=str)
@pytest.mark.parametrize("faults", FAULTS, ids="+".join)
@pytest.mark.parametrize("name", ["original", "fixed"])
def test_states_do_what_their_normal_form_does(name: str, faults: list[str], sizes: tuple[int, ...]) -> None:
    form = dns(name, faults, *sizes)
    states = reached(form.instance, 1000)
    assert difference(form, states[:: 1 + len(states) // 500], form.instance.system.properties) is None


@pytest.mark.long("the whole graphs of the DNS protocol, in the interpreter")
@pytest.mark.parametrize("sizes", [(2, 1, 4, 1), (2, 1, 4, 2), (1, 2, 4, 1)], ids=str)
@pytest.mark.parametrize("faults", [["crash", "lock-expiry"], ["stray-delete"]], ids="+".join)
@pytest.mark.parametrize("name", ["original", "fixed"])
def test_whole_graphs(name: str, faults: list[str], sizes: tuple[int, ...]) -> None:
    form = dns(name, faults, *sizes)
    assert difference(form, reached(form.instance), form.instance.system.properties) is None


def test_how_much_smaller_a_graph_becomes() -> None:
    form = dns("fixed", [], 2, 1, 4, 2)
    states = reached(form.instance)
    assert (len(states), len({form.normal(s) for s in states})) == (2475, 2331)
    assert (form.counter, form.distance, form.least) == ("latest", 2, 1)
    assert [str(t) for t in form.absolute] == ["latest < plans", "latest = plans", "alias[e] = plans"]


EXAMPLES = {
    "rollout:protocol": ("version", {"versions": 4}),
    "rollout:fixed": ("version", {"versions": 4}),
    "sessions:protocol": ("session", {"sessions": 4}),
    "sessions:fixed": ("session", {"sessions": 4}),
    "blue_green:protocol": ("version", {}),
    "lease:protocol": ("token", {"leases": 3}),
    "lease:fixed": ("token", {"leases": 3}),
    "finalizers:protocol": ("UID", {}),
    "dns_processes:protocol": ("plan", {"enactors": 1, "endpoints": 1, "plans": 4}),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    file, variable = name.split(":")
    sort, sizes = EXAMPLES[name]
    form = formed(find(f"{ROOT}/examples/{file}.py:{variable}").system().instance(**sizes), sort)
    states = reached(form.instance, 600)
    assert difference(form, states, form.instance.system.properties) is None


@pytest.mark.parametrize(
    ("name", "sort"), [("broker:protocol", "number"), ("failover:protocol", "write"), ("registry:protocol", "layer")]
)
def test_examples_whose_numbers_are_no_generations(name: str, sort: str) -> None:
    file, variable = name.split(":")
    with pytest.raises(ModelError, match=f"normal form of {sort}: "):
        formed(find(f"{ROOT}/examples/{file}.py:{variable}").system().instance(), sort)


def test_the_window_of_the_endless_planner_is_refused() -> None:
    instance = find("fixed").system(options={"planner": "endless"}).instance()
    with pytest.raises(ModelError, match="no variable counts up"):
        formed(instance)


# Random systems ------------------------------------------------------------------------------------------------
def drawn(seed: int, *, wild: bool) -> Instance:
    return Drawing(Random(seed), wild).instance()


@pytest.mark.parametrize("seed", range(25))
def test_random_systems(seed: int) -> None:
    form = formed(drawn(seed, wild=False))  # and they are not refused
    assert difference(form, reached(form.instance, 300), form.instance.system.properties) is None


def wild_forms(seeds: range) -> Iterator[NormalForm]:
    for seed in seeds:
        try:
            yield formed(drawn(seed, wild=True))
        except ModelError:
            continue


@pytest.mark.parametrize("first", range(0, 80, 8))
def test_random_systems_are_refused_or_right(first: int) -> None:
    for form in wild_forms(range(first, first + 8)):
        assert difference(form, reached(form.instance, 200), form.instance.system.properties) is None


def test_many_wild_systems_are_refused_and_some_are_not() -> None:
    assert 5 <= len(list(wild_forms(range(40)))) <= 35


# Mutants of the check ------------------------------------------------------------------------------------------
def test_a_distance_one_too_small_is_noticed() -> None:
    form = dns("fixed", [], 1, 1, 5, 2)
    assert not noticed(form)
    assert noticed(replace(form, distance=form.distance - 1))


# Compacting ----------------------------------------------------------------------------------------------------
def test_compacting_moves_the_counter() -> None:
    form = dns("fixed", [], 1, 1, 15, 2)
    place = {v.name: n for n, v in enumerate(form.instance.system.variables)}
    state = list(reached(form.instance, 1)[0])
    for name, value in {"latest": 12, "alias": (9,), "plan": (11,), "trees": (frozenset({4, 9}),)}.items():
        state[place[name]] = value
    given = tuple(state)
    assert form.values(given) == (4, 9, 11, 12)
    assert form.values(form.normal(given)) == (7, 9, 11, 12)
    found = form.compacted(given, 6)
    assert found is not None
    assert found[1] == {4: 1, 9: 3, 11: 5, 12: 6}
    assert form.renamed(given, found[1]) == found[0]
    assert form.compacted(found[0], 12) == (form.normal(given), {1: 7, 3: 9, 5: 11, 6: 12})
    assert form.compacted(given, 5) is None
    assert form.compacted(given, 16) is None


@pytest.mark.parametrize("name", ["original", "fixed"])
def test_compacted_states_do_the_same(name: str) -> None:
    """As long as the Planner goes on in both; that is what ``absolute`` says."""
    form = dns(name, ["stray-delete"], 1, 1, 9, 2)
    assert {str(t) for t in form.absolute} == {"latest < plans", "latest = plans", "alias[e] = plans"}
    interpreter = Interpreter(form.instance)
    asked = [p for p in form.instance.system.properties if isinstance(p, Invariant | StepInvariant)]

    def at_the_top(s: State) -> State:
        found = form.compacted(s, 9)
        assert found is not None
        return found[0]

    def does(s: State) -> Any:
        return behaviour(form, interpreter, s, asked, at_the_top)

    moved = 0
    for s in reached(form.instance, 1500)[::5]:
        latest = s[0]
        for top in range(1, 9):
            found = form.compacted(s, top)
            if found is not None and 0 < latest < 9 and top != latest:
                assert does(found[0]) == does(s)
                moved += 1
    assert moved > 100


def test_compacting_a_state_without_generations_changes_nothing() -> None:
    form = dns("fixed", [], 1, 1, 5, 2)
    start = reached(form.instance, 1)[0]
    assert form.compacted(start, 5) == (start, {})
