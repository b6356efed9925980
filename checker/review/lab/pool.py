"""Decides many points at once, in several processes if the variant can be found by its name."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

from planrace.checker.engines.limits import deadline
from planrace.checker.review.lab.decide import Bench
from planrace.checker.review.lab.keep import LabCache
from planrace.checker.review.lab.task import LabTask
from planrace.checker.run.cluster_tasks import task_hosts
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import find
from planrace.checker.run.request import variant_of
from planrace.model.language import ModelError, Variant

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.tasks import TaskHosts

Heard = Callable[[int, int], None]
"""Gets how many of the tasks are decided, and how many there are."""
MOMENT = 0.5
"""Seconds after which a wait for other processes looks at the clock again."""
_benches: list[Bench] = []
"""In another process: its bench."""


class LabWorkers:
    """Where tasks are decided: in this process, in ``count`` others, or by ``hosts`` of a cluster."""

    def __init__(self, bench: Bench, count: int, found: bool, hosts: TaskHosts | None = None) -> None:
        self._bench, self._hosts = bench, hosts
        self._executor = _executor(bench, count) if found and count > 1 and hosts is None else None
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
        if self._hosts is not None:
            yield from self._elsewhere(tasks, self._hosts)
            return
        if self._executor is None:
            yield from ((n, self._bench.decide(task, ends)) for n, task in enumerate(tasks))
            return
        begun: dict[Future[Any], int] = {self._executor.submit(_decided, t, ends): n for n, t in enumerate(tasks)}
        left = set(begun)
        while left:
            done, left = wait(left, timeout=MOMENT, return_when=FIRST_COMPLETED)
            for future in done:
                yield begun[future], future.result()

    def _elsewhere(
        self, tasks: Sequence[LabTask], hosts: TaskHosts
    ) -> Iterator[tuple[int, tuple[dict[str, Any], bool]]]:
        """On a cluster: what is not kept here is decided there, and then kept here."""
        from planrace.checker.engines.cluster.tasks import run_all

        missing = []
        for n, task in enumerate(tasks):
            known = self._bench.kept(task)
            if known is None:
                missing.append((n, task))
            else:
                yield n, (known, True)
        common = LabCommon(self._bench.name, replace(self._bench.options, workers=hosts.workers))
        found = run_all(
            decided_there, common, [t for _, t in missing], hosts, called=lambda t: f"point {t.protections}"
        )
        for (n, task), (value, lasting) in zip(missing, found, strict=True):
            if lasting:
                self._bench.keep(task, value)
            yield n, (value, False)

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
def workers(bench: Bench, count: int, *, found: bool, cluster: str | None = None) -> Iterator[LabWorkers]:
    """LabWorkers for a block of work. ``found``: the variant can be found by the bench's name, as it must be where the
    work is done on a ``cluster``, each task with ``count`` processors. Raises ``ModelError``."""
    if cluster is not None and not found:
        raise ModelError("a cluster finds a protocol by its name", remedy="pass file.py:attribute, or no cluster")
    with ExitStack() as stack:
        hosts = None if cluster is None else stack.enter_context(task_hosts(cluster, count))
        made = LabWorkers(bench, count, found, hosts)
        stack.callback(made.close)
        yield made


@dataclass(frozen=True)
class LabCommon:
    """What all tasks on a cluster have in common: the name of the variant, and the options of each search."""

    name: str
    options: Options


def decided_there(common: LabCommon, task: LabTask) -> tuple[dict[str, Any], bool]:
    """A point, in any process that finds the variant by its name; and whether no limit has cut the answer."""
    return Bench(_variant(common.name), common.name, common.options, None).fresh(task)


@cache
def _variant(name: str) -> Variant:
    return variant_of(find(name))


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
