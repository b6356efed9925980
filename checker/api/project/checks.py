"""Runs the checks of a repository. A check whose request or model is wrong does not keep the others from running."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any, TypeAlias

from planrace.checker.api.project.read import ConfiguredCheck, Project
from planrace.checker.api.project.section import CHOICES, LIMITS
from planrace.checker.api.request import with_variants
from planrace.checker.engines.limits import Listener
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.outcome import Broken, Expectation, RunOutcome
from planrace.checker.results.reports import CheckResult, Reports
from planrace.checker.results.trace import Source
from planrace.checker.results.verdict import EXIT_CODES, Verdict
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find, siblings
from planrace.checker.run.ranges import bytes_of
from planrace.checker.run.registry import ENGINES
from planrace.checker.run.request import Selection, select
from planrace.checker.run.run import run
from planrace.model.language import ModelError, Variant

Listening: TypeAlias = "Callable[[], AbstractContextManager[Listener | None]]"
"""Makes a listener for one check."""
WRONG = 2


def run_checks(
    project: Project,
    checks: Sequence[ConfiguredCheck],
    *,
    strict: bool = False,
    explain: bool = False,
    listening: Listening = nullcontext,
    **settings: Any,
) -> Reports:
    """Run these checks of the project. ``settings`` are fields of ``Options`` that replace those of each check. An
    interruption ends the run after the present check. Raises ``KeyboardInterrupt`` if there is no result yet."""
    results: list[CheckResult] = []
    for check in checks:
        try:
            with listening() as listener:
                named = None if listener is None else _named(listener, check.name)
                outcome = _outcome(project, check, strict=strict, explain=explain, listener=named, settings=settings)
        except KeyboardInterrupt:
            if not results:
                raise
            break
        results.append(CheckResult(check.name, outcome))
        if isinstance(outcome, RunOutcome) and outcome.report.interrupted:
            break
    return Reports(tuple(results), tuple(c.name for c in checks[len(results) :]))


def _named(listener: Listener, name: str) -> Listener:
    """A listener that says which check an event is of."""
    return lambda event: listener(replace(event, task=f"{name}: {event.task}"))


def _outcome(
    project: Project,
    check: ConfiguredCheck,
    *,
    strict: bool,
    explain: bool,
    listener: Listener | None,
    settings: Mapping[str, Any],
) -> RunOutcome | Broken:
    try:
        beside = siblings(check.protocol) if explain else None
        options = replace(options_of(project, check), listener=listener, explain=explain, beside=beside, **settings)
        report = run(selection_of(check), with_variants(check.protocol, options))
        return RunOutcome(report, expectation_of(project, check, strict=strict))
    except ModelError as problem:
        error = located(project, check, problem)
        assert error.where is not None
        return Broken(check.name, str(error), Source(error.where.file, error.where.line), WRONG)
    except TimeUpError as problem:
        message = f"{problem}, before there was anything to report"
        return Broken(check.name, message, Source(check.place.file, check.place.line), EXIT_CODES[Verdict.UNKNOWN])


def expectation_of(project: Project, check: ConfiguredCheck, *, strict: bool = False) -> Expectation:
    """What the entry expects."""
    own = project.section.strict if check.entry.strict is None else check.entry.strict
    return Expectation.of(check.entry.expect, strict=strict or own)


def options_of(project: Project, check: ConfiguredCheck, shared: Sequence[str] = LIMITS) -> Options:
    """The options of an entry. Limits that it does not have are those of the section, as far as they are ``shared``."""
    limits = {n: getattr(check.entry, n) for n in LIMITS}
    limits |= {n: getattr(project.section, n) for n in shared if limits[n] is None}
    if isinstance(limits["max_memory"], str):
        limits["max_memory"] = bytes_of(limits["max_memory"])
    return Options(**{n: getattr(check.entry, n) for n in CHOICES}, **limits)


def selection_of(check: ConfiguredCheck) -> Selection:
    """The protocol of an entry with its sizes, faults and protections. Raises ``ModelError``."""
    entry = check.entry
    return select(
        find(check.protocol),
        entry.sizes,
        faults=entry.faults,
        with_protections=entry.with_,
        without=entry.without,
    )


# Errors ------------------------------------------------------------------------------------------------------------
def located(project: Project, check: ConfiguredCheck, problem: ModelError) -> ModelError:
    """The error with the entry and the key that causes it. An error in the author's file keeps its own place."""
    key = _key_at_fault(check)
    what = f"{check.title}: {f'{key}: ' if key else ''}{problem.what}"
    return ModelError(what, where=problem.where or project.place_of(check, key), remedy=problem.remedy)


def _key_at_fault(check: ConfiguredCheck) -> str:
    """The key of the entry with a name that the protocol does not have; empty if all names are known."""
    entry = check.entry
    try:
        variant = find(check.protocol)
    except ModelError:
        return "protocol"
    if entry.engine not in ENGINES:
        return "engine"
    of = variant.protocol
    known: dict[str, tuple[Sequence[str], Any]] = {
        "sizes": (tuple(entry.sizes), (*of.parameters, *of.options)),
        "faults": (entry.faults, of.faults),
        "with": (entry.with_, of.protections),
        "without": (entry.without, of.protections),
        "properties": (entry.properties, _properties(variant)),
    }
    for key, (given, there) in known.items():
        if not set(given) <= set(there):
            return key
    try:
        selection = selection_of(check)
        assert selection.system
    except ModelError:
        return ""
    try:
        assert selection.instance
    except ModelError as problem:
        return "sizes" if problem.where is None else ""
    return ""


def _properties(variant: Variant) -> set[str]:
    others = (p for properties, _ in variant.instead.values() for p in properties)
    return {p.name for p in (*variant.properties, *variant.protocol.properties, *others)}
