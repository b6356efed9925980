"""Workers that claim a job, in three forms; as a program the worker of a process: ``program.py FILE NUMBER KIND``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from planrace.drive import point, step


class Store:
    """The state, in a file that all workers read and write."""

    def __init__(self, file: Path, how: str = "careful") -> None:
        self.file, self.how = file, how

    def read(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.file.read_text())
        return found

    def write(self, **new: Any) -> None:
        self.file.write_text(json.dumps({**self.read(), **new}))

    def busy(self, w: int, now: bool) -> None:
        self.write(busy=[now if n == w else x for n, x in enumerate(self.read()["busy"], 1)])

    def claim(self, w: int) -> bool:
        if self.read()["phase"] != "WAITING":
            return False
        self.write(phase="CLAIMED", owner=w)
        self.busy(w, True)
        return True

    def finish(self, w: int) -> str:
        self.busy(w, False)
        state = self.read()
        right = {"careful": state["owner"] == w, "careless": state["phase"] == "CLAIMED", "blind": True}
        if not right[self.how]:
            return "late"
        self.write(phase="DONE", owner=None)
        return "done"


def work(store: Store, w: int) -> None:
    while True:
        with step("claim", w) as s:
            if not store.claim(w):
                s.refused("somebody has the job")
                continue
        with step("finish") as s:
            s.outcome(store.finish(w))


async def work_in_task(store: Store, w: int) -> None:
    while True:
        s = await point("CLAIM", w)
        if not store.claim(w):
            s.refused("somebody has the job")
            await point("AGAIN")
            continue
        async with step("finish") as s:
            s.outcome(store.finish(w))


if __name__ == "__main__":
    work(Store(Path(sys.argv[1]), sys.argv[3]), int(sys.argv[2]))
