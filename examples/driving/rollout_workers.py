"""A rollout by workers that run side by side, as threads, as tasks of asyncio, or as processes: the same code thrice.

The versions are in a database (SQLite, which Python has). A worker picks the newest version, makes it active some time
later, and deletes what is older. ``Threads``, ``Tasks`` and ``Processes`` compare the version with the active one when
they pick it, and not again when they flip: right in any order of whole workers, wrong in one of their steps.
``CarefulThreads``, ``CarefulTasks`` and ``CarefulProcesses`` compare again in the moment of the flip.

    check -p examples/rollout.py:protocol --format json:run.json
    check replay run.json -p examples/rollout.py:protocol --on examples/driving/rollout_workers.py:Threads
    check cover -p examples/rollout.py:fixed --on examples/driving/rollout_workers.py:Threads --schedule pct
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Callable, Coroutine, Hashable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from planrace import Workers
from planrace.drive import step

SCHEMA = "CREATE TABLE versions (number INTEGER PRIMARY KEY); CREATE TABLE pointer (active INTEGER NOT NULL)"


# The code under test -----------------------------------------------------------------------------------------------
class Rollout:
    """Versions and the pointer to the active one; every method is one transaction."""

    def __init__(self, path: Path, *, careful: bool) -> None:
        self._path, self._careful = path, careful

    def _do(self, statement: str, *values: int) -> sqlite3.Cursor:
        database = sqlite3.connect(self._path, isolation_level=None)
        try:
            found = database.execute(statement, values)
            self._rows = found.fetchall()
            return found
        finally:
            database.close()

    def create(self) -> None:
        self._path.unlink(missing_ok=True)
        for statement in (*SCHEMA.split(";"), "INSERT INTO versions VALUES (0)", "INSERT INTO pointer VALUES (0)"):
            self._do(statement)

    def publish(self, number: int) -> None:
        self._do("INSERT INTO versions VALUES (?)", number)

    def newer(self) -> int | None:
        """The newest version, if it is not active yet."""
        return max((n for n in self.stored if n > self.active), default=None)

    def flip(self, number: int) -> bool:
        """Make a version active; False if that was refused."""
        if self._careful:
            return self._do("UPDATE pointer SET active = ? WHERE active < ?", number, number).rowcount == 1
        return self._do("UPDATE pointer SET active = ?", number).rowcount == 1

    def clean_up(self, number: int) -> bool:
        """Delete what is older than a version, if that is active."""
        if self.active != number:
            return False
        self._do("DELETE FROM versions WHERE number < ?", number)
        return True

    @property
    def active(self) -> int:
        self._do("SELECT active FROM pointer")
        return int(self._rows[0][0])

    @property
    def stored(self) -> set[int]:
        self._do("SELECT number FROM versions")
        return {n for (n,) in self._rows}


def enact(rollout: Rollout, worker: int) -> None:
    """A worker in a thread or in a process."""
    while True:
        with step("pick", worker) as s:
            version = rollout.newer()
            if version is None:
                s.refused("the newest version is active")
                continue
        with step("flip", worker) as s:
            if not rollout.flip(version):
                s.refused("a version that is as new is active")
                continue
        with step("clean_up", worker) as s:
            if not rollout.clean_up(version):
                s.refused("another version is active")


async def enact_in_task(rollout: Rollout, worker: int) -> None:
    """A worker in a task: the same code, with ``async with``."""
    while True:
        async with step("pick", worker) as s:
            version = rollout.newer()
            if version is None:
                s.refused("the newest version is active")
                continue
        async with step("flip", worker) as s:
            if not rollout.flip(version):
                s.refused("a version that is as new is active")
                continue
        async with step("clean_up", worker) as s:
            if not rollout.clean_up(version):
                s.refused("another version is active")


# The drivers -------------------------------------------------------------------------------------------------------
class Threads(Workers):
    """Workers are threads. The planner is not: its step is a method."""

    _careful = False

    def __init__(self, workers: int) -> None:
        self._numbers = range(1, workers + 1)
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "rollout.sqlite"
        self._rollout = Rollout(self._path, careful=self._careful)

    def close(self) -> None:
        self._folder.cleanup()

    def reset(self) -> None:
        self._latest = 0
        self._rollout.create()

    def workers(self) -> Mapping[Hashable, Callable[[], Any] | Sequence[str]]:
        return {w: partial(enact, Rollout(self._path, careful=self._careful), w) for w in self._numbers}

    def publish(self) -> None:
        self._latest += 1
        self._rollout.publish(self._latest)

    def observe(self) -> dict[str, Any]:
        return {"latest": self._latest, "active": self._rollout.active, "stored": self._rollout.stored}


class Tasks(Threads):
    """Workers are tasks of asyncio."""

    def workers(self) -> Mapping[Hashable, Callable[[], Coroutine[Any, Any, None]]]:
        return {w: partial(enact_in_task, Rollout(self._path, careful=self._careful), w) for w in self._numbers}


class Processes(Threads):
    """Workers are processes: this file as a program."""

    def workers(self) -> Mapping[Hashable, Sequence[str]]:
        how = "careful" if self._careful else "careless"
        return {w: [sys.executable, __file__, str(self._path), str(w), how] for w in self._numbers}


class CarefulThreads(Threads):
    _careful = True


class CarefulTasks(Tasks):
    _careful = True


class CarefulProcesses(Processes):
    _careful = True


if __name__ == "__main__":
    _, path, number, how = sys.argv
    enact(Rollout(Path(path), careful=how == "careful"), int(number))
