"""Bounds of a search, and what it tells while it runs."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Limits:
    """Bounds; None is no bound. ``memory`` in bytes (of this process), ``seconds`` of wall time."""

    depth: int | None = None
    states: int | None = None
    memory: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class Progress:
    """How far a search has come. ``task`` names what it does."""

    task: str
    states: int
    transitions: int
    depth: int
    seconds: float
    memory_bytes: int


Listener = Callable[[Progress], None]

INTERVAL = 0.2
"""Seconds between two progress events."""


@dataclass
class Watchman:
    """Looks at the clock and the memory now and then, reports progress, and says why a search must stop."""

    task: str
    limits: Limits
    listener: Listener | None = None
    started: float = field(default_factory=time.monotonic)
    told: float = 0.0

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the time limit; None without one."""
        return None if self.limits.seconds is None else max(0.0, self.limits.seconds - self.seconds)

    def look(self, states: int, transitions: int, depth: int) -> str | None:
        """Report progress when it is time; the reason to stop, if there is one."""
        now = self.seconds
        memory = memory_in_use()
        if self.listener is not None and now - self.told >= INTERVAL:
            self.told = now
            self.listener(Progress(self.task, states, transitions, depth, now, memory))
        if self.limits.seconds is not None and now >= self.limits.seconds:
            return f"the time limit of {self.limits.seconds:g} s was reached"
        if self.limits.memory is not None and memory >= self.limits.memory:
            return f"the memory limit of {self.limits.memory / 2**30:.1f} GiB was reached"
        return None


def memory_in_use() -> int:
    """Resident memory of this process in bytes (the peak where the system does not tell the present)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return peak_memory()
    return pages * resource.getpagesize()


def peak_memory() -> int:
    """Greatest resident memory of this process so far, in bytes."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError, ValueError):
        pass  # what follows may count the process that started this one
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
