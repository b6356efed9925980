"""One process's part of a search: the states that it owns, and what it says of them.

A driver (``fleet.py``) tells shards what to do, all at once and level by level. Each call has the number of an epoch: a
call of an earlier one, sent before a process was lost, is refused. What a call inserts are true successors at their
true level, so a level can be searched again where it was searched in part.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from planrace.checker.engines.cluster.batches import decode, encode
from planrace.checker.engines.cluster.sampling import Table
from planrace.checker.engines.cluster.shard_crew import ShardCrew
from planrace.checker.engines.limits import memory_in_use
from planrace.checker.engines.native import inserting
from planrace.checker.engines.native.program import Program, ShardCode, dialect
from planrace.checker.engines.native.stopped import SearchStoppedError
from planrace.checker.results.stop import StopReason
from planrace.checker.semantics.replay import ReplayError


class StaleCallError(Exception):
    """A call of an earlier epoch; nothing was done."""


class OtherVersionError(Exception):
    """This process has another version of planrace than the driver."""


@dataclass(frozen=True)
class Order:
    """What a shard is made of: the ``code``, and that of the table (``table_code``), the memory limit in bytes, and how
    many orders of members are tried for each successor."""

    code: ShardCode
    table_code: str
    memory: int | None
    orders: int


@dataclass(frozen=True)
class Status:
    """What a shard has after a call: terms ``seen`` by it, states with a value out of range, counts, bits of what was
    ``met``, bytes of ``memory`` in use and of batches ``sent``, and why it cannot go on, if so."""

    seen: int
    failing: tuple[int, ...]
    states: int
    transitions: int
    size: int
    fresh: bool
    met: int
    memory: int
    sent: int
    stopped: StopReason | None = None


class Shard:
    """Shard number ``me``, with so many ``workers``. Raises ``OtherVersionError``."""

    def __init__(self, order: Order, me: int, workers: int) -> None:
        if order.table_code != table_code():
            raise OtherVersionError(f"the machine of shard {me} has another version of planrace")
        self.program = Program(order.code, workers)
        self.crew = ShardCrew(self.program, me, workers, order.memory, order.orders)
        self.epoch = 0
        self.level = -1

    def ping(self) -> tuple[int, int]:
        """The number of workers, and of the process."""
        return self.crew.count, os.getpid()

    def adopt(self, epoch: int, again: bool = True) -> Status:
        """Refuse calls of earlier epochs from now on, and search the current level ``again`` from its beginning."""
        self.epoch = max(epoch, self.epoch)
        if again:
            self.crew.again()
        return self._status()

    def load(self, epoch: int, steps: int, *levels: bytes) -> Status:
        """Have the states of these levels, as they were coded; the last is the frontier, and ``steps`` were taken from
        those before."""
        self.epoch = epoch
        if self.level == len(levels) - 1:  # asked twice
            return self._status()
        for level, coded in enumerate(levels):
            self.crew.rounds(level - 1)
            self.crew.skip()
            status = self._after(lambda coded=coded: self.crew.deliver(self._states(coded)))  # type: ignore[misc]
            if status.stopped is not None:
                return status
            self.crew.turn()
            self.level = level
        self.crew.began(steps)
        return self._status()

    def rounds(self, epoch: int, level: int) -> int:
        """Prepare a level: the number of rounds that it takes."""
        self._refuse_stale(epoch)
        self._refuse_other(level)
        return self.crew.rounds(level)

    def advance(self, epoch: int, part: int, parts: int, sought: int) -> tuple[Status | bytes, ...]:
        """Expand part ``part`` of ``parts`` of the frontier, and insert what this shard owns; a batch for each
        shard."""
        self._refuse_stale(epoch)
        self.crew.divide(parts)
        seen = 0

        def work() -> None:
            nonlocal seen
            seen = self.crew.advance(part, sought)
            self.crew.take()

        status = self._after(work)
        batches = self.crew.batches()
        return replace(status, seen=seen, sent=self.crew.sent), *batches

    def take(self, epoch: int, *batches: bytes) -> Status:
        """Insert what others have sent."""
        self._refuse_stale(epoch)

        def work() -> None:
            for batch in batches:
                self.crew.deliver(self._states(batch))

        return self._after(work)

    def turn(self, epoch: int, level: int) -> tuple[Status, bytes]:
        """The new states become the frontier: those of ``level``, which are returned. Done once, however often it is
        asked for."""
        self._refuse_stale(epoch)
        if self.level < level:
            self._refuse_other(level - 1)
            self.crew.turn()
            self.level = level
        return self._status(), encode(self.crew.frontier())

    def last(self, epoch: int, sought: int) -> tuple[Status | bytes | bool, ...]:
        """Expand the frontier at the bound on depth: whether this shard has the successors that it owns, and a batch
        for each shard."""
        self._refuse_stale(epoch)
        seen, closed = self.crew.last(sought)
        return replace(self._status(), seen=seen), closed, *self.crew.batches()

    def contains(self, epoch: int, *batches: bytes) -> bool:
        """Whether all these states are stored."""
        self._refuse_stale(epoch)
        return all(self.crew.contains(self._states(b)) for b in batches)

    def least(self, epoch: int, sought: int) -> tuple[list[int], int] | None:
        """The least state of the frontier at which one of the terms holds: its words, and packed; None if there is
        none."""
        self._refuse_stale(epoch)
        return min(self.crew.candidates(sought), default=None)

    def before(self, epoch: int, s: int, level: int) -> list[int]:
        """States of the level before ``level`` with a step to ``s``."""
        self._refuse_stale(epoch)
        return list(self.crew.before(s, level))

    def resend(self, epoch: int, level: int) -> tuple[bytes, ...]:
        """A batch for each shard: what the stored states of a level lead to. Nothing is inserted."""
        self._refuse_stale(epoch)
        self.crew.resend(level)
        return self.crew.batches()

    def _states(self, batch: bytes) -> Table:
        return decode(batch, self.program.words)

    def _refuse_stale(self, epoch: int) -> None:
        if epoch != self.epoch:
            raise StaleCallError(f"a call of epoch {epoch}, not {self.epoch}")

    def _refuse_other(self, level: int) -> None:
        """Raises ``ReplayError`` if the frontier is that of another level: states of this shard are lost then."""
        if self.level != level:
            raise ReplayError(f"a shard has the states up to level {self.level}, not {level}")

    def _after(self, work: Callable[[], None]) -> Status:
        """The status after some work, which may end because memory does."""
        try:
            work()
        except SearchStoppedError as problem:
            return self._status(problem.reason)
        return self._status()

    def _status(self, stopped: StopReason | None = None) -> Status:
        crew = self.crew
        counts = crew.states, crew.transitions, crew.size, crew.fresh, crew.met()
        return Status(0, tuple(crew.failing), *counts, memory_in_use(), crew.sent, stopped)


def table_code() -> str:
    """A hash of the code of the table, which each process takes from its own planrace."""
    return hashlib.sha256(dialect(inserting).encode()).hexdigest()
