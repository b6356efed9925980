"""Where shards run: what a fleet needs of whatever starts processes and carries calls to them (``on_ray.py``)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from planrace.checker.engines.cluster.shard import Order

Handle: TypeAlias = Any
"""A result to come. It can be an argument of other calls, and goes from process to process then."""


class LostError(Exception):
    """A call has no result, because a process or what it made is lost. It may have been carried out or not."""


class Hosts(ABC):
    """Processes for ``count`` shards."""

    count: int
    workers: list[int]
    """For each shard, how many workers it has."""
    memory: int | None
    """Bytes that there are for a shard."""

    @abstractmethod
    def start(self, n: int, order: Order) -> None:
        """Start a process with shard ``n``, which has no states; a process that had it before is ended."""

    @abstractmethod
    def ready(self, check: Callable[[], None]) -> None:
        """Wait until all processes have begun; ``check`` is called meanwhile. Raises ``ModelError``."""

    @abstractmethod
    def call(self, n: int, method: str, *given: object, results: int = 1) -> list[Handle]:
        """Call a method of shard ``n``; does not wait. Calls of a shard are carried out in their order."""

    @abstractmethod
    def get(self, handles: Sequence[Handle], check: Callable[[], None]) -> list[Any]:
        """Wait for results; ``check`` is called meanwhile, and may raise an error. Raises ``LostError``."""

    @abstractmethod
    def lost(self, check: Callable[[], None]) -> list[int]:
        """The shards whose processes have ended, or do not answer."""

    @abstractmethod
    def where(self, n: int) -> str:
        """The machine of a shard, for messages."""

    @abstractmethod
    def close(self) -> None:
        """End all processes."""
