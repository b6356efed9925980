"""Baseline files: write results of protocols into one, update them, and compare them with new results."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from planrace.checker.engines.limits import Listener
from planrace.checker.report.output import OutputError, OutputPlace
from planrace.checker.results.report import Report
from planrace.checker.review.baseline.changes import BaselineComparison, Compared, changes
from planrace.checker.review.baseline.check_entry import Bounds, check_decided, take
from planrace.checker.review.baseline.entry import BaselineEntry, BaselineRequest
from planrace.checker.review.baseline.read import read_baseline, wanted
from planrace.checker.review.baseline.write import write_text
from planrace.model.language import ModelError

Listening: TypeAlias = "Callable[[], AbstractContextManager[Listener | None]]"
"""Makes a listener for one entry."""


class BaselineFile:
    """A baseline file to write to; it must exist unless ``new``. ``before`` are its entries by title. Raises
    ``OutputError`` if it cannot be written, and ``ReadError``."""

    def __init__(self, path: str | Path, *, new: bool = False, listening: Listening = nullcontext) -> None:
        self._path, self._listening = path, listening
        self._place = OutputPlace(path)
        self._place.attempt()
        if not self._place.is_file:
            what = "a baseline must be a regular file, because it is read again"
            raise OutputError(f"cannot write {path}: {what} (name a regular file)")
        there = () if new and not Path(path).exists() else read_baseline(path)
        self.before = {e.title: e for e in there}

    def put(self, request: BaselineRequest, bounds: Bounds | None = None) -> BaselineEntry:
        """Check a request and write its entry; the other entries are kept. If the check is undecided or interrupted,
        nothing is written. Raises ``ModelError``, ``KeyboardInterrupt`` and ``OutputError``."""
        return self.write([self.check(request, bounds)])[0]

    def check(self, request: BaselineRequest, bounds: Bounds | None = None) -> BaselineEntry:
        """Check a request, and write nothing yet. Raises as ``put`` does."""
        return _decided(*_taken(request, bounds, self._listening))

    def renew(self, bounds: Bounds | None = None) -> tuple[BaselineEntry, ...]:
        """Check every entry again and write the new results, as ``put`` does."""
        return self.write([_decided(*_again(self._path, e, bounds, self._listening)) for e in self.before.values()])

    def write(self, made: Iterable[BaselineEntry]) -> tuple[BaselineEntry, ...]:
        """Write these entries; others are kept. Raises ``OutputError``."""
        entries = tuple(made)
        self._place.write(write_text({**self.before, **{e.title: e for e in entries}}.values()))
        return entries


def compare_entries(
    path: str | Path,
    only: Sequence[str] = (),
    bounds: Bounds | None = None,
    listening: Listening = nullcontext,
) -> Compared:
    """What changed in each entry of a file, or only in some. An interruption ends it after the present entry. Raises
    ``ModelError`` and ``ReadError``."""
    found: list[BaselineComparison] = []
    for before in wanted(path, only):
        after, report = _again(path, before, bounds, listening)
        found.append(changes(before, after, report))
        if report.interrupted:
            break
    return Compared(found)


def _taken(request: BaselineRequest, bounds: Bounds | None, listening: Listening) -> tuple[BaselineEntry, Report]:
    with listening() as listener:
        return take(request, bounds if listener is None else replace(bounds or Bounds(), listener=listener))


def _again(
    path: str | Path, entry: BaselineEntry, bounds: Bounds | None, listening: Listening
) -> tuple[BaselineEntry, Report]:
    """The entry with new results. Errors name its line in the file."""
    try:
        return _taken(entry.request, bounds, listening)
    except ModelError as problem:
        what = f"{path}:{entry.line}: {entry.title}: {problem}"
        raise ModelError(what, remedy="correct the protocol, or delete the entry") from problem


def _decided(entry: BaselineEntry, report: Report) -> BaselineEntry:
    if report.interrupted:
        raise KeyboardInterrupt
    check_decided(entry, report)
    return entry
