"""A forecast of a search before it is run: its states, its time, its memory.

Three methods; the first that applies is used:

* Count: the search ends within the budget, in Python or in the run that measures the rate of the native engine.
* Tail: the breadth-first levels shrink (``tail.py``; Pelánek & Šimeček, "Estimating state space parameters", 2008).
* Growth: smaller instances are counted exactly and extrapolated over the parameters (``growth.py``).

Otherwise only a lower bound is known: the states that were found. Knuth's estimate for backtracking ("Estimating the
efficiency of backtrack programs", Mathematics of Computation 29, 1975) is not used: it counts the nodes of a tree, in
which a state has one node for each path to it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from planrace.checker.advice.forecast.growth import grown
from planrace.checker.advice.forecast.rate import EXPLICIT_BYTES, Rate, measured
from planrace.checker.advice.forecast.tail import tail
from planrace.checker.engines.explicit.orbits import ASKED, UNASKED
from planrace.checker.engines.explicit.slicing import irrelevant
from planrace.checker.engines.explicit.symmetry import check_symmetric, symmetric_sorts
from planrace.checker.engines.limits import memory_in_use
from planrace.checker.results.wording import numbered
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Property

if TYPE_CHECKING:
    from planrace.checker.advice.forecast.explosion import Explosion

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.sample import SearchSample, sampled

WIDEST = 1000.0
"""An interval with a greater ratio of its ends is useless."""
FALLEN = 0.5
"""Levels are past their peak when the last one is smaller than this share of the greatest."""


@dataclass(frozen=True)
class ForecastInterval:
    """An estimate: from ``low`` to ``high``, probably about ``middle``."""

    low: float
    middle: float
    high: float

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def plus(self, low: float, high: float) -> ForecastInterval:
        """The interval plus the interval from ``low`` to ``high``."""
        return ForecastInterval(self.low + low, self.middle + (low + high) / 2, self.high + high)

    def times(self, low: float, high: float) -> ForecastInterval:
        """The interval times the interval from ``low`` to ``high``."""
        return ForecastInterval(self.low * low, self.middle * math.sqrt(low * high), self.high * high)


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


def forecast(
    instance: Instance,
    properties: Sequence[Property] | None = None,
    budget: SearchBudget | None = None,
    *,
    symmetric: bool | None = None,
) -> Forecast:
    """What a complete search for ``properties`` (by default those of the system) needs. ``symmetric`` None: as
    ``check`` decides, which searches orbits if the search is large and the model allows it. Raises ``ModelError``."""
    return Forecaster(instance, properties, budget, symmetric=symmetric).forecast()


class Forecaster:
    """Forecasts one search."""

    def __init__(
        self,
        instance: Instance,
        properties: Sequence[Property] | None,
        budget: SearchBudget | None,
        *,
        symmetric: bool | None,
    ) -> None:
        self.instance = instance
        self.properties = instance.system.properties if properties is None else tuple(properties)
        self.budget = budget or SearchBudget()
        if symmetric:
            check_symmetric(instance, self.properties)
        self.symmetric, self._free = bool(symmetric), symmetric is None
        self.sliced = irrelevant(instance, self.properties)
        self._per_orbit = 1
        self._counts: dict[tuple[int, ...], int | None] = {}
        self._began = time.monotonic()
        self._resident = float(memory_in_use())

    def forecast(self) -> Forecast:
        """Take a sample, measure the rate, estimate the total."""
        sample = self._sample()
        rate = self._rate(sample)
        at_least = max(sample.states, rate.states)
        states, how = self._states(sample, rate, at_least)
        system = self.instance.system
        return Forecast(
            protocol=system.name,
            parameters=dict([*self.instance.parameters.items(), *system.options]),
            faults=system.faults,
            protections=system.protections,
            at_least=at_least,
            states=states,
            how=how,
            symmetry=self.symmetric,
            sliced=self.sliced,
            rate=rate,
            seconds=None if states is None else states.times(1 / rate.per_second, 1 / rate.per_second),
            memory=None if states is None else states.times(*rate.bytes_per_state).plus(*rate.base),
            sample=sample,
            states_per_orbit=self._per_orbit,
            at_most=self.instance.at_most,
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

    def _rate(self, sample: SearchSample) -> Rate:
        found = None
        if self.budget.native and not sample.complete:
            found = measured(self.instance, self.budget.seconds, **self._reduced)
        if found is not None:
            return found
        per_second = max(1, round(sample.states / max(sample.seconds, 1e-6)))
        return Rate("explicit", sample.states, sample.complete, per_second, EXPLICIT_BYTES, (self._resident,) * 2)

    def _states(self, sample: SearchSample, rate: Rate, at_least: int) -> tuple[ForecastInterval | None, str]:
        if sample.complete or rate.complete:
            return ForecastInterval(at_least, at_least, at_least), "counted exactly"
        fallen = self._falling(sample)
        if fallen is not None:
            return fallen
        return self._growing(at_least)

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
        """An estimate from smaller instances."""
        logs = grown(self.instance, self.count)
        counted = sum(n is not None for n in self._counts.values())
        if logs is None:
            return None, "levels still grow, and too few smaller instances can be counted"
        low, middle, high = (max(float(at_least), math.exp(min(x, 700.0))) for x in logs)
        if high / low > WIDEST:
            return None, "levels still grow, and the predictions from smaller instances differ too much"
        how = f"levels still grow; extrapolated from the exact counts of {counted} smaller instances"
        return ForecastInterval(low, middle, high), how

    def count(self, instance: Instance) -> int | None:
        """The number of states of an instance of the same system; None if the budget is too small to count them."""
        if instance.values not in self._counts:
            self._counts[instance.values] = self._counted(instance)
        return self._counts[instance.values]

    def _counted(self, instance: Instance) -> int | None:
        if time.monotonic() - self._began > self.budget.total:
            return None
        try:
            _, sample = sampled(instance, self.budget, **self._reduced)
        except ModelError:  # no such instance: an empty sort, or a value out of range
            return None
        if sample.complete or not self.budget.native:
            return sample.states if sample.complete else None
        found = measured(instance, self.budget.seconds, **self._reduced)
        return found.states if found is not None and found.complete else None


def reducible(instance: Instance, properties: Sequence[Property]) -> bool:
    """Whether ``check`` searches orbits if the search is large."""
    if not symmetric_sorts(instance):
        return False
    try:
        check_symmetric(instance, properties)
    except ModelError:
        return False
    return True
