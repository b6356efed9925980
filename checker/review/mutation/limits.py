"""Mutants of times: each limit is one tick more, and one tick less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from planrace.model.language import Action, Place, System, Term
from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, Size, Sort, Ticks, size_at
from planrace.model.language.system import Variable
from planrace.model.language.terms import lift, make, substitute, subterms
from planrace.model.language.timekeeping import PlaceClock, PointLimits
from planrace.model.language.weaving import as_written


@dataclass(frozen=True, eq=False)
class ShiftedLimit:
    """A system as written with one limit shifted; ``subject`` is the action or the process."""

    subject: str
    change: str
    where: Place | None
    system: System


def shifted_limits(system: System, sizes: Mapping[str, int]) -> Iterator[ShiftedLimit]:
    """All systems with one limit of a time shifted; limits that are parameters have these ``sizes``."""
    written = replace(system, actions=as_written(system))
    for c in system.clocks:
        action = written.actions[c.action]
        for what, new in _shifts(c.timing.within, c.timing.after, sizes):
            timing = replace(c.timing, within=new) if what == "within" else replace(c.timing, after=new)
            actions = {**written.actions, c.action: replace(action, timing=timing)}
            old = getattr(c.timing, what)
            yield ShiftedLimit(c.action, f"{what}={new} for {old}", timing.where, replace(written, actions=actions))
    for p in system.place_clocks:
        for point, limits in p.limits.items():
            yield from _of_point(written, p, point, limits, sizes)


def _of_point(
    written: System, clock: PlaceClock, point: str, limits: PointLimits, sizes: Mapping[str, int]
) -> Iterator[ShiftedLimit]:
    subject = f"{clock.process} at {point}"
    earliest = [size_at(w, sizes) for w in limits.waits]
    if limits.within is not None:
        for what, new in _shifts(limits.within, max(earliest, default=None), sizes):
            if what == "within":
                changed = _limited(written, clock, point, replace(limits, within=new), sizes)
                yield ShiftedLimit(subject, f"within={new} for {limits.within}", clock.where, changed)
    for n, old in enumerate(limits.waits):
        for what, new in _shifts(limits.within, old, sizes):
            if what == "after":
                waits = (*limits.waits[:n], new, *limits.waits[n + 1 :])
                changed = _limited(written, clock, point, replace(limits, waits=waits), sizes)
                actions = {
                    k: _waiting(a, clock, old, new) if _leads_on(a, clock, point) else a
                    for k, a in changed.actions.items()
                }
                yield ShiftedLimit(subject, f"after={new} for {old}", clock.where, replace(changed, actions=actions))


def _leads_on(action: Action, clock: PlaceClock, point: str) -> bool:
    origin = action.origin
    return origin is not None and origin.process == clock.process and origin.point == point


def _shifts(within: Size | None, after: Size | None, sizes: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """The limits that remain in order when they are shifted by one."""
    latest = None if within is None else size_at(within, sizes)
    earliest = None if after is None else size_at(after, sizes)
    if latest is not None:
        yield "within", latest + 1
        if latest > (earliest or 0):
            yield "within", latest - 1
    if earliest is not None:
        if latest is None or earliest < latest:
            yield "after", earliest + 1
        if earliest:
            yield "after", earliest - 1


def _limited(written: System, clock: PlaceClock, point: str, limits: PointLimits, sizes: Mapping[str, int]) -> System:
    """The system in which a process stays at a point for other times; its clock counts as far as they need."""
    numbers = [size_at(x, sizes) for x in (limits.within, *limits.waits) if x is not None]
    variable = _wider(clock.variable, max(numbers), sizes)
    changed = replace(clock, limits={**clock.limits, point: limits}, variable=variable)
    return replace(
        written,
        place_clocks=tuple(changed if p is clock else p for p in written.place_clocks),
        variables=tuple(variable if v is clock.variable else v for v in written.variables),
    )


def _wider(variable: Variable, least: int, sizes: Mapping[str, int]) -> Variable:
    def wider(sort: Sort) -> Sort:
        if isinstance(sort, Array):
            return Array(sort.domain, wider(sort.element))
        assert isinstance(sort, Ticks)
        return sort if size_at(sort.high, sizes) >= least else replace(sort, high=least)

    sort = wider(variable.sort)
    return variable if sort == variable.sort else replace(variable, sort=sort)


def _waiting(action: Action, clock: PlaceClock, old: Size, new: int) -> Action:
    """The action, which waits for the other number of ticks."""
    terms = [action.when, *(o.condition for o in action.outcomes)]
    terms += [u.value for o in action.outcomes for u in o.updates]
    there = {t: make(Op.LE, (lift(new), t.args[1]), t.sort) for t in subterms(*terms) if _reads(t, clock, old)}
    outcomes = tuple(
        replace(
            o,
            condition=substitute(o.condition, there),
            updates=tuple(replace(u, value=substitute(u.value, there)) for u in o.updates),
        )
        for o in action.outcomes
    )
    return replace(action, when=substitute(action.when, there), outcomes=outcomes)


def _reads(t: Term, clock: PlaceClock, old: Size) -> bool:
    """Whether a term compares the clock with ``old``."""
    if t.op is not Op.LE or t.args[0] is not lift(old):
        return False
    cell = t.args[1]
    while cell.op is Op.SELECT:
        cell = cell.args[0]
    return cell is clock.variable.term
