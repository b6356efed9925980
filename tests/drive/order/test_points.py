"""Points outside of a test do nothing; in one the order is that of the schedule; copies, loops, crashes and Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from importlib import util
from pathlib import Path
from typing import Any

import pytest

import planrace.drive
from planrace import ModelError, cover
from planrace.drive import PlacedStep, point, step
from tests import ROOT
from tests.drive.order.jobs import Threads, form
from tests.drive.order.jobs import protocol as jobs
from tests.drive.order.test_stuck import Steps, programs, protocol
from tests.processes import hear_interrupts, is_gone

ONE = ("first", "second")


# Outside of a test ---------------------------------------------------------------------------------------------------
def test_a_point_does_nothing_outside_of_a_test() -> None:
    assert isinstance(point("first", 1), PlacedStep)
    with step("first", 1) as s:
        s.outcome("done")
        s.refused("no")

    async def inside() -> str:
        (await point("first")).refused()
        async with step("first") as s:
            s.outcome("done")
        return "done"

    assert asyncio.run(inside()) == "done"


def test_a_point_costs_less_than_a_microsecond() -> None:
    """The best of several: other programs run beside this one."""
    times = []
    for _ in range(20):
        began = time.thread_time()
        for _ in range(1000):
            point("first", 1)
        times.append((time.thread_time() - began) / 1000)
    assert min(times) < 1e-6


def test_importing_points_loads_nothing_else_of_planrace() -> None:
    code = "import sys, planrace.drive; print(sorted(n for n in sys.modules if n.startswith('planrace')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['planrace', 'planrace.drive']"


# The order -----------------------------------------------------------------------------------------------------------
class Noting(Steps):
    """Workers that would run freely note what they do."""

    patience = 5.0
    order: Any = ()

    def reset(self) -> None:
        super().reset()
        type(self).order = self.order = []

    def _work(self, w: int) -> None:
        for n, name in enumerate(ONE, 1):
            point(name, w)
            self.order.append(f"{name}({w})")
            time.sleep(0.0005 * (3 - w))  # the other one would overtake
            self._at[w] = n


class NotingTasks(Noting):
    def workers(self) -> Any:
        async def work(w: int) -> None:
            for n, name in enumerate(ONE, 1):
                await point(name, w)
                self.order.append(f"{name}({w})")
                await asyncio.sleep(0.0005 * (3 - w))
                self._at[w] = n

        async def first() -> None:
            await work(1)

        async def second() -> None:
            await work(2)

        return {1: first, 2: second}


@pytest.mark.parametrize("driver", [Noting, NotingTasks])
def test_the_order_is_that_of_the_run(driver: type[Noting]) -> None:
    """Fifty times, in six different orders."""
    runs = ["1122", "1212", "1221", "2112", "2121", "2211"]
    for n in range(50):
        seen: dict[str, int] = {"1": 0, "2": 0}
        wanted = []
        for w in runs[n % 6]:
            wanted.append(f"{ONE[seen[w]]}({w})")
            seen[w] += 1
        assert cover(protocol, driver, run=" ".join(wanted))
        assert driver.order == wanted


def test_a_copy_of_the_file_is_as_good(tmp_path: Path) -> None:
    shutil.copy(planrace.drive.__file__, tmp_path / "points.py")
    spec = util.spec_from_file_location("points", tmp_path / "points.py")
    assert spec is not None
    assert spec.loader is not None
    copied = util.module_from_spec(spec)
    spec.loader.exec_module(copied)

    class Copying(Steps):
        def _work(self, w: int) -> None:
            with copied.step("first", w):
                self._at[w] = 1
            copied.point("second", w)
            self._at[w] = 2

    assert cover(protocol, Copying)


# What workers may do -------------------------------------------------------------------------------------------------
def test_parameters_that_are_left_out_are_the_number_of_the_worker() -> None:
    class Short(Steps):
        def _work(self, w: int) -> None:
            point("first")
            self._at[w] = 1
            point("second")
            self._at[w] = 2

        def workers(self) -> Any:
            return {("enactor", 1): lambda: self._work(1), ("enactor", 2): lambda: self._work(2)}

    assert cover(protocol, Short)
    found = cover(protocol, Short, run="first(1) second(1) first(2) second(2)", seed=1)
    assert found


class Virtual(asyncio.SelectorEventLoop):
    """A loop with a clock of its own: it never waits for a timer."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def _run_once(self) -> None:
        if not self._ready and self._scheduled:  # type: ignore[attr-defined]
            self.now = max(self.now, self._scheduled[0].when())  # type: ignore[attr-defined]
        super()._run_once()  # type: ignore[misc]


class Hours(Steps):
    """Takes hours, on the clock of the loop."""

    patience = 5.0

    def event_loop(self) -> asyncio.AbstractEventLoop:
        self._virtual = Virtual()
        return self._virtual

    def workers(self) -> Any:
        async def work() -> None:
            await point("first", 1)
            await asyncio.sleep(3600)
            self._at[1] = 1
            await point("second", 1)
            async with asyncio.timeout(7200):
                await asyncio.sleep(3600)
            self._at[1] = 2

        return {1: work}


def test_a_driver_may_have_a_loop_of_its_own() -> None:
    made = Hours()
    began = time.monotonic()
    assert cover(protocol, made, run="first(1) second(1)")
    assert time.monotonic() - began < 60
    assert made._virtual.now >= 7200
    assert made._virtual.is_closed()


def test_a_driver_without_workers_may_have_a_loop_too() -> None:
    class Plain:
        def event_loop(self) -> asyncio.AbstractEventLoop:
            self._virtual = Virtual()
            return self._virtual

        async def reset(self) -> None:
            await asyncio.sleep(3600)
            self._at = {1: 0, 2: 0}

        async def first(self, w: int) -> None:
            self._at[w] = 1

        async def second(self, w: int) -> None:
            self._at[w] = 2

        async def observe(self) -> dict[str, Any]:
            return {"at": self._at}

    made = Plain()
    assert cover(protocol, made)
    assert made._virtual.now >= 3600


def test_a_loop_that_is_none_is_a_mistake() -> None:
    class Wrong(Hours):
        def event_loop(self) -> Any:
            return "loop"

    with pytest.raises(ModelError, match=r"test_points.py:\d+: Wrong.event_loop returns 'loop' \(return a new loop"):
        cover(protocol, Wrong, run="first(1)")


# Crashes -------------------------------------------------------------------------------------------------------------
def test_a_worker_that_is_stopped_gets_an_exception_at_its_point() -> None:
    ends: list[str] = []

    class Noted(Threads):
        def workers(self) -> Any:
            def work(w: int) -> None:
                try:
                    self._work(w)()  # type: ignore[operator]
                except Exception:
                    ends.append("exception")
                except BaseException as problem:
                    ends.append(type(problem).__name__)
                    raise

            return {w: lambda w=w: work(w) for w in self._numbers}

        def crash(self, w: int) -> None:
            self.stop(w)
            ends.append("stopped")
            self._store.busy(w, False)
            self.start(w)

    assert cover(jobs, Noted, faults=["crash"], run="claim(1) crash(1)")
    assert ends[:2] == ["Stopped", "stopped"]


def test_a_killed_process_begins_anew() -> None:
    assert cover(jobs, form("processes"), faults=["crash"], run="claim(1) crash(1) expire claim(1) finish(1)")


def test_a_worker_that_runs_is_not_started_twice() -> None:
    class Twice(Threads):
        def crash(self, w: int) -> None:
            self.start(w)

    with pytest.raises(ModelError, match=r"worker 1 is started while it runs \(stop it first"):
        cover(jobs, Twice, faults=["crash"], run="claim(1) crash(1)")


# Strangers and interruptions -----------------------------------------------------------------------------------------
def test_who_does_not_know_the_token_is_not_heard(tmp_path: Path) -> None:
    answers = []

    class Watched(type(programs(tmp_path, "right"))):  # type: ignore[misc]
        def observe(self) -> dict[str, Any]:
            server = self._scheduler._server
            host, port = server.address.split(":")
            for hello in ({"planrace": 1, "token": "x", "worker": "1"}, {}, "nonsense"):
                with socket.create_connection((host, int(port)), timeout=5) as stranger:
                    stranger.sendall(json.dumps(hello).encode() + b"\n")
                    answers.append(stranger.recv(1))
            found: dict[str, Any] = super().observe()
            return found

    assert cover(protocol, Watched(tmp_path), run="first(1)")
    assert set(answers) == {b""}


INTERRUPTED = """
import sys
from pathlib import Path
from tests.drive.order.test_stuck import programs, protocol
from planrace import cover

made = programs(Path(sys.argv[1]), "loop", 60.0)
perform = type(made).observe
def observe(self):
    print("pids", *(s._process.pid for s in self._scheduler.strands.values()), file=sys.stderr, flush=True)
    return perform(self)
type(made).observe = observe
print(cover(protocol, made, run="first(1) second(1)").exit_code, flush=True)
"""


def test_an_interruption_leaves_nothing_running(tmp_path: Path) -> None:
    """In the middle of a step that never ends."""
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509  (nothing else runs in this process)
    ) as program:
        assert program.stderr is not None
        pids = [int(p) for p in program.stderr.readline().split()[1:]]
        program.stderr.readline()  # after the first step; the second one begins
        time.sleep(0.5)
        os.kill(program.pid, signal.SIGINT)
        out, err = program.communicate(timeout=60)
    assert out.split() == ["130"], err
    assert len(pids) == 2
    assert all(map(is_gone, pids))


def test_what_is_no_message_is_told(tmp_path: Path) -> None:
    program = """
import json, os, socket
host, _, port = os.environ["PLANRACE_POINTS"].rpartition(":")
with socket.create_connection((host, int(port))) as s:
    hello = {"planrace": 1, "token": os.environ["PLANRACE_TOKEN"], "worker": os.environ["PLANRACE_WORKER"]}
    s.sendall(json.dumps({**hello, "at": "first"}).encode() + b"\\n")
    s.recv(100)
    s.sendall(b"done\\n")
    s.recv(100)
"""

    class Foreign(Steps):
        patience = 10.0

        def workers(self) -> Any:
            return {1: [sys.executable, "-c", program]}

    found = cover(protocol, Foreign, run="first(1)").divergence
    assert found is not None
    assert found.code.endswith("in the middle of first(1); its last line: it sent 'done', which is no message")


def test_threads_are_gone_after_a_run() -> None:
    before = threading.active_count()
    assert cover(jobs, form("threads"), run="claim(1) expire")
    assert cover(jobs, form("tasks"), run="claim(1) expire")
    time.sleep(0.2)
    assert threading.active_count() <= before
