"""How workers end: at their points, before the next reset, and whatever they do while they end; who may connect."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from planrace import cover, state_machine
from planrace.checker.drive.order.processes import PointServer, ProcessStrand
from planrace.drive import point, step
from tests.drive.order.jobs import Threads, form
from tests.drive.order.jobs import protocol as jobs
from tests.drive.order.test_stuck import Steps, protocol


class Noting(Steps):
    """Workers need a moment to end, and say that they have."""

    patience = 5.0
    alive = 0

    def reset(self) -> None:
        assert type(self).alive == 0, "workers of the last run are there"
        super().reset()

    def workers(self) -> Any:
        return {1: lambda: self._noted(1), 2: lambda: self._noted(2)}

    def _noted(self, w: int) -> None:
        type(self).alive += 1
        try:
            self._work(w)
        finally:
            time.sleep(0.05)
            type(self).alive -= 1


class NotingTasks(Noting):
    def workers(self) -> Any:
        async def work(w: int) -> None:
            type(self).alive += 1
            try:
                for n, name in enumerate(("first", "second"), 1):
                    await point(name, w)
                    self._at[w] = n
            finally:
                type(self).alive -= 1

        async def first() -> None:
            await work(1)

        async def second() -> None:
            await work(2)

        return {1: first, 2: second}


@pytest.mark.parametrize("driver", [Noting, NotingTasks])
def test_workers_have_ended_before_the_next_reset(driver: type[Noting]) -> None:
    """And before the driver is closed."""
    assert cover(protocol, driver, schedule="random", seed=1, length=2, max_steps=12, at_least=1)
    assert driver.alive == 0


def test_a_worker_that_reaches_a_point_while_it_ends_ends_all_the_same() -> None:
    class Tidy(Threads):
        def workers(self) -> Any:
            def work(w: int) -> None:
                try:
                    self._work(w)()  # type: ignore[operator]
                finally:
                    point("finish", w)

            async def work_in_task() -> None:
                try:
                    await point("claim", 2)
                finally:
                    await point("finish", 2)

            return {1: lambda: work(1), 2: work_in_task}

        def crash(self, w: int) -> None:
            self.stop(w)
            self.stop(2)
            self._store.busy(w, False)

    began = time.monotonic()
    assert cover(jobs, Tidy, faults=["crash"], run="claim(1) crash(1)")
    assert time.monotonic() - began < 2 * Tidy.patience


def test_a_run_has_the_steps_that_workers_refused() -> None:
    """A worker that was refused waits elsewhere than before, so the run does not happen again without that step."""

    class Trying(Steps):
        def _work(self, w: int) -> None:
            with step("first", w):
                self._at[w] = 1
            with step("first", w) as s:
                s.refused("it is taken already")
            point("second", w)

    found = cover(protocol, Trying, schedule="unseen", seed=1, max_steps=60).divergence
    assert found is not None
    assert found.repeated
    assert found.run in ("first(1) first(1) second(1)", "first(2) first(2) second(2)")
    again = cover(protocol, Trying, run=found.run).divergence
    assert again is not None
    assert again.called == found.called


FORKING = """
import os, sys
from planrace.drive import point
from pathlib import Path
point("first")
child = os.fork()
if not child:
    point("second")
    os._exit(0)
os.waitpid(child, 0)
Path(sys.argv[1]).write_text("1")
point("second")
Path(sys.argv[1]).write_text("2")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_child_that_a_worker_forks_is_no_worker(tmp_path: Path) -> None:
    class Forking(Steps):
        patience = 10.0

        def reset(self) -> None:
            (tmp_path / "at").write_text("0")

        def workers(self) -> Any:
            return {1: [sys.executable, "-c", FORKING, str(tmp_path / "at")]}

        def observe(self) -> dict[str, Any]:
            return {"at": {1: int((tmp_path / "at").read_text())}}

    assert cover(protocol, Forking, run="first(1) second(1)")


@pytest.mark.parametrize(("token", "version", "heard"), [("right", 1, True), ("wrong", 1, False), ("right", 2, False)])
def test_the_server_hears_who_knows_the_token(token: str, version: int, heard: bool) -> None:
    server = PointServer()
    strand = ProcessStrand(1, ["no program"], SimpleQueue(), server)
    server.expect(strand)
    host, port = server.address.split(":")
    hello = {"planrace": version, "token": server.token if token == "right" else "x", "worker": "1", "at": "first"}
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(json.dumps(hello).encode() + b"\n")
        if heard:
            assert strand.reports.get(timeout=5)[0] is strand
        else:
            assert connection.recv(1) == b""
    server.close()
    assert strand.reports.empty()


def test_a_state_machine_drives_workers() -> None:
    from hypothesis import settings
    from hypothesis.stateful import run_state_machine_as_test

    few = settings(max_examples=5, stateful_step_count=6, deadline=None, database=None)
    run_state_machine_as_test(state_machine(jobs, form("threads")), settings=few)
    with pytest.raises(AssertionError, match="ends the step as late; the code ends the step as done"):
        run_state_machine_as_test(
            state_machine(jobs, form("tasks", how="blind"), invariants=False),
            settings=settings(few, max_examples=60, stateful_step_count=12),
        )


def test_a_difference_in_a_worker_has_the_line_of_its_point() -> None:
    """Annotations of CI point there."""
    report = cover(jobs, form("threads", how="blind"), run="claim(1) expire finish(1)")
    assert report.divergence is not None
    source = report.system.sources["finish"]
    assert source.file.endswith("program.py")
    assert "s.outcome" in Path(source.file).read_text().splitlines()[source.line]
