"""Whether a signal asks the command to end, for code in which exceptions get lost.

A signal handler that raises ``KeyboardInterrupt`` is not enough: if Python is in a finaliser, or in a function that a
library calls back, the exception is printed and lost. So code that spends a long time in such a library asks here
whether a signal arrived. Some work cannot be ended at all, except with the process.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_came: list[int] = []
_left_behind: list[object] = []


def begin() -> None:
    """Forget earlier signals."""
    _came.clear()


def heard(number: int) -> None:
    """Record that signal ``number`` asks the command to end."""
    _came.append(number)


def pending() -> bool:
    """Whether a signal arrived."""
    return bool(_came)


def leave_behind(work: object) -> None:
    """Record that ``work`` continues in a thread that cannot be ended; keep what it uses alive."""
    _left_behind.append(work)


def left_behind() -> bool:
    """Whether some thread cannot be ended, so that the interpreter must not free what it uses."""
    return bool(_left_behind)


# Work that ends by itself ----------------------------------------------------------------------------------------
class Patience:
    """Work that looks at ``over`` often, and ends soon after the first signal; only a second one cuts it short."""

    def __init__(self) -> None:
        self._before, self._ended = len(_came), False

    @property
    def over(self) -> bool:
        """Whether a signal has come since the work began."""
        return self._ended or len(_came) > self._before

    def forget(self) -> None:
        """Whoever did the work knows that it was interrupted; the process does not end for that."""
        self._ended = self.over
        del _came[self._before :]

    @property
    def lost(self) -> bool:
        """Whether a second one has come."""
        return len(_came) > self._before + 1


_patient: list[Patience] = []


def waits() -> bool:
    """Whether work is done that ends by itself after this signal, so that the handler must not raise."""
    return bool(_patient) and not any(p.lost for p in _patient)


@contextmanager
def patient() -> Iterator[Patience]:
    """While the block runs, the first signal raises nothing. Where handlers are not those of ``check``, this is so for
    an interruption in the main thread, if Python's own handler is there."""
    found = Patience()
    ours = threading.current_thread() is threading.main_thread()
    ours = ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    _patient.append(found)
    if ours:
        signal.signal(signal.SIGINT, _come)
    try:
        yield found
    finally:
        _patient.remove(found)
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            found.forget()


def _come(number: int, _frame: FrameType | None) -> None:
    heard(number)
    if not waits():
        raise KeyboardInterrupt
