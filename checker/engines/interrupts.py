"""That somebody wants the command to end, as those hear it who are deaf to exceptions.

A handler of signals that raises ``KeyboardInterrupt`` is not enough: where Python happens to be in a finaliser, or in
a function that a library calls back, the exception is printed and lost. So whoever works for long with such a library
asks whether a signal came. And there is work that cannot be ended at all, but with the process.
"""

from __future__ import annotations

_came: list[int] = []
_left_behind: list[object] = []


def begin() -> None:
    """No signal has come yet."""
    _came.clear()


def heard(number: int) -> None:
    """Signal ``number`` came, which asks us to end."""
    _came.append(number)


def pending() -> bool:
    """A signal came."""
    return bool(_came)


def leave_behind(work: object) -> None:
    """``work`` goes on in a thread that cannot be ended; what it uses must not be freed."""
    _left_behind.append(work)


def left_behind() -> bool:
    """Some thread cannot be ended, so the interpreter must not clear up what it uses."""
    return bool(_left_behind)
