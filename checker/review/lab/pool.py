"""Decides many points at once, in several processes if the variant can be found by its name."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from planrace.checker.engines.limits import deadline
from planrace.checker.review.lab.decide import Bench
from planrace.checker.review.lab.keep import LabCache
from planrace.checker.review.lab.task import LabTask
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find

Heard = Callable[[int, int], None]
"""Gets how many of the tasks are decided, and how many there are."""
MOMENT = 0.5
"""Seconds after which a wait for other processes looks at the clock again."""
_benches: list[Bench] = []
"""In another process: its bench."""


class LabWorkers:
    """Where tasks are decided: in this process, or in ``count`` others."""

    def __init__(self, bench: Bench, count: int, found: bool) -> None:
        self._bench = bench
        self._executor = _executor(bench, count) if found and count > 1 else None
        self.decided = self.cached = 0

    def run(self, tasks: Sequence[LabTask], heard: Heard) -> list[dict[str, Any]]:
        """The answers, in the order of the tasks."""
        end = deadline()
        ends = None if end is None else time.time() + end.left
        results: dict[int, dict[str, Any]] = {}
        for n, (value, known) in self._answers(tasks, ends):
            results[n] = value
            self.decided += 1
            self.cached += known
            heard(len(results), len(tasks))
        return [results[n] for n in range(len(tasks))]

    def _answers(
        self, tasks: Sequence[LabTask], ends: float | None
    ) -> Iterator[tuple[int, tuple[dict[str, Any], bool]]]:
        if self._executor is None:
            yield from ((n, self._bench.decide(task, ends)) for n, task in enumerate(tasks))
            return
        begun: dict[Future[Any], int] = {self._executor.submit(_decided, t, ends): n for n, t in enumerate(tasks)}
        left = set(begun)
        while left:
            done, left = wait(left, timeout=MOMENT, return_when=FIRST_COMPLETED)
            for future in done:
                yield begun[future], future.result()

    def close(self) -> None:
        """End the other processes, whatever they are doing: what they have decided is kept."""
        if self._executor is None:
            return
        processes = list((self._executor._processes or {}).values())
        self._executor.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


@contextmanager
def workers(bench: Bench, count: int, *, found: bool) -> Iterator[LabWorkers]:
    """LabWorkers for a block of work. ``found``: the variant can be found by the bench's name."""
    made = LabWorkers(bench, count, found)
    try:
        yield made
    finally:
        made.close()


def _executor(bench: Bench, count: int) -> ProcessPoolExecutor:
    folder = None if bench.cache is None else bench.cache.folder
    arguments = (bench.name, bench.options, bench.cache is not None, folder)
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_begin, initargs=arguments)


def _begin(name: str, options: Options, cached: bool, folder: Any) -> None:
    """In another process: load the protocol. Interrupts are for the first process, which ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _benches[:] = [Bench(find(name), name, options, LabCache(folder) if cached else None)]


def _decided(task: LabTask, ends: float | None) -> tuple[dict[str, Any], bool]:
    return _benches[0].decide(task, ends)
