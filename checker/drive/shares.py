"""A covering test in several parts, each on a system of its own: what a part has to cover, and the report of all.

A part covers neighbours: items whose numbers follow each other, or runs that begin alike. So most of the way to them is
shared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from planrace.checker.drive.plan import Coverable, branches
from planrace.checker.results.driving import CoverReport, Criterion, DriverSummary, MissReason, OutcomeShare
from planrace.checker.semantics.replay import Pick


@dataclass(frozen=True)
class CoveredPart:
    """The report of a part, with what it ``covered`` (items), the transitions that were ``taken`` with their labels,
    the steps that were ``refused`` in states, and the initial states in which runs have ``begun``, all by number."""

    report: CoverReport
    covered: frozenset[int]
    taken: dict[int, tuple[str, str | None]]
    refused: frozenset[tuple[int, Pick]]
    begun: frozenset[int]


def share_of(what: Coverable, criterion: Criterion, part: int, parts: int) -> Coverable:
    """What part number ``part`` of so many, from 0, has to cover; each item is in one part."""
    if criterion is Criterion.RUNS:
        mine = _of_runs(what, part, parts)
    else:
        every = sorted({i for i in what.network.items if i >= 0})
        mine = {i for n, i in enumerate(every) if n * parts // len(every) == part}
    items = [i if i in mine else -1 for i in what.network.items]
    return Coverable(what.graph, replace(what.network, items=items), what.takes, what.total)


def _of_runs(what: Coverable, part: int, parts: int) -> set[int]:
    """The runs of whole branches: their beginnings belong to the first branch that has them."""
    owners: dict[int, int] = {}
    every = branches(what.network)
    for n, run in enumerate(every):
        for arc in run:
            owners.setdefault(what.network.items[arc], n * parts // len(every))
    return {i for i, owner in owners.items() if owner == part}


def merged(parts: Sequence[CoveredPart], seconds: float) -> CoverReport:
    """One report of the parts, of which only the last may have ended early; it took so many seconds."""
    reports = [p.report for p in parts]
    first = reports[0]
    performed = len(frozenset().union(*(p.covered for p in parts)))
    divergence = next((r.divergence for r in reports if r.divergence is not None), None)
    stopped = next((r.stopped for r in reports if r.stopped is not None), None)
    return replace(
        first,
        system=replace(first.system, driver=_summary(reports)),
        performed=performed,
        missed=_missed(first, performed, ended=divergence is not None or stopped is not None),
        shares=_shares(first, parts),
        resets=sum(r.resets for r in reports),
        steps=sum(r.steps for r in reports),
        compared=sum(r.compared for r in reports),
        refusals=len(frozenset().union(*(p.refused for p in parts))),
        seconds=seconds,
        planning_seconds=max(r.planning_seconds for r in reports),
        driver_seconds=sum(r.driver_seconds for r in reports),
        divergence=divergence,
        stopped=stopped,
        untried=() if any(not r.untried for r in reports) else first.untried,
        starts=len(frozenset().union(*(p.begun for p in parts))),
    )


def _missed(first: CoverReport, performed: int, *, ended: bool) -> tuple[tuple[MissReason, int], ...]:
    found = []
    if performed < first.total:
        found.append((MissReason.STOPPED if ended else MissReason.UNSURE, first.total - performed))
    return (*found, *((why, n) for why, n in first.missed if why is MissReason.ELSEWHERE))


def _shares(first: CoverReport, parts: Sequence[CoveredPart]) -> tuple[OutcomeShare, ...]:
    taken = {arc: label for p in parts for arc, label in p.taken.items()}
    counts = Counter(taken.values())
    return tuple(replace(s, performed=counts[s.action, s.outcome]) for s in first.shares)


def _summary(reports: Sequence[CoverReport]) -> DriverSummary:
    """What the drivers of all parts observed and named."""
    drivers = [r.system.driver for r in reports]
    first = drivers[0]
    unnamed = dict.fromkeys(n for d in drivers for n in d.unnamed)
    named = {s.action for r in reports for s in r.shares if s.performed and s.action not in r.system.driver.unnamed}
    return replace(
        first,
        unobserved=tuple(n for n in first.unobserved if all(n in d.unobserved for d in drivers)),
        partly=tuple(dict.fromkeys(n for d in drivers for n in d.partly)),
        unnamed=tuple(n for n in unnamed if n not in named),
    )
