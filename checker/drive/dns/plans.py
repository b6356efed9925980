"""The Planner, and the store that it publishes plans in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass


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


class Planner:
    """Publishes a plan of the load balancers that ``discover`` finds healthy: their addresses, endpoint by endpoint."""

    def __init__(self, plans: PlanStore, discover: Callable[[], Sequence[Sequence[str]]]) -> None:
        self.plans = plans
        self._discover = discover

    def publish(self) -> PublishedPlan:
        return self.plans.publish(self._discover())
