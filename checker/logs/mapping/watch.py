"""Limits the time that regular expressions may take for a line.

Some expressions, such as ``(a+)+$``, take time exponential in the length of a line that they do not match. The matcher
of Python looks for signals while it works, so a timer of CPU time ends it. Where there are no such signals (Windows,
threads beside the main one), nothing does.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

SECONDS = 2.0
"""CPU time for a line."""


class SlowMatchError(Exception):
    """The expressions of a mapping took too long for a line."""


class LineWatch:
    """Made by ``watching``; ``start`` begins a line."""

    def __init__(self, active: bool) -> None:
        self._active = active

    def start(self) -> None:
        """Begin the time of a line."""
        if self._active:
            signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)

    def stop(self) -> None:
        """End it."""
        if self._active:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@contextmanager
def watching() -> Iterator[LineWatch]:
    """A watch for the lines that are matched within."""
    possible = (
        hasattr(signal, "SIGVTALRM")
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL
    )
    watch = LineWatch(possible)
    if not possible:
        yield watch
        return
    signal.signal(signal.SIGVTALRM, _slow)
    try:
        yield watch
    finally:
        watch.stop()
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)


def _slow(*_: object) -> NoReturn:
    raise SlowMatchError
