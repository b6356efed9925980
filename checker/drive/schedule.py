"""Schedules: who goes on next, where several may. They need no graph of the model, only its present state."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from planrace.checker.results.driving import ScheduleKind
from planrace.checker.semantics.replay import Pick

DEPTH = 3
"""The default depth of ``pct``: most races need an order of two or three steps."""


@dataclass(frozen=True)
class OpenStep:
    """A step that may be taken now. ``actor`` is who takes it; ``distance`` is how many steps after it the nearest
    transition is that was not taken yet, if that is known."""

    pick: Pick
    actor: str
    distance: Callable[[], int] = lambda: 0


class RunSchedule(ABC):
    """Chooses the steps of runs, one after another."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def begin(self) -> None:  # noqa: B027  (most need nothing)
        """A run begins."""

    @abstractmethod
    def choose(self, state: Hashable, choices: Sequence[OpenStep]) -> OpenStep:
        """One of the choices, of which there is at least one; ``state`` is where the run is."""


class RandomSchedule(RunSchedule):
    """Every choice with the same probability."""

    def choose(self, state: Hashable, choices: Sequence[OpenStep]) -> OpenStep:
        return self.chance.choice(choices)


class PctSchedule(RunSchedule):
    """Random priorities, of which ``depth`` - 1 change at random steps: S. Burckhardt, P. Kothari, M. Musuvathi, S.
    Nagarakatte, A randomized scheduler with probabilistic guarantees of finding bugs, ASPLOS 2010. Of n actors that
    take k steps, a bug that needs an order of ``depth`` steps is found in a run with a probability of at least
    1 / (n * k ** (depth - 1)). k is the number of steps of the longest run so far, and ``length`` in the first one.
    """

    def __init__(self, seed: int, depth: int, length: int) -> None:
        super().__init__(seed)
        self._depth = depth
        self._length = length
        self._longest = self._steps = 0
        self._priorities: dict[str, float] = {}
        self._changes: dict[int, int] = {}
        self._last = ""

    def begin(self) -> None:
        self._longest, self._steps = max(self._longest, self._steps), 0
        steps = range(1, (self._longest or self._length) + 1)
        points = self.chance.sample(steps, min(self._depth - 1, len(steps)))
        self._changes = {step: priority for priority, step in enumerate(points, 1)}
        self._priorities = {}

    def choose(self, state: Hashable, choices: Sequence[OpenStep]) -> OpenStep:
        for actor in dict.fromkeys(c.actor for c in choices):
            self._priorities.setdefault(actor, self._depth + self.chance.random())  # above those after a change
        if self._steps in self._changes:  # whoever took the last step goes last, even if it could not go on now
            self._priorities[self._last] = self._changes[self._steps]
        self._steps += 1
        first = self._last = max((c.actor for c in choices), key=self._priorities.__getitem__)
        return self.chance.choice([c for c in choices if c.actor == first])


class UnseenSchedule(RunSchedule):
    """The choice that was taken least often from this state; of several the one that leads to the nearest transition
    that was not taken yet."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._taken: Counter[tuple[Hashable, Pick]] = Counter()

    def choose(self, state: Hashable, choices: Sequence[OpenStep]) -> OpenStep:
        least = min(self._taken[state, c.pick] for c in choices)
        rare = [c for c in choices if self._taken[state, c.pick] == least]
        if least and len(rare) > 1:
            nearest = min(c.distance() for c in rare)
            rare = [c for c in rare if c.distance() == nearest]
        chosen = self.chance.choice(rare)
        self._taken[state, chosen.pick] += 1
        return chosen


def schedule_of(kind: ScheduleKind, seed: int, depth: int, length: int) -> RunSchedule:
    """The schedule of a kind other than ``TOUR``. ``depth`` is that of ``PCT``, ``length`` the most steps of a run."""
    match kind:
        case ScheduleKind.PCT:
            return PctSchedule(seed, depth, length)
        case ScheduleKind.UNSEEN:
            return UnseenSchedule(seed)
    return RandomSchedule(seed)
