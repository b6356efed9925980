"""Shards in this process: a fleet without Ray. A plan says at which call a shard is lost."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Sequence
from typing import Any

from planrace.checker.engines.cluster.hosts import Handle, Hosts, LostError
from planrace.checker.engines.cluster.shard import Order, Shard


class Here(Hosts):
    """``count`` shards. Call number ``k`` of all calls, counted from 0, finds its shard lost if ``kills`` says so:
    before it is carried out, or after it, so that its result is lost."""

    def __init__(self, count: int, workers: int = 1, kills: Sequence[tuple[int, bool]] = ()) -> None:
        self.count, self.workers, self.memory = count, [workers] * count, None
        self.shards: list[Shard | None] = [None] * count
        self.kills = dict(kills)
        self.calls = self.killed = 0
        self.epochs: set[object] = set()
        """The epochs of all calls."""

    def start(self, n: int, order: Order) -> None:
        self.shards[n] = Shard(pickle.loads(pickle.dumps(order)), n, self.workers[n])

    def ready(self, check: Callable[[], None]) -> None:
        check()

    def call(self, n: int, method: str, *given: object, results: int = 1) -> list[Handle]:
        late = self.kills.get(self.calls)
        self.calls += 1
        if late is False:
            self.shards[n], self.killed = None, self.killed + 1
        shard = self.shards[n]
        if shard is None or any(isinstance(g, LostError) for g in given):
            return [LostError(f"shard {n}")] * results
        self.epochs |= set(given[:1])
        found = getattr(shard, method)(*given)
        if late is True:
            self.shards[n], self.killed = None, self.killed + 1
            return [LostError(f"shard {n}")] * results
        return [found] if results == 1 else list(found)

    def get(self, handles: Sequence[Handle], check: Callable[[], None]) -> list[Any]:
        check()
        for h in handles:
            if isinstance(h, LostError):
                raise h
        return list(handles)

    def lost(self, check: Callable[[], None]) -> list[int]:
        return [n for n, s in enumerate(self.shards) if s is None]

    def where(self, n: int) -> str:
        return "here"

    def close(self) -> None:
        self.shards = [None] * self.count
