"""The standard streams, guarded so that writing to them never raises an exception.

A reader may end (``| head -1``), a disk may be full, a stream may be closed (``>&-``), a terminal may lack a character.
None of that changes the verdict. A closed stream is replaced by the null device, and a reader that ends early is no
error. Any other failure to write standard output is kept in ``problem``, and the run ends with exit code 2.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import sys
from typing import TextIO

PLAIN = "planrace.plain"
"""The name of our error handler for characters that a stream cannot encode."""
ASCII = "planrace-ascii"
"""ASCII under another name. Click takes an ASCII stream for a misconfigured one and writes UTF-8 to it."""
INSTEAD = {
    "→": "->",
    "…": "...",
    "✓": "ok",
    "✗": "x",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "−": "-",
    "–": "-",
    "—": "-",
    "∧": "and",
    "∨": "or",
    "¬": "not ",
    "∈": "in",
    "∉": "not in",
    "∀": "for all ",
    "∃": "for some ",
    "’": "'",
    "“": '"',
    "”": '"',
}


class Guarded(io.RawIOBase):
    """A raw stream that writes to a descriptor until that fails; ``problem`` is the failure. Failures while the
    descriptor is redirected (the output of authors' code goes to standard error) are not recorded."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._place = _identity(descriptor)
        self.problem: OSError | None = None

    def write(self, content: object) -> int:
        """Write all or some of the bytes. If that fails, they are dropped."""
        view = memoryview(content)  # type: ignore[arg-type]
        if self.problem is not None and _identity(self._descriptor) == self._place:
            return len(view)
        while True:
            try:
                return os.write(self._descriptor, view)
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError as problem:
                if _identity(self._descriptor) == self._place:
                    self.problem = problem
                return len(view)

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        return self._descriptor


class Streams:
    """Guards standard output and standard error, unless something else has replaced them."""

    def __init__(self) -> None:
        self._guards: dict[str, Guarded] = {}

    def guard(self) -> None:
        """Guard them until the process ends."""
        _open_all()
        for name, descriptor in (("stdout", 1), ("stderr", 2)):
            stream = getattr(sys, name)
            if stream is None:
                setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115
            elif os.name == "posix" and stream is getattr(sys, f"__{name}__") and stream.fileno() == descriptor:
                setattr(sys, name, self._guarded(stream, name, descriptor))
        if sys.stdin is None:
            sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
        elif isinstance(sys.stdin, io.TextIOWrapper):
            sys.stdin.reconfigure(errors="backslashreplace")

    def judged(self, code: int) -> int:
        """Flush, and return the exit code of a run that ended with ``code``: 2 if standard output could not be written,
        unless its reader ended early."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        guard = self._guards.get("stdout")
        problem = None if guard is None else guard.problem
        if problem is None or isinstance(problem, BrokenPipeError):
            return code
        sys.stderr.write(f"Error: cannot write to standard output: {problem.strerror} (write to a file with -o)\n")
        sys.stderr.flush()
        return 2 if code in (0, 1, 3) else code

    def _guarded(self, stream: TextIO, name: str, descriptor: int) -> TextIO:
        stream.flush()
        guard = self._guards[name] = Guarded(descriptor)
        errors = PLAIN if stream.errors in ("strict", "surrogateescape", "backslashreplace") else stream.errors
        through = getattr(stream, "write_through", False)
        return io.TextIOWrapper(
            io.BufferedWriter(guard),
            encoding=ASCII if codecs.lookup(stream.encoding).name == "ascii" else stream.encoding,
            errors=errors,
            line_buffering=name == "stderr" or guard.isatty(),
            write_through=through,
        )


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _open_all() -> None:
    """Open the null device for closed streams; otherwise a file that is opened later would get their numbers."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            if os.open(os.devnull, os.O_RDWR) != descriptor:
                return


def _plain(problem: UnicodeError) -> tuple[str, int]:
    """An error handler: the replacement for characters that cannot be encoded."""
    if not isinstance(problem, UnicodeEncodeError):
        raise problem
    missing = problem.object[problem.start : problem.end]
    escaped = (INSTEAD.get(c) or c.encode("ascii", "backslashreplace").decode() for c in missing)
    return "".join(escaped), problem.end


def _ascii(name: str) -> codecs.CodecInfo | None:
    """Search function for our codec. Python versions differ in how they normalise the name."""
    if name.replace("_", "-") != ASCII:
        return None
    known = codecs.lookup("ascii")
    return codecs.CodecInfo(
        known.encode,
        known.decode,
        known.streamreader,
        known.streamwriter,
        known.incrementalencoder,
        known.incrementaldecoder,
        ASCII,
    )


codecs.register(_ascii)
codecs.register_error(PLAIN, _plain)
