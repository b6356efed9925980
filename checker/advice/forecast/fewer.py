"""Changes of the request or the model that reduce the states, besides smaller parameters: properties one at a time,
subsystems as separate protocols, smaller bounds of sorts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.cone import cone
from planrace.checker.advice.forecast.sample import SearchSample, sampled
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.slicing import irrelevant
from planrace.checker.results.wording import counted
from planrace.model.language import Array, Instance, Int, ModelError, SetOf, Sort
from planrace.model.language.sorts import parameters_of
from planrace.properties.kinds import Checkable, Property

NOTABLE = 1.05
"""The least factor of reduction that is worth advice."""
WIDE = 8
"""The least number of values for which a sort counts as wide."""
FEW = 3
"""The most variables with wide sorts that are named."""


@dataclass(frozen=True)
class VariableShare:
    """A variable had ``values`` values (an array counts as a whole); it multiplies the states by ``ratio``."""

    name: str
    values: int
    without: int
    ratio: float


@dataclass(frozen=True)
class Advice:
    """A change of the model or the request that reduces the states: ``kind`` is "symmetry", "slicing", "subsystem" or
    "bound". ``ratio`` is measured; None if it could not be."""

    kind: str
    subject: str
    sentence: str
    ratio: float | None


def slices(
    instance: Instance, properties: Sequence[Property], sliced: Sequence[str], search: Search
) -> Iterator[Advice]:
    """Properties that, checked alone, let the search ignore variables that only other properties read."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for p in properties if len(properties) > 1 else ():
        more = tuple(v for v in irrelevant(instance, [p]) if v not in sliced)
        if more:
            groups.setdefault(more, []).append(p.name)
    states, layout = list(search.states()), search.kernel.layout
    for names, of in groups.items():
        mask = sum(f.mask << f.offset for f in layout.fields.values() if f.variable in names)
        ratio = len(states) / len({s & ~mask for s in states})
        if ratio >= NOTABLE:
            alone = " ".join(f"--property {name}" for name in of)
            yield Advice(
                "slicing",
                ", ".join(of),
                f"checked without the other properties ({alone}), the search ignores {', '.join(names)}",
                ratio,
            )


def subsystems(
    instance: Instance, properties: Sequence[Property], budget: SearchBudget, whole: SearchSample
) -> Iterator[Advice]:
    """Properties that depend on only some of the actions, grouped by these actions."""
    groups: dict[tuple[str, ...], list[Checkable]] = {}
    for p in properties:
        if isinstance(p, Checkable):
            groups.setdefault(cone(instance, p), []).append(p)
    for kept, of in groups.items():
        rest = [n for n in instance.system.actions if n not in kept]
        if not rest:
            continue
        actions = {n: instance.system.actions[n] for n in kept}
        part = replace(instance, system=replace(instance.system, actions=actions, final=()))
        sliced = irrelevant(part, of)
        try:
            _, sample = sampled(part, budget, sliced=sliced)
        except ModelError:  # a value out of range: the whole protocol reports it
            continue
        ratio = whole.states / sample.states if whole.complete and sample.complete else None
        if sample.complete and (ratio is None or ratio >= NOTABLE):
            without = f" and {', '.join(sliced)}" if sliced else ""
            yield Advice(
                "subsystem",
                ", ".join(p.name for p in of),
                f"independent of {', '.join(rest)}: a separate protocol without these{without} has "
                f"{counted(sample.states, 'state')} and the same verdict (but finds no deadlocks)",
                ratio,
            )


def bounds(shares: Sequence[VariableShare], instance: Instance, *, complete: bool) -> Iterator[Advice]:
    """Variables with wide sorts that no parameter bounds, or only a parameter that was not tried."""
    wide = []
    for share in shares:
        sort = _inner(instance.system.sort_of(share.name))
        if not isinstance(sort, Int) or share.ratio < NOTABLE or len(instance.members(sort)) < WIDE:
            continue
        sizes = [p for size in (sort.low, sort.high) for p in parameters_of(size)]
        if not sizes or not complete:
            wide.append((share, sort, sizes))
    for share, sort, sizes in wide[:FEW]:
        low, high = instance.bounds(sort)
        how = f"a smaller {sizes[0].name}" if sizes else "a smaller bound, or a parameter as a bound,"
        yield Advice(
            "bound",
            share.name,
            f"its values range from {low:,} to {high:,}: {how} means fewer states, if fewer values suffice",
            None,
        )


def _inner(sort: Sort) -> Sort:
    """The sort of the innermost elements of arrays and sets."""
    while isinstance(sort, Array | SetOf):
        sort = sort.element
    return sort
