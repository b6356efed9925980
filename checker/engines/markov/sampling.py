"""Random runs of the Markov chain of an instance that is too large to build (Gillespie, "Exact stochastic simulation of
coupled chemical reactions", Journal of Physical Chemistry 81, 1977): how many of them decide a property in time."""

from __future__ import annotations

import random
from collections.abc import Sequence

from planrace.checker.engines.explicit.step_function import OutOfRangeError
from planrace.checker.engines.limits import LimitGuard, Limits, Listener
from planrace.checker.engines.markov.chain import RatedSteps
from planrace.checker.results.likelihood import TimedChance
from planrace.checker.results.stop import StopReason

CONFIDENCE = 0.95
LOOK = 256
"""Steps between two looks at the limits."""


class SampledRuns:
    """``counts[k][i]`` of ``runs`` random runs decide property k within ``times[i]`` seconds. Run n of a seed is always
    the same."""

    def __init__(
        self,
        steps: RatedSteps,
        rates: Sequence[float],
        times: Sequence[float],
        *,
        seed: int,
        limits: Limits,
        listener: Listener | None = None,
    ) -> None:
        self._steps, self._rates, self._times, self._seed = steps, rates, times, seed
        self._guard = LimitGuard("simulating", limits, listener)
        starts = steps.starts()
        self._starts, self._weights = list(starts), list(starts.values())
        self.runs = 0
        self.counts = [[0] * len(times) for _ in steps.properties]
        self._all = (1 << len(steps.properties)) - 1
        self._taken = 0

    def run(self, runs: int) -> StopReason | None:
        """Make so many runs; returns why it stopped before, if it did: the run at that moment does not count."""
        for n in range(runs):
            found = self._one(random.Random(f"{self._seed}:{n}"))
            if isinstance(found, StopReason):
                return found
            self.runs += 1
            for k, at in found.items():
                for i, t in enumerate(self._times):
                    self.counts[k][i] += at <= t
        return None

    def _one(self, draw: random.Random) -> dict[int, float] | StopReason:
        """When each property was decided, in seconds; those that are not decided before the last time are missing."""
        path = [draw.choices(self._starts, self._weights)[0]]
        found: dict[int, float] = {}
        decided, now, end = 0, 0.0, max(self._times)
        while True:
            self._taken += 1
            if self._taken % LOOK == 0:
                stopped = self._guard.look(self.runs, self._taken, len(path))
                if stopped is not None:
                    return stopped
            try:
                mark, steps = self._steps.of(path[-1])
            except OutOfRangeError:
                self._steps.refuse(path)
            decided = self._decide(mark, decided, now, found)
            weights = [self._rates[a] for _, a, _ in steps]
            total = sum(weights)
            if decided == self._all or not total:
                return found
            now += draw.expovariate(total)
            if now > end:
                return found
            after, _, mark = draw.choices(steps, weights)[0]
            decided = self._decide(mark, decided, now, found)
            path.append(after)

    def _decide(self, mark: int, decided: int, now: float, found: dict[int, float]) -> int:
        new = mark & ~decided
        while new:
            k = (new & -new).bit_length() - 1
            found[k] = now
            new &= new - 1
        return decided | mark

    def chances(self, k: int) -> tuple[TimedChance, ...]:
        """The shares of the runs that decide property k in time, with exact intervals (Clopper & Pearson, "The use of
        confidence or fiducial limits", Biometrika 26, 1934)."""
        from scipy.special import betaincinv

        n, half = self.runs, (1 - CONFIDENCE) / 2
        if not n:
            return ()
        return tuple(
            TimedChance(
                t,
                hits / n,
                float(betaincinv(hits, n - hits + 1, half)) if hits else 0.0,
                float(betaincinv(hits + 1, n - hits, 1 - half)) if hits < n else 1.0,
            )
            for t, hits in zip(self._times, self.counts[k], strict=True)
        )
