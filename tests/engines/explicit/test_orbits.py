"""Orbits of sorts whose members refer to one another, counted by trying every renaming in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import permutations, product
from random import Random
from typing import Any

import pytest

from planrace import checker
from planrace.checker import Options, check, find, forecast, render
from planrace.checker.engines.explicit.orbits import ASKED, UNASKED
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.symmetry import Canonical
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch
from planrace.checker.engines.temporal.recovery import RecoveryChecker
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.packing import Layout
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
from planrace.properties import invariant, recoverable
from planrace.properties.kinds import Checkable
from tests.random_systems.draw import draw
from tests.random_systems.judge import Judge
from tests.random_systems.truth import symmetric_sorts as drawn_sorts

NO = constant(0, boolean())
YES = constant(1, boolean())


# Systems whose sorts are related ---------------------------------------------------------------------------------
def pair(left: int, right: int, *, back: bool = True) -> Protocol:
    """Each on the left chooses one on the right; ``back``: that one answers."""
    p = Protocol("pair")
    a, b = index("left", left, symmetric=True), index("right", right, symmetric=True)
    of = p.variable("of", array(a, optional(b)), None)

    @p.action(a, b, by=a)
    def choose(x: Any, y: Any) -> Step:
        return step(when(of[x] == None), update(of[x], y))  # noqa: E711  (a term)

    @p.action(a, by=a, tags={"moves"})
    def leave(x: Any) -> Step:
        return step(when(of[x] != None), update(of[x], None))  # noqa: E711  (a term)

    p.declare(invariant("somebody-waits", exists(a, lambda x: of[x] == None), "somebody has not chosen"))  # noqa: E711
    if back:
        answered = p.variable("answered", array(b, optional(a)), None)

        @p.action(a, b, by=b)
        def answer(x: Any, y: Any) -> Step:
            return step(when(answered[y] == None, of[x] == y), update(answered[y], x))  # noqa: E711  (a term)

        unmatched = exists(b, lambda y: answered[y] == None)  # noqa: E711  (a term)
        faithful = forall(b, lambda y: exists(a, lambda x: (answered[y] == None) | (of[x] == y)))  # noqa: E711
        p.declare(invariant("unmatched", unmatched, "one is unanswered"))
        p.declare(invariant("faithful", faithful, "who is answered is still there"))
        p.declare(recoverable("still-one", unmatched, "one can be unanswered", helpers={"moves"}))
    return p


def peers(count: int) -> Protocol:
    """Members that refer to members, and know others."""
    p = Protocol("peers")
    a = index("peer", count, symmetric=True)
    next_ = p.variable("next", array(a, optional(a)), None)
    knows = p.variable("knows", array(a, subsets(a)), set())

    @p.action(a, a, by=a)
    def point(x: Any, y: Any) -> Step:
        return step(when(next_[x] == None), update(next_[x], y))  # noqa: E711  (a term)

    @p.action(a, a, by=a)
    def learn(x: Any, y: Any) -> Step:
        return step(when(next_[x] == y), update(knows[x], knows[x] | {y}), update(next_[x], None))

    return p


def chain() -> Protocol:
    """Three sorts, a table, a set of references below a sort that is not symmetric, and one that is alone."""
    p = Protocol("chain")
    a, b, c = (index(n, size, symmetric=True) for n, size in (("first", 2), ("second", 2), ("third", 3)))
    alone = index("alone", 2, symmetric=True)
    place = index("place", 2, ordered=True)
    table = p.variable("table", array(a, array(b, boolean())), NO)
    to = p.variable("to", array(b, optional(c)), None)
    marked = p.variable("marked", array(place, subsets(c)), set())
    done = p.variable("done", array(alone, boolean()), NO)

    @p.action(a, b, by=a)
    def tick(x: Any, y: Any) -> Step:
        return step(when(~table[x][y]), update(table[x][y], YES))

    @p.action(b, c, by=b)
    def go(y: Any, z: Any) -> Step:
        return step(when(to[y] == None, exists(a, lambda x: table[x][y])), update(to[y], z))  # noqa: E711  (a term)

    @p.action(b, c, place, by=b)
    def mark(y: Any, z: Any, at: Any) -> Step:
        return step(when(to[y] == z, ~z.isin(marked[at])), update(marked[at], marked[at] | {z}))

    @p.action(alone, by=alone)
    def finish(x: Any) -> Step:
        return step(when(~done[x]), update(done[x], YES))

    return p


def wide() -> Protocol:
    """States whose words use all bits: a signed comparison would choose another least state."""
    p = Protocol("wide")
    a, b = index("left", 3, symmetric=True), index("right", 3, symmetric=True)
    small = integers(0, 63, "bit")
    bits = p.variable("bits", array(b, subsets(small)), set())
    of = p.variable("of", array(a, optional(b)), None)
    ends = [constant(n, small) for n in (0, 63)]

    @p.action(a, b, by=a)
    def choose(x: Any, y: Any) -> Step:
        return step(when(of[x] == None), update(of[x], y))  # noqa: E711  (a term)

    @p.action(a, b, by=a)
    def high(x: Any, y: Any) -> Step:
        return step(when(of[x] == y), update(bits[y], bits[y] | {ends[1]}))

    @p.action(a, b, by=a)
    def low(x: Any, y: Any) -> Step:
        return step(when(of[x] == y), update(bits[y], bits[y] | {ends[0]}), update(of[x], None))

    return p


SYSTEMS: dict[str, Callable[[], Protocol]] = {
    "3 and 3": lambda: pair(3, 3),
    "3 and 2": lambda: pair(3, 2),
    "2 and 3": lambda: pair(2, 3),
    "3 to 3": lambda: pair(3, 3, back=False),
    "4 to 2": lambda: pair(4, 2, back=False),
    "2 peers": lambda: peers(2),
    "chain": chain,
    "wide": wide,
}
ORBITS = {"3 and 3": (154, 4096), "3 and 2": (49, 432), "2 and 3": (49, 432), "3 to 3": (7, 64)}
"""Orbits and states of some."""


@cache
def instance_of(name: str) -> Instance:
    return SYSTEMS[name]().system().instance()


# The oracle ------------------------------------------------------------------------------------------------------
def mentioned(sort: Sort) -> Iterator[Index]:
    if isinstance(sort, Array):
        yield from mentioned(sort.domain)
        yield from mentioned(sort.element)
    elif isinstance(sort, SetOf):
        yield from mentioned(sort.element)
    elif isinstance(sort, Maybe):
        yield from mentioned(sort.index)
    elif isinstance(sort, Index) and sort.symmetric:
        yield sort


def renamed(sort: Sort, value: Any, new: dict[Index, dict[int, int]]) -> Any:
    if isinstance(sort, Array):
        items = [renamed(sort.element, v, new) for v in value]
        over = sort.domain.index if isinstance(sort.domain, Maybe) else sort.domain
        if over not in new:
            return tuple(items)
        none = [items.pop(0)] if isinstance(sort.domain, Maybe) else []
        by = new[over]
        return (*none, *(items[old - 1] for old in sorted(by, key=lambda m: by[m])))
    if isinstance(sort, SetOf):
        return frozenset(renamed(sort.element, v, new) for v in value)
    key = sort.index if isinstance(sort, Maybe) else sort
    return new[key].get(value, value) if isinstance(key, Index) and key in new else value


def orbit(instance: Instance, state: State) -> set[State]:
    """Every state that a renaming of members makes of a state."""
    variables = instance.system.variables
    sorts = list(dict.fromkeys(s for v in variables for s in mentioned(v.sort)))
    found = set()
    for chosen in product(*(permutations(instance.members(s)) for s in sorts)):
        new = {s: dict(zip(instance.members(s), p, strict=True)) for s, p in zip(sorts, chosen, strict=True)}
        found.add(tuple(renamed(v.sort, x, new) for v, x in zip(variables, state, strict=True)))
    return found


def orbits(instance: Instance, states: Iterable[State]) -> int:
    seen: set[State] = set()
    count = 0
    for s in states:
        if s not in seen:
            count += 1
            seen |= orbit(instance, s)
    return count


def checkable(instance: Instance) -> list[Any]:
    return [p for p in instance.system.properties if isinstance(p, Checkable)]


def outcome(search: Any) -> tuple[dict[str, Any], Any]:
    answers, covered = search.run()
    assert covered.complete
    return {a.property.name: (a.verdict, a.recording and len(a.recording.moves)) for a in answers}, covered


@cache
def truth(name: str) -> tuple[int, int, int, dict[str, Any]]:
    """Orbits, states, depth and verdicts, without reduction."""
    instance = instance_of(name)
    search = Search(instance, checkable(instance), exhaustive=True)
    told, covered = outcome(search)
    states = [search.kernel.layout.decode(s) for s in search.states()]
    return orbits(instance, states), len(states), covered.depth, told


# One state for each orbit ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ORBITS)
def test_the_oracle_counts(name: str) -> None:
    assert truth(name)[:2] == ORBITS[name]


@pytest.mark.parametrize("workers", [None, 1, 3])
@pytest.mark.parametrize("name", SYSTEMS)
def test_as_many_states_as_orbits(name: str, workers: int | None) -> None:
    """``workers`` None: in Python. Depth, verdicts and lengths of runs are those without reduction."""
    instance = instance_of(name)
    asked: dict[str, Any] = {"exhaustive": True, "symmetric": True}
    made = Search(instance, checkable(instance), **asked)
    search = made if workers is None else NativeSearch(instance, checkable(instance), workers=workers, **asked)
    told, covered = outcome(search)
    count, states, depth, verdicts = truth(name)
    assert covered.states == count < states
    assert (covered.depth, covered.states_per_orbit) == (depth, 1)
    assert told == verdicts
    if workers is not None:
        made.run()
        assert set(made.states()) == set(search.states())


@pytest.mark.parametrize("name", [*SYSTEMS, "3 peers"])
def test_all_names_of_a_state_have_one_representative(name: str) -> None:
    """For states that need not be reachable."""
    instance = peers(3).system().instance() if name == "3 peers" else instance_of(name)
    kernel, rng = Kernel(instance, symmetric=True), Random(name)
    for _ in range(30):
        few = rng.random()  # values that are often the same leave more orders to try
        state = tuple(drawn(instance, v.sort, rng, few) for v in instance.system.variables)
        names = {kernel.layout.encode(s) for s in orbit(instance, state)}
        found = {kernel.representative(s) for s in names}
        assert len(found) == 1
        assert found <= names


def drawn(instance: Instance, sort: Sort, rng: Random, few: float) -> Any:
    """A value of a sort, often the least."""
    if isinstance(sort, Array):
        return tuple(drawn(instance, sort.element, rng, few) for _ in instance.members(sort.domain))
    if isinstance(sort, SetOf):
        low, high = instance.bounds(sort.element)
        return frozenset(n for n in range(low, high + 1) if rng.random() > few)
    low, high = instance.bounds(sort)
    return low if rng.random() < few else rng.randint(low, high)


# Several states for an orbit -------------------------------------------------------------------------------------
@pytest.mark.parametrize("tried", [1, 2])
@pytest.mark.parametrize("name", SYSTEMS)
def test_fewer_orders_than_there_are(name: str, tried: int) -> None:
    instance = instance_of(name)
    asked: dict[str, Any] = {"exhaustive": True, "symmetric": True, "tried": tried}
    search = Search(instance, checkable(instance), **asked)
    told, covered = outcome(search)
    count, states, depth, verdicts = truth(name)
    assert count <= covered.states <= min(states, count * covered.states_per_orbit)
    assert covered.depth >= depth
    assert told == verdicts
    layout = search.kernel.layout
    found = [layout.decode(s) for s in search.states()]
    assert orbits(instance, found) == count
    for state in found[:: 1 + len(found) // 25]:
        names = orbit(instance, state)
        assert layout.decode(search.kernel.representative(layout.encode(state))) in names
        assert len({search.kernel.representative(layout.encode(s)) for s in names}) <= covered.states_per_orbit
    native = NativeSearch(instance, checkable(instance), workers=3, **asked)
    assert outcome(native)[0] == verdicts
    assert set(native.states()) == set(search.states())


def test_some_states_have_more_orders_than_one() -> None:
    """The test above is not vacuous."""
    search = Search(instance_of("3 and 3"), [], exhaustive=True, symmetric=True, tried=1)
    assert outcome(search)[1].states > truth("3 and 3")[0]


@pytest.mark.parametrize("tried", [1, ASKED])
@pytest.mark.parametrize("name", ["3 and 3", "2 and 3", "2 peers"])
def test_every_state_has_a_run(name: str, tried: int) -> None:
    """Also if the representative of an orbit depends on the names in the run to it."""
    instance = instance_of(name)
    for search in (
        Search(instance, [], exhaustive=True, symmetric=True, tried=tried),
        NativeSearch(instance, [], exhaustive=True, symmetric=True, tried=tried, workers=2),
    ):
        search.run()
        depths = levels(instance, search.kernel)
        assert set(search.states()) == set(depths)
        for s in list(depths)[:: 1 if isinstance(search, Search) else 9]:
            recording = search.run_to(s, depths[s])
            assert len(recording.moves) == depths[s]
            assert recording.states[-1] in orbit(instance, search.kernel.layout.decode(s))


def levels(instance: Instance, kernel: Kernel) -> dict[int, int]:
    """The distance of each representative, by the interpreter."""
    found = dict.fromkeys(kernel.initials, 0)
    for s in (queue := list(kernel.initials)):
        for _, after in kernel.interpreter.moves(kernel.layout.decode(s)):
            packed = kernel.view(after)
            if packed not in found:
                found[packed] = found[s] + 1
                queue.append(packed)
    return found


@pytest.mark.parametrize("tried", [1, ASKED])
def test_recovery_is_read_on_orbits(tried: int) -> None:
    instance = instance_of("3 and 3")
    (p,) = (p for p in instance.system.properties if p.name == "still-one")
    asked: dict[str, Any] = {"exhaustive": True, "tried": tried}
    plain = Search(instance, [], exhaustive=True)
    plain.run()
    wanted = RecoveryChecker(plain).answer(p)
    searches: list[tuple[Any, Any]] = [
        (Search(instance, [], symmetric=True, **asked), graph),
        (NativeSearch(instance, [], symmetric=True, keep=True, workers=2, **asked), native_graph),
    ]
    for search, make in searches:
        search.run()
        answer = RecoveryChecker(search, make).answer(p)
        assert answer.verdict is wanted.verdict
        assert answer.recording is not None
        assert wanted.recording is not None
        assert len(answer.recording.moves) == len(wanted.recording.moves)


def test_random_systems_with_few_orders() -> None:
    """Verdicts and lengths are those without reduction."""
    asked = 0
    for seed in range(400):
        judge = Judge(draw(seed))
        if not drawn_sorts(judge.drawn.described) or not judge.define():
            continue
        instance = checker.instance_of(judge.protocol, **judge.about)
        if not Canonical(instance, Layout(instance), 1).joint or not judge.truth.sound:
            continue
        if asked == 20:
            break
        properties = checkable(instance)
        try:
            few = Search(instance, properties, exhaustive=True, symmetric=True, tried=1)
        except ModelError:  # what has no symmetry
            continue
        told, covered = outcome(few)
        wanted, states = outcome(Search(instance, properties, exhaustive=True))
        asked += 1
        assert told == wanted, seed
        assert covered.states <= states.states
        assert covered.depth >= states.depth
    assert asked > 10


# Reports ---------------------------------------------------------------------------------------------------------
def test_reports_say_how_many_states_stand_for_an_orbit() -> None:
    """The engine's own choice tries fewer orders: those of six members are more."""
    protocol = pair(6, 6)
    chosen = check(protocol, options=Options(properties=("faithful", "unmatched"), workers=1))
    assert chosen.exploration is not None
    assert chosen.engine == "native"
    assert chosen.exploration.states_per_orbit == 720 > UNASKED
    sentence = "with symmetry reduction (at most 720 states for each orbit; depth may be more than without reduction)"
    assert sentence in " ".join(render(chosen).split())
    asked = check(protocol, options=Options(symmetry=True, properties=("faithful", "unmatched"), workers=1))
    assert asked.exploration is not None
    assert asked.exploration.states_per_orbit == 1
    assert "with symmetry reduction;" in " ".join(render(asked).split())
    assert [(f.name, f.verdict, f.depth) for f in chosen.findings] == [
        (f.name, f.verdict, f.depth) for f in asked.findings
    ]


def test_forecasts_say_how_many_states_stand_for_an_orbit() -> None:
    told = [" ".join(render(forecast(pair(6, 6), symmetry=s)).split()) for s in (None, True, False)]
    assert "Orbits of interchangeable members are counted, at most 720 states for each (" in told[0]
    assert "Orbits of interchangeable members are counted (" in told[1]
    assert "orbits" not in told[2]


def test_sorts_that_do_not_refer_to_each_other_are_sorted_as_before() -> None:
    """No orders are tried for them."""
    instance = find("fixed").system(["crash"]).instance(enactors=3)
    made = Canonical(instance, Layout(instance))
    assert not made.joint
    assert made.free
    assert "joint" not in made.source()
