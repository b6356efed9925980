"""Workers that are tasks of asyncio, and the thread in which their loop runs."""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from contextlib import suppress
from queue import SimpleQueue
from types import FrameType
from typing import Any

from planrace.checker.drive.order.strand import (
    SHORT,
    Arrived,
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
from planrace.checker.drive.order.threads import interrupt, settle_interrupts
from planrace.drive import ReachedPoint, Stopped, control_here

Job = Callable[[], None]


class LoopThread:
    """Runs a loop in a thread of its own, and only while something is asked of it, so that the thread that asks may
    give up on a loop that hangs. Reports of tasks go out when the loop stands still again."""

    def __init__(self, loop: asyncio.AbstractEventLoop, reports: Reports) -> None:
        self.loop = loop
        self._reports = reports
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._pending: list[tuple[Strand, Arrived | Ended]] = []
        self._given_up: asyncio.Event | None = None
        self._idle = threading.Event()
        self._idle.set()
        self.thread = threading.Thread(target=self._work, name="event loop", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            with suppress(Stopped):  # the job was interrupted
                job()
            self._idle.set()

    def run(self, found: Awaitable[Any]) -> Any:
        """What an awaitable returns or raises; waits as long as that takes."""
        done: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

        def job() -> None:
            try:
                done.put((self.loop.run_until_complete(_awaited(found)), None))
            except BaseException as problem:
                done.put((None, problem))
                if isinstance(problem, Stopped):
                    raise

        self._do(job)
        value, problem = done.get()
        if problem is not None:
            raise problem
        return value

    def turn(self, strand: TaskStrand, action: Callable[[], object]) -> None:
        """Run the loop for ``action`` until the strand reports, or until ``give_up``."""

        def job() -> None:
            try:
                self.loop.run_until_complete(self._turn(strand, action))
            except Stopped:
                raise
            except BaseException as problem:  # of the loop: a simulator may raise its own
                self._pending.append((strand, Ended(problem=problem)))
            for report in self._pending:
                self._reports.put(report)
            self._pending.clear()

        self._do(job)

    async def _turn(self, strand: TaskStrand, action: Callable[[], object]) -> None:
        strand.reported.clear()
        self._given_up = asyncio.Event()
        waiting = [asyncio.ensure_future(e.wait()) for e in (strand.reported, self._given_up)]
        action()
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for w in waiting:
                w.cancel()

    def _do(self, job: Job) -> None:
        self._idle.clear()
        self._jobs.put(job)

    def report(self, strand: Strand, report: Arrived | Ended) -> None:
        """To be called in the loop: the report goes out at the end of the present turn."""
        self._pending.append((strand, report))

    def give_up(self) -> bool:
        """End the present turn; whether the loop stands still now."""
        if not self._idle.is_set():
            self.loop.call_soon_threadsafe(self._end_turn)
        return self._idle.wait(SHORT)

    def _end_turn(self) -> None:
        if self._given_up is not None:
            self._given_up.set()

    @property
    def idle(self) -> bool:
        """Whether the loop stands still."""
        return self._idle.is_set()

    def standing(self) -> list[str]:
        """Where the thread stands."""
        return standing_lines(stack(sys._current_frames().get(self.thread.ident or 0)))

    def close(self) -> None:
        """Cancel what is left, and close the loop; a loop that hangs is left behind if it cannot be interrupted."""
        if not self.give_up():
            interrupt(self.thread)
            ended = self._idle.wait(SHORT)
            settle_interrupts()
            if not ended:
                return
        self._do(lambda: self.loop.run_until_complete(_cancelled()))
        if self._idle.wait(4 * SHORT):
            self._jobs.put(None)
            self.thread.join(SHORT)
            self.loop.close()


async def _awaited(found: Awaitable[Any]) -> Any:
    return await found


async def _cancelled() -> None:
    """Cancel every other task of the loop."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()


class TaskStrand(Strand):
    """A coroutine in a task. It ends by being cancelled."""

    def __init__(
        self, worker: Hashable, function: Callable[[], Coroutine[Any, Any, Any]], reports: Reports, loop: LoopThread
    ) -> None:
        super().__init__(worker, reports)
        self._function = function
        self._runner = loop
        self._control = _TaskControl(self)
        self._task: asyncio.Task[Any] | None = None
        self.reported = asyncio.Event()
        self._going: asyncio.Future[None] | None = None

    def begin(self) -> None:
        self._runner.turn(self, self._create)

    def go(self) -> None:
        self._runner.turn(self, self._let_go)

    def _let_go(self) -> None:
        if self._going is not None and not self._going.done():
            self._going.set_result(None)

    def stop(self) -> None:
        self.stopping = True
        self._runner.turn(self, lambda: self._task is not None and self._task.cancel())

    def give_up(self) -> bool:
        return self._runner.give_up()

    def standing(self) -> list[str]:
        if not self._runner.idle:
            return self._runner.standing()
        return [] if self._task is None else standing_lines(_frames(self._task.get_coro()))

    def cpu(self) -> float:
        return 0.0 if self._runner.idle else cpu_of(self._runner.thread)

    def _create(self) -> None:
        context = contextvars.copy_context()
        context.run(control_here, self._control)
        self._task = context.run(self._runner.loop.create_task, self._function())
        self._task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        problem = None if task.cancelled() else task.exception()
        problem = problem or self._control.unawaited_problem()
        self._runner.report(self, Ended(said_of(self._control.last), problem))
        self.reported.set()

    async def arrive(self, reached: ReachedPoint) -> None:
        """The task has reached a point: wait there."""
        if self._going is not None and not self._going.done():
            raise self.misused(*together(reached, "another point"))
        if self.stopping:
            raise asyncio.CancelledError
        self._runner.report(self, self._control.arrived(reached))
        self._going = self._runner.loop.create_future()
        self.reported.set()
        await self._going


class _TaskControl(StrandControl):
    awaits = True
    strand: TaskStrand

    def __init__(self, strand: TaskStrand) -> None:
        super().__init__(strand)
        self.unawaited: ReachedPoint | None = None

    def hold(self, reached: ReachedPoint) -> None:
        what = f"a task must await {reached.name}"
        raise self.misused(what, reached.line, f"write async with step({reached.name!r}, …)")

    async def wait(self, reached: ReachedPoint) -> None:
        self.unawaited = None
        await self.strand.arrive(reached)
        self.last = reached

    def announce(self, reached: ReachedPoint) -> None:
        problem, self.unawaited = self.unawaited_problem(), reached
        if problem is not None:
            raise problem

    def unawaited_problem(self) -> Exception | None:
        """What is wrong if a point was not awaited."""
        if self.unawaited is None:
            return None
        name, line = self.unawaited.name, self.unawaited.line
        return self.misused(f"the point {name} is not awaited", line, f"write await point({name!r}, …)")


def _frames(coroutine: Any) -> list[FrameType]:
    """The frames of a coroutine that is suspended, the innermost first."""
    found: list[FrameType] = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            found.append(frame)
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return found[::-1]
