"""Signals, which may end a run at any moment: an interruption by the user, or a termination by the system."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from planrace.checker.engines.interrupts import begin, heard, waits

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
INTERRUPTED = 130
MOMENT = 0.01
"""Seconds until a lost interruption is repeated."""


class Signals:
    """Handles signals by raising ``KeyboardInterrupt``, unless work ends by itself soon; ``number`` is the first signal
    that came.

    Signals that the parent process has set to be ignored stay ignored.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._heard: list[int] = []
        self._again = False

    def hear(self) -> None:
        """Install the handlers. In a thread other than the main one it does nothing, because Python allows none there.

        If a handler raises where Python cannot propagate the exception (in a callback of a weak reference, say),
        Python prints and drops it; here it is raised again a moment later.
        """
        if hasattr(signal, "setitimer") and signal.getsignal(signal.SIGALRM) is signal.SIG_DFL:
            self._again = True
        sys.unraisablehook = self._unraised
        begin()
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is None or signal.getsignal(number) in (signal.SIG_IGN, None):
                continue
            try:
                signal.signal(number, self._come)
            except ValueError:
                return
            self._heard.append(number)

    def _unraised(self, lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is not KeyboardInterrupt or self.number is None:
            sys.__unraisablehook__(lost)
        elif self._again:
            signal.signal(signal.SIGALRM, self._come)
            signal.setitimer(signal.ITIMER_REAL, MOMENT)

    def leave(self) -> None:
        """Restore the default handlers: from now on a signal ends the process, which is about to exit anyway."""
        if self._again:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number in self._heard:
            signal.signal(number, signal.SIG_DFL)

    @property
    def code(self) -> int:
        """The exit code of a run that was ended before there was a report: 130, or 128 + the number of the signal."""
        return INTERRUPTED if self.number is None else 128 + self.number

    def judged(self, code: int) -> int:
        """The exit code of a run that ended with ``code``; a signal determines it even if its exception was caught."""
        return code if self.number is None or code == INTERRUPTED else self.code

    def _come(self, number: int, _frame: FrameType | None) -> None:
        heard(number)
        if self.number is None:
            self.number = number
        if not waits():
            raise KeyboardInterrupt
