"""What a person sees while logs are read and searched, and what is left when the work is ended early."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from planrace import conform, render
from planrace.checker.cli.main import run
from planrace.checker.engines.limits import Progress
from planrace.checker.logs import conform as conforming
from planrace.checker.logs import progress
from planrace.checker.logs.diagnosis import DivergenceDiagnosis
from planrace.checker.logs.first_run import FirstRun
from planrace.checker.logs.frontier import Frontiers
from planrace.checker.logs.rates import StepsAlone
from planrace.checker.logs.records import EventReader
from planrace.checker.results.conformance import Conformance
from planrace.checker.results.guard import TimeUpError
from tests.logs.logs import Records

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
RIGHT: Records = [{"action": "publish", "at": n, "before": {"latest": n}} for n in range(3)]
WRONG: Records = [*RIGHT, {"action": "take_lock", "parameters": [1]}]


def written(folder: Path, records: Records) -> Path:
    path = folder / "a.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in records))
    return path


def command(file: Path, *options: str) -> list[str]:
    sizes = [word for n, v in SIZES.items() for word in ("-s", f"{n}={v}")]
    return ["conform", "-p", "fixed", *sizes, str(file), *options]


def test_a_listener_hears_of_every_phase(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    monkeypatch.setattr(progress, "STRIDE", 1)
    heard: list[Progress] = []
    many: Records = [{"action": "publish", "at": n} for n in range(100)]
    conform("fixed", written(tmp_path, many), {**SIZES, "plans": 100}, hidden=0, listener=heard.append)
    assert "reading a.jsonl: 99 lines" in [p.task for p in heard]
    assert any(p.task.startswith("explaining: ") and p.task.endswith(" of 100 events") for p in heard)
    assert "all runs: 99 of 100 events, 1 side by side" in [p.task for p in heard]
    assert heard[-1].task == "judging each step alone"
    assert {(p.states, p.transitions) for p in heard} == {(0, 0)}
    heard.clear()
    conform("fixed", written(tmp_path, WRONG), SIZES, hidden=0, listener=heard.append)
    assert "finding out what nothing explains" in [p.task for p in heard]


@pytest.mark.skipif(sys.platform == "win32", reason="no terminal of this kind")
def test_progress_is_drawn_on_a_terminal(tmp_path: Path) -> None:
    """Standard error is the terminal; the report goes to a pipe, and is whole."""
    above, below = pty.openpty()
    words = [sys.executable, "-m", "planrace", *command(written(tmp_path, RIGHT))]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=below) as process:
        os.close(below)
        shown = b""
        with suppress(OSError):  # the other end is closed
            while read := os.read(above, 4096):
                shown += read
        assert process.stdout is not None
        text = process.stdout.read().decode()
    os.close(above)
    assert b"starting" in shown
    assert text.endswith("(exit 0)\n")


# Interruptions ---------------------------------------------------------------------------------------------------
def interrupt(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, after: int = 0) -> None:
    """Interrupt a function at its call number ``after``, from 0."""
    calls: list[None] = []
    real: Callable[..., Any] = getattr(owner, name)

    def interrupted(*given: Any, **named: Any) -> Any:
        calls.append(None)
        if len(calls) > after:
            raise KeyboardInterrupt
        return real(*given, **named)

    monkeypatch.setattr(owner, name, interrupted)


def test_an_interruption_while_logs_are_read_says_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mapping = tmp_path / "a.toml"
    mapping.write_text('form = "json"\n[[step]]\nmatch = { action = "publish" }\naction = "publish"\n')
    interrupt(monkeypatch, EventReader, "add", 2)
    for options in ([], ["--mapping", str(mapping)]):
        assert run(command(written(tmp_path, RIGHT), *options)) == 130
        out, err = capsys.readouterr()
        assert out == ""
        assert err.lstrip() == "interrupted after 3 lines of a.jsonl, before there was anything to report\n"
        monkeypatch.undo()
        interrupt(monkeypatch, EventReader, "add", 2)


def test_an_end_of_time_while_logs_are_read_says_how_far_it_came(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many: Records = [{"action": "publish"}] * 1024
    assert run(command(written(tmp_path, many), "--time-limit", "0")) == 3
    assert "was reached after 1,023 lines of a.jsonl, before there was anything" in capsys.readouterr().err


def test_an_interruption_before_the_verdict_leaves_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(monkeypatch, FirstRun, "search")
    report = conform("fixed", written(tmp_path, WRONG), SIZES, hidden=0)
    assert (report.verdict, report.exit_code) == (Conformance.UNKNOWN, 130)
    assert "it was interrupted; 0 of 4 events were explained by then" in " ".join(render(report).split())


def test_what_nothing_explains_is_known_before_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption, or an end of time, comes while the place is searched. With a bound of hidden steps that was
    reached, the first search was not complete."""

    def time_up(*_: object) -> None:
        raise TimeUpError("the time limit of 1 s was reached")

    file, cut = written(tmp_path, WRONG), tmp_path / "cut.jsonl"
    cut.write_text('{"action": "publish"}\n{"action": "build_tree", "parameters": [1]}\n')
    for ending, code in ((None, 130), (time_up, 1)):
        with monkeypatch.context() as m:
            if ending is None:
                interrupt(m, Frontiers, "search")
            else:
                m.setattr(Frontiers, "search", ending)
            report = conform("fixed", file, SIZES, hidden=0)
            assert (report.verdict, report.divergence, report.exit_code) == (Conformance.DIVERGES, None, code)
            assert "no run explains all 4 events; where they leave the model is not known: " in str(report.stopped)
            bounded = conform("fixed", cut, SIZES, hidden=1)
            assert (bounded.verdict, bounded.divergence) == (Conformance.UNKNOWN, None)


def test_an_interruption_after_the_verdict_does_not_take_it_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was to be found out beside it is left out, and what is missing is said."""
    for owner, name in ((Frontiers, "search"), (conforming, "nearest_violation"), (StepsAlone, "rates")):
        with monkeypatch.context() as m:
            interrupt(m, owner, name)
            report = conform("fixed", written(tmp_path, RIGHT), SIZES)
        assert (report.verdict, report.exit_code) == (Conformance.CONFORMS, 0)
        assert (report.near is None) == (owner is not StepsAlone)
        assert (report.rates == ()) == (owner is StepsAlone)
        searched = "were searched: it was interrupted" in " ".join(render(report).split())
        assert searched == (owner is Frontiers)
    with monkeypatch.context() as m:
        interrupt(m, DivergenceDiagnosis, "_changes")
        report = conform("fixed", written(tmp_path, WRONG), SIZES, hidden=0)
    assert report.verdict is Conformance.DIVERGES
    assert report.divergence is not None
    assert report.divergence.repairs == ()


# Where the place is not known ------------------------------------------------------------------------------------
def test_what_nothing_explains_diverges_although_its_place_is_not_known(tmp_path: Path) -> None:
    """The first search tried everything; that for the place was too wide. With a bound of hidden steps it did not."""
    records: Records = [{"action": "publish"}, *({"action": "pick_up", "parameters": [i], "stream": i} for i in (1, 2))]
    records += [{"action": "flip_alias", "parameters": [2], "after": {"alias": [3]}}]
    file = written(tmp_path, records)
    assert conform("fixed", file, SIZES).divergence is not None
    report = conform("fixed", file, SIZES, max_width=1)
    assert (report.verdict, report.divergence, report.exit_code) == (Conformance.DIVERGES, None, 1)
    text = " ".join(render(report).split())
    assert "fixed: no run explains all 4 events; where they leave the model is not known: more than 1 state" in text
    assert text.endswith("the logs diverge from the model (exit 1)")
    assert json.loads(render(report, "json"))["divergence"] is None
    assert render(report, "html").startswith("<!doctype html>")
    bounded = conform("fixed", file, SIZES, max_width=1, hidden=1)
    assert (bounded.verdict, bounded.exit_code) == (Conformance.UNKNOWN, 3)
    assert "with at most 1 hidden step" in str(bounded.stopped)


def test_one_event_is_one(tmp_path: Path) -> None:
    assert "the model explains the one event\n" in render(conform("fixed", written(tmp_path, RIGHT[:1]), SIZES))
