"""The checks of a repository as entries of a baseline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planrace.checker.api.baseline import BaselineFile
from planrace.checker.api.project.checks import located, options_of
from planrace.checker.api.project.read import ConfiguredCheck, Project
from planrace.checker.review.baseline.check_entry import Bounds, UndecidedBaselineError
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest
from planrace.model.language import ModelError

SEARCHES = ("auto", "explicit", "native")
"""Engines whose answers a baseline can hold: they search every state."""


def save_checks(project: Project, file: BaselineFile, bounds: Bounds | None = None) -> tuple[BaselineEntry, ...]:
    """Run the checks that a baseline can hold, each request once, and write all entries or none. ``bounds`` replace
    those of the checks. Raises ``ModelError``, also if a verdict is undecided, ``KeyboardInterrupt`` and
    ``OutputError``."""
    made: dict[str, BaselineEntry] = {}
    for check in project.selected():
        if any(obstacles(check)):
            continue
        try:
            request, own = _request(project, check)
            if request.title not in made:
                given = {n: v for n, v in vars(bounds or Bounds()).items() if v is not None}
                made[request.title] = file.check(request, replace(own, **given))
        except UndecidedBaselineError:
            raise
        except ModelError as problem:
            raise located(project, check, problem) from problem
    return file.write(made.values())


def obstacles(check: ConfiguredCheck) -> Iterator[str]:
    """The keys because of which a baseline cannot hold the results of a check."""
    entry = check.entry
    if entry.engine not in SEARCHES:
        yield f'engine = "{entry.engine}"'
    if entry.scenario is not None:
        yield "scenario"
    if entry.normalise is not None:
        yield "normalise"
    if entry.depth is not None:
        yield "depth"


def _request(project: Project, check: ConfiguredCheck) -> tuple[BaselineRequest, Bounds]:
    entry, options = check.entry, options_of(project, check)
    request = BaselineRequest(
        check.protocol,
        entry.sizes,
        faults=tuple(sorted(set(entry.faults))),
        with_protections=tuple(sorted(set(entry.with_))),
        without=tuple(sorted(set(entry.without))),
        properties=tuple(sorted(set(entry.properties))),
        max_states=options.max_states,
        symmetry=entry.symmetry,
        slicing=entry.slicing,
    )
    return request, Bounds(options.max_memory, options.time_limit, options.workers)
