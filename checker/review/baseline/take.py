"""Running the check of an entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.engines.limits import Listener
from planrace.checker.results.report import Coverage, Report
from planrace.checker.results.verdict import Verdict
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest, Counts, RecordedVerdict
from planrace.checker.review.baseline.summary import summary
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.run.run import check
from planrace.checker.run.selection import chosen, instance_of
from planrace.model.language import Instance, ModelError, Variant
from planrace.properties.kinds import Checkable, Property, Temporal


class UndecidedBaselineError(ModelError):
    """A verdict is undecided, so it cannot be saved in a baseline."""


@dataclass(frozen=True)
class Bounds:
    """The bounds of each check. They depend on the machine, so a baseline does not contain them. ``memory`` is in
    bytes, ``seconds`` is wall time."""

    memory: int | None = None
    seconds: float | None = None
    workers: int | None = None
    listener: Listener | None = None


def take(request: BaselineRequest, bounds: Bounds | None = None) -> tuple[BaselineEntry, Report]:
    """Run the check of a request: its entry and its report. Raises ``ModelError``."""
    variant = find(request.protocol)
    instance = instance_of(
        variant,
        request.settings,
        faults=request.faults,
        with_protections=request.with_protections,
        without=request.without,
    )
    properties, _ = chosen(instance.system, request.properties, Checkable | Temporal)
    report = check(
        variant,
        request.settings,
        faults=request.faults,
        with_protections=request.with_protections,
        without=request.without,
        options=_options(request, tuple(p.name for p in properties), bounds or Bounds()),
    )
    return entry_of(request, report, variant, instance, properties), report


def _options(request: BaselineRequest, names: tuple[str, ...], bounds: Bounds) -> Options:
    """Options of the check. All properties are named explicitly, so that no additional run is searched for display."""
    return Options(
        properties=names,
        exhaustive=True,
        symmetry=request.symmetry,
        slicing=request.slicing,
        states=request.states,
        memory=bounds.memory,
        seconds=bounds.seconds,
        workers=bounds.workers,
        listener=bounds.listener,
    )


def entry_of(
    request: BaselineRequest, report: Report, variant: Variant, instance: Instance, properties: Sequence[Property]
) -> BaselineEntry:
    """The entry of a report."""
    verdicts = {f.name: RecordedVerdict(f.verdict, f.depth) for f in report.findings}
    return BaselineEntry(request, _counts(report.exploration), verdicts, summary(variant, instance, properties))


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
