"""Signals that ask the command to end.

That a handler raises ``KeyboardInterrupt`` is not enough: where Python happens to be in a finaliser, or in a function
that a library calls back, the exception is printed and lost. So a signal is remembered too: whoever works for long asks
whether one came (``pending``), and the exit code says so in any case.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

_received: list[int] = []
_left_behind: list[object] = []


def listen() -> None:
    """Hear SIGINT, unless whoever started us has it ignored, and SIGTERM from now on. Only the main thread can."""
    _received.clear()
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _hear)


def pending() -> bool:
    """A signal has come that asks us to end."""
    return bool(_received)


def exit_code() -> int | None:
    """128 and the number of the first signal that came, as shells have it; None if none did."""
    return 128 + _received[0] if _received else None


def leave_behind(work: object) -> None:
    """``work`` goes on in a thread that cannot be ended; what it uses must not be freed."""
    _left_behind.append(work)


def left_behind() -> bool:
    """A thread goes on that cannot be ended: only the end of the process ends it."""
    return bool(_left_behind)


def _hear(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt
