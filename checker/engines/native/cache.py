"""Machine code kept on disk between runs.

A folder of object files named by the content that made them. What is loaded from there is run, so a file counts only if
nobody but this user can have written it: the folder and the file belong to the user, neither may be written by others,
and the file is a regular one, opened without following a link. Where the folder is not such a one, nothing is read or
kept. A digest over name and content tells what is whole: LLVM does not survive a broken object, and an object under
another's name would be another search.

Each object is written whole and renamed, so that runs at the same time do not disturb each other. Where the system has
no notion of owners (Windows), the folder lies in the user's profile, which is private there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

DIGEST = 32
"""Bytes before an object in the cache: the SHA-256 of its name and content."""
KEPT = 64
"""Objects that stay in the cache; the oldest go first."""
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Follow no link, wait for no writer of a pipe."""
OTHERS = stat.S_IWGRP | stat.S_IWOTH
"""Permission for others than the owner to write."""


class CodeCache:
    """The user's objects. ``refused`` says why what is there is not loaded, where that is for want of trust."""

    def __init__(self) -> None:
        self.refused: str | None = None
        self._folder = self._trusted(_place())

    def kept(self, key: str) -> bytes | None:
        """The object that is kept under ``key``, if it can be trusted and is whole."""
        if self._folder is None:
            return None
        path = self._folder / _name(key)
        try:
            with os.fdopen(os.open(path, _READ), "rb") as f:
                if (why := _doubt(os.fstat(f.fileno()), stat.S_ISREG, "a regular file")) is not None:
                    self.refused = f"{path} {why}"
                    return None
                content = f.read()
        except OSError:
            if path.is_symlink():
                self.refused = f"{path} is a link"
            return None
        digest, blob = content[:DIGEST], content[DIGEST:]
        return blob if _digest(key, blob) == digest else None

    def keep(self, key: str, blob: bytes) -> None:
        """Keep an object; where that does not succeed it is made anew next time."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".new")  # for the user alone
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(key, blob) + blob)
                Path(name).replace(self._folder / _name(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            old = sorted(self._folder.glob("*.o"), key=lambda p: p.lstat().st_mtime)[:-KEPT]
            for path in old:
                path.unlink(missing_ok=True)

    def _trusted(self, folder: Path | None) -> Path | None:
        """The folder, made where there is none, if there can be one that only this user writes."""
        if folder is None:
            return None
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat() if not folder.is_symlink() else folder.stat()
        except OSError:
            return None
        if (why := _doubt(found, stat.S_ISDIR, "a folder")) is not None:
            self.refused = f"{folder} {why}"
            return None
        return folder if os.access(folder, os.W_OK) else None


def _place() -> Path | None:
    """Where the objects are; None where the user has no home."""
    if chosen := os.environ.get("PLANRACE_CACHE"):
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "planrace"
    except RuntimeError:
        return None


def _doubt(found: os.stat_result, kind: Callable[[int], bool], expected: str) -> str | None:
    """Why somebody else may have written it, if so."""
    if not kind(found.st_mode):
        return f"is not {expected}"
    if not hasattr(os, "getuid"):
        return None
    if found.st_uid != os.getuid():
        return "belongs to another user"
    if found.st_mode & OTHERS:
        return "may be written by other users (chmod go-w takes that away)"
    return None


def _name(key: str) -> str:
    return f"{key}.o"


def _digest(key: str, blob: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + blob).digest()
