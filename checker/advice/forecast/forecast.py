"""A forecast of a search before it is run: its states, its time, its memory.

The methods, best first:

* Count: the search ends within the budget, in Python or in the run that measures the rate of the native engine.
* Tail: the breadth-first levels shrink (``tail.py``; Pelánek & Šimeček, "Estimating state space parameters", 2008).
* Table: smaller instances are counted (``filling.py``) and extrapolated, with an interval from the errors of the same
  extrapolation within the table (``table.py``). If the levels shrink, too, the truth lies in both intervals.
* Growth: where the table is too small for that, the spread of simple predictions (``growth.py``).

Otherwise only a lower bound is known: the states that were found. Knuth's estimate for backtracking ("Estimating the
efficiency of backtrack programs", Mathematics of Computation 29, 1975) is not used: it counts the nodes of a tree, in
which a state has one node for each path to it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from planrace.checker.advice.forecast.filling import InstanceTable, filled
from planrace.checker.advice.forecast.growth import grown
from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.rate import (
    COMPILING,
    EXPLICIT_BYTES,
    STATES,
    Rate,
    bytes_in_runs,
    measured,
    rates_of,
)
from planrace.checker.advice.forecast.stores import NODE, StoreForecast, stores
from planrace.checker.advice.forecast.table import FINEST, extrapolated, extrapolation
from planrace.checker.advice.forecast.tail import tail
from planrace.checker.engines.explicit.orbits import ASKED, UNASKED
from planrace.checker.engines.explicit.slicing import irrelevant
from planrace.checker.engines.explicit.symmetry import check_symmetric, symmetric_sorts
from planrace.checker.engines.limits import memory_in_use
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.wording import numbered
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Property

if TYPE_CHECKING:
    from planrace.checker.advice.forecast.explosion import Explosion

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.sample import SearchSample, sampled

WIDEST = 1000.0
"""An interval with a greater ratio of its ends is useless."""
FINE = 1.5
"""An interval with a smaller ratio of its ends needs no table."""
TENTHS = tuple(n / 10 for n in range(1, 11))
"""The fractions of the depth for which the share of the states is told."""
GREATEST = 500.0
"""The greatest logarithm of an estimate: a number with two hundred digits."""
FALLEN = 0.5
"""Levels are past their peak when the last one is smaller than this share of the greatest."""


@dataclass(frozen=True)
class Forecast:
    """What a complete search needs. If only the lower bound ``at_least`` is known, ``states``, ``seconds`` and
    ``memory`` (bytes of the whole process) are None. ``how`` says how the states were estimated; ``explosion``, if
    requested, why they are so many."""

    protocol: str
    parameters: dict[str, int | str]
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    at_least: int
    states: ForecastInterval | None
    how: str
    symmetry: bool
    sliced: tuple[str, ...]
    rate: Rate
    seconds: ForecastInterval | None
    memory: ForecastInterval | None
    sample: SearchSample
    explosion: Explosion | None = None
    states_per_orbit: int = 1
    """With symmetry, the greatest number of states that may represent one orbit."""
    at_most: Mapping[str, int | str] = field(default_factory=dict)
    """How often bounded faults may happen."""
    transitions: ForecastInterval | None = None
    """The steps between the states; None if no table tells how many each state has."""
    levels: int | None = None
    """The number of breadth-first levels, if a table tells it."""
    shares: tuple[float, ...] = ()
    """The share of the states that the first tenth, two tenths, … of the levels have, in the nearest smaller instance
    that was counted: what a search has found when it is so deep."""
    counted: Mapping[str, int] = field(default_factory=dict)
    """The states of the smaller instances that were counted, by the values of their parameters."""
    unchanging: tuple[str, ...] = ()
    """Parameters that change no count."""
    stores: tuple[StoreForecast, ...] = ()
    """The memory of each store of states, and the machines needed; empty if only a lower bound is known."""


def forecast(
    instance: Instance,
    properties: Sequence[Property] | None = None,
    budget: SearchBudget | None = None,
    *,
    symmetric: bool | None = None,
    node_memory: int = NODE,
) -> Forecast:
    """What a complete search for ``properties`` (by default those of the system) needs. ``symmetric`` None: as
    ``check`` decides, which searches orbits if the search is large and the model allows it. ``node_memory``: bytes of
    one of several machines. Raises ``ModelError``."""
    return Forecaster(instance, properties, budget, symmetric=symmetric, node_memory=node_memory).forecast()


class Forecaster:
    """Forecasts one search."""

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Property] | None,
        budget: SearchBudget | None,
        *,
        symmetric: bool | None,
        node_memory: int = NODE,
    ) -> None:
        self.instance, self.node_memory = instance, node_memory
        self.properties = instance.system.properties if properties is None else tuple(properties)
        self.budget = budget or SearchBudget()
        if symmetric:
            check_symmetric(instance, self.properties)
        self.symmetric, self._free = bool(symmetric), symmetric is None
        self.sliced = irrelevant(instance, self.properties)
        self._per_orbit = 1
        self._counts: dict[tuple[int, ...], int | None] = {}
        self._table = InstanceTable(instance)
        self._began = time.monotonic()
        self._resident = float(memory_in_use())

    def forecast(self) -> Forecast:
        """Take a sample, measure the rate, estimate the total."""
        first = self._sample()
        rate, sample = self._rate(first)
        states, how = self._states(sample, rate)
        transitions = None if states is None else self._transitions(states, sample)
        system = self.instance.system
        if states is not None and not states.exact and rate.engine == "native":
            rate = replace(rate, bytes_in_runs=bytes_in_runs(self.instance, self.budget.seconds, **self._reduced))
        needed = () if states is None else stores(states, rate, self.node_memory)
        levels = len(sample.levels) if sample.complete else self._levels(sample)
        nearest = sample if sample.complete else self._table.nearest
        return Forecast(
            protocol=system.name,
            parameters=dict([*self.instance.parameters.items(), *system.options]),
            faults=system.faults,
            protections=system.protections,
            at_least=sample.states,
            states=states,
            how=how,
            symmetry=self.symmetric,
            sliced=self.sliced,
            rate=rate,
            seconds=None if states is None else _time(states, transitions, rate),
            memory=needed[0].memory if needed else None,
            sample=first,
            states_per_orbit=self._per_orbit,
            at_most=self.instance.at_most,
            transitions=transitions,
            levels=levels,
            shares=() if nearest is None or levels is None else shares(nearest.levels),
            counted={_named(self.instance, v): s.states for v, s in sorted(self._table.counted.items())},
            unchanging=self._table.unchanging,
            stores=needed,
        )

    @property
    def _reduced(self) -> dict[str, Any]:
        """The reductions that ``check`` would use."""
        tried = UNASKED if self._free else ASKED
        return {"symmetric": self.symmetric, "tried": tried, "sliced": self.sliced}

    def _sample(self) -> SearchSample:
        search, sample = sampled(self.instance, self.budget, **self._reduced)
        if self._free and not sample.complete and reducible(self.instance, self.properties):
            self.symmetric = True
            search, sample = sampled(self.instance, self.budget, **self._reduced)
        self._per_orbit = search.kernel.states_per_orbit
        return sample

    def _rate(self, sample: SearchSample) -> tuple[Rate, SearchSample]:
        """The rate, and the sample that knows more."""
        found = None
        if self.budget.native and not sample.complete:
            found = measured(self.instance, self.budget.seconds, **self._reduced)
        if found is not None:
            return found[0], max(sample, found[1], key=lambda s: (s.complete, s.states))
        rates = rates_of(sample.states, sample.transitions, sample.seconds)
        return Rate("explicit", sample.states, sample.complete, *rates, EXPLICIT_BYTES, (self._resident,) * 2), sample

    def _states(self, sample: SearchSample, rate: Rate) -> tuple[ForecastInterval | None, str]:
        if sample.complete:
            return ForecastInterval(sample.states, sample.states, sample.states), "counted exactly"
        fallen = self._falling(sample)
        if fallen is not None and fallen[0].high <= FINE * fallen[0].low:
            return fallen
        left = self.budget.total - (time.monotonic() - self._began)
        self._table = filled(self.instance, self._search, left, rate.per_second if rate.engine == "native" else None)
        by_table = self._extrapolated(sample.states)
        if by_table is not None and fallen is not None:
            both = by_table[0].within(fallen[0])
            return fallen if both is None else (both, f"{by_table[1]}; {fallen[1]}")
        return by_table or fallen or self._growing(sample.states)

    def _extrapolated(self, at_least: int) -> tuple[ForecastInterval, str] | None:
        """An estimate from the table; None if it contradicts the ``at_least`` states found, or is too wide."""
        found = extrapolation(self._table.logs, self.instance.values)
        if found is None or 2 * found.doubt > math.log(WIDEST):
            return None
        interval = _estimated(found.log - found.doubt, found.log, found.log + found.doubt, at_least)
        if interval is None:
            return None
        tested = numbered(len(found.errors), "instance")
        how = (
            f"extrapolated from the exact counts of {numbered(len(self._table.counted), 'smaller instance')}; "
            f"the interval is the greatest error for {tested} of the table, left out"
        )
        return interval, how

    def _transitions(self, states: ForecastInterval, sample: SearchSample) -> ForecastInterval | None:
        """The steps of so many states."""
        if sample.complete:
            return ForecastInterval(sample.transitions, sample.transitions, sample.transitions)
        each = extrapolated(self._table.step_logs, self.instance.values)
        return None if each is None else states.times(math.exp(min(each, 700.0)), math.exp(min(each, 700.0)))

    def _levels(self, sample: SearchSample) -> int | None:
        found = extrapolated(self._table.depths, self.instance.values, sums=True)
        return None if found is None or not math.isfinite(found) else max(len(sample.levels), round(found))

    def _falling(self, sample: SearchSample) -> tuple[ForecastInterval, str] | None:
        """An estimate from shrinking levels."""
        left = tail(sample.levels)
        if left is None or sample.levels[-1] > FALLEN * max(sample.levels):
            return None
        most = sample.states + left
        levels = numbered(len(sample.levels), "level")
        how = f"the last of {levels} shrink; the upper end is their geometric tail"
        return ForecastInterval(sample.states, math.sqrt(sample.states * most), most), how

    def _growing(self, at_least: int) -> tuple[ForecastInterval | None, str]:
        """An estimate from the spread of simple predictions."""
        logs = grown(self.instance, self.count)
        counted = sum(n is not None for n in self._counts.values())
        if logs is None:
            return None, "levels still grow, and too few smaller instances can be counted"
        interval = _estimated(*logs, at_least)
        if interval is None:
            return None, "levels still grow, and the predictions from smaller instances cannot be right"
        if interval.high / interval.low > WIDEST:
            return None, "levels still grow, and the predictions from smaller instances differ too much"
        how = (
            f"levels still grow; extrapolated from the exact counts of {counted} smaller instances, too few to test it"
        )
        return interval, how

    def count(self, instance: Instance) -> int | None:
        """The number of states of an instance of the same system; None if the budget is too small to count them."""
        if instance.values not in self._counts:
            self._counts[instance.values] = self._counted(instance)
        return self._counts[instance.values]

    def _counted(self, instance: Instance) -> int | None:
        known = self._table.counted.get(instance.values)
        if known is not None:
            return known.states
        if time.monotonic() - self._began > self.budget.total:
            return None
        most = STATES if self.budget.native else self.budget.states
        sample = self._search(instance, most, self.budget.seconds + COMPILING)
        return None if sample is None else sample.states

    def _search(self, instance: Instance, most: int, seconds: float) -> SearchSample | None:
        """A complete search of at most so many states: in Python if they are few, else in machine code."""
        try:
            if most <= self.budget.states or not self.budget.native:
                budget = replace(self.budget, states=min(most, self.budget.states), seconds=seconds)
                _, sample = sampled(instance, budget, **self._reduced)
                return sample if sample.complete else None
            found = measured(instance, seconds - COMPILING, states=most, **self._reduced)
        except (ModelError, TimeUpError):  # no such instance: an empty sort, or a value out of range; or no time
            return None
        return found[1] if found is not None and found[1].complete else None


def _estimated(low: float, middle: float, high: float, at_least: int) -> ForecastInterval | None:
    """The interval between these logarithms, without what is below the ``at_least`` states that were found; None if the
    middle is below them, or the end too large for a number. It is never that of an exact count, even if all predictions
    are the same."""
    if middle < math.log(at_least) or high > GREATEST:
        return None
    ends = min(low, middle - FINEST), middle, max(high, middle + FINEST)
    return ForecastInterval(*(max(float(at_least), math.exp(x)) for x in ends))


def shares(levels: Sequence[int]) -> tuple[float, ...]:
    """The share of all states in the first tenth, two tenths, … of the levels."""
    return tuple(sum(levels[: round(part * len(levels))]) / sum(levels) for part in TENTHS)


def _time(states: ForecastInterval, transitions: ForecastInterval | None, rate: Rate) -> ForecastInterval:
    """Seconds for all transitions, or for all states where nobody knows how many transitions there are."""
    what, each = (states, rate.per_second) if transitions is None else (transitions, rate.steps_per_second)
    return what.times(1 / each, 1 / each)


def _named(instance: Instance, values: tuple[int, ...]) -> str:
    return ", ".join(f"{p.name}={v}" for p, v in zip(instance.system.parameters, values, strict=True))


def reducible(instance: Instance, properties: Sequence[Property]) -> bool:
    """Whether ``check`` searches orbits if the search is large."""
    if not symmetric_sorts(instance):
        return False
    try:
        check_symmetric(instance, properties)
    except ModelError:
        return False
    return True
