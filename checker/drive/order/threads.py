"""Workers that are threads."""

from __future__ import annotations

import ctypes
import inspect
import sys
import threading
from collections.abc import Callable, Hashable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from planrace.checker.drive.driver_checks import place_of_code
from planrace.checker.drive.order.strand import (
    Ended,
    Reports,
    Strand,
    StrandControl,
    cpu_of,
    said_of,
    stack,
    standing_lines,
    together,
)
from planrace.drive import ReachedPoint, Stopped, control_here


class ThreadStrand(Strand):
    """A function in a thread. It ends by an exception at its point, or between two lines of Python; a thread that waits
    for a lock cannot be ended, and is left behind as a daemon."""

    def __init__(self, worker: Hashable, function: Callable[[], Any], reports: Reports) -> None:
        super().__init__(worker, reports)
        self._function = function
        self._orders: SimpleQueue[bool] = SimpleQueue()
        self._control = _ThreadControl(self)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def go(self) -> None:
        self._orders.put(True)

    def stop(self) -> None:
        self.stopping = True
        self._orders.put(False)
        if self.at is None:
            interrupt(self._thread)

    def standing(self) -> list[str]:
        return standing_lines(stack(sys._current_frames().get(self._thread.ident or 0)))

    def cpu(self) -> float:
        return cpu_of(self._thread)

    def arrive(self, reached: ReachedPoint) -> None:
        """The thread has reached a point: wait there."""
        if threading.current_thread() is not self._thread and self.at is not None:
            raise self.misused(*together(reached, self.at.name))
        if not self.stopping:
            self.reports.put((self, self._control.arrived(reached)))
            if self._orders.get():
                return
        raise Stopped

    def _run(self) -> None:
        control_here(self._control)
        problem: BaseException | None = None
        try:
            found = self._function()
            if inspect.iscoroutine(found):
                found.close()
                what = "its function returns a coroutine, and is no async function"
                problem = self.misused(what, place_of_code(self._function), "write partial(work, …) or an async def")
        except Stopped:
            pass
        except BaseException as raised:
            problem = raised
        self.reports.put((self, Ended(said_of(self._control.last), problem)))


class _ThreadControl(StrandControl):
    strand: ThreadStrand

    def hold(self, reached: ReachedPoint) -> None:
        self.strand.arrive(reached)
        self.last = reached


def interrupt(thread: threading.Thread) -> None:
    """Raise ``Stopped`` in a thread when it comes to its next line of Python."""
    if thread.ident is not None and thread.is_alive():
        _raise_in(thread.ident, Stopped)


class _Delivered(BaseException):
    """Raised in the thread that called ``settle_interrupts``."""


def settle_interrupts() -> None:
    """Let Python forget that an interrupt is on its way to a thread that does not run any more, or waits for a lock.

    Up to Python 3.12 all threads look for it at every call and in every loop until it is delivered; in 3.11, one with a
    profile function (``sys.setprofile``) does so for ever where a function begins. Any delivery ends that: so one to
    this thread, which gets it at once.
    """
    with suppress(_Delivered):
        _raise_in(threading.get_ident(), _Delivered)
        for _ in range(1000):  # it is raised between two rounds
            pass


def _raise_in(ident: int, raised: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(ident), ctypes.py_object(raised))
