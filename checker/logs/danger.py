"""How close the run of the logs came to a violation: the fewest further steps of the model from one of its states."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.judge import Judge
from planrace.checker.logs.states import ModelStates
from planrace.checker.semantics.replay import Pick
from planrace.model.language import Op
from planrace.model.language.terms import subterms

LOOKED_AT = 1_000
"""States whose steps are looked at, by default."""
FAR = 20
"""Of a run with more states some are chosen, so few that from each one so many states can be looked at."""


@dataclass(frozen=True)
class Nearness:
    """``at`` is the number of steps of the run before the state from which the ``picks`` lead to a violation of the
    property with this number. Without ``picks`` none was found: then there is none within ``further`` steps; ``all``
    says that there is none at all, however far one goes. ``begun`` of the ``states`` of the run were looked from."""

    further: int
    at: int = 0
    picks: tuple[Pick, ...] = ()
    property: int = -1
    all: bool = False
    begun: int = 0
    states: int = 0


@dataclass(frozen=True, slots=True)
class _Way:
    at: int
    before: _Way | None = None
    pick: Pick | None = None


def nearest_violation(states: ModelStates, judge: Judge, numbers: Sequence[int], most: int) -> Nearness:
    """Breadth first from all states of a run, ``numbers``, at once; of a long run from some of them. The search ends
    when the steps of ``most`` states were looked at. Raises ``TimeUpError``."""
    first: dict[int, int] = {}
    for at, number in enumerate(numbers):
        first.setdefault(number, at)
    begun = list(first) if len(first) <= most else _some(states, judge, list(first), most // FAR)
    level = {number: _Way(first[number]) for number in begun}
    seen, looked, further, size = set(level), 0, 0, (len(begun), len(first))
    while level:
        if looked + len(level) > most:
            return Nearness(further, begun=size[0], states=size[1])
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
                        which = (violated & -violated).bit_length() - 1
                        return Nearness(further, _first(way).at, picks, which, False, *size)
                    if taken.number not in seen:
                        seen.add(taken.number)
                        following[taken.number] = _Way(way.at, way, taken.pick)
        level = following
    return Nearness(further, 0, (), -1, True, *size)


def _some(states: ModelStates, judge: Judge, numbers: Sequence[int], most: int) -> list[int]:
    """Some of the states of a run: the first one, from which all others can be reached, and those that differ in what
    the properties read; more than ``most`` of them, or fewer, are made up for by states at equal distances."""
    read = {t.data for p in judge.properties for term in p.terms for t in subterms(term) if t.op is Op.VARIABLE}
    places = [n for n, v in enumerate(states.instance.system.variables) if v.name in read]
    apart: dict[object, int] = {}
    for n, number in enumerate(numbers):
        if n % 64 == 0:
            look_at_the_clock()
        state = states.normal(number)
        apart.setdefault(tuple(state[n] for n in places), number)
    chosen = dict.fromkeys(_spread(list(apart.values()), most))
    chosen.update(dict.fromkeys(_spread(numbers, max(most - len(chosen), 1))))
    return list(chosen)


def _spread(numbers: Sequence[int], most: int) -> list[int]:
    """At most so many of them, at equal distances, with the first."""
    return [numbers[n * len(numbers) // most] for n in range(most)] if len(numbers) > most else list(numbers)


def _back(way: _Way) -> Iterator[Pick]:
    while way.before is not None:
        assert way.pick is not None
        yield way.pick
        way = way.before


def _first(way: _Way) -> _Way:
    while way.before is not None:
        way = way.before
    return way
