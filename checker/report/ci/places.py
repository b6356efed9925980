"""Where the author's files lie for those who look at a repository: code scanning, and the diffs of a review."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def in_repository(file: str) -> str | None:
    """The path from the top of the repository, if the file lies in it."""
    try:
        top = _top()
    except OSError:  # the working directory is gone
        return None
    for path in (Path(os.path.abspath(file)), Path(file).resolve()):  # noqa: PTH100  (resolve follows links)
        if path.is_relative_to(top):
            return path.relative_to(top).as_posix()
    return None


def shown_path(file: str) -> str:
    """The same, or the whole path of a file elsewhere."""
    return in_repository(file) or str(Path(file).resolve())


def location(file: str) -> dict[str, str]:
    """The file as SARIF names it (§3.4)."""
    inside = in_repository(file)
    if inside is None:
        return {"uri": Path(file).resolve().as_uri()}
    return {"uri": quote(inside), "uriBaseId": "%SRCROOT%"}


def _top() -> Path:
    """The directory that holds ``.git`` (in a worktree that is a file), else what GitHub checked out, else this one."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            return folder
    workspace = os.environ.get("GITHUB_WORKSPACE")
    return Path(workspace).resolve() if workspace else here
