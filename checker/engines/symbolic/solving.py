"""Work for Z3 that ends when it must: at a limit of time or memory, or where somebody interrupts it.

While Z3 works, the thread that called it hears no signal, and Z3 looks at its own time limit only here and there. So
all work goes to one other thread, and whoever asked for it waits: looks at the clock and the memory, hears signals,
tells progress, and has Z3 stop. A ``KeyboardInterrupt`` in the midst of Z3's callbacks and finalisers would be lost;
that cannot happen either, for signals are heard by the thread that waits.

Z3 stops within milliseconds nearly everywhere. Where it does not, it is left behind with its context: what was decided
is told all the same.
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

T = TypeVar("T")

GLANCE = 0.1
"""Seconds between two looks at the clock and the memory."""
GRACE = 1.0
"""Seconds that Z3 has to stop in."""
STACK = 128 * 2**20
"""Bytes of stack for the thread, of which only what is used is real memory."""

WORDS = {
    "canceled": "it was stopped before it had an answer",
    "timeout": "its time was up",
    "max. resource limit exceeded": "its resource limit was reached",
    "resource limits reached": "its resource limit was reached",
    "unknown": "it gives no reason",
}
"""What Z3 means by its reasons."""

z3.set_param("ctrl_c", False)  # else Z3 takes SIGINT for itself


class SolverStoppedError(Exception):
    """A limit ended the work; the message says which."""


class _EndedError(BaseException):
    """Raised in the thread that works, when nobody waits for it any more."""


class Solving:
    """The work for Z3 of one engine. ``count`` and ``depth`` are how far it has come, for who is told of progress."""

    def __init__(self, watchman: LimitGuard) -> None:
        self.watchman = watchman
        self.count = self.depth = 0
        self._ended = False

    def run(self, work: Callable[[], T]) -> T:
        """The result of ``work``, from the thread for Z3. Raises ``SolverStoppedError`` where a limit was reached,
        ``KeyboardInterrupt``, and what the work raises."""
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
        """For loops in the work: end it where nobody waits for it any more, or a limit was reached."""
        if self._ended:
            raise _EndedError
        if not _worker.is_current():
            self._refuse()

    def check(self, solver: Any, *assumptions: Any) -> Any:
        """The solver's answer; "unknown" is never one that a limit or an interrupt caused."""
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
        left = self.watchman.seconds_left
        return GLANCE if left is None else max(0.001, min(GLANCE, left))

    def _refuse(self) -> None:
        """Raise what must end the work, if something must."""
        if pending():
            raise KeyboardInterrupt
        stopped = self.watchman.look(self.count, 0, self.depth)
        if stopped:
            raise SolverStoppedError(stopped)

    def _end(self, task: _Task[T]) -> None:
        """Have Z3 stop, and wait until it has; leave it behind where it does not listen."""
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
    """Work with what came of it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work: Callable[[], T] | None = work
        self._context = contextvars.copy_context()
        self._results: list[T] = []
        self._problem: BaseException | None = None
        self.given = False
        self.ended = threading.Event()

    def perform(self) -> None:
        """Do it, in the thread for Z3, and keep nothing of it when it has ended: the other thread may use Z3 then."""
        try:
            assert self._work is not None
            self._results.append(self._context.run(self._work))
        except BaseException as problem:
            self._problem = problem
        self._work = None
        self.ended.set()

    def forget(self) -> None:
        """Let go of what came of it, in the thread that waited: what its frames hold belongs to Z3."""
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
    """The thread for Z3; there is one, for all that is in one context of Z3 belongs to one thread at a time."""

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
        """Another thread and another context for what comes next, which the old thread cannot touch."""
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
    """No collection of garbage in a thread that does not work with Z3: finalisers call it."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_worker = _Worker()
_left: set[threading.Thread] = set()
"""Threads that were left behind. What they still make must not come into the context of those that came after."""
_main_context = z3.z3.main_ctx


def _context() -> Any:
    if _left and threading.current_thread() in _left:
        raise _EndedError
    return _main_context()


z3.z3.main_ctx = _context


def said(problem: object) -> str:
    """What Z3 says of a question that it does not answer, as text: it has bytes in some places, and its own words."""
    if isinstance(problem, z3.Z3Exception):
        problem = problem.args[0] if problem.args else "no reason"
    text = problem.decode(errors="replace") if isinstance(problem, bytes) else str(problem)
    return WORDS.get(text.strip(), text.strip() or "it gives no reason")
