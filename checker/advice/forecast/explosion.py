"""Why a state space is large: the variables, actions and parameters that multiply it, and changes that reduce it.

It is measured on all states of the instance. If the instance is too large, it is measured on a large smaller instance
that is not, because the first states of a large search are not representative. A variable multiplies the
states by r if there are r times as many states as after projecting it away; 1 means that the other variables determine
it. An action found a state if its step was the first to lead there. Parameters and faults are measured by searching
instances with the parameter one smaller, or without the fault.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.fewer import NOTABLE, Advice, VariableShare, bounds, slices, subsystems
from planrace.checker.advice.forecast.growth import smaller
from planrace.checker.advice.forecast.sample import sampled
from planrace.checker.advice.forecast.symmetric import candidates, declared
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.slicing import irrelevant
from planrace.checker.engines.explicit.transition_graph import acting, graph
from planrace.checker.engines.limits import look_at_the_clock, until
from planrace.checker.results.guard import TimeUpError
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Property

NEAR = 8
"""A parameter that is further from its least value than this is reduced by more than one."""


@dataclass(frozen=True)
class ActionShare:
    """The steps of an action and the states that they found, also as shares of all steps and states."""

    name: str
    steps: int
    found: int
    step_share: float
    found_share: float


@dataclass(frozen=True)
class Cut:
    """A parameter or fault (``kind``) whose change reduces the states: the measured instance has ``states`` states, and
    ``fewer`` if this one is changed ``to``."""

    kind: str
    name: str
    to: str
    states: int
    fewer: int

    @property
    def ratio(self) -> float:
        return self.states / self.fewer


@dataclass(frozen=True)
class Explosion:
    """Why there are so many states, measured on the ``states`` and ``steps`` of the instance ``measured_at``. If even
    the smallest instance is too large, they are not ``complete`` and there are no ``cuts``."""

    protocol: str
    parameters: dict[str, int | str]
    measured_at: dict[str, int]
    states: int
    steps: int
    complete: bool
    variables: tuple[VariableShare, ...]
    actions: tuple[ActionShare, ...]
    cuts: tuple[Cut, ...]
    advice: tuple[Advice, ...]


def explain_explosion(
    instance: Instance, properties: Sequence[Property] | None = None, budget: SearchBudget | None = None
) -> Explosion:
    """What multiplies the states of a search for ``properties`` (by default those of the system), without symmetry
    reduction. Raises ``ModelError`` if the model is wrong."""
    checked = instance.system.properties if properties is None else tuple(properties)
    budget = budget or SearchBudget()
    sliced = irrelevant(instance, checked)
    search, sample = sampled(instance, budget, sliced=sliced)
    look_at_the_clock()  # a search that the deadline cut is no sample
    small = _Small(instance, budget, sliced, sample.states if sample.complete else None)
    if small.base is not None and small.base != instance:
        search, sample = sampled(small.base, budget, sliced=sliced)
    cuts = [*small.parameters(), *small.faults()]
    shares = variables(search)
    return Explosion(
        protocol=instance.system.name,
        parameters=dict([*instance.parameters.items(), *instance.system.options]),
        measured_at=(small.base or instance).parameters,
        states=sample.states,
        steps=sample.transitions,
        complete=sample.complete,
        variables=shares,
        actions=actions(search),
        cuts=tuple(sorted(cuts, key=lambda c: -c.ratio)),
        advice=(
            *small.symmetry(checked),
            *slices(instance, checked, sliced, search),
            *subsystems(small.base or instance, checked, budget, sample),
            *bounds(shares, search.kernel.instance, complete=sample.complete),
        ),
    )


def variables(search: Search) -> tuple[VariableShare, ...]:
    """The factor by which each variable multiplies the states of a search, greatest first."""
    states, layout = list(search.states()), search.kernel.layout
    found = []
    for v in search.kernel.instance.system.variables:
        mask = sum(f.mask << f.offset for f in layout.fields.values() if f.variable == v.name)
        without = len({s & ~mask for s in states})
        found.append(VariableShare(v.name, len({s & mask for s in states}), without, len(states) / without))
    return tuple(sorted(found, key=lambda v: -v.ratio))


def actions(search: Search) -> tuple[ActionShare, ...]:
    """The steps of each action in a search and the states that they found, most found first."""
    names = list(search.kernel.instance.system.actions)
    made = graph(search, names)
    steps, found, known = Counter[str](), Counter[str](), {0}
    label_names = [name for name, _ in made.names]
    for label, target in zip(made.labels, made.targets, strict=True):
        name = label_names[label]
        steps[name] += 1
        if target not in known:
            known.add(target)
            found[name] += 1
    all_steps, all_found = max(1, steps.total()), max(1, found.total())
    shares = (ActionShare(n, steps[n], found[n], steps[n] / all_steps, found[n] / all_found) for n in names)
    return tuple(sorted(shares, key=lambda a: (-a.found, -a.steps)))


class _Small:
    """Measurements on ``base``: the instance, or the greatest smaller one that can be counted, or None."""

    def __init__(self, instance: Instance, budget: SearchBudget, sliced: Sequence[str], states: int | None) -> None:
        self._budget, self._sliced = budget, sliced
        self._began = time.monotonic()
        self.base, self.states = self._shrunk(instance, states)

    def _shrunk(self, instance: Instance, states: int | None) -> tuple[Instance | None, int]:
        """Reduce the greatest parameter until the instance can be counted."""
        while states is None:
            slack = [v - p.low for v, p in zip(instance.values, instance.system.parameters, strict=True)]
            at = max(range(len(slack)), key=lambda n: (slack[n] > 0, instance.values[n]), default=0)
            # one by one, except from afar: each instance that is too large costs a whole sample
            less = smaller(instance, at, max(1, slack[at] // NEAR)) if slack else None
            if less is None:
                return None, 0
            instance, states = less, self._count(less)
        return instance, states

    def _count(self, instance: Instance, *, symmetric: bool = False) -> int | None:
        left = self._began + self._budget.total - time.monotonic()
        if left <= 0:
            return None
        try:
            with until(left):  # writing the step function of many instances takes longer than the search
                _, sample = sampled(instance, self._budget, symmetric=symmetric, sliced=self._sliced)
        except (ModelError, TimeUpError):  # no such instance, an error that only the smaller one has, or no time
            return None
        return sample.states if sample.complete else None

    def parameters(self) -> Iterator[Cut]:
        """Each parameter one smaller."""
        for n, p in enumerate(self.base.system.parameters if self.base is not None else ()):
            assert self.base is not None
            less = smaller(self.base, n)
            fewer = None if less is None else self._count(less)
            if fewer:
                yield Cut("parameter", p.name, str(self.base.values[n] - 1), self.states, fewer)

    def faults(self) -> Iterator[Cut]:
        """Each fault off."""
        for fault in self.base.system.faults if self.base is not None else ():
            assert self.base is not None
            kept = [n for n, a in self.base.system.actions.items() if a.fault != fault]
            fewer = self._count(acting(self.base, kept))
            if fewer:
                yield Cut("fault", fault, "off", self.states, fewer)

    def symmetry(self, properties: Sequence[Property]) -> Iterator[Advice]:
        """Index sorts that could be declared symmetric."""
        for sort in candidates(self.base, properties) if self.base is not None else ():
            assert self.base is not None
            members = len(self.base.members(sort))
            orbits = self._count(declared(self.base, sort), symmetric=True) if members > 1 else None
            ratio = None if not orbits else self.states / orbits
            if ratio is not None and ratio < NOTABLE:
                continue
            order = "depends on the order of its members" if sort.ordered else "distinguishes its members"
            yield Advice(
                "symmetry",
                sort.name,
                f"nothing {order}: with index({sort.name!r}, …, symmetric=True), states that differ only in the names "
                f"of members count once, here up to {math.factorial(members):,} of them",
                ratio,
            )
