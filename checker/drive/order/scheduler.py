"""The scheduler: starts and ends workers, and lets one at a time go on."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Any

from planrace.checker.drive.order.naming import PointNames
from planrace.checker.drive.order.processes import PointServer, ProcessStrand, exit_text
from planrace.checker.drive.order.strand import SHORT, Arrived, Ended, Reports, Strand, name_of
from planrace.checker.drive.order.stuck import Diagnosis
from planrace.checker.drive.order.tasks import LoopThread, TaskStrand
from planrace.checker.drive.order.threads import ThreadStrand, settle_interrupts
from planrace.checker.drive.reply import Reply, ReplyKind, UndoneError, one_line, raised
from planrace.checker.results.wording import joined
from planrace.checker.semantics.replay import Pick
from planrace.model.language import ModelError, Place
from planrace.model.language.author_code import shown


class Scheduler:
    """Workers of one driver. ``functions`` is its method ``workers``, checked, which is defined at ``where``; ``loop``
    makes the event loop."""

    def __init__(
        self,
        functions: Callable[[], Mapping[Hashable, Any]],
        names: PointNames,
        loop: Callable[[], asyncio.AbstractEventLoop],
        patience: float,
        where: Place | None,
    ) -> None:
        self._functions = functions
        self._where = where
        self._names = names
        self._loop = loop
        self.patience = patience
        self._reports: Reports = SimpleQueue()
        self.strands: dict[Hashable, Strand] = {}
        self._runner: LoopThread | None = None
        self._server: PointServer | None = None

    # Beginning and ending ------------------------------------------------------------------------------------------
    def begin(self) -> Reply | None:
        """Start the workers one after another; returns what went wrong before all were at their first points."""
        for worker, function in self._functions().items():
            problem = self._begin(worker, function)
            if problem is not None:
                return problem
        return None

    def _begin(self, worker: Hashable, function: Any) -> Reply | None:
        strand = self.strands[worker] = self._made(worker, function)
        try:
            strand.begin()
            reply = self._reply(strand, "its start")
        except ModelError as problem:
            problem.where = problem.where or self._where
            raise
        return None if reply.kind is ReplyKind.DONE else reply

    def _made(self, worker: Hashable, function: Any) -> Strand:
        if isinstance(function, list | tuple):
            self._server = self._server or PointServer()
            return ProcessStrand(worker, function, self._reports, self._server)
        if inspect.iscoroutinefunction(function):
            return TaskStrand(worker, function, self._reports, self.runner)
        return ThreadStrand(worker, function, self._reports)

    @property
    def runner(self) -> LoopThread:
        """The thread of the event loop."""
        if self._runner is None:
            self._runner = LoopThread(self._loop(), self._reports)
        return self._runner

    def end(self) -> None:
        """End all workers. What cannot be ended (a thread that waits for a lock) is left behind."""
        if self._runner is not None and not self._runner.give_up():
            self._runner.close()
            self._runner = None
            self.strands = {w: s for w, s in self.strands.items() if not isinstance(s, TaskStrand)}
        alive = [s for s in self.strands.values() if s.ended is None]
        for strand in alive:
            if isinstance(strand, ProcessStrand):
                strand.stop()
        for strand in sorted(alive, key=lambda s: s.silent):  # those at points may hold what others wait for
            if not isinstance(strand, ProcessStrand):
                strand.stop()
            self.wait_for(strand, 2 * SHORT, end=True)
        if alive:
            settle_interrupts()
        self.strands = {}

    def close(self) -> None:
        """End everything."""
        try:
            self.end()
        finally:
            if self._runner is not None:
                self._runner.close()
            if self._server is not None:
                self._server.close()

    def stop(self, worker: Hashable) -> None:
        """End a worker. Raises ``UndoneError`` if it does not end."""
        strand = self._known(worker, self.strands)
        if strand.ended is None:
            strand.stop()
            ended = self.wait_for(strand, self.patience, end=True)
            settle_interrupts()
            if not ended:
                why = f"does not end {strand.name} within {self.patience:g} s"
                raise UndoneError(Reply(ReplyKind.STUCK, why=why))

    def start(self, worker: Hashable) -> None:
        """Start a worker that has ended. Raises ``UndoneError`` if it does not reach a point."""
        function = self._known(worker, self._functions())
        before = self.strands.get(worker)
        if before is not None and before.ended is None:
            raise ModelError(f"{before.name} is started while it runs", remedy="stop it first: self.stop(…)")
        problem = self._begin(worker, function)
        if problem is not None:
            raise UndoneError(problem)

    def _known(self, worker: Hashable, among: Mapping[Hashable, Any]) -> Any:
        if worker not in among:
            remedy = f"there are {joined([shown(w) for w in among])}" if among else "there are none"
            raise ModelError(f"{shown(worker)} is no worker", remedy=remedy)
        return among[worker]

    # Steps ---------------------------------------------------------------------------------------------------------
    @property
    def waiting(self) -> list[Strand]:
        """The workers that wait at points, in the order of ``workers``."""
        return [s for s in self.strands.values() if s.at is not None]

    def offers(self) -> dict[Pick, Strand]:
        """The steps at which workers wait, each with the first that waits there."""
        found: dict[Pick, Strand] = {}
        for strand in self.waiting:
            assert strand.pick is not None
            found.setdefault(strand.pick, strand)
        return found

    def perform(self, pick: Pick) -> Reply:
        """Let the worker go on that waits at a step, up to its next point."""
        strand = self.offers().get(pick)
        if strand is None:
            return Reply(ReplyKind.REFUSED, why=f"no worker waits there, {'; '.join(self._whereabouts(pick))}")
        self.let_go(strand)
        return self._reply(strand, self._names.called(pick))

    def let_go(self, strand: Strand) -> None:
        """Let a worker go on from its point."""
        strand.at = None
        strand.said = None
        strand.go()

    def _whereabouts(self, pick: Pick) -> Iterator[str]:
        """Where workers are: the one whose number the step has, or all."""
        strands = list(self.strands.values())
        own = [s for s in strands if self._names.is_of(s, pick)]
        for strand in own if len(own) == 1 else strands:
            if strand.at is not None and strand.pick is not None:
                yield f"{strand.name} waits at {self._names.called(strand.pick)}"
            else:
                yield f"{strand.name} {'has ended' if strand.ended else 'is stuck'}"

    def _reply(self, strand: Strand, after: str) -> Reply:
        """What a worker that was let go answers; it is given time to reach a point. Raises ``ModelError`` for what is
        wrong with its program, and no answer of the code."""
        reached = self.wait_for(strand, self.patience)
        mistake = strand.mistake or strand.unheard(self.patience)
        if mistake is not None:
            raise mistake
        if not reached:
            return Reply(ReplyKind.STUCK, why=Diagnosis(self, strand, after, self._names.called).told())
        said, ended = strand.said, strand.ended
        if ended is not None and ended.problem is not None:
            return Reply(ReplyKind.RAISED, why=raised(ended.problem, ""))
        if ended is not None and ended.code:
            last = f"; its last line: {one_line(ended.last_line)}" if ended.last_line else ""
            code = exit_text(ended.code)
            why = f"the process of {strand.name} ended with exit code {code} in the middle of {after}{last}"
            return Reply(ReplyKind.LOST, why=f"does not answer: {why}")
        if said is not None and said.refused is not None:
            return Reply(ReplyKind.REFUSED, why=one_line(said.refused))
        return Reply(ReplyKind.DONE, said.outcome if said is not None else None)

    def wait_for(self, strand: Strand, seconds: float, *, end: bool = False) -> bool:
        """Whether a worker reaches a point, or ends, within this time; with ``end`` only whether it ends."""
        until = time.monotonic() + seconds
        while strand.ended is None and (end or strand.at is None):
            try:
                found, report = self._reports.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                strand.silent = True
                return False
            if self.strands.get(found.worker) is found:  # not of a worker that was left behind
                self._take(found, report)
        return True

    def _take(self, strand: Strand, report: Arrived | Ended) -> None:
        """Note a report."""
        strand.silent = False
        if report.said.outcome is not None or report.said.refused is not None:
            strand.said = report.said
        if isinstance(report, Ended):
            strand.at, strand.ended = None, report
            return
        if strand.stopping:
            return
        strand.pick = self._names.pick_of(strand, report)
        if strand.pick is None:
            strand.go()
        else:
            strand.at = report


def checked_functions(found: object, where: Any, what: str) -> Mapping[Hashable, Any]:
    """What a method ``workers`` returns, if it is right. Raises ``ModelError``."""
    remedy = "return {1: work, …}: async functions, functions, or lists of strings"
    if not isinstance(found, Mapping) or not found:
        raise ModelError(f"{what} returns {shown(found)}, not a mapping of workers", where=where, remedy=remedy)
    for worker, function in found.items():
        program = isinstance(function, Sequence) and not isinstance(function, str | bytes)
        if program and function and all(isinstance(word, str) for word in function):
            continue
        if program or not callable(function):
            raise ModelError(f"{what}, {name_of(worker)}: {shown(function)} is no worker", where=where, remedy=remedy)
    return found
