"""A rollout whose state is in a database (SQLite, which Python has), and a driver that performs the model on it.

The pointer is flipped by one conditional UPDATE, which is the protection of ``examples/rollout.py:fixed``: it compares
again in the moment of the flip.

    check cover -p examples/rollout.py:fixed --on examples/driving/rollout_sqlite.py:Driver
"""

from __future__ import annotations

import sqlite3
from typing import Any

from planrace import Refused

SCHEMA = "CREATE TABLE versions (number INTEGER PRIMARY KEY); CREATE TABLE pointer (active INTEGER NOT NULL)"


# The code under test -----------------------------------------------------------------------------------------------
class Rollout:
    """Versions and the pointer to the active one; every method is one transaction."""

    def __init__(self, path: str = ":memory:") -> None:
        self._database = sqlite3.connect(path)
        self._database.executescript(SCHEMA)
        with self._database as db:
            db.execute("INSERT INTO versions VALUES (0)")
            db.execute("INSERT INTO pointer VALUES (0)")

    def close(self) -> None:
        self._database.close()

    def publish(self, number: int) -> None:
        with self._database as db:
            db.execute("INSERT INTO versions VALUES (?)", (number,))

    def newer(self) -> int | None:
        """The newest version, if it is not active yet."""
        row = self._database.execute("SELECT max(number) FROM versions WHERE number > (SELECT active FROM pointer)")
        found: int | None = row.fetchone()[0]
        return found

    def flip(self, number: int) -> bool:
        """Make a version active unless a newer one is; False if that was refused."""
        with self._database as db:
            return db.execute("UPDATE pointer SET active = ? WHERE active < ?", (number, number)).rowcount == 1

    def clean_up(self, number: int) -> bool:
        """Delete what is older than a version, if that is active."""
        with self._database as db:
            if self.active != number:
                return False
            db.execute("DELETE FROM versions WHERE number < ?", (number,))
            return True

    @property
    def active(self) -> int:
        return int(self._database.execute("SELECT active FROM pointer").fetchone()[0])

    @property
    def stored(self) -> set[int]:
        return {n for (n,) in self._database.execute("SELECT number FROM versions")}


# The driver --------------------------------------------------------------------------------------------------------
class Driver:
    """Performs the actions of the model; a worker remembers the version that it has picked."""

    refuses = ("pick", "flip", "clean_up")
    _rollout: Rollout | None = None

    def __init__(self, workers: int) -> None:
        self._workers = range(1, workers + 1)

    def reset(self) -> None:
        self.close()
        self._rollout = Rollout()
        self._latest, self._picked = 0, dict.fromkeys(self._workers, 0)

    def close(self) -> None:
        if self._rollout is not None:
            self._rollout.close()

    def publish(self) -> None:
        self._latest += 1
        self._code.publish(self._latest)

    def pick(self, w: int) -> None:
        found = self._code.newer()
        if found is None:
            raise Refused("the newest version is active")
        self._picked[w] = found

    def flip(self, w: int) -> None:
        if not self._code.flip(self._picked[w]):
            raise Refused("a version that is as new is active")

    def clean_up(self, w: int) -> None:
        if not self._code.clean_up(self._picked[w]):
            raise Refused("another version is active")

    def observe(self) -> dict[str, Any]:
        code = self._code
        return {"latest": self._latest, "active": code.active, "stored": code.stored, "picked": self._picked}

    @property
    def _code(self) -> Rollout:
        assert self._rollout is not None
        return self._rollout
