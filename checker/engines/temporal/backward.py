"""Backward reachability over the rows of a state graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from planrace.checker.engines.explicit.transition_graph import Graph
from planrace.checker.engines.temporal.rows import loops, pieces
from planrace.model.language import System
from planrace.properties.kinds import Recoverability

GOAL, ASKED = 1, 2
"""Bits of marks: the goal can be reached; recovery is required."""


def helpers(system: System, p: Recoverability) -> list[str]:
    """The actions that may help, manual ones included."""
    return [name for name, a in system.actions.items() if a.tags & (p.helpers | p.manual)]


def recover(g: Graph) -> Any:
    """Set the bit GOAL of every state that can reach a state with it; returns the marks."""
    run = loops(g.states + len(g.targets))
    while sum(_sweep(g, run)):
        pass
    return g.marks


def _sweep(g: Graph, run: Callable[..., int]) -> list[int]:
    return [run("reaching", g.offsets, g.targets, g.marks, *r) for r in pieces(reversed(list(_ranges(g))), g.degree)]


def _ranges(g: Graph) -> Iterator[tuple[int, int]]:
    return (r for level in g.levels for r in level)
