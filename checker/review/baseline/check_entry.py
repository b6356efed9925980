"""Running the check of an entry."""

from __future__ import annotations

from dataclasses import dataclass

from planrace.checker.engines.limits import Listener
from planrace.checker.results.report import Coverage, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest, Counts, RecordedVerdict
from planrace.checker.review.baseline.summary import summary
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.run.request import select, select_properties
from planrace.checker.run.run import run
from planrace.model.language import ModelError


class UndecidedBaselineError(ModelError):
    """A verdict is undecided, so it cannot be saved in a baseline."""


@dataclass(frozen=True)
class Bounds:
    """The bounds of each check. They depend on the machine, so a baseline does not contain them. ``max_memory`` is in
    bytes, ``time_limit`` in seconds."""

    max_memory: int | None = None
    time_limit: float | None = None
    workers: int | None = None
    listener: Listener | None = None


def take(request: BaselineRequest, bounds: Bounds | None = None) -> tuple[BaselineEntry, Report]:
    """Run the check of a request: its entry and its report. Raises ``ModelError``."""
    selection = select(
        find(request.protocol),
        request.settings,
        faults=request.faults,
        with_protections=request.with_protections,
        without=request.without,
    )
    instance = selection.instance
    properties, _ = select_properties(instance.system, request.properties)
    report = run(selection, _options(request, tuple(p.name for p in properties), bounds or Bounds()))
    verdicts = {f.name: RecordedVerdict(f.verdict, f.depth) for f in report.findings}
    model = summary(selection.variant, instance, properties)
    return BaselineEntry(request, _counts(report.exploration), verdicts, model), report


def _options(request: BaselineRequest, names: tuple[str, ...], bounds: Bounds) -> Options:
    """Options of the check. All properties are named explicitly, so that no additional run is searched for display."""
    return Options(
        properties=names,
        exhaustive=True,
        symmetry=request.symmetry,
        slicing=request.slicing,
        max_states=request.max_states,
        max_memory=bounds.max_memory,
        time_limit=bounds.time_limit,
        workers=bounds.workers,
        listener=bounds.listener,
    )


def _counts(e: Coverage | None) -> Counts | None:
    if e is None or not e.complete:
        return None
    return Counts(e.states, e.transitions, e.depth, e.symmetry, e.sliced)


def check_decided(entry: BaselineEntry, report: Report) -> None:
    """Raise ``UndecidedBaselineError`` if a verdict is undecided."""
    unknown = [f for f in report.findings if f.verdict is Verdict.UNKNOWN]
    if unknown:
        names = ", ".join(f.name for f in unknown)
        raise UndecidedBaselineError(
            f"{entry.title}: {names}: undecided ({unknown[0].how}), so nothing is saved",
            remedy="raise the bound, choose smaller sizes, or select decided properties with --property",
        )
