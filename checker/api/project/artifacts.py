"""The reports that ``[tool.planrace]`` asks for: a file for each check and format, in the folder of artifacts."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from planrace.checker.api.calls import render
from planrace.checker.api.project.read import ConfiguredCheck, Project
from planrace.checker.report.formats import FOR_CI, NoTraceError, render_broken, render_whole
from planrace.checker.report.output import OutputError, OutputPlace
from planrace.checker.results.outcome import Broken
from planrace.checker.results.reports import CheckResult, Reports

ENDINGS = {"itf": "itf.json", "tlc": "tlc.json", "text": "txt", "junit": "xml", "summary": "md", "mermaid": "mmd"}
"""The endings of files, where they are not the name of the format."""


class Artifacts:
    """The files of these checks. That they can be written is checked at once. Raises ``OutputError``."""

    def __init__(self, project: Project, checks: Sequence[ConfiguredCheck]) -> None:
        named = project.section.artifacts
        self._formats = project.section.artifact_formats if named is not None else ()
        self._folder = project.folder / (named or "")
        self._places = {c.name: {f: self._place(c.name, f) for f in self._formats} for c in checks}
        if self._formats:
            make_folder(self._folder)
        for place in (p for places in self._places.values() for p in places.values()):
            place.attempt()

    @property
    def explain(self) -> bool:
        """Whether a format shows explanations."""
        return bool(set(self._formats) - {"text"})

    def write(self, reports: Reports) -> None:
        """Write the files of every result; without a result or a run to show, an older file is removed. Raises
        ``OutputError`` when all others are written."""
        problems = [str(p) for r in reports.results for p in self._write(r)]
        for name in reports.left:
            for place in self._places[name].values():
                place.clear()
        if problems:
            raise OutputError("\nError: ".join(problems))

    def _write(self, result: CheckResult) -> Iterator[OutputError]:
        for format_name, place in self._places[result.name].items():
            try:
                text = _text(format_name, result)
                if text is None:
                    place.clear()
                else:
                    place.write(text)
            except OutputError as problem:
                yield problem

    def _place(self, name: str, format_name: str) -> OutputPlace:
        return OutputPlace(self._folder / f"{sanitised(name)}.{ENDINGS.get(format_name, format_name)}", keep=False)


def _text(format_name: str, result: CheckResult) -> str | None:
    """The result in a format; None if it has none."""
    outcome = result.outcome
    if isinstance(outcome, Broken):
        return render_broken(format_name, outcome) if format_name in FOR_CI else None
    if format_name in FOR_CI or format_name == "html":
        command = shlex.join(["check", "--only", result.name])
        return render_whole(format_name, outcome.report, outcome.expectation, command=command)
    try:
        return render(outcome.report, format_name)
    except NoTraceError:
        return None


def make_folder(folder: Path) -> None:
    """Make a folder that git ignores, as pytest does with its cache; an existing one stays as it is. Raises
    ``OutputError``."""
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            (folder / ".gitignore").write_text("# written by planrace\n*\n", encoding="utf-8")
    except OSError as problem:
        raise OutputError(f"cannot make the folder {folder}: {problem.strerror} (name another for artifacts)") from None


def sanitised(text: str) -> str:
    """``text`` as a file name that every system allows. If it had to be changed, a hash keeps it unique."""
    plain = re.sub(r"[^A-Za-z0-9_.=-]+", "_", text).strip("_.")[:100]
    return plain if plain == text else f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
