"""Paths of the author's files relative to the repository, for code scanning and annotations in diffs."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote


def in_repository(file: str) -> str | None:
    """The path relative to the top of the repository; None if the file is not in it."""
    try:
        top = _top()
    except OSError:  # the working directory is gone
        return None
    for path in (Path(os.path.abspath(file)), Path(file).resolve()):  # noqa: PTH100  (resolve follows links)
        if path.is_relative_to(top):
            return path.relative_to(top).as_posix()
    return None


def shown_path(file: str) -> str:
    """The path relative to the repository, or the absolute path of a file elsewhere."""
    return in_repository(file) or str(Path(file).resolve())


def location(file: str) -> dict[str, str]:
    """The file as SARIF names it (§3.4)."""
    inside = in_repository(file)
    if inside is None:
        return {"uri": Path(file).resolve().as_uri()}
    return {"uri": quote(inside), "uriBaseId": "%SRCROOT%"}


def _top() -> Path:
    """The directory with ``.git`` (a file in a worktree), else GitHub's workspace, else the working directory."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".git").exists():
            return folder
    workspace = os.environ.get("GITHUB_WORKSPACE")
    return Path(workspace).resolve() if workspace else here
