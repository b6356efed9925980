"""Where the tasks of a request run: on the cluster that its options name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from planrace.checker.run.options import check_cluster, check_number
from planrace.checker.run.ranges import RANGES
from planrace.model.language import ModelError

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.tasks import TaskHosts


@contextmanager
def task_hosts(address: str, workers: int | None = None, memory: int | None = None) -> Iterator[TaskHosts]:
    """Processes for tasks on a cluster (``local``, ``auto`` or ``ray://…``), each with so many processors (default:
    one) and bytes; they end with the block. Raises ``ModelError``, also if Ray is not installed."""
    check_cluster(address)
    if workers is not None:
        check_number("workers", workers, RANGES["workers"])
    hosts = _made(address, workers or 1, memory)
    try:
        yield hosts
    finally:
        hosts.close()


def _made(address: str, workers: int, memory: int | None) -> TaskHosts:
    try:
        from planrace.checker.engines.cluster.tasks_on_ray import RayTasks
    except ImportError as problem:
        raise without_ray(problem) from problem
    return RayTasks(address, workers, memory)


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A block that stays connected to the cluster, or in which the local one is started once. Raises ``ModelError``."""
    try:
        from planrace.checker.engines.cluster.on_ray import connection
    except ImportError as problem:
        raise without_ray(problem) from problem
    with connection(address):
        yield


def without_ray(problem: ImportError) -> ModelError:
    """The error that Ray, or what it needs, cannot be imported."""
    from planrace.checker.results.extras import install_command

    return ModelError(f"a cluster needs Ray ({problem})", remedy=f"{install_command('cluster')} on each machine")
