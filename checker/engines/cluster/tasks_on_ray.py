"""Tasks as those of Ray, which gives them to processes, and starts a task of a lost process again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import ray

from planrace.checker.engines.cluster.hosts import Handle
from planrace.checker.engines.cluster.on_ray import connect, machines, translated
from planrace.checker.engines.cluster.tasks import TaskHosts, carried_out
from planrace.checker.engines.limits import in_bytes
from planrace.model.language import ModelError

AGAIN = 3
"""How often Ray starts a task again whose process was lost."""


class RayTasks(TaskHosts):
    """Tasks on a Ray cluster at an ``address``, as for ``RayHosts``, of ``workers`` processors and ``memory`` bytes
    each; None is an equal part of the memory of the machine that has least for each. Raises ``ModelError`` if there is
    no such cluster, or no machine for such a task."""

    def __init__(self, address: str, workers: int = 1, memory: int | None = None) -> None:
        self._own = not ray.is_initialized()
        if self._own:
            connect(address)
        try:
            self.workers = workers
            self.slots, self.memory = room([_has(m) for m in machines()], workers, memory)
        except BaseException:
            self.close()
            raise
        reserved = {} if memory is None else {"memory": memory}
        self._task = ray.remote(max_retries=AGAIN, retry_exceptions=False, num_cpus=workers, **reserved)(carried_out)

    def put(self, common: bytes) -> Handle:
        return ray.put(common)

    def start(self, common: Handle, work: bytes) -> Handle:
        return self._task.remote(common, work)

    def ended(self, handles: Sequence[Handle], seconds: float) -> list[Handle]:
        found, rest = ray.wait(list(handles), num_returns=1, timeout=seconds)
        if found and rest:
            more, _ = ray.wait(rest, num_returns=len(rest), timeout=0)
            found = [*found, *more]
        return list(found)

    def result(self, handle: Handle) -> bytes:
        try:
            found: bytes = ray.get(handle)
        except ray.exceptions.RayError as problem:
            raise translated(problem) from problem
        return found

    def cancel(self, handles: Sequence[Handle]) -> None:
        for handle in handles:
            with suppress(Exception):
                ray.cancel(handle, force=True)

    def close(self) -> None:
        if self._own:
            ray.shutdown()


def _has(machine: dict[str, Any]) -> tuple[int, int]:
    """The processors and bytes that Ray has to give on a machine."""
    resources = machine["Resources"]
    return int(resources["CPU"]), int(resources.get("memory", 0))


def room(there: Sequence[tuple[int, int]], workers: int, memory: int | None) -> tuple[int, int | None]:
    """How many tasks run at once on machines with so many processors and bytes, and the bytes that a task has."""
    able = [(cpus // workers, has) for cpus, has in there if cpus >= workers]
    if not able:
        most = max(cpus for cpus, _ in there)
        raise ModelError(
            f"no machine of the cluster has {workers} processors for a task", remedy=f"--workers {most} is the most"
        )
    if memory is None:
        return sum(n for n, _ in able), min(has // n for n, has in able) or None
    slots = sum(min(n, has // memory) for n, has in able)
    if not slots:
        most = max(has for _, has in able)
        raise ModelError(
            f"no machine of the cluster has {in_bytes(memory)} for a task",
            remedy=f"Ray has {in_bytes(most)} on the largest; give --max-memory less",
        )
    return slots, memory
