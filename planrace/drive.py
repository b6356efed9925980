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
point does nothing then, and takes less than a microsecond; after ``log_to("worker-1.jsonl")`` it writes a log for
``check conform``. This file needs the standard library only, and imports nothing else of planrace; it may be copied
into a program. ``docs/driving.md`` has the rest.
"""

from __future__ import annotations

import atexit
import contextvars
import itertools
import json
import os
import queue
import socket
import sys
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

__all__ = ["Stopped", "log_to", "point", "step"]

ADDRESS, TOKEN, WORKER, LOG = "PLANRACE_POINTS", "PLANRACE_TOKEN", "PLANRACE_WORKER", "PLANRACE_LOG"
"""The environment variables that tell a process who holds it, which worker it is, and in which folder it logs."""


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

    def placed(self, reached: ReachedPoint) -> PlacedStep:
        """The step that begins at a point."""
        return PlacedStep(self, reached)

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

    def log(self, **keys: Any) -> None:
        """Add keys to the record of the step where it is logged, such as ``before``, ``after`` or ``serials``."""

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

    def __exit__(self, *problem: Any) -> None:
        """What follows up to the next point belongs to the step, too."""

    async def __aexit__(self, *problem: Any) -> None:
        self.__exit__(*problem)


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
    placed = control.placed(ReachedPoint(name, parameters, _line()))
    if control.awaits:
        control.announce(placed._reached)
    else:
        placed._begin()
    return placed


def step(name: str, *parameters: Any) -> PlacedStep:
    """The same as ``point``, for a ``with`` statement (in a task ``async with``) that says how the step ends: ``with
    step("flip", i) as s: … s.outcome("accepted")`` or ``s.refused("stale")``."""
    control = _current.get() or _process
    return _FREE if control is None else control.placed(ReachedPoint(name, parameters, _line()))


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


# Logs --------------------------------------------------------------------------------------------------------------
class _LoggedStep(PlacedStep):
    """A step that is logged: a line when it begins, another one when it has ended. Of a step that a crash cuts there is
    the first only: it may have happened or not."""

    __slots__ = ("_log", "_said", "_times", "named", "process")

    def __init__(self, log: _Log, reached: ReachedPoint) -> None:
        super().__init__(log, reached)
        self._log, self._said, self._times, self.process = log, dict[str, Any](), [0.0], 0
        self.named: dict[str, Any] = {"action": log.actions.get(reached.name, reached.name)}
        if reached.parameters:
            self.named["parameters"] = list(reached.parameters)

    def _begin(self) -> None:
        if not self._passed:
            self._passed, number = True, self._log.begins(self)
            self._said["ends"], self._times = number, [time.time()]
            self._log.write({"begins": number, **self.named, "at": self._times[0]})

    async def _wait(self) -> PlacedStep:
        self._begin()
        return self

    def outcome(self, name: str) -> None:
        self.log(outcome=name)

    def refused(self, why: str = "") -> None:
        self.log(refused=why)

    def log(self, **keys: Any) -> None:
        self._said |= keys
        if len(self._times) > 1:  # said after the block: the line is written again, and the last one counts
            self._write()

    def end(self, known: bool = True) -> None:
        """The step is over, unless it was before. Without ``known`` nobody knows whether it has happened."""
        if len(self._times) == 1:
            self._times.append(time.time())
            if known:
                self._write()

    def _write(self) -> None:
        if self.process == os.getpid():  # a child that was forked meanwhile says nothing about it
            self._log.write({**self.named, "at": sorted(self._times), **self._said})  # clocks may be set back

    def __exit__(self, *problem: Any) -> None:
        """The step ends with its block; what it does after an exception that leaves it, it must have said."""
        self.end(problem[0] is None or not self._said.keys().isdisjoint({"outcome", "refused"}))


class _Log(Control):
    """Holds nobody, and writes down the steps of this process. Each thread and each task of asyncio is a stream."""

    def __init__(self, path: Path, folder: bool, stream: str, always: dict[str, Any], actions: Any) -> None:
        self._path, self._folder, self._stream, self._always, self.actions = path, folder, stream, always, actions
        self._alone = 0 if folder else os.getpid()  # the process that needs no number
        self._begin_process()

    def _begin_process(self) -> None:
        """Also in a child that was forked: the lock may be held there, and what is open is its parent's."""
        self._process, self._file, self._turn = os.getpid(), -1, threading.Lock()
        self._place = self._path / f"{self._stream}-{self._process}.jsonl" if self._folder else self._path
        self._open: weakref.WeakKeyDictionary[Any, _LoggedStep] = weakref.WeakKeyDictionary()
        self._names: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
        self._free: list[str] = []  # streams of threads and tasks that are gone; others may have them
        self._streams, self._numbers = itertools.count(1), itertools.count(1)

    def placed(self, reached: ReachedPoint) -> PlacedStep:
        return _FREE if self.actions.get(reached.name, "") is None else _LoggedStep(self, reached)

    def begins(self, step: _LoggedStep) -> int:
        """A step begins: the one before it in its stream has ended. Returns the number of the step."""
        if self._process != os.getpid():
            self._begin_process()
        owner = _running()
        with self._turn:
            before, self._open[owner] = self._open.get(owner), step
            step.named["stream"], step.process = self._names.get(owner) or self._named(owner), self._process
        if before is not None:
            before.end()
        return next(self._numbers)

    def _named(self, owner: Any) -> str:
        name = f"{self._stream}-{self._process}" if self._process != self._alone else self._stream
        if owner is not threading.main_thread():
            name = self._free.pop() if self._free else f"{name}/{next(self._streams)}"
            weakref.finalize(owner, self._free.append, name).atexit = False
        self._names[owner] = name
        return name

    def write(self, record: dict[str, Any]) -> None:
        """Write a line by one call of the system, so that lines of threads and processes do not mix. A log that cannot
        be written ends, and not the program."""
        line = json.dumps({**record, **self._always}, default=str).encode() + b"\n"
        try:
            with self._turn:
                if self._file < 0:
                    self._place.parent.mkdir(parents=True, exist_ok=True)
                    self._file = os.open(self._place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
                if os.write(self._file, line) != len(line):
                    raise OSError("a line was cut")
        except OSError as problem:
            log_to(None)
            print(f"planrace: the log {self._place} ends here: {problem}", file=sys.stderr)


def _running() -> Any:
    """What runs here: a task of asyncio, or else a thread."""
    with suppress(KeyError, RuntimeError):  # asyncio is not loaded, or has no loop here
        return sys.modules["asyncio"].current_task() or threading.current_thread()
    return threading.current_thread()


def log_to(
    place: str | Path | None,
    *,
    stream: str = "",
    uncertainty: float = 0.0,
    actions: Mapping[str, str | None] = MappingProxyType({}),
) -> None:
    """From now on the points of this process write its steps to a file, for ``check conform``; in a folder each process
    has a file of its own. None: they do not any more.

    ``stream`` is the name of the process there (default: that of the file or the program): each needs its own, and a
    folder adds its number, as threads and tasks have theirs. ``uncertainty`` is how many seconds the clock may be wrong
    by. ``actions`` are points with other names than their actions, None where no step begins. No test is logged.
    """
    global _process  # noqa: PLW0603  (what is off must cost nothing: a point looks at one variable)
    if isinstance(_process, _Remote):
        return
    if place is None:
        _process = None
        return
    path, folder = Path(place), Path(place).is_dir() or str(place).endswith(("/", os.sep))
    name = os.environ.get(WORKER, "").replace(" ", "-") or Path(sys.argv[0] if folder else path).stem
    always = {"uncertainty": uncertainty} if uncertainty else {}
    _process = _Log(path, folder, stream or name or "process", always, actions)


_process: Control | None = _remote()
if os.environ.get(LOG):
    log_to(os.environ[LOG] + os.sep)
