"""Independent tasks on the machines of a cluster: the same function for many requests.

A task depends on nothing but its request and what all of them have in common, and changes nothing. So it does not
matter where it runs, or whether it runs again because its process was lost. The results come in the order of the
requests. Ray starts processes, gives them tasks, and starts a task of a lost process again (``tasks_on_ray.py``).
"""

from __future__ import annotations

import hashlib
import platform
import time
import traceback
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Generic, TypeVar

from planrace.checker.engines.cluster.hosts import Handle, LostError
from planrace.checker.engines.cluster.shipping import received, shipped
from planrace.checker.engines.interrupts import pending
from planrace.checker.engines.limits import Deadline, deadline, under, wall
from planrace.model.language import ModelError

C = TypeVar("C")
Q = TypeVar("Q")
R = TypeVar("R")

WAIT = 0.2
"""Seconds between two checks while results are awaited."""
STARTED = 2
"""Tasks that were started and have no result, for each that can run at once: so many that no processor waits for the
next one, and few enough that an early end throws little away."""
HELD = 64
"""The most results, for each task that can run at once, that wait for the result of an earlier request."""
ROOMS = ("planrace.model", "planrace.checker", "planrace.properties")


class OtherCodeError(Exception):
    """A machine has another planrace than the one where the tasks come from."""


class TaskHosts(ABC):
    """Processes for tasks. ``slots`` tasks run at once, each with ``workers`` processors and ``memory`` bytes (None: as
    much as there is)."""

    slots: int
    workers: int
    memory: int | None

    @abstractmethod
    def put(self, common: bytes) -> Handle:
        """Something that many tasks are given, to be sent to each machine once."""

    @abstractmethod
    def start(self, common: Handle, work: bytes) -> Handle:
        """Have ``carried_out`` called with these; does not wait."""

    @abstractmethod
    def ended(self, handles: Sequence[Handle], seconds: float) -> list[Handle]:
        """Those with a result or an error, after at most so many seconds."""

    @abstractmethod
    def result(self, handle: Handle) -> bytes:
        """What the task has returned. Raises ``LostError`` if its process was lost again and again."""

    @abstractmethod
    def cancel(self, handles: Sequence[Handle]) -> None:
        """Nobody waits for these any more."""

    @abstractmethod
    def close(self) -> None:
        """The processes are not needed any more."""


@dataclass(frozen=True)
class _DeadlineElsewhere:
    """A deadline for a process on another machine, whose clock is that of the day: ``at`` in seconds of it."""

    at: float
    seconds: float
    what: str
    remedy: str

    @staticmethod
    def of(found: Deadline | None) -> _DeadlineElsewhere | None:
        if found is None:
            return None
        return _DeadlineElsewhere(time.time() + found.left, found.seconds, found.what, found.remedy)

    def here(self) -> Deadline:
        return Deadline(wall() + max(0.0, self.at - time.time()), self.seconds, self.what, wall, self.remedy)


def run_all(
    function: Callable[[C, Q], R],
    common: C,
    requests: Iterable[Q],
    hosts: TaskHosts,
    *,
    check: Callable[[int], None] = lambda _: None,
    called: Callable[[Q], str] = lambda _: "a task",
    lost: Callable[[Q, str], R] | None = None,
) -> Generator[R, None, None]:
    """``function(common, request)`` for each request, in their order, computed by ``hosts``.

    ``function`` is one of a module; it, ``common``, the requests and the results are sent between processes
    (``shipping.py``). The requests are taken from their iterator little by little. ``check`` is called often, with the
    number of results so far, and may raise an error; where the iterator of results is closed or an error is raised,
    tasks under way are ended. The present deadline is that of each task, too.

    An error of a task is raised here, with a note that says what ``called`` gives for its request. ``lost`` gives a
    result in place of that of a task whose processes were lost again and again, from the request and the reason;
    without it, this is a ``ModelError``, and so is another version of planrace on a machine.
    """
    held, code, until = hosts.put(shipped(common)), code_here(), _DeadlineElsewhere.of(deadline())
    waiting: deque[_Started[Q]] = deque()
    source, number, ended = iter(requests), 0, 0
    try:
        while True:
            open_ = [s for s in waiting if not s.ended]
            while len(open_) < STARTED * hosts.slots and len(waiting) < HELD * hosts.slots:
                request = next(source, _NONE)
                if request is _NONE:
                    break
                work = shipped((function, request, code, until))
                waiting.append(_Started(request, hosts.start(held, work)))
                open_.append(waiting[-1])
            if not waiting:
                return
            if waiting[0].ended:
                first = waiting.popleft()
                number += 1
                yield _result(hosts, first, f"{called(first.request)} (task {number})", lost)
                continue
            if pending():
                raise KeyboardInterrupt
            check(ended)
            for handle in hosts.ended([s.handle for s in open_], WAIT):
                ended += 1
                next(s for s in open_ if s.handle is handle or s.handle == handle).ended = True
    finally:
        hosts.cancel([s.handle for s in waiting if not s.ended])


_NONE: Any = object()


@dataclass
class _Started(Generic[Q]):
    """A task that was started, until its result was taken."""

    request: Q
    handle: Handle
    ended: bool = False


def _result(hosts: TaskHosts, task: _Started[Q], what: str, lost: Callable[[Q, str], Any] | None) -> Any:
    try:
        found, problem, trace = received(hosts.result(task.handle))
    except LostError as loss:
        if lost is not None:
            return lost(task.request, str(loss))
        raise ModelError(
            f"{what} has no result: {loss}", remedy="give tasks more memory, or leave out --cluster"
        ) from loss
    if problem is None:
        return found
    if isinstance(problem, OtherCodeError):
        raise ModelError(str(problem), remedy="install the same version of planrace on each machine of the cluster")
    problem.add_note(f"in {what}:\n{trace}")
    raise problem


def carried_out(common: bytes, work: bytes) -> bytes:
    """Carry out a task, in any process: its result, or its error and where it was raised, as bytes."""
    try:
        function, request, code, until = received(work)
        if code != code_here():
            raise OtherCodeError(f"the machine {platform.node()} has another version of planrace")
        with under(None if until is None else until.here()):
            return shipped((function(received(common), request), None, ""))
    except Exception as problem:
        trace = traceback.format_exc()
        try:
            return shipped((None, problem, trace))
        except TypeError:  # an error of a library, with parts that cannot be sent
            return shipped((None, RuntimeError(f"{type(problem).__name__}: {problem}"), trace))


@cache
def code_here() -> str:
    """A hash of all code of planrace in this process's files."""
    found = hashlib.sha256()
    for room in ROOMS:
        folder = Path(next(iter(import_module(room).__path__)))
        for file in sorted(folder.rglob("*.py")):
            found.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes() + b"\0")
    return found.hexdigest()
