"""The base class of drivers whose steps are taken by workers that run by themselves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from planrace.checker.drive.order.scheduler import Scheduler


class Workers:
    """A driver whose workers are threads, tasks of asyncio or processes with points (``planrace.drive``): one at a time
    goes on, in the order of the run. Derive from it, and write ``workers``, ``reset`` and ``observe``; methods perform
    the actions that no worker takes.

    ``patience`` are the seconds in which a worker has to reach its next point. ``points`` maps names of points to
    actions where they differ, and to None where a point begins no step of the model. ``uncontrolled`` are actions that
    neither a method nor a worker performs.
    """

    patience: float = 5.0
    points: ClassVar[Mapping[str, str | None]] = {}
    uncontrolled: ClassVar[Sequence[str]] = ()
    _scheduler: Scheduler | None = None

    def workers(self) -> Mapping[Hashable, Callable[[], Any] | Sequence[str]]:
        """The workers, which begin after each ``reset``: by number, or by a name such as ("enactor", 1), an async
        function (a task), another function (a thread) or a list of strings (the arguments of a program). None of the
        functions takes an argument."""
        raise NotImplementedError

    def stop(self, worker: Hashable) -> None:
        """A worker crashes: its process is killed, its task is cancelled, its thread gets ``planrace.drive.Stopped`` at
        its point."""
        self._in_charge.stop(worker)

    def start(self, worker: Hashable) -> None:
        """A worker that has ended begins anew, as ``workers`` has it now, and goes to its first point."""
        self._in_charge.start(worker)

    @property
    def _in_charge(self) -> Scheduler:
        if self._scheduler is None:
            raise RuntimeError("workers run only while check cover, check replay or a test drives them")
        return self._scheduler
