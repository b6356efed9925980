"""Symmetry: representatives of orbits, what is refused, and verdicts with and without."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from planrace.checker import Options, check, find
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.limits import Limits
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.semantics.interpreter import State
from planrace.model.language import (
    Array,
    Index,
    Instance,
    Maybe,
    ModelError,
    Protocol,
    SetOf,
    Sort,
    array,
    boolean,
    exists,
    forall,
    index,
    integers,
    optional,
    step,
    subsets,
    update,
    when,
)
from planrace.model.language.actions import Step
from planrace.model.language.terms import constant
from planrace.properties import invariant
from planrace.properties.dns import fixed, original
from planrace.properties.kinds import Checkable
from tests import HERE

ROWS = [r for r in json.loads((HERE / "counts.json").read_text()) if r["symmetry"]]
ENGINES: list[Any] = [Search, NativeSearch]


def checkable(instance: Instance) -> list[Any]:
    return [p for p in instance.system.properties if isinstance(p, Checkable)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", ROWS, ids=lambda r: r["protocol"])
def test_counts(row: dict[str, Any], engine: Any) -> None:
    sizes = {k: row[k] for k in ("enactors", "plans", "endpoints", "keep")}
    instance = find(row["protocol"]).system(row["faults"]).instance(**sizes)
    answers, covered = engine(instance, checkable(instance), exhaustive=True, symmetric=True).run()
    assert covered.complete
    assert covered.symmetry
    assert (covered.states, covered.depth) == (row["states"], row["depth"])
    lengths = {a.property.name: a.recording and len(a.recording.moves) for a in answers}
    assert {n: lengths[n] for n in row["shortest_violation"]} == row["shortest_violation"]


# What stands for an orbit --------------------------------------------------------------------------------------
def renamed(sort: Sort, value: Any, of: Index, new: dict[int, int]) -> Any:
    """A value with the members of ``of`` renamed."""
    if isinstance(sort, Array):
        items = [renamed(sort.element, v, of, new) for v in value]
        if sort.domain != of:
            return tuple(items)
        return tuple(item for _, item in sorted((new[n], item) for n, item in enumerate(items, 1)))
    if isinstance(sort, SetOf):
        return frozenset(renamed(sort.element, v, of, new) for v in value)
    if sort == of or (isinstance(sort, Maybe) and sort.index == of):
        return new.get(value, value)
    return value


def orbit(instance: Instance, state: State, of: Index) -> list[State]:
    members = list(instance.members(of))
    found = []
    for p in permutations(members):
        new = dict(zip(members, p, strict=True))
        variables = instance.system.variables
        found.append(tuple(renamed(v.sort, x, of, new) for v, x in zip(variables, state, strict=True)))
    return found


def workers(count: int, *, related: bool) -> tuple[Instance, Index]:
    """Workers with every kind of variable that can refer to them; ``related``: also arrays from workers to workers."""
    protocol = Protocol("workers")
    worker = index("worker", count, symmetric=True)
    place = index("place", 2, ordered=True)
    level = protocol.variable("level", array(worker, integers(0, 2, "small")), 0)
    lock = protocol.variable("lock", array(place, optional(worker)), None)
    crew = protocol.variable("crew", subsets(worker), set())
    seen = protocol.variable("seen", array(place, array(worker, boolean())), constant(0, boolean()))

    @protocol.action(worker, place, by=worker)
    def take(w: Any, p: Any) -> Step:
        return step(when(lock[p] == None), update(lock[p], w), update(crew, crew | {w}))  # noqa: E711  (a term)

    @protocol.action(worker, place, by=worker)
    def work(w: Any, p: Any) -> Step:
        return step(when(lock[p] == w, level[w] < 2), update(level[w], level[w] + 1), update(lock[p], None))

    @protocol.action(worker, place, by=worker)
    def look(w: Any, p: Any) -> Step:
        return step(when(w.isin(crew), ~seen[p][w]), update(seen[p][w], level[w] == 2), update(crew, crew - {w}))

    if related:
        waits = protocol.variable("waits", array(worker, optional(worker)), None)
        likes = protocol.variable("likes", array(worker, array(worker, boolean())), constant(0, boolean()))

        @protocol.action(worker, worker, by=worker)
        def wait_for(w: Any, v: Any) -> Step:
            return step(when(lock[place_one] == v), update(waits[w], v), update(likes[v][w], level[v] == 1))

    return protocol.system().instance(), worker


place_one = constant(1, index("place", 2, ordered=True))


@pytest.mark.parametrize("related", [False, True])
@pytest.mark.parametrize("count", [2, 3])
def test_one_state_stands_for_its_orbit(count: int, related: bool) -> None:
    instance, sort = workers(count, related=related)
    kernel = Kernel(instance, symmetric=True)
    search = Search(instance, [], exhaustive=True, limits=Limits(states=4000))
    search.run()
    for packed in list(search.states())[:: 1 if count == 2 else 7]:
        state = kernel.layout.decode(packed)
        all_names = {kernel.layout.encode(s) for s in orbit(instance, state, sort)}
        representatives = {kernel.representative(s) for s in all_names}
        assert representatives <= all_names
        assert len(representatives) == 1


def counted(instance: Instance, sort: Index) -> tuple[int, int]:
    """Orbits of the reachable states, by trying every renaming; and the states."""
    full = Search(instance, [], exhaustive=True)
    full.run()
    layout, states = full.kernel.layout, list(full.states())
    return len({min(map(layout.encode, orbit(instance, layout.decode(p), sort))) for p in states}), len(states)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("count", "related"), [(3, False), (2, True)])
def test_as_many_states_as_orbits(engine: Any, count: int, related: bool) -> None:
    instance, sort = workers(count, related=related)
    orbits, states = counted(instance, sort)
    covered = engine(instance, [], exhaustive=True, symmetric=True).run()[1]
    assert covered.complete
    assert covered.states == orbits < states


# Verdicts ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("engine", "faults"),
    [
        (Search, ["stray-delete"]),
        *((NativeSearch, f) for f in (["crash", "lock-expiry"], ["stray-delete"], ["bad-plan"])),
    ],
)
def test_verdicts_and_lengths_stay(engine: Any, faults: list[str]) -> None:
    for variant in (original, fixed):
        instance = variant.system(faults).instance(enactors=3, endpoints=1, plans=3, keep=1)
        properties = checkable(instance)
        shapes = []
        for symmetric in (False, True):
            answers, covered = engine(instance, properties, symmetric=symmetric).run()
            lengths = {a.property.name: (a.verdict, a.recording and len(a.recording.moves)) for a in answers}
            shapes.append((lengths, covered.depth, covered.stopped))
        assert shapes[0] == shapes[1]


# What is refused -----------------------------------------------------------------------------------------------
def naming() -> Protocol:
    protocol = Protocol("naming")
    worker = index("worker", 2, symmetric=True)
    busy = protocol.variable("busy", array(worker, boolean()), constant(0, boolean()))

    @protocol.action(worker, by=worker)
    def start(w: Any) -> Step:
        return step(when(~busy[w]), update(busy[w], constant(1, boolean())))

    protocol.declare(
        invariant("first-rests", ~busy[constant(1, worker)], "the first worker never works"),
        invariant("somebody-rests", exists(worker, lambda w: ~busy[w]), "somebody rests"),
        invariant("any", forall(worker, lambda w: busy[w] | ~busy[w]), "trivial"),
    )
    return protocol


def test_a_property_that_names_a_member_is_refused() -> None:
    protocol = naming()
    for engine in ("explicit", "native", "auto"):
        with pytest.raises(ModelError, match="property first-rests names worker 1, which is interchangeable"):
            check(protocol, options=Options(engine=engine, symmetry=True))
    wanted = Options(engine="native", symmetry=True, properties=("somebody-rests", "any"))
    report = check(protocol, options=wanted)
    assert [f.verdict.word for f in report.findings] == ["violated", "holds"]


def test_nothing_to_reduce() -> None:
    protocol = Protocol("alone")
    value = protocol.variable("value", integers(0, 3, "small"), 0)
    protocol.declare(invariant("small", value <= 3, "it is small"))

    @protocol.action(by="environment")
    def rise() -> Step:
        return step(when(value < 3), update(value, value + 1))

    with pytest.raises(ModelError, match="alone declares no symmetric index"):
        check(protocol, options=Options(symmetry=True))
