"""A job under a lease that may run out, for tests: the model, and drivers with workers in three forms."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from planrace import Protocol, Step, Term, Workers, array, boolean, enumeration, index, optional, outcome, update, when
from planrace import step as model_step
from tests.drive.order import program
from tests.drive.order.program import Store, work, work_in_task

protocol = Protocol("jobs", "workers claim a job under a lease that may run out")
workers = protocol.parameter("workers", 2, 1, 4)
Worker = index("worker", workers)
Phase = enumeration("phase", ["WAITING", "CLAIMED", "DONE"])
phase = protocol.variable("phase", Phase, Phase.WAITING)
owner = protocol.variable("owner", optional(Worker), None)
busy = protocol.variable("busy", array(Worker, boolean()), False)
protocol.fault("crash", "a worker crashes")


@protocol.action(Worker, by=Worker)
def claim(w: Term) -> Step:
    return model_step(
        when(phase == Phase.WAITING, ~busy[w]), update(phase, Phase.CLAIMED), update(owner, w), update(busy[w], True)
    )


@protocol.action(by="time")
def expire() -> Step:
    return model_step(when(phase == Phase.CLAIMED), update(phase, Phase.WAITING), update(owner, None))


@protocol.action(Worker, by=Worker)
def finish(w: Term) -> Step:
    return model_step(
        when(busy[w]),
        update(busy[w], False),
        outcome("done", when(owner == w), update(phase, Phase.DONE), update(owner, None)),
        outcome("late"),
    )


@protocol.action(Worker, by="weather", fault="crash")
def crash(w: Term) -> Step:
    return model_step(when(busy[w]), update(busy[w], False))


class Threads(Workers):
    patience = 2.0
    how: ClassVar[str] = "careful"

    def __init__(self, workers: int) -> None:
        self._numbers = range(1, workers + 1)
        self._folder = tempfile.TemporaryDirectory()
        self._store = Store(Path(self._folder.name) / "jobs.json", self.how)

    def close(self) -> None:
        self._folder.cleanup()

    def reset(self) -> None:
        state = {"phase": "WAITING", "owner": None, "busy": [False for _ in self._numbers]}
        self._store.file.write_text(json.dumps(state))

    def workers(self) -> Any:
        return {w: self._work(w) for w in self._numbers}

    def _work(self, w: int) -> Callable[[], Any] | list[str]:
        return partial(work, self._store, w)

    def expire(self) -> None:
        self._store.write(phase="WAITING", owner=None)

    def crash(self, w: int) -> None:
        self.stop(w)
        self._store.busy(w, False)
        self.start(w)

    def observe(self) -> dict[str, Any]:
        return self._store.read()


class Tasks(Threads):
    points: ClassVar[Any] = {"CLAIM": "claim", "AGAIN": None}

    def _work(self, w: int) -> Callable[[], Any] | list[str]:
        return partial(work_in_task, self._store, w)


class Processes(Threads):
    patience = 10.0

    def _work(self, w: int) -> Callable[[], Any] | list[str]:
        return [sys.executable, program.__file__, str(self._store.file), str(w), self.how]


FORMS: dict[str, type[Threads]] = {"threads": Threads, "tasks": Tasks, "processes": Processes}


def form(name: str, **more: Any) -> type[Threads]:
    """A driver whose workers have this form."""
    return type(name.capitalize(), (FORMS[name],), more)
