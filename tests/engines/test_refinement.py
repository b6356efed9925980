"""Refinement on random pairs of systems, held against plain Python that shares no code with planrace."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import cache
from random import Random
from typing import Any

import pytest

from planrace.checker.api.calls import check
from planrace.checker.run.options import Options
from planrace.model.language import (
    DefinitionError,
    If,
    Protocol,
    Step,
    Term,
    any_outcome,
    both,
    each,
    either,
    integers,
    outcome,
    step,
    update,
    when,
)
from planrace.model.language.sorts import Array
from tests.random_systems.description import Action, Node, Variable
from tests.random_systems.draw import draw
from tests.random_systems.plain import Plain, State, TooLargeError, WrongError
from tests.random_systems.write import load

FEATURES = (
    "rows",
    "positions",
    "set positions",
    "symmetric",
    "sets of optional",
    "truth arrays",
    "optional",
    "ordered",
)
MOST = 400
"""States of a concrete system; larger ones are not asked about."""


class Pair:
    """Two systems: ``abstract`` is ``concrete`` with some actions changed, and without some of its variables."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(f"refinement {seed}")
        drawn = draw(seed, FEATURES).described
        actions = tuple(replace(a, fault=None) for a in drawn.actions)
        plain: dict[str, Any] = {"properties": (), "protections": (), "protected": False, "final": None, "fair": ()}
        self.concrete = replace(drawn, **plain, actions=actions, faults=(), on=(), bounds=())
        dropped = self._dropped()
        some = [a for a in self.concrete.actions if self.rng.random() < 0.9] or [self.concrete.actions[0]]
        actions = tuple(self._changed(self._without(a, dropped)) for a in some)
        kept = tuple(v for v in self.concrete.variables if v.name not in dropped)
        begun = tuple(b for b in drawn.beginnings if not any(n.op == "var" and n.data in dropped for n in b.inner))
        kept = tuple(map(self._started, kept))
        self.abstract = replace(self.concrete, name="abstract", actions=actions, variables=kept, beginnings=begun)
        if self.rng.random() < 0.3:
            self.concrete = replace(self.concrete, beginnings=())
        if self.rng.random() < 0.5:
            self.concrete = replace(self.concrete, actions=tuple(map(self._changed, self.concrete.actions)))

    def _dropped(self) -> set[str]:
        names = [v.name for v in self.concrete.variables]
        if len(names) < 2 or self.rng.random() < 0.3:
            return set()
        return set(self.rng.sample(names, self.rng.randint(1, len(names) - 1)))

    def _without(self, a: Action, dropped: set[str]) -> Action:
        """The action without all that speaks of some variables."""

        def speaks(*terms: Node | None) -> bool:
            return any(n.op == "var" and n.data in dropped for t in terms if t is not None for n in t.inner)

        def kept(writes: tuple[Any, ...]) -> tuple[Any, ...]:
            return tuple(w for w in writes if not speaks(*w))

        endings = tuple(replace(e, writes=kept(e.writes)) for e in a.endings if not speaks(e.condition))
        guard = None if speaks(a.guard) else a.guard
        if len(endings) < 2:
            more = endings[0].writes if endings else ()
            return replace(a, guard=guard, writes=kept((*a.writes, *more)), endings=())
        return replace(a, guard=guard, writes=kept(a.writes), endings=endings)

    def _changed(self, a: Action) -> Action:
        """Sometimes, the action without its guard, one of its writes or an ending."""
        if self.rng.random() < 0.2:
            a = replace(a, guard=None)
        if a.writes and self.rng.random() < 0.15:
            a = replace(a, writes=a.writes[1:])
        if len(a.endings) > 2 and self.rng.random() < 0.15:
            a = replace(a, endings=a.endings[1:])
        return a

    def _started(self, v: Variable) -> Variable:
        """Sometimes, the variable with any initial value, or with another one."""
        if self.rng.random() < 0.2:
            return replace(v, among=())
        if self.rng.random() < 0.1 and v.among is None and v.sort.kind in ("bool", "int"):
            return replace(v, initially=1)
        return v

    def mapped(self, s: State) -> State:
        """The abstract state of a concrete one."""
        names = [v.name for v in self.concrete.variables]
        return tuple(s[names.index(v.name)] for v in self.abstract.variables)

    def truth(self) -> tuple[bool, int | None]:
        """Whether initial states are abstract ones, and the steps to the first step that is no abstract one; None if
        there is none. Raises ``WrongError`` and ``TooLargeError``."""
        concrete, abstract = Plain(self.concrete), Plain(self.abstract)
        frontier, depth, first = concrete.initials(MOST), 0, None
        if not frontier:
            raise WrongError("no initial state")
        begins = set(map(self.mapped, frontier)) <= set(abstract.initials(10 * MOST))
        seen = set(frontier)
        while frontier:
            fresh = []
            for s in frontier:
                here, steps = self.mapped(s), None
                for _, _, t in concrete.steps(s):
                    if self.mapped(t) != here:
                        steps = {u for _, _, u in abstract.steps(here)} if steps is None else steps
                        if self.mapped(t) not in steps and first is None:
                            first = depth + 1
                    if t not in seen:
                        seen.add(t)
                        fresh.append(t)
            if len(seen) > MOST:
                raise TooLargeError
            frontier, depth = fresh, depth + 1
        return begins, first

    def refining(self) -> Any:
        """The concrete protocol, which says that it refines the abstract one."""
        protocol, abstract = load(self.concrete), load(self.abstract)
        given = {v.name: protocol.variables[v.name].term for v in self.abstract.variables}
        protocol.refines(abstract, {n: self._written(t) for n, t in given.items()})
        return protocol

    def _written(self, t: Term) -> Term:
        """A variable, or an array that has the same elements."""
        if isinstance(t.sort, Array) and self.rng.random() < 0.5:
            return each(t.sort.domain, lambda x: t[x])
        return t


@cache
def pairs(first: int, count: int) -> list[tuple[int, Pair, bool, int | None]]:
    """The pairs from a seed on that the oracle can judge."""
    found = []
    for seed in range(first, first + count):
        pair = Pair(seed)
        with suppress(WrongError, TooLargeError):
            found.append((seed, pair, *pair.truth()))
    return found


def lengths(protocol: Any, sizes: dict[str, int], **settings: Any) -> dict[str, tuple[str, int | None]]:
    """The verdict on each property, with the length of its counterexample."""
    report = check(protocol, sizes, faults=list(protocol.faults), options=Options(**settings))
    return {f.name: (f.verdict.word, f.depth) for f in report.findings}


def expected(begins: bool, first: int | None) -> dict[str, tuple[str, int | None]]:
    """What ``lengths`` should say."""
    return {
        "starts-as-abstract": ("holds", None) if begins else ("violated", 0),
        "refines-abstract": ("holds", None) if first is None else ("violated", first),
    }


def ask(some: int, **settings: Any) -> set[tuple[bool, bool]]:
    """Ask an engine about so many pairs; which answers there were. What is unknown contradicts nothing."""
    met = set()
    for seed, pair, begins, away in pairs(80, 24)[:some]:
        try:
            protocol = pair.refining()
        except DefinitionError:
            continue  # the drawn system is wrong where the oracle does not look
        found = lengths(protocol, pair.concrete.values, **settings)
        wanted = expected(begins, away)
        assert {n: x for n, x in found.items() if x[0] != "unknown"}.items() <= wanted.items(), f"seed {seed}"
        if settings.get("exhaustive"):
            assert found == wanted, f"seed {seed}"
        met.add((begins, away is None))
    return met


def test_random_pairs() -> None:
    assert len(ask(24, exhaustive=True, symmetry=False)) >= 3


@pytest.mark.parametrize(
    "settings",
    [{"engine": "native"}, {}, {"engine": "bmc", "depth": 6}, {"engine": "induction"}],
    ids=str,
)
def test_random_pairs_in_other_engines(settings: dict[str, Any]) -> None:
    assert len(ask(6, **settings)) >= 2


# Mappings ---------------------------------------------------------------------------------------------------------
SMALL, WIDE = integers(0, 2), integers(0, 3)
Edges = dict[tuple[int, int, int], tuple[int, int]]
"""The steps of a concrete system of two numbers: from a state, with the number that is chosen."""


def concrete_of(edges: Edges) -> tuple[Any, Term, Term]:
    """A system whose steps are these."""
    p = Protocol("tables")
    x, y = p.variable("x", SMALL, 0), p.variable("y", SMALL, 0)

    @p.action(SMALL, by="somebody")
    def go(k: Term) -> Step:
        here = [(both(x == a, y == b, k == c), to) for (a, b, c), to in edges.items()]
        moves = [outcome(f"o{n}", when(test), update(x, to[0]), update(y, to[1])) for n, (test, to) in enumerate(here)]
        return step(any_outcome(*moves))

    p.final(x >= 0)
    return p, x, y


def abstract_of(steps: set[tuple[int, int]], start: int) -> Any:
    """A system of one number whose steps are these."""
    q = Protocol("target")
    z = q.variable("z", WIDE, start)

    @q.action(WIDE, by="somebody")
    def move(to: Term) -> Step:
        return step(when(either(*(both(z == a, to == b) for a, b in steps))), update(z, to))

    return q


def test_random_mappings() -> None:
    """The mapping is a table; some of its values are outside of the abstract sort."""
    verdicts = set()
    for seed in range(36):
        rng = Random(f"mapping {seed}")
        pool = [(a, b) for a in range(3) for b in range(3)]
        edges = {(*rng.choice(pool), rng.randrange(3)): rng.choice(pool) for _ in range(7)}
        table = {s: rng.choice([0, 0, 1, 2, 3, 4 if rng.random() < 0.3 else 0]) for s in pool}
        pairs_of = [(a, b) for a in range(4) for b in range(4)]
        steps, start = set(rng.sample(pairs_of, 11)), rng.choice([table[0, 0] % 4, 0])
        if rng.random() < 0.5:
            steps |= {(table[s[:2]], table[t]) for s, t in edges.items() if max(table[s[:2]], table[t]) < 4}
        p, x, y = concrete_of(edges)
        value: Any = 0
        for (a, b), to in table.items():
            value = If(both(x == a, y == b), to, value)
        p.refines(abstract_of(steps, start), {"z": value})

        seen, frontier, depth, away = {(0, 0)}, [(0, 0)], 0, None
        while frontier:
            depth += 1
            moves = [(s, edges[*s, k]) for s in frontier for k in range(3) if (*s, k) in edges]
            wrong = any(table[s] != table[t] and ((table[s], table[t]) not in steps) for s, t in moves)
            away = depth if wrong and away is None else away
            frontier = list(dict.fromkeys(t for _, t in moves if t not in seen))
            seen |= set(frontier)
        begins = table[0, 0] == start
        wanted = expected(begins, away)
        found = lengths(p, {}, exhaustive=True)
        assert list(found.values()) == list(wanted.values()), f"seed {seed}"
        verdicts.add((begins, away is None, max(table[s] for s in seen) > 3))
    assert len(verdicts) >= 6
