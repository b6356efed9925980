"""Runs work for Z3 so that it ends on time: at a limit of time or memory, or when it is interrupted.

While Z3 works, the thread that called it receives no signal, and Z3 checks its own time limit only in some places. So
all work is done in one other thread. The thread that requested it waits: it checks time and memory, receives signals,
reports progress, and stops Z3. A ``KeyboardInterrupt`` inside Z3's callbacks and finalisers would be lost; that cannot
happen, because only the waiting thread receives signals.

Z3 nearly always stops within milliseconds. If it does not, it is abandoned with its context, and the results so far are
reported.

Where no thread can be started (in a browser) the work is done at once: limits are checked between Z3's answers, and
nothing stops Z3 within one.
"""

from __future__ import annotations

import contextvars
import gc
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

import z3

from planrace.checker.engines.interrupts import leave_behind, pending
from planrace.checker.engines.limits import LimitGuard
from planrace.checker.results.browser import THREADS

T = TypeVar("T")

GLANCE = 0.1
"""Seconds between two checks of time and memory."""
GRACE = 1.0
"""Seconds within which Z3 has to stop."""
STACK = 128 * 2**20
"""Bytes of stack for the thread; only what is used takes real memory."""

WORDS = {
    "canceled": "it was stopped before it had an answer",
    "timeout": "its time was up",
    "max. resource limit exceeded": "its resource limit was reached",
    "resource limits reached": "its resource limit was reached",
    "unknown": "it gives no reason",
}
"""The meanings of Z3's reasons."""

z3.set_param("ctrl_c", False)  # otherwise Z3 handles SIGINT itself


class SolverStoppedError(Exception):
    """A limit ended the work; the message says which."""


class _EndedError(BaseException):
    """Raised in the working thread when nobody waits for the result any more."""


class Solving:
    """The work for Z3 of one engine. ``count`` and ``depth`` are its progress."""

    def __init__(self, limit_guard: LimitGuard) -> None:
        self.limit_guard = limit_guard
        self.count = self.depth = 0
        self._ended = False

    def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``, computed in the thread for Z3. Raises ``SolverStoppedError`` if a limit was reached,
        ``KeyboardInterrupt``, and what the work raises."""
        if not THREADS:
            self._refuse()
            return work()
        if _worker.is_current():
            return work()
        self._ended = False
        task = _Task(work)
        with _no_collection():
            try:
                self._wait(task)
            except BaseException:
                self._end(task)
                raise
        return task.outcome()

    def look(self) -> None:
        """For loops in the work: end it if nobody waits for it any more, or a limit was reached."""
        if self._ended:
            raise _EndedError
        if not _worker.is_current():
            self._refuse()

    def check(self, solver: Any, *assumptions: Any) -> Any:
        """The solver's answer; an "unknown" that a limit or an interrupt caused is raised instead."""
        self.look()
        found = solver.check(*assumptions)
        self.look()
        return found

    # The thread that waits -------------------------------------------------------------------------------------
    def _wait(self, task: _Task[T]) -> None:
        self._refuse()
        _worker.give(task)
        while not task.ended.wait(self._patience()):
            self._refuse()

    def _patience(self) -> float:
        left = self.limit_guard.seconds_left
        return GLANCE if left is None else max(0.001, min(GLANCE, left))

    def _refuse(self) -> None:
        """Raise the exception that must end the work, if there is one."""
        if pending():
            raise KeyboardInterrupt
        stopped = self.limit_guard.look(self.count, 0, self.depth)
        if stopped:
            raise SolverStoppedError(stopped.sentence)

    def _end(self, task: _Task[T]) -> None:
        """Stop Z3, and wait until it has stopped; abandon it if it does not react."""
        self._ended = True
        until = time.monotonic() + GRACE
        while task.given and not task.ended.is_set():
            with suppress(KeyboardInterrupt, z3.Z3Exception):
                if time.monotonic() >= until:
                    _worker.abandon(task)
                    return
                z3.main_ctx().interrupt()
                task.ended.wait(0.02)
        task.forget()


class _Task(Generic[T]):
    """Work with its result."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work: Callable[[], T] | None = work
        self._context = contextvars.copy_context()
        self._results: list[T] = []
        self._problem: BaseException | None = None
        self.given = False
        self.ended = threading.Event()

    def perform(self) -> None:
        """Do the work, in the thread for Z3, and keep no reference to it afterwards: the other thread may use Z3
        then."""
        try:
            assert self._work is not None
            self._results.append(self._context.run(self._work))
        except BaseException as problem:
            self._problem = problem
        self._work = None
        self.ended.set()

    def forget(self) -> None:
        """Drop the result, in the waiting thread: its frames hold objects of Z3."""
        self._problem = self._work = None
        self._results.clear()

    def outcome(self) -> T:
        problem, self._problem = self._problem, None
        if problem is not None:
            try:
                raise problem
            finally:
                del problem
        return self._results.pop()


class _Worker:
    """The thread for Z3; there is only one, because a context of Z3 may be used by one thread at a time."""

    def __init__(self) -> None:
        self._tasks: SimpleQueue[_Task[Any]] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._process = 0

    def is_current(self) -> bool:
        return threading.current_thread() is self._thread

    def give(self, task: _Task[Any]) -> None:
        if self._thread is None or self._process != os.getpid():  # a fork has no threads
            self._start()
        task.given = True
        self._tasks.put(task)

    def abandon(self, task: _Task[Any]) -> None:
        """Use another thread and another context from now on, which the old thread cannot touch."""
        leave_behind((task, z3.main_ctx()))
        if self._thread is not None:
            _left.add(self._thread)
        z3.z3._main_ctx = None
        self._thread = None

    def _start(self) -> None:
        self._tasks, self._process = SimpleQueue(), os.getpid()
        self._thread = threading.Thread(target=_serve, args=(self._tasks,), name="z3", daemon=True)
        before = threading.stack_size()
        with suppress(ValueError, RuntimeError):
            threading.stack_size(STACK)
        try:
            self._thread.start()
        finally:
            threading.stack_size(before)


def _serve(tasks: SimpleQueue[_Task[Any]]) -> None:
    while True:
        task = tasks.get()
        task.perform()
        del task


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection in a thread that does not work with Z3: finalisers call Z3."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_worker = _Worker()
_left: set[threading.Thread] = set()
"""Abandoned threads. What they still create must not get into the context of later threads."""
_main_context = z3.z3.main_ctx


def _context() -> Any:
    if _left and threading.current_thread() in _left:
        raise _EndedError
    return _main_context()


z3.z3.main_ctx = _context


def said(problem: object) -> str:
    """Z3's reason for an unknown answer, as text: it is bytes in some places, and uses Z3's own terms."""
    if isinstance(problem, z3.Z3Exception):
        problem = problem.args[0] if problem.args else "no reason"
    text = problem.decode(errors="replace") if isinstance(problem, bytes) else str(problem)
    return WORDS.get(text.strip(), text.strip() or "it gives no reason")
