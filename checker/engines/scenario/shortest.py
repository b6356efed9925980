"""Among the shortest counterexamples of a property, finds the one that shows the most of a scenario.

Breadth-first search reports the first of many runs of the same length. Here the states on shortest runs are cut out of
the state graph (forward by layers, then backward from the violations), which leaves little, and the product of that
with the scenario's monitor is searched completely.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from planrace.checker.engines.answer import confirm_state, confirm_step
from planrace.checker.engines.explicit.layers import Layers, Onward
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.limits import timed
from planrace.checker.engines.scenario.match import Cast, Monitor, allows, casts
from planrace.checker.engines.scenario.watching import Showing
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance
from planrace.properties.kinds import Invariant, StepInvariant
from planrace.properties.scenario import Scenario

CASTS = 200
"""The largest number of casts to try."""

Product = tuple[int, int]
"""A packed state, and the events shown on the way to it."""


class Shortest:
    """Looks through the shortest counterexamples of one instance for the parts of one scenario."""

    def __init__(self, instance: Instance, scenario: Scenario) -> None:
        self.kernel = Kernel(instance)
        self.monitor = Monitor(scenario)
        self.scenario, interpreter = scenario, self.kernel.interpreter
        every = casts(interpreter, scenario, up_to_symmetry=True)
        self._casts = list(itertools.islice(every, CASTS))
        self._onward = Onward(self.kernel)
        self._showing = Showing(self.kernel, self.monitor, self._casts)

    def richest(self, p: Invariant | StepInvariant, length: int) -> Recording | None:
        """The replayed run of ``length`` steps that violates ``p`` and shows the most; None if there are too many
        states."""
        layers = self._onward.violating(p, length)
        if layers is None:
            return None
        best: tuple[tuple[int, int], Cast, list[Product]] | None = None
        for n, cast in enumerate(self._casts):
            path = self._fullest(layers, n)
            if not path:
                continue
            score = self.monitor.score(path[-1][1])
            if best is None or score > best[0]:
                best = score, cast, path
        return None if best is None else self._replay(p, best[1], best[2])

    def _fullest(self, layers: Layers, cast: int) -> list[Product]:
        """The run through ``layers`` that shows the most for the cast of that number; empty if none may have it."""
        reached: list[dict[Product, Product | None]] = [dict.fromkeys(self._starts(layers[0], cast))]
        for layer in layers[:-1]:
            following: dict[Product, Product | None] = {}
            for s, done in timed(reached[-1]):
                for t, shown in self._showing.steps(s):
                    if t in layer[s]:
                        now = self.monitor.advance(done, self._showing.seen(cast, shown))
                        following.setdefault((t, now), (s, done))
            reached.append(following)
        if not reached[0]:
            return []
        node: Product | None = max(reached[-1], key=lambda n: self.monitor.score(n[1]))
        path: list[Product] = []
        for depth in range(len(layers) - 1, -1, -1):
            assert node is not None
            path.append(node)
            node = reached[depth][node]
        return path[::-1]

    def _starts(self, layer: Mapping[int, object], cast: int) -> Iterator[Product]:
        """The initial states on the runs, as far as they allow the cast of that number."""
        interpreter, decode = self.kernel.interpreter, self.kernel.layout.decode
        for s in self.kernel.initials:
            if s in layer and allows(interpreter, self.scenario, self._casts[cast], decode(s)):
                yield s, 0

    def _replay(self, p: Invariant | StepInvariant, cast: Cast, path: list[Product]) -> Recording:
        """Replay the run in the interpreter, and have it confirm the violation."""
        recording = Recording(self.kernel.interpreter, self.kernel.layout.decode(path[0][0]))
        for n, ((_, done), (packed, now)) in enumerate(itertools.pairwise(path), 1):
            target = self.kernel.layout.decode(packed)
            if n == len(path) - 1 and isinstance(p, StepInvariant):
                return confirm_step(p, recording, target)
            move = self.monitor.move(recording, cast, done, now, target)
            recording.take(move.action.name, move.choice)
        assert isinstance(p, Invariant)
        return confirm_state(p, recording)
