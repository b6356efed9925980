"""Writing reports: completely or not at all. Only regular files are replaced.

A regular file is replaced by renaming a temporary file beside it, so nobody ever reads half of a report. A device, a
pipe or a descriptor of this process (``/dev/stdout``, ``/dev/fd/63``, ``>(…)`` of a shell) is written to directly.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE = 10
"""Seconds to wait for a reader of a named pipe, if the time limit does not leave less."""
SPARE = 1.0
"""Seconds to wait after the time limit: a reader may be a moment late."""
MOMENT = 0.02
"""Seconds between two attempts to open the pipe."""
LINKS = 40
"""The most symbolic links that are followed, as in Linux."""


class OutputError(Exception):
    """A report could not be written; no part of it remains."""


def write_whole(path: str | Path, text: str | bytes) -> None:
    """Write ``text`` to ``path`` (UTF-8), or a picture as it is. An existing file keeps its permissions, and a symbolic
    link stays a link. A file that may not be written is not replaced. Text is appended to GitHub's job summary, which
    all commands of a step share. Raises ``OutputError``; the file is then unchanged."""
    place = OutputPlace(path)
    place.attempt()
    place.write(text)


class _UnreadError(OSError):
    """Nobody reads a named pipe."""


class OutputPlace:
    """The destination of a report. ``keep``: if writing fails, the existing file stays. Raises ``OutputError`` if the
    path is invalid."""

    def __init__(self, path: str | Path, *, keep: bool = True) -> None:
        self.path = str(path)
        self.keep = keep
        if not self.path:
            raise OutputError("cannot write to '': that names no file (name one)")
        with self._translated():
            self.target, self.descriptor = _resolved(self.path)

    @property
    def is_file(self) -> bool:
        """It is a regular file, or will be one."""
        return self.descriptor is None and _kind(self.target) in (None, stat.S_IFREG)

    def same(self, other: OutputPlace) -> bool:
        """Both are the same file, so the second report would replace the first."""
        return self.is_file and other.is_file and self.target == other.target

    def attempt(self) -> None:
        """Check before a long search that the report can be written; nothing is changed. Raises ``OutputError``."""
        with self._translated():
            self._attempt()

    def write(self, text: str | bytes, within: float | None = None) -> None:
        """Write ``text``. ``within`` are the seconds that the time limit leaves for the reader of a named pipe. Raises
        ``OutputError``."""
        try:
            with self._translated():
                # UTF-8 cannot encode a lone surrogate.
                content = text if isinstance(text, bytes) else text.encode("utf-8", "backslashreplace")
                if not self.is_file:
                    self._pour(content, within)
                elif not os.access(self.target.parent, os.W_OK):
                    self._overwrite(content)
                else:
                    self._replace(content)
        except OutputError as problem:
            if self.clear():
                raise OutputError(f"{problem}; the older report there is removed") from problem
            raise

    def clear(self) -> bool:
        """Remove an older report, which could be mistaken for that of this run. Returns whether it was removed."""
        try:
            if not self.is_file or self.keep or _summary(self.target):
                return False
            self.target.unlink()
        except OSError:
            return False
        return True

    # How ---------------------------------------------------------------------------------------------------------
    def _attempt(self) -> None:
        if self.descriptor is not None:
            if not _writes(self.descriptor):
                raise OSError(errno.EBADF, "it is open for reading only")
            return
        kind = _kind(self.target)
        folder = self.target.parent
        if kind == stat.S_IFDIR:
            raise IsADirectoryError(errno.EISDIR, "it is a directory")
        if kind == stat.S_IFSOCK:
            raise OSError(errno.ENXIO, "it is a socket")
        if kind is None and not folder.is_dir():
            raise FileNotFoundError(errno.ENOENT, f"there is no directory {folder}, make it first")
        if kind is not None and not os.access(self.target, os.W_OK):
            raise PermissionError(errno.EACCES, "you may not write it")
        if kind is None and not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, f"the directory {folder} is not writable")

    def _pour(self, content: bytes, within: float | None) -> None:
        """Write into a device, a pipe or a descriptor. It is no error if the reader has gone."""
        end = None if within is None else time.monotonic() + within + SPARE
        if self.descriptor is None:
            handle = _opened(self.target, end)
        else:
            for stream in (sys.stdout, sys.stderr):  # earlier output comes first
                if stream is not None:
                    stream.flush()
            handle = os.dup(self.descriptor)
        with contextlib.suppress(BrokenPipeError), os.fdopen(handle, "wb", buffering=0) as file:
            _all(file.fileno(), content, end)

    def _replace(self, content: bytes) -> None:
        """Replace the file by a rename. The temporary name is chosen before the file exists, so that it is removed
        whenever a signal arrives."""
        if _summary(self.target) and self.target.exists():
            content = self.target.read_bytes() + content
        temporary = self.target.parent / f".planrace-{secrets.token_hex(8)}"
        try:
            with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if self.target.exists():
                temporary.chmod(self.target.stat().st_mode & 0o7777)
            try:
                temporary.replace(self.target)
            except OSError as problem:
                if problem.errno not in (errno.EBUSY, errno.EXDEV):  # for example, the file is a mount point
                    raise
                self._overwrite(content)
        finally:
            temporary.unlink(missing_ok=True)

    def _overwrite(self, content: bytes) -> None:
        """Overwrite a file whose directory is not writable. If that fails, restore it or leave it empty."""
        before = self.target.read_bytes() if self.keep or _summary(self.target) else b""
        with self.target.open("wb") as file:
            try:
                file.write(before + content if _summary(self.target) else content)
                file.flush()
            except OSError:
                file.seek(0)
                file.truncate()
                with contextlib.suppress(OSError):
                    file.write(before)
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn errors of the operating system into ``OutputError``."""
        try:
            yield
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else str(problem)
            unread = isinstance(problem, _UnreadError)
            remedy = "begin to read it first" if unread else "name a file in a directory that can be written"
            raise OutputError(f"cannot write {self.path}: {reason} ({remedy})") from problem


def _resolved(path: str) -> tuple[Path, int | None]:
    """The target of a path after following links, and the descriptor if it is one of this process. Links of descriptors
    are not followed: they lead to pseudo names (``pipe:[123]``), or to files that must not be replaced or truncated."""
    if "\0" in path:
        raise ValueError("no path has a null character")
    place = Path(os.path.abspath(path))  # noqa: PTH100  (a link's name is wanted, not its target's)
    mine = {"/dev/fd", "/proc/self/fd", f"/proc/{os.getpid()}/fd", f"/proc/{os.getpid()}/task/{os.getpid()}/fd"}
    for _ in range(LINKS):
        place = Path(os.path.realpath(place.parent)) / place.name
        if str(place.parent) in mine and place.name.isdecimal():
            return place, int(place.name)
        if not place.is_symlink():
            return place, None
        place = place.parent / os.readlink(place)  # noqa: PTH115  (a string, which may be relative)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def _kind(target: Path) -> int | None:
    """The kind of file, as bits of its mode; None if there is none."""
    try:
        return stat.S_IFMT(target.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _writes(descriptor: int) -> bool:
    """The descriptor is open for writing. Raises ``OSError`` if it is not open."""
    import fcntl  # exists on every system with such paths

    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY


def _opened(target: Path, end: float | None) -> int:
    """Open a device or a pipe for writing. Opening a pipe without a reader would block for ever, so retry instead, at
    most until ``end``. With an ``end`` a pipe that nobody reads does not block either."""
    handle, last = None, time.monotonic() + PATIENCE
    limited = end is not None and end < last
    while handle is None:
        try:
            handle = os.open(target, os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as problem:
            if problem.errno != errno.ENXIO or _kind(target) != stat.S_IFIFO:
                raise
            if time.monotonic() > (end if limited and end is not None else last):
                when = "the time limit was reached" if limited else f"{PATIENCE} seconds"
                message = f"nobody has opened it for reading {'before' if limited else 'in'} {when}"
                raise _UnreadError(errno.ENXIO, message) from problem
            time.sleep(MOMENT)
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(handle, end is None or _kind(target) != stat.S_IFIFO)  # a reader may be slow
    return handle


def _all(handle: int, content: bytes, end: float | None) -> None:
    view = memoryview(content)
    while view:
        try:
            view = view[os.write(handle, view) :]
        except BlockingIOError:
            import select

            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([], [handle], [], left)[1]:
                raise _UnreadError(errno.ETIMEDOUT, "its reader did not read on before the time limit") from None


def _summary(target: Path) -> bool:
    """It is the file of GitHub's job summary."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(named) and target == Path(os.path.realpath(str(named)))
