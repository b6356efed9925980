"""Graphs that are made up, and which runs in them are fair by definition: sets of states in which a run can stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import networkx as nx
from hypothesis import strategies as st

from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.transition_graph import graph
from planrace.checker.engines.native.graph import native_graph
from planrace.checker.engines.native.search import NativeSearch
from planrace.model.language import If, Instance, Protocol, System, Term, integers, step, strong, update, weak, when
from planrace.model.language.actions import Step
from planrace.model.language.terms import FALSE
from planrace.properties import Liveness, eventually, eventually_always, infinitely_often, leads_to

FORMS = ("eventually always", "infinitely often", "leads to", "eventually")


def searched(instance: Instance, *, native: bool = False, symmetric: bool = False, workers: int = 2) -> Any:
    """A complete search and what makes its graph."""
    if native:
        search: Any = NativeSearch(instance, [], exhaustive=True, keep=True, symmetric=symmetric, workers=workers)
    else:
        search = Search(instance, [], exhaustive=True, symmetric=symmetric)
    search.run()
    return search, native_graph if native else graph


@dataclass(frozen=True)
class Made:
    """A graph: ``moves[k]`` says where action k leads from each state that enables it; state 0 is the first."""

    states: int
    moves: tuple[dict[int, int], ...]
    fairness: tuple[str, ...]
    goal: frozenset[int]
    trigger: frozenset[int]
    choices: tuple[tuple[str, frozenset[int]], ...] = ()
    """Fair choices between actions, each with its kind."""

    def system(self) -> System:
        protocol = Protocol("made")
        at = protocol.variable("at", integers(0, self.states - 1), 0)
        for k, (moves, fairness) in enumerate(zip(self.moves, self.fairness, strict=True)):
            protocol.action(by="environment", tags=["helper"] if k % 2 else [], fairness=fairness)(_body(k, at, moves))
        for kind, some in self.choices:
            protocol.fair((weak if kind == "weak" else strong)(*(f"act{k}" for k in sorted(some))))
        return protocol.system()

    def holds(self, states: frozenset[int]) -> Any:
        """The term that holds in these states."""
        at = self.system().variables[0].term
        return at.isin(set(states)) if states else FALSE

    @property
    def reachable(self) -> set[int]:
        edges = nx.DiGraph([(s, t) for moves in self.moves for s, t in moves.items()])
        edges.add_node(0)
        return {0, *nx.descendants(edges, 0)}


def _body(k: int, at: Term, moves: dict[int, int]) -> Any:
    def body() -> Step:
        value: Any = 0
        for s, t in moves.items():
            value = If(at == s, t, value)
        return step(when(at.isin(set(moves)) if moves else FALSE), update(at, value))

    body.__name__ = f"act{k}"
    return body


@st.composite
def made(draw: st.DrawFn) -> Made:
    n = draw(st.integers(1, 6))
    places = st.integers(0, n - 1)
    moves = tuple(draw(st.lists(st.dictionaries(places, places, max_size=n), min_size=1, max_size=4)))
    fairness = tuple(draw(st.sampled_from(["none", "weak", "strong"])) for _ in moves)
    some = st.frozensets(st.integers(0, len(moves) - 1), min_size=1)
    choices = tuple(draw(st.lists(st.tuples(st.sampled_from(["weak", "strong"]), some), max_size=2)))
    return Made(n, moves, fairness, draw(st.frozensets(places)), draw(st.frozensets(places)), choices)


def property_of(m: Made, form: str) -> Liveness:
    goal = m.holds(m.goal)
    if form == "eventually always":
        return eventually_always("p", goal, "made up")
    if form == "infinitely often":
        return infinitely_often("p", goal, "made up")
    if form == "eventually":
        return eventually("p", goal, "made up")
    return leads_to("p", m.holds(m.trigger), goal, "made up")


def kept(m: Made) -> Iterator[set[int]]:
    """Every set of states that some fair run visits for ever, by the definition of fairness."""
    places = sorted(m.reachable)
    for chosen in chain.from_iterable(combinations(places, k) for k in range(1, len(places) + 1)):
        s = set(chosen)
        inside = [(a, b, k) for k, moves in enumerate(m.moves) for a, b in moves.items() if a in s and b in s]
        edges = nx.DiGraph([(a, b) for a, b, _ in inside])
        edges.add_nodes_from(s)
        if (len(s) == 1 or nx.is_strongly_connected(edges)) and (
            _fair(m, s, {k for _, _, k in inside}) or _rests(m, s)
        ):
            yield s


def _fair(m: Made, s: set[int], taken: set[int]) -> bool:
    if not taken:
        return False
    for k, kind in enumerate(m.fairness):
        enabled = s & set(m.moves[k])
        if k in taken or kind == "none":
            continue
        if enabled == s or (kind == "strong" and enabled):
            return False
    for kind, some in m.choices:
        enabled = s & _enabling(m, some)
        if not taken & some and (enabled == s or (kind == "strong" and enabled)):
            return False
    return True


def _enabling(m: Made, some: Iterable[int]) -> set[int]:
    """The states in which one of these actions is enabled."""
    return set[int]().union(*(m.moves[k] for k in some))


def _rests(m: Made, s: set[int]) -> bool:
    """A run may stop where nothing that is fair is enabled."""
    return (
        len(s) == 1
        and all(kind == "none" or not s & set(moves) for moves, kind in zip(m.moves, m.fairness, strict=True))
        and not any(s & _enabling(m, some) for _, some in m.choices)
    )


def broken(m: Made, form: str) -> bool:
    if form == "eventually always":
        return any(s - m.goal for s in kept(m))
    if form == "infinitely often":
        return any(not s & m.goal for s in kept(m))
    owed = nx.DiGraph([(a, b) for moves in m.moves for a, b in moves.items() if not {a, b} & m.goal])
    begun = {0} if form == "eventually" else m.reachable & m.trigger
    pending = begun - m.goal
    for n in list(pending):
        pending |= nx.descendants(owed, n) if n in owed else set()
    return any(s <= pending for s in kept(m))
