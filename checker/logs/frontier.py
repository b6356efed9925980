"""Every explanation of the events, layer by layer: layer n holds what n events lead to.

The last layer that is not empty says exactly where a log leaves the model: some choice of a depth-first search may fail
long before, or go on for long in a wrong order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.explain_event import EventSteps, Explanation
from planrace.checker.logs.first_run import Explained, Node, choices_at, explained
from planrace.checker.logs.order import EventOrder


@dataclass(frozen=True)
class _Origin:
    """How a node was reached first: from which node (None: a start), by which stream and steps."""

    before: tuple[Node, _Origin] | None
    stream: int = -1
    explanation: Explanation | None = None


@dataclass(frozen=True)
class Frontier:
    """The last layer that is not empty. ``count`` is the number of events that it explains, ``whole`` whether that is
    all of them. ``cut``: a layer became wider than allowed, so that nothing is known about what follows."""

    count: int
    whole: bool
    nodes: tuple[Node, ...]
    first: Explained
    cut: bool = False


def frontier(
    order: EventOrder,
    steps: EventSteps,
    most: int,
    starts: Sequence[Node] | None = None,
    further: int | None = None,
) -> Frontier:
    """Explain as many events as possible, in every way; ``most`` nodes of a layer are allowed. ``starts`` are nodes to
    go on from, all with as many events before them (default: the beginning), and ``further`` how many events to go on.
    Raises ``TimeUpError``."""
    if starts is None:
        starts = [(order.begin, s) for s in steps.interpreter.initials()]
    layer: dict[Node, _Origin] = {node: _Origin(None) for node in starts}
    count, cut = sum(starts[0][0]), False
    last = order.total if further is None else min(order.total, count + further)
    while count < last:
        following: dict[Node, _Origin] = {}
        for n, (node, origin) in enumerate(layer.items()):
            if n % 16 == 0:
                look_at_the_clock()
            for stream, e in choices_at(order, steps, node):
                following.setdefault((order.after(node[0], stream), e.state), _Origin((node, origin), stream, e))
        if not following:
            break
        count, layer = count + 1, following
        if len(layer) > most:
            cut = True
            break
    node, origin = next(iter(layer.items()))
    return Frontier(count, count == order.total, tuple(layer), _run_to(node, origin), cut)


def _run_to(node: Node, origin: _Origin) -> Explained:
    taken = []
    while origin.before is not None:
        (node, came), stream, e = origin.before, origin.stream, origin.explanation
        assert e is not None
        taken.append((node[0], stream, e))
        origin = came
    return explained(node[1], taken[::-1])
