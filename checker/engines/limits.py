"""Bounds of a search, deadlines, and progress reports.

A request has one time limit for everything that it does: searches, explanations, output. So the limit is a point in
time, a ``Deadline``, which ``until`` sets for a block of work. Loops check it (``look_at_the_clock``); code that can
continue with a partial result says what was cut. It is a context variable: a run sets and resets it, so no other run
sees it, not even one in another thread.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.stop import StopKind, StopReason
from planrace.model.language import ModelError

X = TypeVar("X")

STRIDE = 1024
"""Iterations of a fast loop between two checks of the clock."""
SPARE = 1.0
"""Seconds after a time limit in which uninterruptible work may end: half of the promised margin, because durations are
estimates."""

UNITS = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10), ("bytes", 1))


Clock = Callable[[], float]
"""Returns seconds: ``wall``, or ``processor`` for work whose limit should not depend on other processes."""


def wall() -> float:
    """Seconds of wall time."""
    return time.monotonic()


READ_ANEW = 0.001
"""Seconds of wall time for which a reading of the processor time is used again."""


class ProcessorClock:
    """Seconds of processor time of this process. The system is asked about every millisecond, not at every call: some
    systems take tens of microseconds to answer, more than an iteration of a loop that looks at the clock."""

    def __init__(self) -> None:
        self._reading = -1.0, 0.0

    def __call__(self) -> float:
        now, (then, seconds) = perf_counter(), self._reading
        if now < then or now >= then + READ_ANEW:
            seconds = process_time()
            self._reading = now, seconds
        return seconds


processor = ProcessorClock()


class CostlyError(TimeUpError):
    """Uninterruptible work was not started: it would take about ``effort`` seconds, which is more than allowed."""

    def __init__(self, message: str, effort: float) -> None:
        super().__init__(message)
        self.effort = effort


@dataclass(frozen=True)
class Deadline:
    """A point in time ``at`` on a ``clock`` at which work must end. ``seconds`` and ``what`` are as the user gave them,
    so that messages name the same number; ``remedy`` is advice. ``outer`` is a deadline on another clock that applies
    as well."""

    at: float
    seconds: float
    what: str = "time limit"
    clock: Clock = wall
    remedy: str = ""
    outer: Deadline | None = None

    @staticmethod
    def after(seconds: float, what: str = "time limit", clock: Clock = wall, remedy: str = "") -> Deadline:
        """A deadline this many seconds from now."""
        return Deadline(clock() + seconds, seconds, what, clock, remedy)

    @property
    def left(self) -> float:
        """Seconds until then, 0 when it has passed."""
        own = max(0.0, self.at - self.clock())
        return own if self.outer is None else min(own, self.outer.left)

    @property
    def reason(self) -> str:
        """The reason to report for work that it has ended."""
        if self.outer is not None and self.outer.left == 0.0:
            return self.outer.reason
        return f"{self.name} was reached{f' ({self.remedy})' if self.remedy else ''}"

    @property
    def name(self) -> str:
        """Its name in messages."""
        return f"the {self.what} of {self.seconds:g} s"


_deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


def deadline() -> Deadline | None:
    """The current deadline; None if time is not bounded."""
    return _deadline.get()


def time_left() -> float | None:
    """Seconds until the deadline; None without one."""
    found = _deadline.get()
    return None if found is None else found.left


@contextmanager
def until(
    seconds: float | None, what: str = "time limit", clock: Clock = wall, remedy: str = ""
) -> Iterator[Deadline | None]:
    """Bound the time of the block: at most ``seconds``, or the current deadline if that is sooner; None adds no bound.
    Not for generators: code that asks for the next item would run under their deadline."""
    with under(None if seconds is None else Deadline.after(seconds, what, clock, remedy)):
        yield _deadline.get()


@contextmanager
def under(found: Deadline | None) -> Iterator[None]:
    """Bound the time of the block by a deadline, or by the current one if that is sooner; None adds no bound. Not for
    generators."""
    token = _deadline.set(_sooner(_deadline.get(), found))
    try:
        yield
    finally:
        _deadline.reset(token)


def _sooner(first: Deadline | None, second: Deadline | None) -> Deadline | None:
    """The earlier of two deadlines; if they are on different clocks, one that ends with either."""
    if first is None or second is None:
        return first or second
    if first.clock is second.clock and second.outer is None:
        return first if first.at <= second.at else replace(second, outer=first.outer)
    return replace(second, outer=first)


def look_at_the_clock() -> None:
    """Raise ``TimeUpError`` if the deadline has passed. For every iteration of a loop with slow iterations."""
    found = _deadline.get()
    if found is not None and found.left == 0.0:
        raise TimeUpError(found.reason)


def afford(what: str, effort: float) -> None:
    """Raise ``CostlyError`` where ``what``, which cannot be cut short, ends more than ``SPARE`` seconds after the
    deadline."""
    found = _deadline.get()
    if found is not None and effort > found.left + SPARE:
        raise CostlyError(f"{_takes(what, effort)}, for which {found.name} leaves no time", effort)


def worth(what: str, effort: float, most: float | None) -> None:
    """Raise ``CostlyError`` where ``what`` takes more than ``most`` seconds. None is no bound."""
    if most is not None and effort > most:
        raise CostlyError(_takes(what, effort), effort)


def _takes(what: str, effort: float) -> str:
    return f"{what} takes about {effort:.0f} s"


def timed(items: Iterable[X], stride: int = STRIDE) -> Iterator[X]:
    """The items, with a check of the clock before every ``stride``-th: for loops with fast iterations. Raises
    ``TimeUpError``."""
    for n, item in enumerate(items):
        if n % stride == 0:
            look_at_the_clock()
        yield item


@dataclass(frozen=True)
class Limits:
    """Bounds; None is no bound. ``memory`` in bytes (of this process), ``seconds`` of wall time."""

    depth: int | None = None
    states: int | None = None
    memory: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Progress:
    """The progress of a search. ``task`` names what it does. No states: it does something else than to count them, such
    as to compile. ``share``: of all its states it has found from the first to the second part, if that is known."""

    task: str
    states: int
    transitions: int
    depth: int
    seconds: float
    memory_bytes: int
    share: tuple[float, float] | None = None


Listener = Callable[[Progress], None]

INTERVAL = 0.2
"""Seconds between two progress events."""


@dataclass
class LimitGuard:
    """Checks time and memory regularly, reports progress, and gives the reason to stop a search.

    Time is up at its own limit or at the deadline that was current when it was made, whichever is sooner.
    """

    task: str
    limits: Limits
    listener: Listener | None = None
    started: float = field(default_factory=time.monotonic)
    last_report: float = 0.0
    deadline: Deadline | None = None

    def __post_init__(self) -> None:
        own = self.limits.seconds
        self.deadline = _sooner(deadline(), None if own is None else Deadline(self.started + own, own))
        if self.limits.memory is not None and memory_in_use() == 0:
            raise ModelError(
                "a memory limit cannot be enforced: this system does not report how much memory a process uses",
                remedy="leave out --max-memory, or install psutil",
            )

    @property
    def seconds(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self.started

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the time limit; None without one."""
        return None if self.deadline is None else self.deadline.left

    @property
    def milliseconds_left(self) -> int | None:
        """The same for solvers: whole milliseconds, at least 1, because 0 means no limit to them."""
        return None if self.deadline is None else max(1, int(1000 * self.deadline.left))

    def announce(self, task: str) -> None:
        """Report at once that something else begins, which takes a while and cannot report progress itself."""
        if self.listener is not None:
            self.listener(Progress(task, 0, 0, 0, self.seconds, memory_in_use()))

    def look(self, states: int, transitions: int, depth: int) -> StopReason | None:
        """Report progress if it is due; returns the reason to stop, if there is one."""
        now = self.seconds
        reports = self.listener is not None and now - self.last_report >= INTERVAL
        memory = memory_in_use() if reports or self.limits.memory is not None else 0
        if self.listener is not None and reports:
            self.last_report = now
            self.listener(Progress(self.task, states, transitions, depth, now, memory))
        if self.deadline is not None and self.deadline.left == 0.0:
            return StopReason(StopKind.TIME, self.deadline.reason)
        if self.limits.memory is not None and memory >= self.limits.memory:
            return memory_reached(self.limits.memory)
        return None


def memory_reached(limit: int) -> StopReason:
    """The reason to stop at a limit of so many bytes."""
    return StopReason.bound(StopKind.MEMORY, f"memory limit of {in_bytes(limit)}")


def in_bytes(limit: int) -> str:
    """A memory limit as the user may have given it: 8 GiB, 512 MiB."""
    unit, size = next(((u, s) for u, s in UNITS if limit >= s), UNITS[-1])
    return f"{limit / size:,.1f}".removesuffix(".0") + f" {unit}"


def memory_in_use() -> int:
    """Resident memory of this process in bytes: the peak if the system does not report the current value, 0 if it
    reports neither."""
    try:
        file = os.open("/proc/self/statm", os.O_RDONLY)  # of a search's time it is much, and pathlib doubles it
        try:
            pages = int(os.read(file, 256).split()[1])
        finally:
            os.close(file)
    except (OSError, ValueError, IndexError):
        return peak_memory()
    return pages * os.sysconf("SC_PAGE_SIZE")


def peak_memory() -> int:
    """Peak resident memory of this process, in bytes; 0 if the system does not report it."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        pass  # the call below may include the process that started this one
    try:
        import resource
    except ImportError:  # not a Unix
        return _reported_by_psutil()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _reported_by_psutil() -> int:
    try:
        import psutil
    except ImportError:
        return 0
    memory = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))
