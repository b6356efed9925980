"""The new states of each level and shard, on the disk of the driver: a lost shard is made again from them."""

from __future__ import annotations

import tempfile
from itertools import pairwise
from pathlib import Path


class KeptLevels:
    """A file for each of ``count`` shards, to which levels are appended; deleted with ``close``.

    A full disk ends the keeping, not the search: ``problem`` says so."""

    def __init__(self, count: int, folder: str | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="planrace-levels-", dir=folder, ignore_cleanup_errors=True)
        self._paths = [Path(self._folder.name) / f"shard-{n}" for n in range(count)]
        self._ends: list[list[int]] = [[0] for _ in range(count)]
        self.problem: str | None = None

    def append(self, n: int, level: int, coded: bytes) -> None:
        """Keep a level of a shard, if it is the next; one that is kept already is not kept twice."""
        ends = self._ends[n]
        if level != len(ends) - 1 or self.problem is not None:
            return
        try:
            with self._paths[n].open("r+b" if self._paths[n].exists() else "wb") as file:
                file.seek(ends[-1])
                file.write(coded)
                file.flush()
        except OSError as problem:
            self.problem = f"{problem.strerror} in {self._folder.name}"
            return
        ends.append(ends[-1] + len(coded))

    def count(self, n: int) -> int:
        """How many levels of a shard are kept: 0, 1, …"""
        return len(self._ends[n]) - 1

    def read(self, n: int, count: int) -> list[bytes]:
        """The first levels of a shard. Raises ``OSError``."""
        with self._paths[n].open("rb") as file:
            return [file.read(end - begin) for begin, end in pairwise(self._ends[n][: count + 1])]

    @property
    def bytes(self) -> int:
        """Bytes on the disk."""
        return sum(ends[-1] for ends in self._ends)

    def close(self) -> None:
        """Delete the files."""
        self._folder.cleanup()
