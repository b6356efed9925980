"""The progress of reading logs and of searching the runs that they tell, for a listener."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from planrace.checker.engines.limits import INTERVAL, STRIDE, Listener, Progress
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.wording import counted

X = TypeVar("X")


class LogProgress:
    """Tells a listener what is being done, at most every ``INTERVAL`` seconds; without a listener nothing."""

    def __init__(self, listener: Listener | None = None) -> None:
        self._listener = listener
        self._read = ""
        self._lines = 0
        self._began = self._last = time.monotonic()

    def tell(self, task: str, *numbers: object) -> None:
        """Say what is done, if it is time for it: ``task`` with the numbers in it, as in ``{:,} lines``."""
        if self._listener is None:
            return
        now = time.monotonic()
        if now - self._last >= INTERVAL:
            self._last = now
            self._say(task.format(*numbers), now)

    def begin(self, task: str) -> None:
        """Say at once what begins."""
        if self._listener is not None:
            self._say(task, time.monotonic())

    def lines(self, items: Iterable[X], file: Path) -> Iterator[X]:
        """The lines of a log; every now and then their number is told."""
        self._read, self._lines = file.name, 0
        for item in items:
            if self._lines % STRIDE == 0:
                self.tell("reading {}: {:,} lines", file.name, self._lines)
            self._lines += 1
            yield item

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A context for reading logs: what ends it early says how far it came."""
        try:
            yield
        except KeyboardInterrupt:
            raise KeyboardInterrupt(self._place) from None
        except TimeUpError as problem:
            raise TimeUpError(f"{problem} {self._place}") from None

    @property
    def _place(self) -> str:
        return f"after {counted(self._lines, 'line')} of {self._read}"

    def _say(self, text: str, now: float) -> None:
        assert self._listener is not None
        self._listener(Progress(text, 0, 0, 0, now - self._began, 0))


SILENT = LogProgress()
