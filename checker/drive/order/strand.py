"""A strand: one worker that runs by itself between its points. What it does arrives as reports."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any, TypeAlias

from planrace.checker.semantics.replay import Pick
from planrace.drive import Control, ReachedPoint
from planrace.model.language import ModelError, Place

SHORT = 1.0
"""Seconds in which a worker that is not stuck answers."""


@dataclass(frozen=True)
class Said:
    """What a worker said about the step that it has taken: its outcome, or why it was refused."""

    outcome: str | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Arrived:
    """A worker waits at a point. ``said`` is about the step that ended here."""

    name: str
    parameters: tuple[Any, ...]
    place: Place | None
    said: Said


@dataclass(frozen=True)
class Ended:
    """A worker has ended: by itself, or by an exception (``problem``), or (a process) with an exit ``code``.
    ``last_line`` is what a process has written last."""

    said: Said = Said()
    problem: BaseException | None = None
    code: int = 0
    last_line: str = ""


Reports: TypeAlias = "SimpleQueue[tuple[Strand, Arrived | Ended]]"


class Strand(ABC):
    """One worker. ``worker`` is its name in the driver, ``at`` where it waits, ``pick`` the step that begins there;
    ``said`` is about the last step. ``silent``: it was let go and has not reported in time. ``mistake`` is what is
    wrong in how its program uses its points, and no answer of the code."""

    def __init__(self, worker: Hashable, reports: Reports) -> None:
        self.worker = worker
        self.reports = reports
        self.at: Arrived | None = None
        self.pick: Pick | None = None
        self.said: Said | None = None
        self.ended: Ended | None = None
        self.silent = False
        self.stopping = False
        self.mistake: ModelError | None = None

    def misused(self, what: str, where: Place | None, remedy: str) -> ModelError:
        """Note a mistake; it is also the error to raise in the worker."""
        self.mistake = self.mistake or ModelError(f"{self.name}: {what}", where=where, remedy=remedy)
        return self.mistake

    def unheard(self, patience: float) -> ModelError | None:
        """What is wrong if it has never reached a point within its ``patience``, and cannot."""
        return None

    @property
    def name(self) -> str:
        """In sentences."""
        return name_of(self.worker)

    @property
    def own(self) -> tuple[Any, ...]:
        """The parameters of its steps, where it gives none."""
        return own_numbers(self.worker)

    @abstractmethod
    def begin(self) -> None:
        """Start it; it reports when it reaches its first point. Raises ``ModelError`` if it cannot be started."""

    @abstractmethod
    def go(self) -> None:
        """Let it go on from its point; it reports when it reaches the next one."""

    @abstractmethod
    def stop(self) -> None:
        """Tell it to end, wherever it is; it reports when it has ended."""

    def give_up(self) -> bool:
        """It is not waited for any more; whether other workers can go on."""
        return True

    @abstractmethod
    def standing(self) -> list[str]:
        """The lines at which it stands, the innermost first; empty if that is not known."""

    @abstractmethod
    def cpu(self) -> float:
        """The seconds of processor time that it has used; 0 if that is not known."""


class StrandControl(Control):
    """Holds a worker of this process."""

    def __init__(self, strand: Strand) -> None:
        self.strand = strand

    def misused(self, what: str, line: str, remedy: str) -> Exception:
        return self.strand.misused(what, place_of(line), remedy)

    def arrived(self, reached: ReachedPoint) -> Arrived:
        """The report of the worker that it has reached a point."""
        return Arrived(reached.name, reached.parameters, place_of(reached.line), said_of(self.last))


def name_of(worker: Hashable) -> str:
    """A worker in sentences: ``worker 1`` for 1, ``enactor 1`` for ("enactor", 1)."""
    if isinstance(worker, int):
        return f"worker {worker}"
    return " ".join(map(str, worker)) if isinstance(worker, tuple) else str(worker)


def own_numbers(worker: Hashable) -> tuple[Any, ...]:
    """The parameters of the steps of a worker that gives none."""
    if isinstance(worker, tuple):
        return worker[1:] if worker and isinstance(worker[0], str) else worker
    return () if isinstance(worker, str) else (worker,)


def said_of(reached: ReachedPoint | None) -> Said:
    """What was said about the step that began at a point."""
    return Said() if reached is None else Said(reached.outcome, reached.why)


def together(reached: ReachedPoint, other: str) -> tuple[str, Place | None, str]:
    """What is wrong where a worker reaches a point while it waits at another one."""
    what = f"it reaches {reached.name} while it waits at {other}"
    return what, place_of(reached.line), "make what runs side by side workers of their own"


def place_of(line: object) -> Place | None:
    """The line of a program from its text: ``jobs.py:12``."""
    file, _, number = str(line).partition(" ")[0].rpartition(":")
    return Place(file, int(number)) if file and number.isdecimal() else None


def standing_lines(frames: Sequence[FrameType]) -> list[str]:
    """Frames as lines; those of this room are left out."""
    here = str(Path(__file__).parent)
    return [
        f"{f.f_code.co_filename}:{f.f_lineno} in {f.f_code.co_name}"
        for f in frames
        if not f.f_code.co_filename.startswith(here)
    ]


def cpu_of(thread: threading.Thread) -> float:
    """The processor time of a thread, in seconds; 0 if the system does not tell."""
    if thread.ident is None or not thread.is_alive() or not hasattr(time, "pthread_getcpuclockid"):
        return 0.0
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def stack(frame: FrameType | None) -> list[FrameType]:
    """A frame and those that called it, the innermost first."""
    found = []
    while frame is not None:
        found.append(frame)
        frame = frame.f_back
    return found
