"""The fix lab: every protection alone, then all minimal sets of protections that suffice, level by level.

A set is searched at a small size first, and where every property holds, at a larger one. It is *sufficient* if every
property holds at both, and *minimal* if besides no proper subset is sufficient. So sets that contain a sufficient one
are left out by definition; nothing else is: that more protections keep what fewer keep is not assumed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from planrace.checker.engines.limits import Listener, Progress, deadline
from planrace.checker.results.fixes import (
    FixPoint,
    FixReport,
    Idea,
    MinimalSet,
    MissingMember,
    Names,
    SearchedLevel,
)
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, plural
from planrace.checker.review.lab.decide import Bench
from planrace.checker.review.lab.pool import LabWorkers, workers
from planrace.checker.review.lab.task import LabTask, point_from, proofs_from
from planrace.checker.run.request import select_properties
from planrace.model.language import ModelError, Variant
from planrace.model.language.errors import known
from planrace.properties.kinds import Checkable, Temporal


@dataclass(frozen=True)
class LabRequest:
    """What the lab is asked. ``small`` and ``larger`` are sizes and options that differ from the defaults; ``always``
    are protections that every set has, ``considered`` those that sets are made of; ``proof_seconds`` bounds the proof
    of a set for every size, None: no proofs."""

    variant: Variant
    name: str
    small: Mapping[str, int | str]
    larger: Mapping[str, int | str]
    faults: Names = ()
    always: Names = ()
    considered: Names = ()
    properties: Names = ()
    whole: bool = False
    max_set: int = 3
    fault_sets: int = 2
    proof_seconds: float | None = 20.0
    expected: tuple[Names, ...] = ()


def lab_request(
    variant: Variant,
    name: str,
    parameters: Mapping[str, int | str],
    larger: Mapping[str, int | str],
    *,
    with_protections: Sequence[str] = (),
    without: Sequence[str] = (),
    expected: Sequence[Sequence[str]] = (),
    faults: Sequence[str] = (),
    properties: Sequence[str] = (),
    **more: object,
) -> LabRequest:
    """A request with its names checked. Raises ``ModelError``."""
    protocol = variant.protocol
    for p in (*with_protections, *without, *(p for e in expected for p in e)):
        known(p, protocol.protections, f"protection of {protocol.name}")
    considered = tuple(p for p in protocol.protections if p not in with_protections and p not in without)
    if not considered:
        raise ModelError(
            f"{variant.name} has no protection to judge",
            where=protocol.where,
            remedy="declare some with @protocol.protection(…), or leave --with and --without out",
        )
    chosen = variant.system(faults, with_protections, variant.protections)
    asked = select_properties(chosen, properties, Checkable | Temporal)[0]
    defaults = {p.name: p.default for p in protocol.parameters.values()}
    defaults_of = {**defaults, **{o.name: o.default for o in protocol.options.values()}}
    small = {**variant.small, **parameters}
    return LabRequest(
        variant,
        name,
        {n: v for n, v in small.items() if v != defaults_of.get(n)},
        {n: v for n, v in {**parameters, **larger}.items() if v != defaults_of.get(n)},
        tuple(f for f in protocol.faults if f in faults) if set(faults) <= set(protocol.faults) else tuple(faults),
        tuple(p for p in protocol.protections if p in with_protections),
        considered,
        tuple(p.name for p in asked),
        not properties,
        expected=tuple(tuple(p for p in protocol.protections if p in e) for e in expected),
        **more,  # type: ignore[arg-type]
    )


def examine(
    bench: Bench,
    request: LabRequest,
    count: int,
    listener: Listener | None,
    *,
    found: bool,
    cluster: str | None = None,
) -> FixReport:
    """Answer the request with ``count`` processes, or on a cluster."""
    with workers(bench, count, found=found, cluster=cluster) as crew:
        return FixLab(request, crew, listener).run()


@dataclass
class _Found:
    """What is known so far."""

    alone: list[tuple[FixPoint, ...]] = field(default_factory=list)
    levels: list[SearchedLevel] = field(default_factory=list)
    sufficient: dict[Names, tuple[FixPoint, FixPoint]] = field(default_factory=dict)
    insufficient: dict[Names, FixPoint] = field(default_factory=dict)
    apparent: list[FixPoint] = field(default_factory=list)
    undecided: list[FixPoint] = field(default_factory=list)
    minimal: list[MinimalSet] = field(default_factory=list)
    broken: tuple[int, int] = (0, 0)
    """Of the sets with one more protection than a minimal one: how many fail, and how many there are."""


class FixLab:
    """One examination of a variant's protections."""

    def __init__(self, request: LabRequest, crew: LabWorkers, listener: Listener | None) -> None:
        self.request, self.crew, self.listener = request, crew, listener
        self.started = time.monotonic()
        self.found = _Found()

    def run(self) -> FixReport:
        """Everything, or what there was time for. Interrupting it returns what is known."""
        interrupted = False
        try:
            self._alone()
            for size in range(self.request.max_set + 1):
                self._level(size)
            self._minimal_sets()
        except KeyboardInterrupt:
            interrupted = True
        return self._report(interrupted)

    # Asking ----------------------------------------------------------------------------------------------------
    def _task(self, protections: Iterable[str], sizes: Mapping[str, int | str], more: Iterable[str] = ()) -> LabTask:
        r = self.request
        order = list(r.variant.protocol.protections)
        on = tuple(sorted({*r.always, *protections}, key=order.index))
        faults = tuple(f for f in r.variant.protocol.faults if f in {*r.faults, *more})
        return LabTask(on, faults, tuple(sizes.items()), r.properties, r.whole)

    def _ask(self, what: str, tasks: Sequence[LabTask]) -> list[FixPoint]:
        return [point_from(v) for v in self._values(what, tasks)]

    def _values(self, what: str, tasks: Sequence[LabTask]) -> list[dict[str, object]]:
        def heard(done: int, of: int) -> None:
            if self.listener is not None:
                words = f"{what}: {done} of {of}"
                self.listener(Progress(words, 0, 0, 0, time.monotonic() - self.started, 0))

        return self.crew.run(tasks, heard)

    # Stages ----------------------------------------------------------------------------------------------------
    def _alone(self) -> None:
        """No protection, and each alone, under the given faults (with counterexamples in words) and one more each."""
        r = self.request
        rows: list[Names] = [(), *((p,) for p in r.considered)]
        others = [f for f in r.variant.protocol.faults if f not in r.faults]
        told = [replace(self._task(row, r.small), told=True) for row in rows]
        harder = [self._task(row, r.small, [f]) for row in rows for f in others]
        points = self._ask("each protection alone", [*told, *harder])
        for n, _ in enumerate(rows):
            under = points[len(rows) + n * len(others) : len(rows) + (n + 1) * len(others)]
            self.found.alone.append((points[n], *under))

    def _level(self, size: int) -> None:
        """All sets of one size that contain no sufficient one."""
        r, found = self.request, self.found
        every = list(combinations(r.considered, size))
        chosen = [s for s in every if not any(set(x) <= set(s) for x in found.sufficient)]
        points = self._small(size, chosen)
        holding = [(s, p) for s, p in zip(chosen, points, strict=True) if p.verdict is Verdict.HOLDS]
        large = self._large(size, [s for s, _ in holding])
        for (s, small), p in zip(holding, large, strict=True):
            if p.verdict is Verdict.HOLDS:
                found.sufficient[s] = (small, p)
            elif p.verdict is Verdict.VIOLATED:
                found.apparent.append(p)
                found.insufficient[s] = p
            else:
                found.undecided.append(p)
        for s, p in zip(chosen, points, strict=True):
            if p.violated:
                found.insufficient[s] = p
            elif p.verdict is Verdict.UNKNOWN:
                found.undecided.append(p)
        sufficient = sum(s in found.sufficient for s in chosen)
        undecided = sum(s not in found.sufficient and s not in found.insufficient for s in chosen)
        found.levels.append(SearchedLevel(size, len(chosen), sufficient, undecided, len(every) - len(chosen)))

    def _small(self, size: int, chosen: Sequence[Names]) -> list[FixPoint]:
        if size < 2:  # known already
            rows = dict(zip([(), *((p,) for p in self.request.considered)], self.found.alone, strict=True))
            return [rows[s][0] for s in chosen]
        tasks = [replace(self._task(s, self.request.small), first=True) for s in chosen]
        return self._ask(f"sets of {size}", tasks)

    def _large(self, size: int, chosen: Sequence[Names]) -> list[FixPoint]:
        tasks = [replace(self._task(s, self.request.larger), first=True) for s in chosen]
        return self._ask(f"sets of {size} at the larger size", tasks)

    # Minimal sets ----------------------------------------------------------------------------------------------
    def _minimal_sets(self) -> None:
        """What each member of a minimal set is for, what breaks the set, and proofs for every size."""
        found = self.found
        sets = list(found.sufficient)
        found.minimal = [MinimalSet(s, *found.sufficient[s]) for s in sets]
        missing = self._missing(sets)
        under = self._under(sets)
        more = self._more(sets)
        proofs = self._proofs(sets)
        for n, s in enumerate(sets):
            members = tuple(MissingMember(m, missing[tuple(x for x in s if x != m)]) for m in s)
            added = tuple(p for p in more[n] if p.verdict is not Verdict.HOLDS)
            found.minimal[n] = replace(
                found.minimal[n],
                members=members,
                under=tuple(under[n]),
                more=added,
                proofs=proofs_from(proofs[n]) if proofs else (),
                proof_command=str(proofs[n]["command"]) if proofs else "",
            )
        every = [p for points in more for p in points]
        found.broken = (sum(p.verdict is Verdict.VIOLATED for p in every), len(every))

    def _missing(self, sets: Sequence[Names]) -> dict[Names, FixPoint]:
        """The sets without one member each, with the counterexample for one property in words."""
        subsets = dict.fromkeys(tuple(x for x in s if x != m) for s in sets for m in s)
        tasks = []
        for s in subsets:
            point = self.found.insufficient.get(s)
            sizes = self.request.small if point is None or point not in self.found.apparent else self.request.larger
            asked = self.request.properties if point is None else (point.violated[0].property,)
            tasks.append(
                replace(self._task(s, sizes), properties=asked, whole=point is None and self.request.whole, told=True)
            )
        return dict(zip(subsets, self._ask("sets without one member", tasks), strict=True))

    def _under(self, sets: Sequence[Names]) -> list[list[FixPoint]]:
        """Each minimal set under the sets of further faults, small ones first."""
        r = self.request
        others = [f for f in r.variant.protocol.faults if f not in r.faults]
        faults = [c for n in range(1, r.fault_sets + 1) for c in combinations(others, n)]
        points = self._ask("sets under faults", [self._task(s, r.small, f) for s in sets for f in faults])
        return [points[n * len(faults) : (n + 1) * len(faults)] for n, _ in enumerate(sets)]

    def _more(self, sets: Sequence[Names]) -> list[list[FixPoint]]:
        """Each minimal set with one more protection."""
        r = self.request
        added = [[(*s, p) for p in r.considered if p not in s] for s in sets]
        distinct = dict.fromkeys(frozenset(s) for row in added for s in row)
        tasks = [replace(self._task(s, r.small), first=True) for s in distinct]
        points = dict(zip(distinct, self._ask("sets with one more protection", tasks), strict=True))
        return [[points[frozenset(s)] for s in row] for row in added]

    def _proofs(self, sets: Sequence[Names]) -> list[dict[str, object]]:
        r = self.request
        if r.proof_seconds is None or any(o in r.small for o in r.variant.protocol.options):
            return []
        tasks = [replace(self._task(s, {}), every_size=True, seconds=r.proof_seconds) for s in sets]
        return self._values("proofs for every size", tasks)

    # The report ------------------------------------------------------------------------------------------------
    def _report(self, interrupted: bool) -> FixReport:
        r, found, end = self.request, self.found, deadline()
        protocol = r.variant.protocol
        asked = {p.name: p.meaning for p in r.variant.system(r.faults).properties}
        ideas = tuple(
            Idea(p.name, p.meaning, p.plausible, p.argument) for p in map(protocol.find_protection, r.considered)
        )
        return FixReport(
            protocol=r.variant.name,
            parameters=self._sizes(r.small),
            larger=self._sizes(r.larger),
            faults=r.faults,
            always=r.always,
            properties=r.properties,
            meanings={n: asked.get(n, "") for n in r.properties},
            ideas=ideas,
            alone=tuple(found.alone),
            levels=tuple(found.levels),
            minimal=tuple(found.minimal),
            apparent=tuple(found.apparent),
            undecided=tuple(found.undecided),
            max_set=r.max_set,
            points=self.crew.decided,
            cached=self.crew.cached,
            seconds=time.monotonic() - self.started,
            expected=r.expected,
            interrupted=interrupted,
            stopped=end.reason if end is not None and not end.left else None,
            pruning=self._pruning(),
        )

    def _sizes(self, given: Mapping[str, int | str]) -> dict[str, int | str]:
        r = self.request
        defaults = {p.name: p.default for p in r.variant.protocol.parameters.values()}
        return {**defaults, **given}

    def _pruning(self) -> str:
        """How sets were left out, and what was checked beside."""
        left_out = sum(x.left_out for x in self.found.levels)
        broken, of = self.found.broken
        words = (
            f"{counted(left_out, 'set')} of up to {self.request.max_set} protections contain a smaller one that "
            f"suffices: they are not minimal, and were not searched. Nothing was assumed of the others."
        )
        if not of:
            return words
        if not broken:
            return f"{words} With one more protection, each minimal set still suffices at the small size."
        breaks = plural(broken, "breaks", "break")
        ways = f"of {counted(of, 'way')} to add one protection to a minimal set, {broken} {breaks} a property"
        return f"{words} More is not always better: {ways}."
