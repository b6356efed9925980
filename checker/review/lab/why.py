"""What a set of protections leaves open, computed from a counterexample: where they act, and which race remains."""

from __future__ import annotations

from typing import Any

from planrace.checker.report.text.because import because, ranges
from planrace.checker.report.text.continuations import continued
from planrace.checker.results.report import Finding
from planrace.checker.results.trace import Trace, TraceStep
from planrace.checker.results.wording import joined, plural
from planrace.checker.run.request import Selection
from planrace.model.language import Action, ModelError, System


def left_open(selection: Selection, f: Finding) -> str:
    """Sentences on a violation: the last step of the run at which a protection acts, and what still goes wrong."""
    if f.trace is None:
        return f"{f.how[0].upper()}{f.how[1:]}." if f.how else ""
    return " ".join(filter(None, (_acts(selection, f.trace), _remains(f, f.trace))))


def acting(selection: Selection, trace: Trace) -> tuple[int, ...]:
    """The steps of a run whose actions the protections add or change."""
    changed = _changed(selection, selection.system)
    return tuple(n for n, s in enumerate(trace.steps, 1) if s.action in changed)


def _remains(f: Finding, trace: Trace) -> str:
    """The race that is left, or how the run goes on."""
    causes = None if f.insight is None else f.insight.causes
    if causes is not None and causes.chain:
        chain = " before ".join(f"{_short(trace.steps[n - 1])} (step {n})" for n in causes.chain)
        return f"What remains: {chain}; in the other order of the first two, {f.name} would hold."
    after = continued(f)
    if after:
        return after.split(". ")[0].rstrip(".") + "."
    return "" if causes is None else because(causes, trace)


def _acts(selection: Selection, trace: Trace) -> str:
    """Where the protections act."""
    system = selection.system
    if not system.protections:
        return ""
    what = joined(system.protections)
    there = list(acting(selection, trace))
    if not there:
        one = plural(len(system.protections), "changes", "change")
        return f"No step that {what} {one} happens in this run."
    last = trace.steps[there[-1] - 1]
    steps = f"{plural(len(there), 'step', 'steps')} {ranges(there)}"
    acts = plural(len(system.protections), "acts", "act")
    return f"{what} {acts} in {steps}, at last where {_short(last)}{_ending(last)}."


def _ending(step: TraceStep) -> str:
    return f" [{step.outcome}]" if step.outcome else ""


def _changed(selection: Selection, system: System) -> set[str]:
    """The actions that the protections add or change."""
    try:
        bare = selection.system_with(selection.faults, system.protections).actions
    except ModelError:
        return set()
    return {n for n, a in system.actions.items() if n not in bare or _content(bare[n]) != _content(a)}


def _content(action: Action) -> tuple[Any, ...]:
    """What an action does; terms that are equal are one object."""
    endings = tuple(
        (o.name, id(o.condition), tuple((id(u.target), id(u.value)) for u in o.updates)) for o in action.outcomes
    )
    return id(action.guard), endings


def _short(step: TraceStep) -> str:
    """Who takes a step, and what happens, up to a colon or semicolon."""
    text = step.text.replace(";", ":").partition(":")[0]
    return f"{step.by} {text}"
