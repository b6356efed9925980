"""How close the run of the logs came to a violation: the fewest further steps of the model from one of its states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.judge import Judge
from planrace.checker.logs.states import ModelStates
from planrace.checker.semantics.replay import Pick

LOOKED_AT = 1_000
"""States whose steps are looked at, by default."""


@dataclass(frozen=True)
class Nearness:
    """``at`` is the number of steps of the run before the state from which the ``picks`` lead to a violation of the
    property with this number. Without ``picks`` none was found: then there is none within ``further`` steps; ``all``
    says that there is none at all, however far one goes."""

    further: int
    at: int = 0
    picks: tuple[Pick, ...] = ()
    property: int = -1
    all: bool = False


@dataclass(frozen=True, slots=True)
class _Way:
    at: int
    before: _Way | None = None
    pick: Pick | None = None


def nearest_violation(states: ModelStates, judge: Judge, numbers: Sequence[int], most: int) -> Nearness:
    """Breadth first from all states of a run, ``numbers``, at once. The search ends when the steps of ``most`` states
    were looked at. Raises ``TimeUpError``."""
    level: dict[int, _Way] = {}
    for at, number in enumerate(numbers):
        level.setdefault(number, _Way(at))
    seen, looked, further = set(level), 0, 0
    while level:
        if looked + len(level) > most:
            return Nearness(further)
        looked += len(level)
        further += 1
        following: dict[int, _Way] = {}
        for n, (number, way) in enumerate(level.items()):
            if n % 16 == 0:
                look_at_the_clock()
            for action in states.actions:
                for taken in states.moves(number, action):
                    violated, _ = judge.of_step(number, taken.pick)
                    if violated:
                        picks = (*reversed([*_back(way)]), taken.pick)
                        return Nearness(further, _first(way).at, picks, (violated & -violated).bit_length() - 1)
                    if taken.number not in seen:
                        seen.add(taken.number)
                        following[taken.number] = _Way(way.at, way, taken.pick)
        level = following
    return Nearness(further, all=True)


def _back(way: _Way) -> Iterator[Pick]:
    while way.before is not None:
        assert way.pick is not None
        yield way.pick
        way = way.before


def _first(way: _Way) -> _Way:
    while way.before is not None:
        way = way.before
    return way
