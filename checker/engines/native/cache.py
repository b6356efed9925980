"""A cache of machine code on disk.

The cache is a folder of object files; each is named by a hash of everything that determined it. Loaded code is
executed, so a file is trusted only if nobody but this user can have written it: the folder and the file belong to the
user, neither is writable by others, and the file is a regular one, opened without following a link. Nobody else may be
able to put another folder in its place either: ``folders.py`` looks at all folders and links above it. If the folder
does not meet this, nothing is read or stored. A digest of name and content detects damage: LLVM crashes on a broken
object, and an object under another name would be a different search.

Each object is written completely and then renamed, so concurrent runs do not disturb each other. On systems without
file owners (Windows), the folder lies in the user's profile, which is private there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import tempfile
from pathlib import Path

from planrace.checker.engines.native.folders import doubt, private_folder

DIGEST = 32
"""The header of an object in the cache: the SHA-256 of its name and content."""
KEPT = 64
"""The number of objects that stay in the cache; the oldest are removed first."""
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""Flags: follow no link, do not block on a pipe."""


class CodeCache:
    """The user's objects. ``refused`` says why existing objects are not loaded, if they cannot be trusted."""

    def __init__(self) -> None:
        self.refused: str | None = None
        self._folder = self._trusted(cache_folder())

    def kept(self, key: str) -> bytes | None:
        """The object stored under ``key``, if it is trusted and intact."""
        if self._folder is None:
            return None
        path = self._folder / _name(key)
        try:
            handle = os.open(path, _READ)
        except OSError:
            if path.is_symlink():
                self.refused = f"{path} is a link"
            return None
        try:
            if (why := doubt(os.fstat(handle), stat.S_ISREG, "a regular file")) is not None:
                self.refused = f"{path} {why}"
                return None
            with open(handle, "rb", closefd=False) as f:
                content = f.read()
        except OSError:
            return None
        finally:
            os.close(handle)
        digest, blob = content[:DIGEST], content[DIGEST:]
        return blob if _digest(key, blob) == digest else None

    def keep(self, key: str, blob: bytes) -> None:
        """Store an object; if that fails, it is compiled again next time."""
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
        """The folder, created if missing; None if others than this user can write to it, or exchange it."""
        if folder is None:
            return None
        found, self.refused = private_folder(folder)
        return found


def cache_folder() -> Path | None:
    """The folder of what is kept between runs; None if the user has no home directory."""
    if configured := os.environ.get("PLANRACE_CACHE"):
        return Path(configured)
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    try:
        return (base if base.is_absolute() else Path.home() / ".cache") / "planrace"
    except RuntimeError:
        return None


def _name(key: str) -> str:
    return f"{key}.o"


def _digest(key: str, blob: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + blob).digest()
