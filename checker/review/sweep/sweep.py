"""Runs the checker at many sizes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod

from planrace.checker.engines.limits import until
from planrace.checker.results.report import Report
from planrace.checker.results.sweep import Sweep, SweepCell, SweepPoint
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted
from planrace.checker.review.sweep.laws import laws_of, thresholds_of
from planrace.checker.run.cluster_tasks import task_hosts
from planrace.checker.run.options import CLUSTER, Options
from planrace.checker.run.request import Selection
from planrace.checker.run.run import run
from planrace.model.language import Instance, ModelError
from planrace.model.language.errors import known
from planrace.properties.kinds import Invariant, Reachability, StepInvariant

POINTS = 10_000
"""The most points of one sweep."""
SHORTEST = ("auto", "explicit", "native", "cluster", "bmc")
KINDS = tuple(kind.kind for kind in (Invariant, StepInvariant, Reachability))
"""Engines and kinds of property whose counterexamples are shortest ones."""


def sweep(
    selection: Selection, varied: Mapping[str, Sequence[int]], options: Options, bisect: str | None = None
) -> Sweep:
    """The verdicts at all combinations of the values. ``bisect`` names a parameter of which only those values are
    computed that a single change of the verdicts takes to be found. Raises ``ModelError``."""
    number = prod(len(values) for values in varied.values())
    if not varied:
        raise ModelError("no parameter varies", remedy="write -s keep=1..8")
    if number > POINTS:
        raise ModelError(f"{counted(number, 'point')} are asked for", remedy=f"ask for at most {POINTS:,}")
    if bisect is not None:
        known(bisect, varied, "parameter that varies")
    if bisect is not None and options.cluster is not None:
        raise ModelError("a bisection needs one point after the other", remedy="leave out --bisect, or --cluster")
    whole = replace(options, explain=False)
    varied = {n: sorted(set(values)) for n, values in varied.items()}
    for end in (0, -1):  # sizes out of range are found before anything is searched
        _ = replace(selection, sizes={**selection.sizes, **{n: v[end] for n, v in varied.items()}}).instance
    with until(options.time_limit):
        if options.cluster is None:
            found = list(_until_interrupted(_points(selection, varied, whole, bisect)))
        else:
            found = _elsewhere(selection, varied, whole, options.cluster)
    points = sorted(found, key=lambda p: tuple(p.values.values()))
    names = list(dict.fromkeys(c.name for p in points for c in p.cells))
    order = tuple(varied)
    instance = replace(selection, sizes={**selection.sizes, **points[0].values}).instance
    fixed = {n: v for n, v in instance.parameters.items() if n not in varied}
    return Sweep(
        selection.subject.name,
        {**fixed, **dict(selection.system.options)},
        selection.faults,
        selection.system.protections,
        options.engine,
        order,
        tuple(points),
        tuple(t for name in names for t in thresholds_of(name, points, order, bisect)),
        tuple(law for name in names for law in laws_of(name, points, order)),
        bisect,
    )


@dataclass(frozen=True)
class SweepRequest:
    """A point for another process."""

    values: Mapping[str, int]
    instance: Instance


def swept_in_task(common: Options, request: SweepRequest) -> SweepPoint:
    """A point, in any process."""
    return _answered(Selection(request.instance.system, {}, {}, made=request.instance), request.values, common)


def _elsewhere(
    selection: Selection, varied: Mapping[str, Sequence[int]], options: Options, cluster: str
) -> list[SweepPoint]:
    """All points, each a task on a cluster; if it is interrupted, those in order that are known."""
    from planrace.checker.engines.cluster.tasks import run_all

    engine = Options.engine if options.engine == CLUSTER else options.engine
    with task_hosts(cluster, options.workers, options.max_memory) as hosts:
        alone = replace(
            options, cluster=None, engine=engine, listener=None, workers=hosts.workers, max_memory=hosts.memory
        )
        choices = (dict(zip(varied, choice, strict=True)) for choice in product(*varied.values()))
        requests = (SweepRequest(c, replace(selection, sizes={**selection.sizes, **c}).instance) for c in choices)
        made: list[SweepPoint] = []
        try:
            for point in run_all(swept_in_task, alone, requests, hosts, called=lambda r: f"point {r.values}"):
                made.append(point)
        except KeyboardInterrupt:
            if not made:
                raise
            made[-1] = replace(made[-1], interrupted=True)
    return made


def _until_interrupted(points: Iterator[SweepPoint]) -> Iterator[SweepPoint]:
    """The points up to one that was interrupted."""
    for p in points:
        yield p
        if p.interrupted:
            return


def _points(
    selection: Selection, varied: Mapping[str, Sequence[int]], options: Options, bisect: str | None
) -> Iterator[SweepPoint]:
    order = list(varied)
    if bisect is None:
        for choice in product(*varied.values()):
            yield _point(selection, dict(zip(order, choice, strict=True)), options)
        return
    others = [n for n in order if n != bisect]
    for choice in product(*(varied[n] for n in others)):
        fixed = dict(zip(others, choice, strict=True))
        yield from _line(selection, fixed, order, bisect, varied[bisect], options)


def _line(
    selection: Selection,
    fixed: Mapping[str, int],
    order: Sequence[str],
    bisect: str,
    values: Sequence[int],
    options: Options,
) -> Iterator[SweepPoint]:
    """The points of a line that are needed to find where each verdict changes, if it changes once."""
    made: dict[int, SweepPoint] = {}

    def at(k: int) -> tuple[Verdict, ...]:
        if k not in made:
            both = {**fixed, bisect: values[k]}
            made[k] = _point(selection, {n: both[n] for n in order}, options)
        return tuple(c.verdict for c in made[k].cells)

    pieces = [(0, len(values) - 1)]
    while pieces:
        low, high = pieces.pop()
        if at(low) != at(high) and high - low > 1:
            middle = (low + high) // 2
            pieces += [(low, middle), (middle, high)]
    yield from made.values()


def _point(selection: Selection, values: Mapping[str, int], options: Options) -> SweepPoint:
    return _answered(replace(selection, sizes={**selection.sizes, **values}), values, options)


def _answered(selection: Selection, values: Mapping[str, int], options: Options) -> SweepPoint:
    report = run(selection, options)
    states = None if report.exploration is None else report.exploration.states
    return SweepPoint(values, tuple(_cells(report, options)), states, report.interrupted)


def _cells(report: Report, options: Options) -> Iterator[SweepCell]:
    for f in report.findings:
        shortest = f.kind in KINDS and options.engine in SHORTEST
        yield SweepCell(f.name, f.verdict, f.how, f.depth, f.depth is not None and shortest)
