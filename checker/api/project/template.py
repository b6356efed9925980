"""``check init``: a protocol, a test, a workflow and a section of ``pyproject.toml``, to begin with.

The files are those of ``examples/template``; a wheel has them as ``planrace/template``.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from planrace.checker.api.project.read import FILE, shown
from planrace.checker.report.output import OutputError, write_whole
from planrace.checker.results.extras import installed_from, repository_of
from planrace.checker.results.wording import joined, plural
from planrace.checker.run.call_site import public
from planrace.model.language import ModelError

WORKFLOW = ".github/workflows/planrace.yml"
FILES = {
    "release.py": "a protocol with a bug, and its fix",
    "test_release.py": "the checks as tests, and the fix at more sizes",
    WORKFLOW: "runs both on GitHub",
}
"""The new files, and what they are."""
INSTALL = 'pip install "planrace @ git+<URL of planrace\'s repository>@<commit>" pytest'
NOTE = r" *# Until planrace is published.*\n"
"""The line of the workflow that installs planrace, and the one above it that says what to write instead."""


class SectionState(StrEnum):
    """What became of ``pyproject.toml``: it is new, got the section at its end, has a section already, or is written so
    that no section can be appended."""

    NEW = "new"
    ADDED = "added"
    THERE = "there"
    CLOSED = "closed"


@dataclass(frozen=True)
class CreatedProject:
    """What was written. ``to_add`` is what to add to a ``pyproject.toml`` that was not changed."""

    folder: Path
    written: tuple[str, ...]
    section: SectionState
    to_add: str = ""

    @property
    def needs_source(self) -> bool:
        """The workflow does not say yet where planrace comes from."""
        return INSTALL in (self.folder / WORKFLOW).read_text(encoding="utf-8")

    @property
    def below_repository(self) -> bool:
        """The folder lies within a repository, whose workflows GitHub reads at the top only."""
        above = self.folder.resolve()
        return not (above / ".git").exists() and any((p / ".git").exists() for p in above.parents)


@public
def create_project(folder: str | Path = ".") -> CreatedProject:
    """Write the files into a folder, which is made if there is none; all or nothing. Raises ``ModelError`` if a file
    exists already, and ``OutputError``."""
    folder = Path(folder)
    there = [name for name in FILES if os.path.lexists(folder / name)]
    if there:
        names = joined([shown(folder / name) for name in there])
        what = f"{names} {plural(len(there), 'exists', 'exist')} already, so nothing is written"
        raise ModelError(what, remedy="name another folder: check init FOLDER")
    section, text = _section(folder / FILE)
    with _NewFiles(folder) as made:
        for name in FILES:
            made.write(name, _filled(_template(name)))
        if text is not None:
            write_whole(folder / FILE, text)
    return CreatedProject(folder, tuple(FILES), section, "" if text is not None else _template(FILE))


def _section(path: Path) -> tuple[SectionState, str | None]:
    """What becomes of ``pyproject.toml``, and its new text; None if it stays as it is. Raises ``ModelError`` if it
    cannot be read."""
    own = _template(FILE)
    if not os.path.lexists(path):
        return SectionState.NEW, own
    try:
        with path.open(encoding="utf-8", newline="") as file:
            old = file.read()
        before = tomllib.loads(old)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        why = getattr(problem, "strerror", None) or problem
        what = f"cannot read {shown(path)}: {why}, so nothing is written"
        raise ModelError(what, remedy="correct it, or name another folder") from None
    tool = before.get("tool", {})
    if not isinstance(tool, dict):  # another program's own file
        return SectionState.CLOSED, None
    if "planrace" in tool:
        return SectionState.THERE, None
    end = "\r\n" if "\r\n" in old else "\n"
    gap = "" if not old else end if old.endswith("\n") else 2 * end
    new = old + gap + own.replace("\n", end)
    try:
        after = tomllib.loads(new)
    except tomllib.TOMLDecodeError:
        return SectionState.CLOSED, None
    tables = {**tool, **tomllib.loads(own)["tool"]}
    return (SectionState.ADDED, new) if after == {**before, "tool": tables} else (SectionState.CLOSED, None)


class _NewFiles:
    """New files, which are removed again if not all of them can be written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._paths: list[Path] = []

    def write(self, name: str, text: str) -> None:
        path = self._folder / name
        try:
            for folder in reversed([p for p in path.parents if not p.exists()]):
                folder.mkdir()
                self._paths.append(folder)
            with path.open("x", encoding="utf-8") as file:
                self._paths.append(path)
                file.write(text)
        except OSError as problem:
            raise OutputError(f"cannot write {path}: {problem.strerror} (name a folder that can be written)") from None

    def __enter__(self) -> _NewFiles:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        for path in reversed(self._paths if kind is not None else []):
            with suppress(OSError):
                path.rmdir() if path.is_dir() else path.unlink()


def _filled(text: str) -> str:
    """The text of a file, in which the workflow installs planrace from where this one was installed, if that is a
    repository."""
    repository = repository_of(installed_from())
    if repository is None:
        return text
    return re.sub(NOTE, "", text).replace(INSTALL, f'pip install "planrace @ {repository}" pytest')


def _template(name: str) -> str:
    """The text of a file of the template. Raises ``FileNotFoundError`` if this installation lacks it."""
    return next(p for p in _places() if p.is_dir()).joinpath(*name.split("/")).read_text(encoding="utf-8")


def _places() -> Iterator[Traversable]:
    """Where the files may be: in the package if it is installed, else in the clone."""
    package = files("planrace")
    yield package / "template"
    yield Path(str(package)).parent / "examples" / "template"
