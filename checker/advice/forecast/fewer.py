"""Changes of the request or the model that leave fewer states, beside smaller parameters: properties one at a time,
subsystems as protocols of their own, smaller bounds of sorts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.advice.forecast.cone import cone
from planrace.checker.advice.forecast.sample import Sample, sampled
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.slicing import irrelevant
from planrace.checker.results.wording import counted
from planrace.model.language import Array, Instance, Int, ModelError, SetOf, Sort
from planrace.model.language.sorts import Parameter
from planrace.properties.kinds import Checkable, Property

NOTABLE = 1.05
"""What would not make the states fewer by this factor is not worth advice."""
WIDE = 8
"""Values from which on a sort is one that might do with fewer."""
FEW = 3
"""So many variables are told to have wide sorts, those that multiply most."""


@dataclass(frozen=True)
class VariableShare:
    """``values`` of a variable were met (of an array: of it as a whole); ``ratio`` times as many states as without."""

    name: str
    values: int
    without: int
    ratio: float


@dataclass(frozen=True)
class Advice:
    """A change of the model or the request that leaves fewer states: ``kind`` is "symmetry", "slicing",
    "subsystem" or "bound". ``ratio`` is measured, or None where it could not be."""

    kind: str
    subject: str
    sentence: str
    ratio: float | None


def slices(
    instance: Instance, properties: Sequence[Property], sliced: Sequence[str], search: Search
) -> Iterator[Advice]:
    """Properties that could do without variables which the others read, when they are checked alone."""
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
                f"checked without the other properties ({alone}), the states do without {', '.join(names)}",
                ratio,
            )


def subsystems(
    instance: Instance, properties: Sequence[Property], budget: SearchBudget, whole: Sample
) -> Iterator[Advice]:
    """Properties that depend on some of the actions only, by what they depend on."""
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
        except ModelError:  # it leaves its ranges: that is for the whole to tell
            continue
        ratio = whole.states / sample.states if whole.complete and sample.complete else None
        if sample.complete and (ratio is None or ratio >= NOTABLE):
            without = f" and {', '.join(sliced)}" if sliced else ""
            yield Advice(
                "subsystem",
                ", ".join(p.name for p in of),
                f"nothing that it depends on is touched by {', '.join(rest)}: a protocol of its own, without these"
                f"{without}, has {counted(sample.states, 'state')} and the same verdict (but asks nothing of "
                "deadlocks)",
                ratio,
            )


def bounds(shares: Sequence[VariableShare], instance: Instance, *, complete: bool) -> Iterator[Advice]:
    """Variables with many values, whose sorts no parameter makes smaller, or none that was tried."""
    wide = []
    for share in shares:
        sort = _inner(instance.system.sort_of(share.name))
        if not isinstance(sort, Int) or share.ratio < NOTABLE or len(instance.members(sort)) < WIDE:
            continue
        sizes = [s for s in (sort.low, sort.high) if isinstance(s, Parameter)]
        if not sizes or not complete:
            wide.append((share, sort, sizes))
    for share, sort, sizes in wide[:FEW]:
        low, high = instance.bounds(sort)
        how = f"give {sizes[0].name} a smaller value" if sizes else "give them a smaller bound, or a parameter for one"
        yield Advice(
            "bound",
            share.name,
            f"its numbers go from {low:,} to {high:,}: {how}, if fewer do the same, and there are fewer states",
            None,
        )


def _inner(sort: Sort) -> Sort:
    """What arrays and sets hold in the end."""
    while isinstance(sort, Array | SetOf):
        sort = sort.element
    return sort
