"""Points: places in a program at which a test may hold a worker, so that it decides which worker goes on next.

    from planrace.drive import point, step

    def enact(i):                       # a thread or a process: a point blocks
        point("PICK", i)
        version = newest()
        with step("flip", i) as s:
            if not flip(version):
                s.refused("a version that is as new is active")

    async def enact(i):                 # a task of asyncio: a point is awaited
        await point("PICK", i)
        async with step("flip", i) as s:
            ...

What a worker does from one point to the next is one step of the model. Nobody holds a worker outside of a test: a
point does nothing then, and takes less than a microsecond. This file needs the standard library only, and imports
nothing else of planrace; it may be copied into a program. ``docs/driving.md`` has the rest.
"""

from __future__ import annotations

import atexit
import contextvars
import json
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import suppress
from types import TracebackType
from typing import IO, Any

__all__ = ["Stopped", "point", "step"]

ADDRESS, TOKEN, WORKER = "PLANRACE_POINTS", "PLANRACE_TOKEN", "PLANRACE_WORKER"
"""The environment variables that tell the process of a worker who holds it, and which worker it is."""


class Stopped(BaseException):
    """Raised at the point of a worker that is stopped there. It is no ``Exception``, so that code lets it pass."""


class ReachedPoint:
    """A point that a worker has reached. ``parameters`` are empty if they were left out. ``outcome`` and ``why`` (of a
    refusal) are what the code says about the step that begins here, before it reaches the next point."""

    __slots__ = ("line", "name", "outcome", "parameters", "why")

    def __init__(self, name: str, parameters: tuple[Any, ...], line: str) -> None:
        self.name, self.parameters, self.line = name, parameters, line
        self.outcome: str | None = None
        self.why: str | None = None


class Control:
    """Holds one worker at its points. Everything that happens at a point goes through a control: another one may write
    it down. ``last`` is the point that was passed last, where the step began that is being taken."""

    last: ReachedPoint | None = None

    awaits = False
    """Whether the worker waits by ``await`` and not by blocking."""

    def hold(self, reached: ReachedPoint) -> None:
        """Block until the worker may go on. Raises ``Stopped`` if it may not any more."""
        raise NotImplementedError

    async def wait(self, reached: ReachedPoint) -> None:
        """The same for a worker that awaits."""
        self.hold(reached)

    def announce(self, reached: ReachedPoint) -> None:
        """A point was made that has to be awaited."""

    def misused(self, what: str, line: str, remedy: str) -> Exception:
        """The error for a program that uses its points wrongly at ``line``. The test hears of it, too, for the program
        may catch the error."""
        return RuntimeError(f"{line}: {what} ({remedy})")


# The control of the worker that runs here. Copies of this file share it, so they look for it in one place.
_current: contextvars.ContextVar[Control | None] = vars(contextvars).setdefault(
    "_planrace_control", contextvars.ContextVar("planrace_control", default=None)
)


def control_here(control: Control) -> None:
    """From now on ``control`` holds what runs in this context: a thread, or tasks that are made from here."""
    _current.set(control)


class PlacedStep:
    """A step that begins at a point."""

    __slots__ = ("_control", "_passed", "_reached")

    def __init__(self, control: Control | None, reached: ReachedPoint) -> None:
        self._control, self._reached = control, reached
        self._passed = control is None

    def _begin(self) -> None:
        if self._control is not None and not self._passed:
            self._control.hold(self._reached)
            self._passed = True

    async def _wait(self) -> PlacedStep:
        if self._control is not None and not self._passed:
            await self._control.wait(self._reached)
            self._passed = True
        return self

    def __await__(self) -> Generator[Any, None, PlacedStep]:
        return self._wait().__await__()

    def outcome(self, name: str) -> None:
        """Name the outcome of the step, as the model has it."""
        if self._control is not None:
            self._taken(self._control).outcome = name

    def refused(self, why: str = "") -> None:
        """Say that the code did not take the step: the state is as before."""
        if self._control is not None:
            self._taken(self._control).why = why

    def _taken(self, control: Control) -> ReachedPoint:
        """The point at which the step began; the step must not be over."""
        last, name = control.last, self._reached.name
        if not self._passed or last is None:
            what = f"the step {name} has not begun"
            raise control.misused(what, _line(), f"write with step({name!r}, …) as s, in a task async with")
        if last is not self._reached:
            raise control.misused(f"the step {name} is over", _line(), f"say how it ends before the point {last.name}")
        return self._reached

    def __enter__(self) -> PlacedStep:
        self._begin()
        return self

    async def __aenter__(self) -> PlacedStep:
        return await self._wait()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What follows up to the next point belongs to the step, too."""

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """As ``__exit__``."""


class _FreeStep(PlacedStep):
    """The step of a worker that nobody holds: as little as possible happens in production."""

    __slots__ = ()

    def outcome(self, name: str) -> None:
        return

    def refused(self, why: str = "") -> None:
        return

    def __enter__(self) -> PlacedStep:
        return self


_FREE = _FreeStep(None, ReachedPoint("", (), ""))


def point(name: str, *parameters: Any) -> PlacedStep:
    """A step of the model begins here: ``name`` is its action (or what ``points`` of the driver maps to it), and
    ``parameters`` are those of the action, in its order; without them they are the worker's own number. In a test the
    worker waits here until it may go on. In a task of asyncio write ``await point(…)``. What is returned may say how
    the step ends, as that of ``step`` does."""
    control = _current.get() or _process
    if control is None:
        return _FREE
    placed = PlacedStep(control, ReachedPoint(name, parameters, _line()))
    if control.awaits:
        control.announce(placed._reached)
    else:
        placed._begin()
    return placed


def step(name: str, *parameters: Any) -> PlacedStep:
    """The same as ``point``, for a ``with`` statement (in a task ``async with``) that says how the step ends: ``with
    step("flip", i) as s: … s.outcome("accepted")`` or ``s.refused("stale")``."""
    control = _current.get() or _process
    return _FREE if control is None else PlacedStep(control, ReachedPoint(name, parameters, _line()))


def _line() -> str:
    """The line of the program that calls this module: ``jobs.py:12``."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename == _FILE and frame.f_back is not None:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


_FILE = _line.__code__.co_filename


# The process of a worker -------------------------------------------------------------------------------------------
class _Remote(Control):
    """Holds the process of a worker: asks the test, over a socket, whether it may go on. A message is a JSON object in
    one line."""

    def __init__(self, address: str, token: str, worker: str) -> None:
        self._address, self._hello = address, {"planrace": 1, "token": token, "worker": worker}
        self._process = os.getpid()
        self._turn = threading.Lock()
        self._sending = threading.Lock()
        self._answers: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._socket: socket.socket | None = None
        self._thread = 0
        atexit.register(self._end)

    def hold(self, reached: ReachedPoint) -> None:
        if os.getpid() != self._process:  # a child that was forked is no worker
            return
        with self._turn:  # several threads of a process take turns
            self._thread = threading.get_ident()
            place = {"at": reached.name, "parameters": list(reached.parameters), "line": reached.line}
            try:
                json.dumps(place)
            except TypeError as problem:
                what = f"the parameters of {reached.name} cannot be sent: {problem}"
                raise self.misused(what, reached.line, "write numbers, names or truth values") from None
            self._send({**place, **self._said()})
            if not self._answers.get():
                raise Stopped
            self.last = reached

    def misused(self, what: str, line: str, remedy: str) -> Exception:
        with suppress(Stopped):
            self._send({"mistake": what, "line": line, "remedy": remedy})
        return super().misused(what, line, remedy)

    def _said(self) -> dict[str, str | None]:
        """How the step before ended."""
        before = self.last
        return {} if before is None else {"outcome": before.outcome, "refused": before.why}

    def _send(self, message: dict[str, Any]) -> None:
        with self._sending:
            try:
                if self._socket is None:
                    host, _, port = self._address.rpartition(":")
                    self._socket = socket.create_connection((host, int(port)))
                    threading.Thread(target=self._listen, args=(self._socket.makefile(),), daemon=True).start()
                    message = {**self._hello, **message}
                self._socket.sendall(json.dumps(message).encode() + b"\n")
            except OSError:
                raise Stopped from None

    def _listen(self, lines: IO[str]) -> None:
        for message in map(json.loads, _until_lost(lines)):
            if message.get("where"):
                self._send({"stands": _standing(self._thread), "cpu": time.process_time()})
            elif message.get("go"):
                self._answers.put(True)
        self._answers.put(False)

    def _end(self) -> None:
        """Say how the last step ended."""
        if self._socket is not None and os.getpid() == self._process:
            with suppress(Stopped):
                self._send({"end": True, **self._said()})


def _until_lost(lines: IO[str]) -> Iterator[str]:
    """The lines of a connection until it ends in whatever way."""
    try:
        yield from lines
    except OSError:
        return


def _standing(thread: int) -> list[str]:
    """The lines at which a thread stands, the innermost first."""
    frame, found = sys._current_frames().get(thread), []
    while frame is not None:
        found.append(f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}")
        frame = frame.f_back
    return found


def _remote() -> Control | None:
    """The control of this process, if a test has started it as a worker. Its own children are no workers."""
    address, token = os.environ.pop(ADDRESS, ""), os.environ.pop(TOKEN, "")
    return _Remote(address, token, os.environ.get(WORKER, "")) if address and token else None


_process = _remote()
