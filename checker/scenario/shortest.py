"""Among the shortest counterexamples of a property, the one that shows the most of a scenario.

Breadth-first search tells the first of many runs of the same length. Here the states on shortest runs are cut out of
the state graph (forward by layers, then backward from the violations), which leaves little, and the product of that
with the scenario's monitor is searched in full.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

from model.language import Instance
from properties.kinds import Invariant, StepInvariant
from properties.scenario import Scenario

from ..answers import confirm_state, confirm_step
from ..explore.emit import Watch
from ..explore.kernel import Expand, Kernel
from ..replay import Recording
from .match import Cast, Monitor, casts

MOST = 500_000
"""States beyond which the counterexample at hand has to do."""

SECONDS = 5.0
"""Time for compiling casts; those that are not reached by then are left out."""

Layers = list[dict[int, set[int]]]
"""For each depth, states on shortest violating runs with their successors on such runs."""

Product = tuple[int, int]
"""A packed state, and the events shown on the way to it."""


class Shortest:
    """Looks through the shortest counterexamples of one instance for the parts of one scenario."""

    def __init__(self, instance: Instance, scenario: Scenario) -> None:
        self.kernel = Kernel(instance)
        self.monitor = Monitor(scenario)
        marks = self.monitor.marks
        self._casts: list[tuple[Cast, Expand]] = []
        started = time.monotonic()
        for cast in casts(self.kernel.interpreter, scenario, up_to_symmetry=True):
            self._casts.append((cast, self.kernel.expand(Watch(marks=marks, roles=tuple(cast.items())))))
            if time.monotonic() - started > SECONDS:
                break

    def richest(self, p: Invariant | StepInvariant, length: int) -> Recording | None:
        """The replayed run of ``length`` steps that violates ``p`` and shows the most; None where it takes too much."""
        layers = self._layers(p, length)
        if layers is None:
            return None
        best: tuple[tuple[int, int], Cast, list[Product]] | None = None
        for cast, expand in self._casts:
            path = self._fullest(layers, expand)
            score = self.monitor.score(path[-1][1])
            if best is None or score > best[0]:
                best = score, cast, path
        return None if best is None else self._replay(p, best[1], best[2])

    def _layers(self, p: Invariant | StepInvariant, length: int) -> Layers | None:
        """The states on shortest violating runs, by depth."""
        expand = self.kernel.expand(_violations(p))
        seen, forward = {self.kernel.initial}, [[self.kernel.initial]]
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

    def _fullest(self, layers: Layers, expand: Expand) -> list[Product]:
        """The run through ``layers`` that shows the most for one cast."""
        reached: list[dict[Product, Product | None]] = [{(self.kernel.initial, 0): None}]
        for layer in layers[:-1]:
            following: dict[Product, Product | None] = {}
            for s, done in reached[-1]:
                out: list[tuple[int, int]] = []
                expand(s, out, [])
                for t, shown in out:
                    if t in layer[s]:
                        following.setdefault((t, self.monitor.advance(done, shown)), (s, done))
            reached.append(following)
        node: Product | None = max(reached[-1], key=lambda n: self.monitor.score(n[1]))
        path: list[Product] = []
        for depth in range(len(layers) - 1, -1, -1):
            assert node is not None
            path.append(node)
            node = reached[depth][node]
        return path[::-1]

    def _replay(self, p: Invariant | StepInvariant, cast: Cast, path: list[Product]) -> Recording:
        """Replay the run in the interpreter, and have it confirm the violation."""
        recording = Recording(self.kernel.interpreter)
        for n, ((_, done), (packed, now)) in enumerate(itertools.pairwise(path), 1):
            target = self.kernel.layout.decode(packed)
            if n == len(path) - 1 and isinstance(p, StepInvariant):
                return confirm_step(p, recording, target)
            move = self.monitor.move(recording, cast, done, now, target)
            recording.take(move.action.name, move.choice)
        assert isinstance(p, Invariant)
        return confirm_state(p, recording)


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
