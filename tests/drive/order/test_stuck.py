"""Workers that do not finish a step: deadlocks, locks of others, loops, processes that die; what is told of them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, ClassVar

import pytest

from planrace import (
    CoverReport,
    ModelError,
    Protocol,
    Step,
    Term,
    Workers,
    array,
    check,
    count,
    cover,
    forall,
    index,
    integers,
    invariant,
    render,
    replay,
    update,
    when,
)
from planrace import step as model_step
from planrace.checker.results.driving import DivergenceKind, ReplayEnd
from planrace.drive import point
from tests import ROOT
from tests.processes import is_gone


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that hang are not waited for in vain."""
    for module in ("scheduler", "tasks"):
        monkeypatch.setattr(f"planrace.checker.drive.order.{module}.SHORT", 0.3)


protocol = Protocol("steps", "two workers take two steps each")
Worker = index("worker", 2)
at = protocol.variable("at", array(Worker, integers(0, 2)), 0)
protocol.final(forall(Worker, lambda w: at[w] == 2))


@protocol.action(Worker, by=Worker)
def first(w: Term) -> Step:
    return model_step(when(at[w] == 0), update(at[w], 1))


@protocol.action(Worker, by=Worker)
def second(w: Term) -> Step:
    return model_step(when(at[w] == 1), update(at[w], 2))


class Steps(Workers):
    """Each worker counts its steps."""

    patience: float = 0.3

    def reset(self) -> None:
        self._at = {1: 0, 2: 0}
        self._locks = {1: threading.Lock(), 2: threading.Lock()}

    def workers(self) -> Any:
        return {1: lambda: self._work(1), 2: lambda: self._work(2)}

    def _work(self, w: int) -> None:
        point("first", w)
        self._at[w] = 1
        point("second", w)
        self._at[w] = 2

    def observe(self) -> dict[str, Any]:
        return {"at": self._at}


def differs(driver: type, run: str = "first(1) first(2) second(1)") -> tuple[CoverReport, str]:
    report = cover(protocol, driver, run=run)
    assert report.divergence is not None
    assert report.exit_code == 1
    text = " ".join(render(report).split())
    assert report.divergence.code in text
    return report, report.divergence.code


class Opposite(Steps):
    """Two locks in opposite order."""

    def _work(self, w: int) -> None:
        point("first", w)
        with self._locks[w]:
            self._at[w] = 1
            point("second", w)
            with self._locks[3 - w]:
                self._at[w] = 2


def test_a_deadlock_is_told_with_where_each_worker_stands() -> None:
    report, code = differs(Opposite)
    assert report.divergence is not None
    assert report.divergence.kind is DivergenceKind.STUCK
    assert code.startswith(
        "is in a deadlock: worker 1 did not reach a point within 0.3 s after second(1), and no other"
    )
    line = Opposite._work.__code__.co_firstlineno + 5
    assert code.count(f"test_stuck.py:{line} in _work") == 2


def test_a_deadlock_is_found_by_schedules() -> None:
    for schedule in ("random", "pct", "unseen"):
        found = cover(protocol, Opposite, schedule=schedule, seed=1, max_steps=100).divergence
        assert found is not None
        assert found.kind is DivergenceKind.STUCK
        assert set(found.run.split()[:2]) == {"first(1)", "first(2)"}


class Holding(Steps):
    """Worker 2 waits at a point inside of a lock that worker 1 takes."""

    def _work(self, w: int) -> None:
        point("first", w)
        if w == 2:
            self._locks[1].acquire()
        self._at[w] = 1
        point("second", w)
        if w == 1:
            with self._locks[1]:
                self._at[w] = 2
        else:
            self._at[w] = 2
            self._locks[1].release()


def test_a_lock_of_a_worker_that_waits_is_told_with_both() -> None:
    _, code = differs(Holding)
    assert "worker 1 did not reach a point within 0.3 s after second(1); it stands at " in code
    assert code.endswith("and waits for worker 2, which waits at second(2)")


class HoldingTasks(Steps):
    """The same with tasks."""

    def reset(self) -> None:
        super().reset()
        self._lock = asyncio.Lock()

    def workers(self) -> Any:
        return {1: self._first_task, 2: self._second_task}

    async def _first_task(self) -> None:
        await point("first", 1)
        self._at[1] = 1
        await point("second", 1)
        async with self._lock:
            self._at[1] = 2

    async def _second_task(self) -> None:
        await point("first", 2)
        async with self._lock:
            self._at[2] = 1
            await point("second", 2)
            self._at[2] = 2


def test_a_lock_of_a_task_that_waits_is_told_with_both() -> None:
    _, code = differs(HoldingTasks)
    assert "worker 1 did not reach a point within 0.3 s after second(1); it stands at " in code
    assert "test_stuck.py" in code
    assert code.endswith("and waits for worker 2, which waits at second(2)")


class Looping(Steps):
    def _work(self, w: int) -> None:
        point("first", w)
        self._at[w] = 1
        point("second", w)
        while True:
            pass


class LoopingTask(HoldingTasks):
    async def _first_task(self) -> None:
        await point("first", 1)
        self._at[1] = 1
        await point("second", 1)
        while True:
            pass


class Sleeping(HoldingTasks):
    async def _first_task(self) -> None:
        await point("first", 1)
        self._at[1] = 1
        await point("second", 1)
        await asyncio.sleep(100)


@pytest.mark.parametrize("driver", [Looping, LoopingTask, Sleeping])
def test_a_worker_that_reaches_no_point_is_told_with_its_line(driver: type) -> None:
    before = threading.active_count()
    report, code = differs(driver, "first(1) second(1)")
    assert report.divergence is not None
    assert report.divergence.kind is DivergenceKind.STUCK
    assert code.startswith("does not finish the step: worker 1 did not reach a point within 0.3 s after second(1); it")
    assert f"{'stands' if driver is Sleeping else 'runs'} at tests/drive/order/test_stuck.py:" in code
    assert threading.active_count() <= before


AFTERWARDS = """
import sys
from planrace import cover
from tests.drive.order import test_stuck
report = cover(test_stuck.protocol, test_stuck.Opposite, run="first(1) first(2) second(1)")
print(report.divergence.kind)
def called():
    return 1
sys.setprofile(lambda *_: None)
called()
sys.setprofile(None)
print("went on")
"""


def test_interrupts_of_threads_that_stay_behind_do_not_hold_up_the_others() -> None:
    """A thread that waits for a lock never gets its interrupt. Python 3.11 looked for it for ever in a thread with a
    profile function, such as the one that looks for calls whose results are dropped."""
    done = subprocess.run(
        [sys.executable, "-c", AFTERWARDS], capture_output=True, text=True, timeout=60, check=False, cwd=ROOT
    )
    assert done.stdout.split("\n") == ["stuck", "went on", ""], done.stderr


def test_a_deadlock_decides_no_replay() -> None:
    apart = count(Worker, lambda w: at[w] > 0) + count(Worker, lambda w: at[w] > 1) < 3
    broken = protocol.variant("steps-broken").declaring(properties=[invariant("apart", apart, "nobody is second")])
    report = replay(check(broken), Opposite, broken)
    assert (report.end, report.exit_code) == (ReplayEnd.UNDECIDED, 3)
    assert "deadlock" in report.why


PROGRAM = """
import fcntl, os, sys, time
from planrace.drive import point, step
file, w, how = sys.argv[1], int(sys.argv[2]), sys.argv[3]

def note(n):
    with open(f"{file}.{w}", "w") as f:
        f.write(str(n))

point("first")
if w == 1 and how == "slow-start":
    time.sleep(0.1)
lock = open(file + ".lock", "w")
if how == "lock" and w == 2:
    fcntl.flock(lock, fcntl.LOCK_EX)
note(1)
with step("second") as s:
    if how == "die":
        os.kill(os.getpid(), 9)
    if how == "fail":
        raise SystemExit("no disk")
    if how == "loop":
        while True:
            pass
    if how == "lock":
        fcntl.flock(lock, fcntl.LOCK_EX)
    note(2)
"""


class Programs(Steps):
    patience = 5.0
    how: ClassVar[str] = "right"
    pids: ClassVar[list[int]] = []

    def __init__(self, folder: Path) -> None:
        self._file = folder / "state"

    def reset(self) -> None:
        for w in (1, 2):
            Path(f"{self._file}.{w}").write_text("0")

    def workers(self) -> Any:
        return {w: [sys.executable, "-c", PROGRAM, str(self._file), str(w), self.how] for w in (1, 2)}

    def observe(self) -> dict[str, Any]:
        return {"at": [int(Path(f"{self._file}.{w}").read_text()) for w in (1, 2)]}


def programs(folder: Path, how: str, patience: float = 5.0) -> Any:
    return type("Programs", (Programs,), {"how": how, "patience": patience})(folder)


def test_a_process_that_dies_in_a_step_is_a_lost_reply(tmp_path: Path) -> None:
    report, code = differs(programs(tmp_path, "die"), "first(1) second(1)")
    assert report.divergence is not None
    assert report.divergence.kind is DivergenceKind.LOST
    told = "the process of worker 1 ended with exit code −9 in the middle of second(1)"
    assert code == f"does not answer: {told}"


def test_the_last_words_of_a_process_are_told(tmp_path: Path) -> None:
    _, code = differs(programs(tmp_path, "fail"), "first(1) second(1)")
    assert code.endswith("ended with exit code 1 in the middle of second(1); its last line: no disk")


def test_a_process_tells_where_it_stands(tmp_path: Path) -> None:
    _, code = differs(programs(tmp_path, "loop", 3.0), "first(1) second(1)")
    assert "worker 1 did not reach a point within 3 s after second(1); it runs at <string>:23 in <module>" in code


def test_a_lock_of_another_process_is_told(tmp_path: Path) -> None:
    _, code = differs(programs(tmp_path, "lock", 3.0))
    assert code.endswith("and waits for worker 2, which waits at second(2)")


def test_processes_that_end_well_are_right(tmp_path: Path) -> None:
    assert cover(protocol, programs(tmp_path, "right"), run="first(2) first(1) second(1) second(2)")


class Raising(Steps):
    def _work(self, w: int) -> None:
        point("first", w)
        self._at[w] = 1
        point("second", w)
        raise ValueError("too late")


def test_an_exception_of_a_worker_is_told_with_its_line() -> None:
    report, code = differs(Raising, "first(1) second(1)")
    assert report.divergence is not None
    assert report.divergence.kind is DivergenceKind.RAISED
    assert "test_stuck.py" in code
    assert code.endswith("ValueError: too late")


def test_a_worker_that_does_not_begin_is_told() -> None:
    class Late(Steps):
        def _work(self, w: int) -> None:
            time.sleep(1)

    report, code = differs(Late, "first(1)")
    assert report.divergence is not None
    assert report.divergence.called == "reset"
    assert "worker 1 did not reach a point within 0.3 s after its start" in code


def test_nothing_is_left_running(tmp_path: Path) -> None:
    """After an error in the driver, too."""
    pids: list[int] = []

    class Failing(Programs):
        def observe(self) -> dict[str, Any]:
            assert self._scheduler is not None
            pids.extend(s._process.pid for s in self._scheduler.strands.values())  # type: ignore[attr-defined]
            raise OSError("no disk")

    before = threading.active_count()
    with pytest.raises(ModelError, match="observe fails"):
        cover(protocol, Failing(tmp_path), run="first(1)")
    assert len(pids) == 2
    assert all(map(is_gone, pids))
    time.sleep(0.2)
    assert threading.active_count() <= before
