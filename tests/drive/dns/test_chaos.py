"""Enactors, Planner, resolvers and name server as processes that are killed, and what their journals say."""

from __future__ import annotations

import importlib.util
import itertools
import json
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import pytest

from planrace.checker.drive.dns.chaos.findings import Findings, Outage, Regression, read_findings
from planrace.checker.drive.dns.chaos.options import ChaosOptions, ServerKind
from planrace.checker.drive.dns.chaos.run import run_chaos
from planrace.checker.drive.dns.client import Client, NoAnswerError, ZoneError
from planrace.checker.drive.dns.deployment import deploy
from planrace.checker.drive.dns.embedded import DirectClient, EmbeddedServer
from planrace.checker.drive.dns.enactor import Backoff, EnactorStep, StepResult
from planrace.checker.drive.dns.journal import NO_ANSWER, Journal, read_journal
from planrace.checker.drive.dns.process import EmbeddedProcess
from planrace.checker.drive.dns.safeguards import ORIGINAL
from planrace.model.dns.protocol import dns as dns_protocol
from tests import ROOT
from tests.drive.dns.servers import require
from tests.processes import hear_interrupts, is_gone

BENCH = ROOT / "bench" / "chaos.py"
SHORT = 6.0


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("planrace_bench_chaos", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Whole runs --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["embedded", "bind"])
def test_the_repaired_code_survives_chaos(kind: str, tmp_path: Path) -> None:
    require(kind)
    options = ChaosOptions(ServerKind(kind), seconds=SHORT, publish_every=0.3, kill_every=1.5, restart_every=2.0)
    found = run_chaos(options, tmp_path)
    assert found.safe, found
    assert found.settled is not None, found
    assert set(found.reached) == {found.published}
    assert min(found.crashes, found.server_kills, found.questions, found.results["flip_alias: accepted"]) > 0, found


def test_the_race_of_the_original_code_is_seen_by_resolvers(tmp_path: Path) -> None:
    """Three loops: one rests before endpoint 2 until the second has listed its plan for deletion."""
    listed, flipped, stop = threading.Event(), threading.Event(), threading.Event()
    with EmbeddedServer(["e1.planrace.test.", "e2.planrace.test."]) as server:
        region = deploy(server, safeguards=ORIGINAL, enactors=2)
        delayed, other = region.enactors
        second = region.zones[1]

        def rests(step: EnactorStep) -> StepResult:
            if step.__name__ == "take_lock" and delayed.cursor == 1:
                listed.wait(10)
            result = step()
            if result == StepResult.ACCEPTED and delayed.cursor == 0:
                flipped.set()
                stop.wait(10)
            return result

        def deletes(step: EnactorStep) -> StepResult:
            if step.__name__ == "delete_old_plans":
                listed.set()
                flipped.wait(10)
            return step()

        region.planner.publish()
        loops = [threading.Thread(target=delayed.run, args=(stop, Backoff(0.001, 0.01), rests))]
        loops[0].start()
        wait_until(lambda: region.zones[0].active() == 1)
        region.planner.publish()
        region.planner.publish()
        loops.append(threading.Thread(target=other.run, args=(stop, Backoff(0.001, 0.01), deletes)))
        loops[1].start()
        resolver = Client(server.address, server.port, None)
        try:
            wait_until(lambda: second.active() == 1 and resolver.addresses(second.service) == (0, []))
        finally:
            stop.set()
            for loop in loops:
                loop.join(10)


def wait_until(true: Any) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_when_it_is_interrupted_or_killed(ending: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, BENCH, "--seconds", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=hear_interrupts,  # noqa: PLW1509  (nothing else runs in this process)
    )
    try:
        wait_until(lambda: len(children(process.pid)) >= 7)  # a server, two resolvers, three Enactors, the Planner
        started = children(process.pid)
        process.send_signal(ending)
        _, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == (130 if ending == signal.SIGINT else -signal.SIGKILL)
    assert b"Traceback" not in errors
    assert all(map(is_gone, started))


def children(pid: int) -> list[int]:
    return [int(p) for f in Path(f"/proc/{pid}/task").glob("*/children") for p in f.read_text().split()]


# Journals ----------------------------------------------------------------------------------------------------------
def lines_of(folder: Path, **journals: list[dict[str, Any]]) -> Findings:
    """What is found in journals of these lines."""
    for name, lines in journals.items():
        text = "".join(json.dumps({"begin": 100.0, "end": 100.0, **line}) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text)
    return read_findings(folder)


def answers(*given: tuple[float, int, int]) -> list[dict[str, Any]]:
    """Of a resolver: when, the plan, how many addresses; no answer: plan -1."""
    return [
        {
            "begin": at,
            "e": 1,
            "answer": "NOERROR" if g >= 0 else "none",
            "alias": max(g, 0),
            "addresses": ["192.0.2.1"] * n,
        }
        for at, g, n in given
    ]


def test_what_resolvers_got_is_told(tmp_path: Path) -> None:
    first = {"begin": 10.0, "action": "publish", "g": 1}
    got = answers(
        (10.5, -1, 0), (11, 1, 2), (12, 3, 2), (13, 2, 2), (14, 2, 0), (14.5, -1, 0), (16, 2, 0), (17, 3, 2), (18, 3, 0)
    )
    found = lines_of(tmp_path, planner=[first], resolver=[*got, {"begin": 19.0, "questions": 50}])
    assert found.regressions == [Regression(1, 3.0, 3, 2)]
    assert found.outages == [Outage(1, 4.0, 7.0), Outage(1, 8.0)]
    assert (found.published, found.questions, found.unanswered) == (1, 50, 1.5)
    assert not found.safe


def test_what_enactors_did_is_counted(tmp_path: Path) -> None:
    flip = {"action": "flip_alias", "result": "accepted", "before": {"plan": 3}}
    updates = [{"message": "update", "answer": a} for a in ("NOERROR", "NXRRSET", "NOERROR, lost", "none")]
    found = lines_of(
        tmp_path,
        enactor=[
            {**flip, "seen": {"alias": 2}},
            {**flip, "seen": {"alias": 4}},
            *updates,
            {"action": "crash", "why": "odd"},
        ],
        chaos=[{"action": "crash", "i": 1}, {"event": "server-kill"}],
    )
    assert (found.results, found.stale_flips) == (Counter({"flip_alias: accepted": 2}), 1)
    assert (found.crashes, found.server_kills, found.failures, found.lost) == (2, 1, ["odd"], 2)
    assert not found.safe


def test_what_is_wrong_with_the_repaired_code_decides_the_exit_code(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good = Findings(settled=1.0)
    cases = {
        0: [good],
        1: [
            Findings(outages=[Outage(2, 4.0)], settled=1.0),
            Findings(regressions=[Regression(1, 3.0, 9, 8)], settled=1.0),
            Findings(stale_flips=1, settled=1.0),
            Findings(reached=(4, 5)),
        ],
    }
    for code, several in cases.items():
        for found in several:
            monkeypatch.setattr(bench, "run_chaos", lambda options, folder, found=found: found)
            assert bench.main(["--seed", "1"]) == code
            assert bench.main(["--seed", "1", "--safeguards", "original"]) == 0
    shown = capsys.readouterr().out
    assert "1 outage; endpoint 2 after 4.0 s, to the end" in shown
    assert "1 regression; endpoint 1: 9 to 8 after 3.0 s" in shown


def test_a_journal_has_the_words_of_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, file, stop = Journal(tmp_path / "a.jsonl", i=1), tmp_path / "a.jsonl", threading.Event()
    with EmbeddedServer(["e1.planrace.test."]) as server:
        region = deploy(server, client=DirectClient(server), enactors=1, endpoints=1, keep=0)
        region.planner.publish()
        lost = [NoAnswerError("lost")]

        def perform(step: EnactorStep) -> StepResult:
            if step.__name__ == "delete_old_plans":
                stop.set()
            with monkeypatch.context() as patched:
                if step.__name__ == "build_tree" and lost:
                    patched.setattr(DirectClient, "send", Mock(side_effect=lost.pop()))
                return journal.step(region.enactors[0], step)

        region.enactors[0].run(stop, Backoff(0, 0), perform)
    journal.close()
    with file.open("a") as cut:
        cut.write('{"begin": 1')
    lines = list(read_journal(file))
    told = [(line["action"], line["result"], line.get("e"), line["i"]) for line in lines]
    assert told == [
        ("pick_up", "picked-up", None, 1),
        ("take_lock", "taken", 1, 1),
        ("build_tree", NO_ANSWER, 1, 1),
        ("build_tree", "built", 1, 1),
        ("flip_alias", "accepted", 1, 1),
        ("list_old_plans", "listed", None, 1),
        ("delete_old_plans", "finished", 1, 1),
    ]
    assert [line["seen"] for line in lines] == [
        {"latest": 1},
        {"lock": None},
        {},
        {},
        {"alias": 0, "rollback": 0},
        {},
        {"alias": 1, "rollback": 0},
    ]
    assert lines[4]["before"] == {"phase": "FLIP", "plan": 1, "cursor": 1, "doomed": []}
    assert lines[5]["after"] == {"phase": "DELETE", "plan": 1, "cursor": 1, "doomed": [1]}
    assert all(line["begin"] <= line["end"] <= after["begin"] for line, after in itertools.pairwise(lines))
    assert {line["action"] for line in lines} <= set(dns_protocol.actions)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["--seconds", "0"], "0 is not more than 0: write a number like 60"),
        (["--seconds", "soon"], "soon is not more than 0"),
        (["--rounds", "0"], "0 is no number of rounds: write 1 or more"),
        (["--server", "djbdns"], "invalid choice: 'djbdns'"),
        (["--log", "."], "1 is there already (name another folder for --log)"),
    ],
)
def test_a_wrong_request_is_told(
    given: list[str],
    why: str,
    bench: ModuleType,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "1").mkdir()
    try:
        code = bench.main(given)
    except SystemExit as end:
        code = end.code
    assert code == 2
    assert why in capsys.readouterr().err


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with EmbeddedServer(["e1.planrace.test."]) as other:
        server = EmbeddedProcess(["e1.planrace.test."])
        server.port = other.port
        with pytest.raises(ZoneError, match="Address already in use"), server:
            pass


def test_what_was_answered_is_there_after_a_kill() -> None:
    with EmbeddedProcess(["e1.planrace.test."]) as server:
        region = deploy(server, enactors=1, endpoints=1)
        region.planner.publish()
        assert [region.enactors[0].step() for _ in range(4)][-1] == StepResult.ACCEPTED
        port = server.port
        server.kill()
        with pytest.raises(NoAnswerError):
            Client(server.address, port, None, timeout=0.2).query("e1.planrace.test.", "SOA")
        server.start()
        assert (server.port, region.zones[0].active()) == (port, 1)
