"""How likely it is that safety properties are violated in time: computed on the Markov chain of an instance, or, where
that is too large, estimated by random runs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING

from planrace.checker.engines.explicit.symmetry import check_symmetric, symmetric_sorts
from planrace.checker.engines.limits import until
from planrace.checker.engines.markov.stiff import StiffError
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.likelihood import ActionRate, Likelihood, LikelihoodPoint, PropertyChance, TimedChance
from planrace.checker.results.stop import StopKind
from planrace.checker.results.wording import counted
from planrace.checker.run.options import Options
from planrace.checker.run.rates import rates_for
from planrace.checker.run.request import Selection, select_properties
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Checkable

if TYPE_CHECKING:
    from planrace.checker.engines.markov.chain import MarkovChain, RatedSteps

STATES, RUNS = 1_000_000, 1_000
"""The states up to which a chain is built, and the random runs in place of larger ones."""
NUDGE = 1e-3
"""The relative change of a rate for its elasticity."""
MOST_PROPERTIES = 64
POINTS = 1_000
"""The most sizes of one request."""


@dataclass(frozen=True)
class LikelihoodRequest:
    """``times`` in seconds, ascending; ``rates`` by action; ``varied``: the values of parameters that differ between
    points. ``sensitive``: compute elasticities. ``simulate``: make random runs even if the chain could be built."""

    times: tuple[float, ...]
    rates: Mapping[str, str | float]
    varied: Mapping[str, Sequence[int]]
    sensitive: bool = False
    simulate: bool = False


def likelihood(
    selection: Selection,
    request: LikelihoodRequest,
    options: Options,
    keep: Callable[[MarkovChain, list[float], list[str]], None] | None = None,
) -> Likelihood:
    """The chances at every point. ``keep`` gets the complete Markov chain, the rates of its actions, and the names of
    the properties that it is marked with. Raises ``ModelError``, also if there is no one chain to be kept."""
    _check_scipy()
    system = selection.system
    rates = rates_for(system, request.rates)
    points = [dict(zip(request.varied, values, strict=True)) for values in product(*request.varied.values())]
    if len(points) > POINTS:
        raise ModelError(f"{counted(len(points), 'size')} are asked for", remedy=f"ask for at most {POINTS:,}")
    if keep is not None and len(points) > 1:
        raise ModelError(
            f"one Markov chain can be written, not those of {len(points)} sizes", remedy="give each parameter one value"
        )
    found = []
    with until(options.time_limit):
        for point in points:
            chosen = replace(selection, sizes={**selection.sizes, **point})
            at = _Point(chosen.instance, request, options, rates)
            found.append(at.chances())
            if keep is not None:
                keep(at.complete_chain(), at.rates, [p.name for p in at.properties])
    return Likelihood(
        system.name,
        selection.faults,
        system.protections,
        rates,
        request.times,
        tuple(found),
        tuple(request.varied),
    )


def _check_scipy() -> None:
    try:
        import scipy  # noqa: F401
    except ImportError:
        from planrace.checker.results.extras import install_command

        raise ModelError(
            "probabilities need SciPy, which is not installed", remedy=install_command("likelihood")
        ) from None


class _Point:
    """The chances at one size."""

    def __init__(
        self, instance: Instance, request: LikelihoodRequest, options: Options, rates: Sequence[ActionRate]
    ) -> None:
        self.instance, self.request, self.options = instance, request, options
        self.rates = [r.per_second for r in rates]
        self.names = [r.action for r in rates]
        asked, _ = select_properties(instance.system, options.properties, Checkable)
        for p in asked:
            if not isinstance(p, Checkable):
                raise ModelError(
                    f"{p.name} is {p.kind}, which no moment decides", remedy="ask for invariants and reachability"
                )
        self.properties: list[Checkable] = [p for p in asked if isinstance(p, Checkable)]
        if not self.properties:
            raise ModelError(
                f"{instance.system.name} has no invariant and no reachability", remedy="these have a time of violation"
            )
        if len(self.properties) > MOST_PROPERTIES:
            raise ModelError(
                f"{counted(len(self.properties), 'property', 'properties')} are asked for",
                remedy=f"choose at most {MOST_PROPERTIES}",
            )

    def chances(self) -> LikelihoodPoint:
        """What is known within the limits."""
        try:
            why = None
            if not self.request.simulate:
                chain, why = self._chain
                if chain is not None:
                    return self._computed(chain)
            return self._sampled(why)
        except TimeUpError as problem:
            return LikelihoodPoint(self._sizes, self._unknown(), missing=str(problem))

    def complete_chain(self) -> MarkovChain:
        """The chain. Raises ``ModelError`` if it is larger than the limits allow."""
        try:
            chain, why = self._chain
        except TimeUpError as problem:
            chain, why = None, str(problem)
        if chain is None:
            raise ModelError(f"the Markov chain was not built: {why}", remedy="take smaller sizes or higher limits")
        return chain

    @cached_property
    def _chain(self) -> tuple[MarkovChain | None, str | None]:
        """The chain; None, and why, if it has more states than the limit. Raises ``TimeUpError``."""
        from planrace.checker.engines.markov.chain import markov_chain

        most = STATES if self.options.max_states is None else self.options.max_states
        chain, stopped = markov_chain(self._steps(), replace(self.options.limits, states=most), self.options.listener)
        if stopped is not None and stopped.kind is StopKind.TIME:
            raise TimeUpError(str(stopped))
        return chain, None if stopped is None else str(stopped)

    def _steps(self) -> RatedSteps:
        from planrace.checker.engines.markov.chain import RatedSteps

        wanted = self.options.symmetry
        symmetric = bool(symmetric_sorts(self.instance)) if wanted is None else wanted
        if symmetric:
            try:
                check_symmetric(self.instance, self.properties)
            except ModelError:
                if wanted:
                    raise
                symmetric = False
        return RatedSteps(self.instance, self.properties, symmetric=symmetric)

    @property
    def _sizes(self) -> dict[str, int]:
        return self.instance.parameters

    def _unknown(self) -> tuple[PropertyChance, ...]:
        return tuple(PropertyChance(p.name, p.kind, ()) for p in self.properties)

    # On the chain ----------------------------------------------------------------------------------------------
    def _computed(self, chain: MarkovChain) -> LikelihoodPoint:
        found, missing = [], None
        for k, p in enumerate(self.properties):
            try:
                found.append(self._of(chain, k, p))
            except (StiffError, TimeUpError) as problem:
                found.append(PropertyChance(p.name, p.kind, ()))
                missing = str(problem)
        return LikelihoodPoint(
            self._sizes, tuple(found), chain.states, len(chain.targets), chain.orbits, missing=missing
        )

    def _of(self, chain: MarkovChain, k: int, p: Checkable) -> PropertyChance:
        from planrace.checker.engines.markov.hitting import Hitting

        hitting = Hitting.of(chain, k, self.rates)
        within = hitting.within(self.request.times)
        chances = tuple(TimedChance(t, x, x, x) for t, x in zip(self.request.times, within, strict=True))
        elasticities = self._elasticities(chain, k, within[-1]) if self.request.sensitive else None
        return PropertyChance(p.name, p.kind, chances, hitting.ever, hitting.mean, elasticities)

    def _elasticities(self, chain: MarkovChain, k: int, probability: float) -> dict[str, float] | None:
        """By central differences; None if the probability is too small to be divided by."""
        from planrace.checker.engines.markov.hitting import LEFT, Hitting

        if probability * NUDGE < 1e3 * LEFT:
            return None
        found = {}
        for n, name in enumerate(self.names):
            if not self.rates[n]:
                continue
            up, down = (
                Hitting.of(chain, k, [r * (factor if i == n else 1.0) for i, r in enumerate(self.rates)]).within(
                    self.request.times[-1:]
                )[0]
                for factor in (1 + NUDGE, 1 - NUDGE)
            )
            found[name] = (up - down) / (2 * NUDGE * probability)
        return found

    # By random runs --------------------------------------------------------------------------------------------
    def _sampled(self, why: str | None) -> LikelihoodPoint:
        from planrace.checker.engines.markov.sampling import SampledRuns

        o = self.options
        seed = random.SystemRandom().randrange(2**32) if o.seed is None else o.seed
        sample = SampledRuns(
            self._steps(), self.rates, self.request.times, seed=seed, limits=o.limits, listener=o.listener
        )
        stopped = sample.run(RUNS if o.runs is None else o.runs)
        properties = tuple(PropertyChance(p.name, p.kind, sample.chances(k)) for k, p in enumerate(self.properties))
        reasons = [str(r) for r in (why, stopped) if r is not None]
        return LikelihoodPoint(self._sizes, properties, runs=sample.runs, seed=seed, missing="; ".join(reasons) or None)
