"""The Planner, and the store that it publishes plans in."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class PublishedPlan:
    """A generation: the IPv4 addresses of the load balancers of every endpoint, in the order of the endpoints."""

    generation: int
    addresses: tuple[tuple[str, ...], ...]

    @property
    def valid(self) -> bool:
        """Whether every endpoint has an address."""
        return all(self.addresses)


class PlanStore:
    """Plans in memory, numbered 1, 2, … as they are published. Threads may share it."""

    def __init__(self) -> None:
        self._plans: list[PublishedPlan] = []
        self._lock = threading.Lock()

    def publish(self, addresses: Sequence[Sequence[str]]) -> PublishedPlan:
        with self._lock:
            plan = PublishedPlan(len(self._plans) + 1, tuple(tuple(a) for a in addresses))
            self._plans.append(plan)
            return plan

    def latest(self) -> PublishedPlan | None:
        with self._lock:
            return self._plans[-1] if self._plans else None

    def plan(self, generation: int) -> PublishedPlan:
        with self._lock:
            return self._plans[generation - 1]


class PlanFolder(PlanStore):
    """Plans in files of a folder, one a generation, so that processes can share them."""

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        super().__init__()
        self._folder = Path(folder)

    def publish(self, addresses: Sequence[Sequence[str]]) -> PublishedPlan:
        with tempfile.NamedTemporaryFile("w", dir=self._folder, prefix="new-", encoding="utf-8") as new:
            json.dump([list(a) for a in addresses], new)
            new.flush()
            os.fsync(new.fileno())
            while True:
                generation = max(self._generations(), default=0) + 1
                try:
                    os.link(new.name, self._file(generation))  # fails if another Planner was faster
                except FileExistsError:
                    continue
                return self.plan(generation)

    def latest(self) -> PublishedPlan | None:
        newest = max(self._generations(), default=0)
        return self.plan(newest) if newest else None

    def plan(self, generation: int) -> PublishedPlan:
        addresses = json.loads(self._file(generation).read_text(encoding="utf-8"))
        return PublishedPlan(generation, tuple(tuple(a) for a in addresses))

    def _generations(self) -> Iterator[int]:
        return (int(f.stem) for f in self._folder.glob("*.json") if f.stem.isdigit())

    def _file(self, generation: int) -> Path:
        return self._folder / f"{generation}.json"


class Planner:
    """Publishes a plan of the load balancers that ``discover`` finds healthy: their addresses, endpoint by endpoint."""

    def __init__(self, plans: PlanStore, discover: Callable[[], Sequence[Sequence[str]]]) -> None:
        self.plans = plans
        self._discover = discover

    def publish(self) -> PublishedPlan:
        return self.plans.publish(self._discover())
