"""A sample of the states and steps of an instance, without a search: runs that choose each step at random."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy
from numpy.typing import NDArray

from planrace.checker.engines.explicit.step_function import Kernel, OutOfRangeError
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.semantics.packing import WORD

STATES = 40_000
"""States of a sample."""
LENGTH = 1_000
"""Steps of a run at most, before the next one begins at an initial state."""
Table = NDArray[numpy.uint64]
"""A row of words for each state."""


class RunSample:
    """Different ``states``, and steps ``before`` → ``after``, of states that stand for their orbits."""

    def __init__(self, states: Table, before: Table, after: Table) -> None:
        self.states, self.before, self.after = states, before, after


def sample(kernel: Kernel, most: int = STATES, seed: int = 0) -> RunSample:
    """Up to ``most`` different states of random runs, and all their steps. A run that meets nothing new for as long
    as a run may be is the last one: the instance is small.

    Each step is taken to a successor that was visited least often, so that runs do not stay in a few loops."""
    expand, random = kernel.expand(Watch()), Random(seed)
    visits: dict[int, int] = {}
    steps: dict[int, list[int]] = {}
    idle = 0
    while len(steps) < most and idle < LENGTH:
        s = random.choice(kernel.initials)
        look_at_the_clock()
        for _ in range(LENGTH):
            if s not in steps:
                steps[s], idle = _successors(kernel, expand, s), 0
                if len(steps) == most:
                    break
            else:
                idle += 1
            visits[s] = visits.get(s, 0) + 1
            if not steps[s]:
                break
            least = min(visits.get(t, 0) for t in steps[s])
            s = random.choice([t for t in steps[s] if visits.get(t, 0) == least])
    words = kernel.layout.words
    pairs = [(s, t) for s, found in steps.items() for t in found]
    return RunSample(
        table(list(steps), words), table([s for s, _ in pairs], words), table([t for _, t in pairs], words)
    )


def _successors(kernel: Kernel, expand: object, s: int) -> list[int]:
    out: list[int] = []
    try:
        expand(s, out, [])  # type: ignore[operator]
    except OutOfRangeError:
        return []  # the search reports it
    return out if kernel.canonical is None else list(map(kernel.representative, out))


def table(packed: Sequence[int], words: int) -> Table:
    """Packed states as rows of words."""
    flat = b"".join(s.to_bytes(words * WORD // 8, "little") for s in packed)
    return numpy.frombuffer(flat, dtype="<u8").reshape(len(packed), words)
