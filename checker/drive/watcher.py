"""Programs of others that end with this process, whatever ends it: a signal that no process can catch, too.

A watcher is a small process of its own. Its standard input is a pipe from this process: the end of the pipe without a
word tells that this process has gone. Linux can send a signal to a child when its parent ends (``PR_SET_PDEATHSIG``),
but means the thread that started the child.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

WATCH = """
import os, select, shutil, signal, sys
pid, folder = int(sys.argv[1]), sys.argv[2]
try:
    end = os.pidfd_open(pid)  # the number may be given to another process
except (AttributeError, OSError):
    end = None
if sys.stdin.read():
    sys.exit()
try:
    if end is None:
        os.kill(pid, signal.SIGKILL)
    else:
        signal.pidfd_send_signal(end, signal.SIGKILL)
        select.select([end], [], [], 5)
except OSError:
    pass
shutil.rmtree(folder, ignore_errors=True)
"""
GONE = 5.0
"""Seconds in which a watcher that is not needed any more has ended."""


class Watcher:
    """Kills a process and removes its folder when this process ends before ``close``."""

    def __init__(self, pid: int, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", WATCH, str(pid), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # no signal of a terminal reaches it
        )

    def close(self) -> None:
        """The process has ended, or nobody has to end it any more."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._process.communicate(b"done", timeout=GONE)
