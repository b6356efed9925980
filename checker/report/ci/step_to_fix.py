"""Where a violation should be fixed: the step at fault, and the line of its guard in the author's file.

In a race whose order decides, the step at fault writes a place that another process has changed since the writer read
it: it acts on stale data. Races of the chain come first. If a run has no such step, it is the step that does not check
what the property reads, or the last one.
"""

from __future__ import annotations

from planrace.checker.results.explanation import Race
from planrace.checker.results.report import Finding, Report
from planrace.checker.results.trace import Source, Trace, TraceStep
from planrace.checker.results.wording import ending


def step_at_fault(f: Finding) -> TraceStep | None:
    """The step at fault of a finding's run; None if there is no run, or it has no step."""
    if f.trace is None or not f.trace.steps:
        return None
    causes = f.insight.causes if f.insight is not None else None
    if causes is None:
        return f.trace.steps[-1]
    links = list(zip(causes.chain, causes.chain[1:], strict=False))
    races = sorted(causes.races, key=lambda r: (r.first, r.second) not in links)
    late = (_late(f.trace, race) for race in races)
    blind = causes.unchecked_by or len(f.trace)
    return next((step for step in late if step is not None), f.trace.steps[blind - 1])


def _late(trace: Trace, race: Race) -> TraceStep | None:
    """The step at which the first process of a race writes a place after the second process has changed it."""
    who = trace.steps[race.first - 1].by
    lost = _changed(trace.steps[race.second - 1]) & set(race.places)
    return next((s for s in trace.steps[race.second :] if s.by == who and _changed(s) & lost), None)


def _changed(step: TraceStep) -> set[str]:
    return {c.place for c in step.changed}


def source_of(report: Report, step: TraceStep) -> Source | None:
    """The line of a step's outcome, or else of its action."""
    return report.sources.get(ending(step.action, step.outcome)) or report.sources.get(step.action)
