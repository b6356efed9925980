"""What ends a run from outside: an interruption, or the wish of the system, at any moment."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from planrace.checker.engines.interrupts import begin, heard

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
INTERRUPTED = 130
MOMENT = 0.01
"""Seconds."""


class Signals:
    """Hears signals and raises ``KeyboardInterrupt``; ``number`` is the first that came.

    What is not heard is left as it is: signals that whoever started the process has switched off.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._heard: list[int] = []
        self._again = False

    def hear(self) -> None:
        """From now on. Nothing happens in a thread, where Python allows no handlers.

        An exception that a signal raises where Python cannot pass it on (in a callback of a weak reference, say) is
        printed and forgotten by Python; here it comes again a moment later.
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
        """What comes now finds nothing to interrupt but the interpreter on its way out, and ends it at once."""
        if self._again:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number in self._heard:
            signal.signal(number, signal.SIG_DFL)

    @property
    def code(self) -> int:
        """The exit code of a run that was ended with nothing to report: 130, or 128 and the number of the signal."""
        return INTERRUPTED if self.number is None else 128 + self.number

    def judged(self, code: int) -> int:
        """The exit code of a run that ended with ``code``: a signal shows in it, whoever has caught the exception."""
        return code if self.number is None or code == INTERRUPTED else self.code

    def _come(self, number: int, _frame: FrameType | None) -> None:
        heard(number)
        if self.number is None:
            self.number = number
        raise KeyboardInterrupt
