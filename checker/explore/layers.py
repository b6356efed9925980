"""All shortest runs that violate a property at once: the layers of states that they go through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from properties.kinds import Invariant, StepInvariant

from .emit import Watch
from .kernel import Expand, Kernel

MOST = 500_000
"""States that are looked at."""

Layers: TypeAlias = "list[dict[int, set[int]]]"
"""For each depth, states on shortest violating runs with their successors on such runs."""


def violating_layers(kernel: Kernel, p: Invariant | StepInvariant, length: int) -> Layers | None:
    """The states on the shortest runs, ``length`` steps long, that violate ``p``; None where it takes too much."""
    expand = kernel.expand(_violations(p))
    seen, forward = {kernel.initial}, [[kernel.initial]]
    for _ in range(length):
        fresh: list[int] = []
        for s in forward[-1]:
            for t in _successors(expand, s):
                if t not in seen:
                    seen.add(t)
                    fresh.append(t)
        if len(seen) > MOST:
            return None
        forward.append(fresh)
    return list(_backward(p, forward, expand))[::-1]


def _violations(p: Invariant | StepInvariant) -> Watch:
    return Watch(states=(~p.holds,)) if isinstance(p, Invariant) else Watch(steps=(~p.holds,))


def _backward(p: Invariant | StepInvariant, forward: list[list[int]], expand: Expand) -> Iterator[dict[int, set[int]]]:
    """From the violations back to the initial state: what of each layer leads there."""
    if isinstance(p, Invariant):
        ahead: dict[int, set[int]] = {s: set() for s in forward[-1] if expand(s, [], [])}
    else:
        ahead = {t: set() for s in forward[-2] for t in _hits(expand, s)}
    yield ahead
    for depth in range(len(forward) - 2, -1, -1):
        last = depth == len(forward) - 2 and isinstance(p, StepInvariant)
        here: dict[int, set[int]] = {}
        for s in forward[depth]:
            onward = set(_hits(expand, s)) if last else {t for t in _successors(expand, s) if t in ahead}
            if onward:
                here[s] = onward
        yield here
        ahead = here


def _successors(expand: Expand, s: int) -> list[int]:
    out: list[int] = []
    expand(s, out, [])
    return out


def _hits(expand: Expand, s: int) -> list[int]:
    """Where steps from ``s`` that violate the step invariant lead."""
    hits: list[tuple[int, int]] = []
    expand(s, [], hits)
    return [t for _, t in hits]
