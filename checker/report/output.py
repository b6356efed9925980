"""Writing reports: whole or not at all, and never in place of what is no file.

A place that is a file gets a new file by way of a temporary one beside it and a rename, so nobody ever reads half of a
report. A device, a pipe or a descriptor of this process (``/dev/stdout``, ``/dev/fd/63``, what a shell writes for
``>(…)``) is written to.
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
"""Seconds that a named pipe is waited for which nobody reads yet, when there is something to write."""
MOMENT = 0.02
"""Seconds between two looks at it."""
LINKS = 40
"""Symbolic links that are followed at most, as in Linux."""


class OutputError(Exception):
    """A report could not be written; nothing of it was left behind."""


def write_whole(path: str | Path, text: str) -> None:
    """Write ``text`` to ``path`` (UTF-8). An existing file keeps its permissions, a symbolic link its target's place.
    The summary of a job on GitHub keeps what it has, for all commands of a step write into it. Raises ``OutputError``;
    then the file is what it was."""
    OutputPlace(path).write(text)


class OutputPlace:
    """Where a report goes. ``keep``: where it cannot be written, what is there stays. Raises ``OutputError`` for what
    is no path."""

    def __init__(self, path: str | Path, *, keep: bool = True) -> None:
        self.path = str(path)
        self.keep = keep
        if not self.path:
            raise OutputError("cannot write to '': that names no file (name one)")
        with self._told():
            self.target, self.descriptor = _resolved(self.path)

    @property
    def is_file(self) -> bool:
        """It is a file, or will be one."""
        return self.descriptor is None and _kind(self.target) in (None, stat.S_IFREG)

    def same(self, other: OutputPlace) -> bool:
        """Both are one file, so that the second report would replace the first."""
        return self.is_file and other.is_file and self.target == other.target

    def attempt(self) -> None:
        """Say now, before a long search, what would keep a report from being written; nothing is touched. Raises
        ``OutputError``."""
        with self._told():
            self._attempt()

    def write(self, text: str) -> None:
        """Write ``text``. Raises ``OutputError``."""
        try:
            with self._told():
                content = text.encode("utf-8", "backslashreplace")  # a surrogate of its own is in no file of UTF-8
                if not self.is_file:
                    self._pour(content)
                elif not os.access(self.target.parent, os.W_OK):
                    self._overwrite(content)
                else:
                    self._replace(content)
        except OutputError as problem:
            if self.clear():
                raise OutputError(f"{problem}; the older report there is removed") from problem
            raise

    def clear(self) -> bool:
        """Remove an older report, which would look like that of this run; whether there was one. What cannot be removed
        stays."""
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

    def _pour(self, content: bytes) -> None:
        """Into a device, a pipe or a descriptor. That its reader has gone is his affair."""
        if self.descriptor is None:
            handle = _opened(self.target)
        else:
            for stream in (sys.stdout, sys.stderr):  # what was said before comes before
                if stream is not None:
                    stream.flush()
            handle = os.dup(self.descriptor)
        with contextlib.suppress(BrokenPipeError), os.fdopen(handle, "wb", buffering=0) as file:
            _all(file.fileno(), content)

    def _replace(self, content: bytes) -> None:
        """By a rename. The temporary file has its name before it exists, so that no signal can leave it behind."""
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
                if problem.errno not in (errno.EBUSY, errno.EXDEV):  # as of a file that is mounted by itself
                    raise
                self._overwrite(content)
        finally:
            temporary.unlink(missing_ok=True)

    def _overwrite(self, content: bytes) -> None:
        """A file whose directory takes no other; where that fails, it is empty."""
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
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else str(problem)
            what = f"cannot write {self.path}: {reason} (name a file in a directory that can be written)"
            raise OutputError(what) from problem


def _resolved(path: str) -> tuple[Path, int | None]:
    """What a path leads to, links followed, and the descriptor of this process if it is one: the links of these lead
    to names that are none (``pipe:[123]``), or to files that must be neither replaced nor begun anew."""
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
    """What there is, by its bits of a mode; None where there is nothing."""
    try:
        return stat.S_IFMT(target.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _writes(descriptor: int) -> bool:
    """It may be written to. Raises ``OSError`` where it is not open."""
    import fcntl  # which every system has that has such paths

    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY


def _opened(target: Path) -> int:
    """A device or a pipe for writing. A pipe that nobody reads would be waited for without an end."""
    handle, end = None, time.monotonic() + PATIENCE
    while handle is None:
        try:
            handle = os.open(target, os.O_WRONLY | getattr(os, "O_NOCTTY", 0) | getattr(os, "O_NONBLOCK", 0))
        except OSError as problem:
            if problem.errno != errno.ENXIO or _kind(target) != stat.S_IFIFO:
                raise
            if time.monotonic() > end:
                raise OSError(errno.ENXIO, f"nobody has opened it for reading in {PATIENCE} seconds") from problem
            time.sleep(MOMENT)
    if hasattr(os, "O_NONBLOCK"):
        os.set_blocking(handle, True)  # a reader may be slow
    return handle


def _all(handle: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        try:
            view = view[os.write(handle, view) :]
        except BlockingIOError:
            import select

            select.select([], [handle], [])


def _summary(target: Path) -> bool:
    """It is the file for GitHub's summary of the job."""
    named = os.environ.get("GITHUB_STEP_SUMMARY")
    return bool(named) and target == Path(os.path.realpath(str(named)))
