"""Whether a signal asks the command to end, for code in which exceptions get lost.

A signal handler that raises ``KeyboardInterrupt`` is not enough: if Python is in a finaliser, or in a function that a
library calls back, the exception is printed and lost. So code that spends a long time in such a library asks here
whether a signal arrived. Some work cannot be ended at all, except with the process.
"""

from __future__ import annotations

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
