"""Points write logs: each step a record, each thread and task a stream, and nothing false after crashes and forks."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import planrace.drive
from planrace import Protocol, conform, count, forall, index, integers, step, update, when
from planrace.checker.results.conformance import Conformance
from planrace.drive import log_to, point
from planrace.drive import step as begins

protocol = Protocol("counting")
most = protocol.parameter("most", 3, 1, 99)
Worker = index("worker", protocol.parameter("workers", 2, 1, 4))
total = protocol.variable("total", integers(0, most), 0)


@protocol.action(Worker, by=Worker)
def add(w):  # type: ignore[no-untyped-def]
    return step(when(total < most), update(total, total + 1))


protocol.final((total == most) & forall(Worker, lambda w: count(Worker, lambda v: v == w) == 1))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    log_to(tmp_path / "worker-1.jsonl")
    yield tmp_path / "worker-1.jsonl"
    log_to(None)


def lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]


def told(log: Path) -> list[tuple[Any, ...]]:
    """Stream, whether the line begins or ends, the number, and how it ended."""
    kind = [("begins" if "begins" in r else "ends", r) for r in lines(log)]
    return [(r["stream"], k, r[k], r.get("outcome", r.get("refused"))) for k, r in kind]


def test_a_step_is_a_record_from_its_point_to_the_end_of_its_block(log: Path) -> None:
    before = time.time()
    with begins("flip", 1, "x") as s:
        time.sleep(0.01)
        s.outcome("accepted")
        s.log(after={"active": 7}, serials={"zone": 4})
    begun, ended = lines(log)
    assert before <= begun["at"] == ended["at"][0] < ended["at"][1] - 0.009 <= time.time()
    shared = {"stream": "worker-1", "action": "flip", "parameters": [1, "x"]}
    assert begun == {**shared, "begins": 1, "at": begun["at"]}
    more = {"outcome": "accepted", "after": {"active": 7}, "serials": {"zone": 4}}
    assert ended == {**shared, "ends": 1, "at": ended["at"], **more}


def test_a_point_ends_the_step_before_it(log: Path) -> None:
    point("a").outcome("right")
    point("b")
    with begins("c"):
        pass
    kinds = [(kind, number, how) for _, kind, number, how in told(log)]
    assert kinds == [
        *[("begins", 1, None), ("ends", 1, "right"), ("ends", 1, "right")][:2],
        *[("begins", 2, None), ("ends", 2, None), ("begins", 3, None), ("ends", 3, None)],
    ]


def test_what_is_said_after_the_block_is_written_too(log: Path) -> None:
    with begins("a") as s:
        pass
    s.refused("stale")
    assert [how for *_, how in told(log)] == [None, None, "stale"]


def test_an_exception_leaves_a_step_open_that_did_not_say_how_it_ended(log: Path) -> None:
    def fails(said: bool) -> None:
        with begins("a") as s:
            if said:
                s.outcome("failed")
            raise ZeroDivisionError

    for said in (False, True):
        with pytest.raises(ZeroDivisionError):
            fails(said)
    point("b")
    assert told(log)[:-1] == [
        ("worker-1", "begins", 1, None),
        ("worker-1", "begins", 2, None),
        ("worker-1", "ends", 2, "failed"),
    ]


def test_threads_and_tasks_are_streams(log: Path) -> None:
    """Steps of two tasks overlap; none ends that of the other. A thread that is gone leaves its stream to another."""

    async def work(n: int) -> None:
        await point("a", n)
        await asyncio.sleep(0.01)
        async with begins("b", n):
            await asyncio.sleep(0.01)

    async def both() -> None:
        await asyncio.gather(work(1), work(2))

    asyncio.run(both())
    for n in (3, 4):
        thread = threading.Thread(target=lambda n=n: point("c", n))
        thread.start()
        thread.join()
        del thread
    streams: dict[str, list[Any]] = {}
    for r in lines(log):
        streams.setdefault(r["stream"], []).append((r["parameters"][0], "begins" in r))
    tasks = [[(n, begins) for begins in (True, False, True, False)] for n in (1, 2)]
    assert sorted(s[:4] for s in streams.values()) == tasks
    assert sum(map(len, streams.values())) == 10
    assert len(streams) == 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_child_that_is_forked_is_a_stream_of_its_own(log: Path) -> None:
    with begins("a"):
        child = os.fork()
        if child == 0:
            with begins("b"):
                pass
        else:
            os.waitpid(child, 0)
    if child == 0:  # it has left the block of its parent, too
        os._exit(0)
    assert told(log) == [
        ("worker-1", "begins", 1, None),
        (f"worker-1-{child}", "begins", 1, None),
        (f"worker-1-{child}", "ends", 1, None),
        ("worker-1", "ends", 1, None),
    ]


def test_points_have_the_names_of_their_actions(tmp_path: Path) -> None:
    log_to(tmp_path / "a.jsonl", stream="w", uncertainty=0.5, actions={"ADD": "add", "LOG": None})
    with begins("ADD", 1):
        point("LOG").outcome("none")
    log_to(None)
    point("ADD", 1)
    records = lines(tmp_path / "a.jsonl")
    assert [(r["action"], r["stream"], r["uncertainty"]) for r in records] == [("add", "w", 0.5)] * 2


def test_a_log_that_cannot_be_written_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    log_to(tmp_path / "file" / "a.jsonl")
    with begins("a"):
        pass
    assert planrace.drive._process is None
    assert f"planrace: the log {tmp_path}/file/a.jsonl ends here" in capsys.readouterr().err


PROGRAM = """
import os, sys, time
from planrace.drive import step

with step("add", int(sys.argv[1])):
    print("there", flush=True)
    if len(sys.argv) > 2:
        time.sleep(60)
"""


def test_a_step_that_is_killed_may_have_happened(tmp_path: Path) -> None:
    """The environment names the folder. Of the killed process nobody knows whether it has counted."""
    environment = {**os.environ, "PLANRACE_LOG": str(tmp_path / "logs"), "PLANRACE_WORKER": "worker 1"}
    for more in ([], ["wait"]):
        command = [sys.executable, "-c", PROGRAM, "1", *more]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "there\n"
            if more:
                process.send_signal(signal.SIGKILL)
    logs = sorted((tmp_path / "logs").iterdir())
    assert [f.name.rpartition("-")[0] for f in logs] == ["worker-1", "worker-1"]
    assert [{r["stream"] for r in lines(f)} for f in logs] == [{f.stem} for f in logs]  # two processes, two streams
    for value in (1, 2):
        seen = tmp_path / "seen.jsonl"
        seen.write_text(json.dumps({"action": "add", "parameters": [2], "after": {"total": value + 1}}))
        report = conform(protocol, [*logs, seen], logged=["add"])
        assert report.verdict is Conformance.CONFORMS
        assert report.trace is not None
        assert len(report.trace.steps) == value + 1
    seen.write_text(json.dumps({"action": "add", "parameters": [2], "before": {"total": 3}}))
    assert conform(protocol, [*logs, seen], {"most": 4}).verdict is Conformance.DIVERGES
