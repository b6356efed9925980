"""Solver engines on random graphs: loops, returns and dead ends, with every kind of property; none may stay
undecided."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from planrace.checker.engines.limits import Limits
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Instance, Protocol, Step, Term, integers, primed, step, taken, update, when
from planrace.properties import invariant, reachable, step_invariant
from planrace.properties.kinds import Checkable, Reachability
from tests import naive
from tests.engines.symbolic.searches import engine

Edges = tuple[tuple[int, int], ...]
TOP = 5


def graph(edges: Edges, top: int = TOP) -> Instance:
    """A walk through a graph that starts at 0; each edge is an action of its own."""
    p = Protocol("graph")
    at = p.variable("at", integers(0, top), 0)
    for n, (start, end) in enumerate(edges):
        p.action(by="walker")(_edge(n, at, start, end))
    p.declare(*asked(at, len(edges), top))
    return p.system().instance()


def _edge(number: int, at: Term, start: int, end: int) -> Callable[[], Step]:
    def walk() -> Step:
        return step(when(at == start), update(at, end))

    walk.__name__ = f"e{number}"
    return walk


def asked(at: Term, edges: int, top: int) -> list[Checkable]:
    """Of every edge and every state: never, and sometimes; and what steps do to the number."""
    grows, rests = primed(at) >= at, primed(at) == at
    return [
        *(step_invariant(f"never e{n}", ~taken(f"e{n}"), "an edge") for n in range(edges)),
        *(reachable(f"some e{n}", taken(f"e{n}"), "an edge") for n in range(edges)),
        *(invariant(f"never {n}", at != n, "a state") for n in range(top + 1)),
        *(reachable(f"some {n}", at == n, "a state") for n in range(top + 1)),
        step_invariant("grows", grows, "a step"),
        step_invariant("moves", ~rests, "a step"),
        reachable("shrinks", ~grows, "a step"),
        reachable("rests", rests, "a step"),
    ]


def expected(instance: Instance, properties: Sequence[Checkable]) -> dict[str, tuple[Verdict, int | None]]:
    """What a search in the plain interpreter says: verdicts, and steps of the shortest runs."""
    shortest = naive.search(instance).shortest
    found: dict[str, tuple[Verdict, int | None]] = {}
    for p in properties:
        good = (p.name in shortest) == isinstance(p, Reachability)
        found[p.name] = (Verdict.HOLDS if good else Verdict.VIOLATED, shortest.get(p.name))
    return found


@pytest.mark.parametrize("name", ["bmc", "induction", "spacer"])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(0, TOP), st.integers(0, TOP)), min_size=1, max_size=8).map(tuple))
@example(((0, 1), (1, 1)))
@example(((0, 1), (1, 2), (2, 1)))
@example(((0, 0),))
@example(((1, 2), (2, 1)))
def test_random_graphs(name: str, edges: Edges) -> None:
    instance = graph(edges)
    properties = list(instance.system.properties)
    answers = engine(name)(instance, properties, limits=Limits(depth=TOP + 3)).run()
    for a, (p, wanted) in zip(answers, expected(instance, properties).items(), strict=True):
        assert a.property.name == p
        if name == "bmc" and a.verdict is Verdict.UNKNOWN:  # where runs do not end, it never saw all of them
            assert wanted[1] is None
            continue
        assert (a.verdict, None if a.recording is None else len(a.recording.moves)) == wanted, p
