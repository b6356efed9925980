"""Writes the page and the trace of a failure into a directory of the test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from planrace.checker.api.calls import render
from planrace.checker.api.project.artifacts import sanitised
from planrace.checker.plugin.configuration import artifacts_folder
from planrace.checker.report.formats import NoTraceError
from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.results.driving import CoverReport
from planrace.checker.results.guard import defect_text
from planrace.checker.results.report import Report
from planrace.checker.results.verdict import Verdict

ENDINGS = {"html": "html", "itf": "itf.json"}


def folder_of(item: pytest.Item) -> Path:
    """The directory of a test, below the root directory; the same for all processes of a run."""
    return base_of(item) / sanitised(item.nodeid)


def base_of(item: pytest.Item) -> Path:
    """The directory that contains the directories of all tests."""
    return artifacts_folder(item.config)


def _hidden(base: Path) -> None:
    """Make git ignore the directory, as pytest does with its cache."""
    try:
        with (base / ".gitignore").open("x", encoding="utf-8") as file:
            file.write("# written by planrace\n*\n")
    except FileExistsError:
        return


def forget(item: pytest.Item) -> None:
    """Remove the files of an earlier run of the test, as far as that is possible."""
    folder = folder_of(item)
    with contextlib.suppress(OSError):
        for path in [p for end in ENDINGS.values() for p in folder.glob(f"*.{end}")]:
            path.unlink()
        folder.rmdir()


def write(report: Report, item: pytest.Item, number: int) -> Iterator[tuple[str, str]]:
    """Write the files for the ``number``-th failure of a test. Yields each format with its path, or why it failed."""
    formats = ["html", *(["itf"] if any(f.trace and f.verdict is Verdict.VIOLATED for f in report.findings) else [])]
    yield from _write(report, report.protocol, formats, item, number)


def write_covered(report: CoverReport, item: pytest.Item, number: int) -> Iterator[tuple[str, str]]:
    """The same for a covering test that failed."""
    yield from _write(report, f"{report.system.protocol}-driven", ["html"], item, number)


def _write(
    report: Report | CoverReport, called: str, formats: Sequence[str], item: pytest.Item, number: int
) -> Iterator[tuple[str, str]]:
    name = sanitised(called) + (f"-{number}" if number > 1 else "")
    for format_name in formats:
        path = folder_of(item) / f"{name}.{ENDINGS[format_name]}"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _hidden(base_of(item))
            write_whole(path, render(report, format_name))
        except NoTraceError:
            continue
        except (OutputError, OSError) as problem:
            why = problem if isinstance(problem, OutputError) else f"cannot write {path}: {problem.strerror}"
            yield format_name, f"not written: {why}"
        except Exception as problem:
            yield format_name, f"not written: {defect_text(problem)}"
        else:
            item.user_properties.append((f"planrace-{format_name}", str(path)))
            yield format_name, str(path)
