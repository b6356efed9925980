"""Writing reports whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


class OutputError(Exception):
    """A report could not be written; nothing of it was left behind."""


def write_whole(path: str | Path, text: str) -> None:
    """Write ``text`` to ``path`` (UTF-8) by way of a temporary file beside it and a rename.

    An existing file keeps its permissions, a symbolic link its target's place. The summary of a job on GitHub keeps
    what it has, for all commands of a step write into it. Raises ``OutputError``.
    """
    target = Path(os.path.realpath(path))
    temporary: Path | None = None
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a directory")
        if _summary(target) and target.exists():
            text = target.read_text(encoding="utf-8") + text
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        temporary = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(target.stat().st_mode & 0o7777 if target.exists() else 0o666 & ~_umask())
        temporary.replace(target)
    except (OSError, UnicodeError) as problem:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        reason = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise OutputError(
            f"cannot write {path}: {reason} (name a file in a directory that can be written)"
        ) from problem


def _summary(target: Path) -> bool:
    """It is the file for GitHub's summary of the job."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(named) and target == Path(os.path.realpath(str(named)))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
