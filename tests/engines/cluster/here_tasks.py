"""Tasks in this process: hosts without Ray. A plan says which tasks are lost, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from planrace.checker.engines.cluster.hosts import Handle, LostError
from planrace.checker.engines.cluster.tasks import TaskHosts, carried_out


class HereTasks(TaskHosts):
    """``slots`` tasks run at once: of those that were started, the last ones end first, or the first if ``ordered``.
    Tasks with the numbers ``lost`` (from 0) have no result."""

    def __init__(
        self, slots: int = 2, lost: Collection[int] = (), memory: int | None = None, *, ordered: bool = False
    ) -> None:
        self.ordered = ordered
        self.slots, self.workers, self.memory = slots, 1, memory
        self.losses = set(lost)
        self.started: list[tuple[bytes, bytes]] = []
        self.results: dict[int, bytes | LostError] = {}
        self.cancelled: list[int] = []
        self.closed = False
        self.most = 0
        """The most tasks that were under way at once."""
        self.before: Callable[[], None] = lambda: None
        """Called before tasks are awaited."""

    def put(self, common: bytes) -> Handle:
        return common

    def start(self, common: Handle, work: bytes) -> Handle:
        self.started.append((common, work))
        self.most = max(self.most, len(self.started) - len(self.results))
        return len(self.started) - 1

    def ended(self, handles: Sequence[Handle], seconds: float) -> list[Handle]:
        self.before()
        now = list(handles)[: self.slots] if self.ordered else list(handles)[-self.slots :]
        for n in now:
            self.results[n] = LostError("the machine is gone") if n in self.losses else carried_out(*self.started[n])
        return now

    def result(self, handle: Handle) -> bytes:
        found = self.results[handle]
        if isinstance(found, LostError):
            raise found
        return found

    def cancel(self, handles: Sequence[Handle]) -> None:
        self.cancelled += handles

    def close(self) -> None:
        self.closed = True
