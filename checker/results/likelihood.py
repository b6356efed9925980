"""How likely it is that properties are violated in time, under rates of the actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ActionRate:
    """How often an action occurs where it can: ``per_second`` for each choice of its parameters. ``given`` by the user,
    or invented."""

    action: str
    per_second: float
    given: bool


@dataclass(frozen=True)
class TimedChance:
    """The probability that something happens within so many seconds, between ``low`` and ``high``: of a computation
    these are equal, of random runs they bound a 95 % confidence interval."""

    seconds: float
    probability: float
    low: float
    high: float


@dataclass(frozen=True)
class PropertyChance:
    """What was computed for a property: the probability of deciding it (violating it, or for reachability, reaching it)
    within each time; ``ever``; the ``mean`` seconds until then, in the runs in which it happens; None is not known. The
    elasticity of an action says by how many per cent the probability within the last time grows if the rate of the
    action grows by one per cent."""

    name: str
    kind: str
    within: tuple[TimedChance, ...]
    ever: float | None = None
    mean: float | None = None
    elasticities: Mapping[str, float] | None = None


@dataclass(frozen=True)
class LikelihoodPoint:
    """The chances at one size. ``states`` and ``transitions`` of the Markov chain; None if it was not built. ``runs``
    and ``seed`` of the simulation in place of it. ``missing`` says why something is not known."""

    parameters: Mapping[str, int]
    properties: tuple[PropertyChance, ...]
    states: int | None = None
    transitions: int | None = None
    orbits: bool = False
    runs: int | None = None
    seed: int | None = None
    missing: str | None = None


@dataclass(frozen=True)
class Likelihood:
    """The chances of a protocol at one or several sizes, under the same rates. ``varied`` names the parameters that
    differ between points."""

    protocol: str
    faults: tuple[str, ...]
    protections: tuple[str, ...]
    rates: tuple[ActionRate, ...]
    times: tuple[float, ...]
    points: tuple[LikelihoodPoint, ...]
    varied: tuple[str, ...] = ()

    @property
    def invented(self) -> tuple[str, ...]:
        """The actions whose rates nobody gave."""
        return tuple(r.action for r in self.rates if not r.given)

    @property
    def known(self) -> bool:
        """Whether every probability that was asked for is known."""
        return all(len(p.within) == len(self.times) for point in self.points for p in point.properties)
