"""Shards as actors of Ray, which starts processes, carries calls and finds out what is lost."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from planrace.checker.engines.cluster.hosts import Handle, Hosts, LostError
from planrace.checker.engines.cluster.shard import Order, OtherVersionError, Shard
from planrace.model.language import ModelError

WAIT = 0.2
"""Seconds between two checks while results are awaited."""
STARTING = 120.0
"""Seconds in which Ray must find room for a process."""
STORE = 512 * 2**20
"""Bytes of shared memory for what is on its way, where Ray is started here."""


class RayHosts(Hosts):
    """``count`` shards on a Ray cluster at an ``address``: ``local`` starts Ray on this machine, ``auto`` takes the
    cluster that this machine belongs to, ``ray://…`` one elsewhere. None: one shard on each machine, two on a single
    one. Raises ``ModelError`` if there is no such cluster."""

    def __init__(self, address: str, count: int | None, workers: int | None) -> None:
        self._own = not ray.is_initialized()
        if self._own:
            connect(address)
        nodes = machines()
        self.count = count or (len(nodes) if len(nodes) > 1 else 2)
        self._places = [nodes[n % len(nodes)] for n in range(self.count)]
        each = -(-self.count // len(nodes))
        self.workers = [workers or max(1, int(node["Resources"].get("CPU", 1)) // each) for node in self._places]
        self.memory = int(min(float(node["Resources"]["memory"]) for node in nodes)) // each
        """Bytes that Ray has for a shard where there is least."""
        self._actors: list[Any] = [None] * self.count
        self._class = ray.remote(max_restarts=0, max_task_retries=0)(Shard)

    def start(self, n: int, order: Order) -> None:
        """Another process for a shard takes no processor of Ray's account: a machine that is left may have none."""
        share = self._share(n)
        if self._actors[n] is not None:
            share = 0.0
            with suppress(Exception):
                ray.kill(self._actors[n])
            alive = machines()
            if all(node["NodeID"] != self._places[n]["NodeID"] for node in alive):
                self._places[n] = alive[n % len(alive)]
        where = NodeAffinitySchedulingStrategy(self._places[n]["NodeID"], soft=False)
        made = self._class.options(num_cpus=share, scheduling_strategy=where, name=None)
        self._actors[n] = made.remote(order, n, self.workers[n])

    def _share(self, n: int) -> float:
        """The processors that Ray counts for a shard: not more than there are for all that run there."""
        here = sum(p["NodeID"] == self._places[n]["NodeID"] for p in self._places)
        share = min(float(self.workers[n]), float(self._places[n]["Resources"].get("CPU", 1)) / here)
        return share if share < 1 else float(int(share))  # Ray wants whole numbers above 1

    def ready(self, check: Callable[[], None]) -> None:
        """Wait until all processes have begun. Raises ``ModelError`` if Ray has no room for one."""
        deadline = time.monotonic() + STARTING
        asked = [actor.ping.remote() for actor in self._actors]
        while True:
            done, rest = ray.wait(asked, num_returns=len(asked), timeout=WAIT)
            if not rest:
                break
            check()
            if time.monotonic() > deadline:
                raise ModelError(
                    f"Ray has not started {len(rest)} of {len(asked)} processes in {STARTING:g} s",
                    remedy="`ray status` says what is missing; other work may have taken the processors",
                )
        try:
            ray.get(done)
        except Exception as problem:
            raise _refused(problem) from problem

    def call(self, n: int, method: str, *given: object, results: int = 1) -> list[Handle]:
        found = getattr(self._actors[n], method).options(num_returns=results).remote(*given)
        return [found] if results == 1 else list(found)

    def get(self, handles: Sequence[Handle], check: Callable[[], None]) -> list[Any]:
        rest = list(handles)
        while rest:
            _, rest = ray.wait(rest, num_returns=len(rest), timeout=WAIT)
            check()
        try:
            return list(ray.get(list(handles)))
        except ray.exceptions.RayError as problem:
            raise translated(problem) from problem

    def lost(self, check: Callable[[], None]) -> list[int]:
        found = []
        for n, asked in [(n, actor.ping.remote()) for n, actor in enumerate(self._actors)]:
            try:
                self.get([asked], check)
            except LostError:
                found.append(n)
        return found

    def where(self, n: int) -> str:
        return str(self._places[n].get("NodeManagerHostname", "?"))

    def processes(self) -> list[int]:
        """The numbers of the shards' processes."""
        return [pid for _, pid in ray.get([actor.ping.remote() for actor in self._actors])]

    def close(self) -> None:
        for actor in self._actors:
            if actor is not None:
                with suppress(Exception):
                    ray.kill(actor)
        self._actors = [None] * self.count
        if self._own:
            ray.shutdown()


def machines() -> list[dict[str, Any]]:
    """The machines of the cluster that have processors, as Ray describes them. Raises ``ModelError`` if there are
    none."""
    found = [n for n in ray.nodes() if n["Alive"] and n["Resources"].get("CPU", 0) >= 1]
    if not found:
        raise ModelError("no machine of the Ray cluster has a processor to give", remedy="`ray status` lists them")
    return sorted(found, key=lambda n: str(n["NodeID"]))


def connect(address: str) -> None:
    """Connect to the Ray cluster at an address, as ``RayHosts`` says. Raises ``ModelError``."""
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    logging.getLogger("ray").setLevel(logging.ERROR)
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # what a later Ray does, and warns of
    if address == "local":
        room = shutil.disk_usage("/dev/shm").free if sys.platform == "linux" else 2 * STORE
        store = max(80 * 2**20, min(STORE, room // 2))
        quiet |= {"include_dashboard": False, "object_store_memory": store, "address": "local"}
    else:
        quiet["address"] = address
    try:
        ray.init(**quiet)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as problem:
        first = str(problem).splitlines()[0]
        raise ModelError(
            f"no Ray cluster at {address}: {first}",
            remedy="start one with `ray start --head`, or use --cluster local",
        ) from problem


@contextmanager
def connection(address: str) -> Iterator[None]:
    """A block that is connected to the cluster, by itself or as before. Raises ``ModelError``."""
    if ray.is_initialized():
        yield
        return
    connect(address)
    try:
        yield
    finally:
        ray.shutdown()


def _refused(problem: Exception) -> Exception:
    """The error of a shard that could not be made."""
    cause = getattr(problem, "cause", problem)
    if isinstance(cause, OtherVersionError | ModuleNotFoundError):
        return ModelError(f"{cause}", remedy="install the same version of planrace on each machine of the cluster")
    return problem


def translated(problem: Exception) -> Exception:
    """A loss as ``LostError``; an error of what was called itself as it is."""
    lost = (
        ray.exceptions.RayActorError,
        ray.exceptions.ObjectLostError,
        ray.exceptions.NodeDiedError,
        ray.exceptions.OutOfMemoryError,
        ray.exceptions.WorkerCrashedError,
        ray.exceptions.LocalRayletDiedError,
        ray.exceptions.ReferenceCountingAssertionError,
    )
    found: Any = problem
    while isinstance(found, ray.exceptions.RayTaskError) and found.cause is not None and found.cause is not found:
        if isinstance(found.cause, lost):
            return LostError(_sentence(found.cause))
        found = found.cause
    if isinstance(problem, lost):
        return LostError(_sentence(problem))
    return found if isinstance(found, Exception) else problem


def _sentence(problem: Exception) -> str:
    text = " ".join(str(problem).split())
    if "memory" in text.lower():
        text += " (Ray ends processes when a machine as a whole uses 95 % of its memory: see --max-memory)"
    return f"{type(problem).__name__}: {text}"
