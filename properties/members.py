"""What a property of each member promises of every single one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product
from math import prod

from planrace.model.language import Enum, Index, Instance, Maybe, ModelError, Op, Sort
from planrace.model.language.sorts import Bool
from planrace.model.language.terms import make, substitute
from planrace.properties.kinds import Liveness, Property

MOST = 1_024
"""Members that a property may be about."""


def is_of_each(p: Property) -> bool:
    """Whether it is a property of each member of some sort."""
    return isinstance(p, Liveness) and bool(p.over)


def members(instance: Instance, p: Property) -> tuple[Liveness, ...]:
    """The property of each single member, with its name: "served[2]", "moved[2,EAST]"; none for other properties.
    Raises ``ModelError`` if there are too many."""
    if not isinstance(p, Liveness) or not p.over:
        return ()
    return tuple(_of(p, choice) for choice in _choices(instance, p))


def by_name(instance: Instance, properties: Iterable[Property]) -> dict[str, Liveness]:
    """The same for all ``properties``."""
    return {m.name: m for p in properties for m in members(instance, p)}


def representatives(instance: Instance, p: Liveness) -> Mapping[str, str]:
    """By the name of the property of a member: that of the first one which differs only by the names of members of
    symmetric indexes. Both are true or none, if neither the system nor ``p`` names a member."""
    return {_of(p, c).name: _of(p, _first_alike(p, c)).name for c in _choices(instance, p)}


def _choices(instance: Instance, p: Liveness) -> Iterable[tuple[int, ...]]:
    every = [instance.members(v.sort) for v in p.over]  # type: ignore[arg-type]
    if prod(map(len, every)) > MOST:
        raise ModelError(
            f"property {p.name} is about too many members, {prod(map(len, every)):,}; the limit is {MOST:,}",
            where=p.where,
            remedy="choose smaller sizes",
        )
    return product(*every)


def _of(p: Liveness, choice: tuple[int, ...]) -> Liveness:
    by = {v: make(Op.CONST, (), v.sort, k) for v, k in zip(p.over, choice, strict=True)}
    words = ",".join(_word(v.sort, k) for v, k in zip(p.over, choice, strict=True))
    return replace(
        p, name=f"{p.name}[{words}]", goal=substitute(p.goal, by), trigger=substitute(p.trigger, by), over=()
    )


def _first_alike(p: Liveness, choice: tuple[int, ...]) -> tuple[int, ...]:
    """The choice with the members of each symmetric index numbered in the order in which they appear."""
    numbers: dict[Index, dict[int, int]] = {}
    found = []
    for v, k in zip(p.over, choice, strict=True):
        sort = v.sort.index if isinstance(v.sort, Maybe) else v.sort
        if isinstance(sort, Index) and sort.symmetric and k:
            known = numbers.setdefault(sort, {})
            found.append(known.setdefault(k, len(known) + 1))
        else:
            found.append(k)
    return tuple(found)


def _word(sort: Sort, value: int) -> str:
    match sort:
        case Enum(members=names):
            return names[value]
        case Bool():
            return "true" if value else "false"
        case Maybe() if not value:
            return "none"
    return str(value)
