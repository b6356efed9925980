"""How long a process stays at its points: the clock that counts the ticks, and the actions that read it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from planrace.model.language.actions import Action
from planrace.model.language.errors import DefinitionError
from planrace.model.language.sorts import Scalar, Size
from planrace.model.language.terms import Term, substitute
from planrace.model.language.timekeeping import PlaceClock, PointLimits
from planrace.model.language.timing import STOPPED, check_due, check_order, clock_name, cycle, may_be_zero, ticks
from planrace.model.processes.source import ProcessText
from planrace.model.processes.statements import TICKS_HERE
from planrace.model.processes.steps import Key, Member, Points, element
from planrace.model.processes.store import rewritten

_FOR_AUTHORS = True  # errors name the line of the process


def place_clock(points: Points, start: Key, member: Member, place: Term, sorts: Sequence[Scalar]) -> PlaceClock | None:
    """The clock of a process; None if no point of it waits for time. Raises ``DefinitionError`` for a point with two
    deadlines, or whose step need not happen."""
    limits = {name: found for key, name in points.names.items() if (found := _limits(points, key, member)) is not None}
    if not limits:
        return None
    source = member.source
    _check_urgent(points, limits, source)
    most = _most([w for x in limits.values() for w in ((x.within,) if x.within is not None else x.waits)])
    begun = 0 if points.names[start] in limits else STOPPED
    meaning = f"ticks since {source.name} came to where it is"
    variable = ticks(clock_name(source.name), sorts, most, begun, meaning, source.where)
    return PlaceClock(source.name, place, variable, limits, tuple(sorts), source.where)


def _check_urgent(points: Points, limits: Mapping[str, PointLimits], source: ProcessText) -> None:
    """Refuse a loop that takes no time: no tick could pass any more."""
    urgent = {k for k, n in points.names.items() if n in limits and may_be_zero(limits[n].within)}
    before = {k: {j for j, ends in points.ways.items() if any(t == k for _, t in ends)} for k in urgent}
    around = cycle(before)
    if around:
        names = " and ".join(sorted(points.names[k] for k in around))
        raise DefinitionError(
            f"process {source.name}: time could stand still for ever: {names} may have within=0 and go round",
            where=points.place(around[0]),
            remedy="give one of them within=1, or a parameter with low=1",
        )


def _limits(points: Points, key: Key, member: Member) -> PointLimits | None:
    ways = [way for way, _ in points.ways[key]]
    stays = [s for way in ways for s in way.stays]
    deadlines = dict.fromkeys(s.within for s in stays if s.within is not None)
    waits = tuple(dict.fromkeys(s.after for s in stays if s.after is not None))
    if not deadlines and not waits:
        return None
    what, where = f"process {member.source.name}, {points.names[key]}", points.place(key)
    if len(deadlines) > 1:
        raise DefinitionError(
            f"{what}: a point has one deadline, and these are {' and '.join(map(str, deadlines))}",
            where=where,
            remedy="keep one within=; it is that of all ways on from the point",
        )
    within = next(iter(deadlines), None)
    try:
        for w in waits:
            check_order(within, w)
        if within is not None:
            own = next((w.at.fairness for w in ways if w.at is not None and w.at.fairness), None)
            check_due(
                None if any(w.fault is None for w in ways) else ways[0].fault, own or member.circumstances.fairness
            )
    except DefinitionError as problem:
        raise DefinitionError(f"{what}: {problem.what}", where=where, remedy=problem.remedy) from None
    return PointLimits(within, waits)


def _most(limits: Iterable[Size]) -> Size:
    """A number that no limit exceeds."""
    found = list(dict.fromkeys(limits))
    return found[0] if len(found) == 1 else max(x if isinstance(x, int) else x.high for x in found)


def timed_actions(actions: Iterable[Action], clock: PlaceClock | None, member: Member) -> list[Action]:
    """The actions, which read the clock of their process."""
    if clock is None:
        return list(actions)
    here = {TICKS_HERE: element(clock.variable.term, member.parameters)}

    def counted(term: Term) -> Term:
        return substitute(term, here)

    return [replace(a, when=counted(a.when), outcomes=rewritten(a.outcomes, counted)) for a in actions]
