"""What `check init` says: the files that it wrote, and the commands that come next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from planrace.checker.api.project.read import FILE, shown
from planrace.checker.api.project.template import FILES, WORKFLOW, CreatedProject, SectionState

NEXT = {
    "check": "runs the checks of pyproject.toml: finds the bug, searches the fix",
    "check -p release.py:protocol": "shows the bug, step by step",
    "pytest": "the same as tests",
}
"""The next commands, and what they do."""


def created_text(found: CreatedProject) -> str:
    """The text for people."""
    return "\n".join([*_files(found), *_next(found)]) + "\n"


def _files(found: CreatedProject) -> Iterator[str]:
    path = shown(found.folder / FILE)
    width = max(len(shown(found.folder / name)) for name in FILES)
    for name in found.written:
        yield f"wrote {shown(found.folder / name):<{width}}  {FILES[name]}"
    match found.section:
        case SectionState.NEW:
            yield f"wrote {path:<{width}}  the checks"
        case SectionState.ADDED:
            yield f"added [tool.planrace] to {path}"
        case SectionState.THERE:
            yield f"{path} has a section [tool.planrace] and stays as it is. Add what you need of this:\n"
        case SectionState.CLOSED:
            yield f"{path} stays as it is: [tool.planrace] cannot be added at its end. Write this into it:\n"
    if found.to_add:
        yield found.to_add.rstrip("\n")
    if found.needs_source:
        yield f"\nWrite planrace's repository and a commit into {WORKFLOW}, where it is installed."
    if found.below_repository:
        yield f"\nGitHub reads workflows only at the top of a repository: move {WORKFLOW} there."


def _next(found: CreatedProject) -> Iterator[str]:
    yield "\nNext:"
    if found.folder.resolve() != Path.cwd():
        yield f"  cd {shlex.quote(str(found.folder))}"
    width = max(map(len, NEXT))
    for command, what in NEXT.items():
        yield f"  {command:<{width}}  {what}"
