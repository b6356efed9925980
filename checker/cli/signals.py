"""What ends a run from outside: an interruption, or the wish of the system, at any moment."""

from __future__ import annotations

import signal
from types import FrameType

from ..interrupts import begin, heard

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
INTERRUPTED = 130


class Signals:
    """Hears signals and raises ``KeyboardInterrupt``; ``number`` is the first that came.

    What is not heard is left as it is: signals that whoever started the process has switched off.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._heard: list[int] = []

    def hear(self) -> None:
        """From now on. Nothing happens in a thread, where Python allows no handlers."""
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

    def leave(self) -> None:
        """What comes now finds nothing to interrupt but the interpreter on its way out, and ends it at once."""
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
