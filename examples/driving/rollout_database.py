"""A rollout whose state is in a database, and a driver that performs the model on it.

The pointer is flipped by one conditional UPDATE, which is the protection of ``examples/rollout.py:fixed``: it compares
again in the moment of the flip.

    check cover -p examples/rollout.py:fixed --on examples/driving/rollout_database.py:Driver

The database is SQLite, which Python has. Where ``ROLLOUT_DSN`` names a database of PostgreSQL (``dbname=test``), it is
that one, by psycopg, and the schema ``rollout_example`` in it is made anew for every run. ``with_postgres.py`` starts a
server for one command.
"""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from planrace import Refused

OUR_OWN = ("DROP SCHEMA IF EXISTS rollout_example CASCADE", "CREATE SCHEMA rollout_example")
TABLES = (
    "CREATE TABLE versions (number INTEGER PRIMARY KEY)",
    "CREATE TABLE pointer (active INTEGER NOT NULL)",
    "INSERT INTO versions VALUES (0)",
    "INSERT INTO pointer VALUES (0)",
)


# The code under test -----------------------------------------------------------------------------------------------
class Rollout:
    """Versions and the pointer to the active one. Every statement is a transaction."""

    def __init__(self) -> None:
        self._dsn = os.environ.get("ROLLOUT_DSN")
        self._database: Any
        if self._dsn:
            import psycopg

            self._database = psycopg.connect(self._dsn, autocommit=True, options="-c search_path=rollout_example")
        else:
            self._database = sqlite3.connect(":memory:", isolation_level=None)

    def create(self) -> None:
        """Make the tables; what an earlier run left in PostgreSQL goes."""
        for statement in (*OUR_OWN, *TABLES) if self._dsn else TABLES:
            self._do(statement)

    def close(self) -> None:
        self._database.close()

    def _do(self, statement: str, *values: int) -> Any:
        """Execute a statement; returns its cursor."""
        return self._database.execute(statement.replace("?", "%s") if self._dsn else statement, values)

    def publish(self, number: int) -> None:
        self._do("INSERT INTO versions VALUES (?)", number)

    def newer(self) -> int | None:
        """The newest version, if it is not active yet."""
        row = self._do("SELECT max(number) FROM versions WHERE number > (SELECT active FROM pointer)").fetchone()
        found: int | None = row[0]
        return found

    def flip(self, number: int) -> bool:
        """Make a version active unless a newer one is; False if that was refused."""
        return bool(self._do("UPDATE pointer SET active = ? WHERE active < ?", number, number).rowcount == 1)

    def clean_up(self, number: int) -> bool:
        """Delete what is older than a version, if that is active. The pointer may move on between the two statements:
        what is older than this version is then older than the active one, too.
        """
        if self.active != number:
            return False
        self._do("DELETE FROM versions WHERE number < ?", number)
        return True

    @property
    def active(self) -> int:
        return int(self._do("SELECT active FROM pointer").fetchone()[0])

    @property
    def stored(self) -> set[int]:
        return {n for (n,) in self._do("SELECT number FROM versions")}


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
        self._rollout.create()
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
