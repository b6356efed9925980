"""Processes of ours that end with the process that started them, whatever ends that one.

The child's standard input is a pipe from its parent: the first line is what the child is given, and its end tells that
the parent has gone, or wants the child to end.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

ENDS_WITHIN = 5.0
"""Seconds until a child that was asked to end is killed."""


class ChildProcess:
    """A module that runs as a process of its own. ``output`` (default: nowhere) takes what it writes; a child that is
    ``asked`` tells things by standard output."""

    def __init__(self, module: str, given: dict[str, Any], output: Path | None = None, *, asked: bool = False) -> None:
        with output.open("ab") if output is not None else contextlib.nullcontext(subprocess.DEVNULL) as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if asked else errors,
                stderr=errors,
                text=True,
                start_new_session=True,  # Ctrl-C is for the parent, which then ends its children
            )
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended already: its exit code says more
            self._process.stdin.write(json.dumps(given) + "\n")
            self._process.stdin.flush()

    @property
    def pid(self) -> int:
        return self._process.pid

    def told(self) -> str:
        """A line of standard output; empty if the child has ended."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def ended(self) -> int | None:
        """The exit code; ``None`` while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """Ends it at once (SIGKILL)."""
        self._process.kill()
        self._close()

    def stop(self) -> None:
        """Asks it to end, and waits."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._close()

    def _close(self) -> None:
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def begin() -> tuple[dict[str, Any], threading.Event]:
    """In the child: what it is given, and an event that is set when it shall end."""
    given, stop = json.loads(sys.stdin.readline()), threading.Event()

    def wait() -> None:
        sys.stdin.read()
        stop.set()

    threading.Thread(target=wait, daemon=True).start()
    return given, stop
