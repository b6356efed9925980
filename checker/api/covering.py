"""Covering tests on a cluster: each task drives a system of its own through a part of what is to be covered."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from platform import node

from planrace.checker.api.request import selected, subject_of
from planrace.checker.drive.cover import CoverRequest, cover_part, driver_of
from planrace.checker.drive.shares import CoveredPart, merged
from planrace.checker.results.driving import CoverReport, Criterion, ScheduleKind
from planrace.checker.results.stop import INTERRUPTED
from planrace.checker.run.author_files import one_run
from planrace.checker.run.cluster_tasks import task_hosts
from planrace.model.language import ModelError
from planrace.model.language.author_output import printing_aside


@dataclass(frozen=True)
class PartsWanted:
    """What the parts have in common: the names of the ``protocol`` and of the ``driver`` as other processes find them,
    the choices for the protocol, what to cover, and how to perform a run again."""

    protocol: str
    driver: str
    parameters: Mapping[str, int | str]
    names: Mapping[str, Sequence[str]]
    request: CoverRequest
    repeat: Callable[[str, int | None], str]
    driver_named: Callable[[object], object]


def cover_elsewhere(wanted: PartsWanted, address: str) -> CoverReport:
    """The report of all parts, a task for each that can run at once. After a part that differs, or is cut short, the
    others do not count. Raises ``ModelError``."""
    from planrace.checker.engines.cluster.tasks import run_all

    began, parts, request = time.monotonic(), list[CoveredPart](), wanted.request
    stopped = None
    with task_hosts(address) as hosts:
        many = hosts.slots
        seed = random.SystemRandom().randrange(2**32) if request.seed is None else request.seed
        most = None if request.max_steps is None else -(-request.max_steps // many)
        own = replace(wanted, request=replace(request, seed=seed, max_steps=most, parts=many))
        found = run_all(covered_in_task, own, range(many), hosts, called=lambda n: f"part {n + 1} of {many}")
        try:
            with closing(found):
                for part in found:
                    parts.append(part)
                    if part.report.divergence is not None or part.report.stopped is not None:
                        break
        except KeyboardInterrupt:
            if not parts:
                raise
            stopped = INTERRUPTED
    report = merged(parts, time.monotonic() - began)
    return report if stopped is None else replace(report, stopped=stopped)


def covered_in_task(wanted: PartsWanted, part: int) -> CoveredPart:
    """A part, in any process that finds the protocol and the driver by their names."""
    with one_run(), printing_aside():
        try:
            selection = selected(subject_of(wanted.protocol, "cover"), wanted.parameters, **wanted.names)
            driver = wanted.driver_named(wanted.driver)
        except ModelError as problem:
            raise ModelError(
                f"on the machine {node()}: {problem.what}", where=problem.where, remedy=problem.remedy
            ) from problem
        with driver_of(driver, selection) as made:
            return cover_part(made, replace(wanted.request, part=part), wanted.repeat)


def check_parts(protocol: object, driver: object, request: CoverRequest) -> tuple[str, str]:
    """The names of both as other processes find them. Raises ``ModelError`` if it cannot be done in parts."""
    if request.criterion is Criterion.GIVEN or request.schedule is not ScheduleKind.TOUR:
        what = "one run" if request.criterion is Criterion.GIVEN else f"the schedule {request.schedule}"
        raise ModelError(f"{what} has no parts for several machines", remedy="leave out cluster (--cluster)")
    for given, kind, form in ((protocol, "protocol", "file.py:protocol"), (driver, "driver", "file.py:Driver")):
        if not isinstance(given, str):
            raise ModelError(f"machines of a cluster find the {kind} by its name only", remedy=f"write {form!r}")
    return _absolute(str(protocol)), _absolute(str(driver))


def _absolute(name: str) -> str:
    """The name with the whole path, if it begins with that of a file."""
    place, sign, attribute = name.rpartition(":")
    return f"{Path(place).resolve()}:{attribute}" if sign and place.endswith(".py") else name
