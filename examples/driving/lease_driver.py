"""Code that gives a lease and guards its storage with tokens, and a driver that performs the model on it.

``LeaseService``, ``Storage`` and ``Worker`` are ordinary code: nothing in them knows of a model. ``Driver`` connects
them with ``examples/lease.py:fixed``: a method for each action, ``reset`` and ``observe``.

    check cover -p examples/lease.py:fixed --on examples/driving/lease_driver.py:Driver
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from planrace import Refused


# The code under test -----------------------------------------------------------------------------------------------
@dataclass
class LeaseService:
    """Gives one lease at a time, each with a greater token than the last."""

    most: int
    holder: int | None = None
    given: int = 0

    def acquire(self, worker: int) -> int | None:
        """The token of the new lease; None if the lease is taken or there are no more."""
        if self.holder is not None or self.given == self.most:
            return None
        self.holder, self.given = worker, self.given + 1
        return self.given

    def expire(self) -> bool:
        """Let the lease run out; False if there is none."""
        had, self.holder = self.holder is not None, None
        return had


@dataclass
class Storage:
    """Holds a value, and refuses a write under an older token than it has seen."""

    token: int = 0

    def write(self, token: int) -> bool:
        """Whether the write was stored."""
        if token < self.token:
            return False
        self.token = token
        return True


@dataclass
class Worker:
    """Believes that it leads until it notices that it does not."""

    number: int
    token: int = 0
    outbox: list[int] = field(default_factory=list)

    @property
    def leads(self) -> bool:
        return self.token > 0

    def try_to_lead(self, service: LeaseService) -> bool:
        token = service.acquire(self.number)
        self.token = token or self.token
        return token is not None

    def notice(self, service: LeaseService) -> bool:
        if not self.leads or service.holder == self.number:
            return False
        self.token = 0
        return True

    def send(self) -> bool:
        if not self.leads or self.outbox:
            return False
        self.outbox.append(self.token)
        return True


# The driver --------------------------------------------------------------------------------------------------------
class Driver:
    """Performs the actions of the model on the code. What returns False was refused."""

    refuses = ("acquire", "expire", "notice", "send")

    def __init__(self, workers: int, leases: int) -> None:
        self._sizes = workers, leases
        self.reset()

    def reset(self) -> None:
        workers, leases = self._sizes
        self._service, self._storage = LeaseService(leases), Storage()
        self._workers = {w: Worker(w) for w in range(1, workers + 1)}

    def acquire(self, w: int) -> None:
        _done(self._workers[w].try_to_lead(self._service), "the lease is taken, or there are no more")

    def expire(self) -> None:
        _done(self._service.expire(), "there is no lease")

    def notice(self, w: int) -> None:
        _done(self._workers[w].notice(self._service), "there is nothing to notice")

    def send(self, w: int) -> None:
        _done(self._workers[w].send(), "the worker does not lead, or its last write is on its way")

    def store(self, w: int) -> str:
        return "stored" if self._storage.write(self._workers[w].outbox.pop()) else "refused"

    def crash(self, w: int) -> None:
        self._workers[w].token = 0

    def observe(self) -> dict[str, Any]:
        workers = self._workers
        return {
            "holder": self._service.holder,
            "given": self._service.given,
            "token": {w: x.token for w, x in workers.items()},
            "leads": {w: x.leads for w, x in workers.items()},
            "coming": {w: sum(x.outbox) for w, x in workers.items()},
            "written": self._storage.token,
        }


def _done(done: bool, why: str) -> None:
    if not done:
        raise Refused(why)
