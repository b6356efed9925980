"""Logs that `check export` writes: each conforms to the model of its run, and violates what its run violates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from planrace import ModelError, check, conform, find, save
from planrace.checker.api.exporting import log_of_random_run
from planrace.checker.cli.main import run
from planrace.checker.logs.writing import LogLayout, by_stream
from planrace.checker.results.conformance import Conformance
from planrace.checker.run.protocols import names_in
from planrace.checker.run.random_run import random_run
from planrace.checker.run.request import select
from planrace.checker.run.walk import Walk
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.interpreter import Interpreter
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Protocol, Variant
from tests.engines.test_every_protocol import BUILT_IN, EXAMPLES, PAGES, in_page

STEPS = 60


def comes_back(subject: Protocol | Variant, folder: Path, sizes: dict[str, int] | None = None) -> None:
    """The log of a random run tells this run, and is asked about the same."""
    for seed, switched in enumerate(([], list(select(subject).with_all_faults.faults))):
        instance = select(subject, sizes, faults=switched).instance
        interpreter = Interpreter(instance)
        if not any(move for s in interpreter.initials() for move in interpreter.moves(s)):
            with pytest.raises(ModelError, match="nothing is enabled in the initial state"):
                log_of_random_run(subject, STEPS, sizes, faults=switched)
            continue
        (folder / "run.jsonl").write_text(str(log_of_random_run(subject, STEPS, sizes, faults=switched, seed=seed)))
        report = conform(subject, folder / "run.jsonl", sizes, faults=switched, logged=[*instance.system.actions])
        assert report.verdict is Conformance.CONFORMS
        assert report.trace is not None
        went = random_run(instance, STEPS, seed)
        told = [(s.action, s.outcome, s.by) for s in report.trace.steps]
        assert told == [(m.action.name, m.outcome.name, performer(m)) for m in went.moves]
        findings = () if report.judged is None else report.judged.findings
        assert {f.name for f in findings} == broken(went)


def broken(run: Recording) -> set[str]:
    """What a run violates: judged after each of its steps."""
    walk = Walk(run.interpreter.instance)
    walk._run = Recording(run.interpreter, run.states[0])
    found = set(walk.broken)
    for move in run.moves:
        walk._run.take(move.action.name, move.choice)
        found.update(walk.broken)
    return found


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda p: p.stem)
def test_examples(file: Path, tmp_path: Path) -> None:
    for name in names_in(str(file)):
        comes_back(find(name), tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_pages(page: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for subject in in_page(page, monkeypatch):
        comes_back(subject, tmp_path)


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_dns_protocol(name: str, tmp_path: Path) -> None:
    comes_back(find(name), tmp_path, BUILT_IN[name])


# What may be wrong with a log --------------------------------------------------------------------------------------
RUN = ("fixed", 60, {"enactors": 2, "endpoints": 1, "plans": 4, "keep": 1})
FAULTS = ("crash", "lock-expiry")


def records(**layout: Any) -> list[dict[str, Any]]:
    """The lines of the same run, with another layout."""
    return [dict(r) for r in log_of_random_run(*RUN, faults=FAULTS, seed=5, layout=LogLayout(**layout)).records]


def test_a_step_is_a_record_at_its_second() -> None:
    lines = records()
    assert [r["at"] for r in lines] == list(range(1, len(lines) + 1))
    assert {r["stream"] for r in lines} == {"planner", "enactor 1", "enactor 2", "environment"}
    flip = next(r for r in lines if r["action"] == "flip_alias")
    number = int(flip["stream"].removeprefix("enactor "))
    assert flip == {
        "stream": flip["stream"],
        "at": flip["at"],
        "action": "flip_alias",
        "parameters": {"i": number},
        "outcome": flip["outcome"],
    }


def test_clocks_are_wrong_by_a_constant(tmp_path: Path) -> None:
    true, lines = records(), records(skew=2.5)
    off: dict[str, set[float]] = {}
    for a, b in zip(true, lines, strict=True):
        off.setdefault(a["stream"], set()).add(round(b["at"] - a["at"], 5))
        assert b["uncertainty"] == 2.5
    assert all(len(values) == 1 and abs(min(values)) <= 2.5 for values in off.values())
    assert len({min(v) for v in off.values()}) == len(off)


def test_lines_of_a_stream_stay_in_order() -> None:
    plain, mixed = records(), records(shuffled=True)
    assert [r["at"] for r in mixed] != [r["at"] for r in plain]
    for stream in {r["stream"] for r in plain}:
        assert [r for r in mixed if r["stream"] == stream] == [r for r in plain if r["stream"] == stream]


def test_some_steps_are_not_logged() -> None:
    plain = records()
    assert [r["at"] for r in records(first=3, last=7)] == [3, 4, 5, 6, 7]
    assert records(hidden=["crash"]) == [r for r in plain if r["action"] != "crash"]
    dropped = records(drop=4)
    assert len(dropped) == len(plain) - 4
    assert all(r in plain for r in dropped)
    assert records(drop=4) == dropped


@pytest.mark.parametrize(
    "layout", [{"skew": 0.4}, {"skew": 2.0, "shuffled": True, "hidden": FAULTS[:1]}, {"last": 20, "shuffled": True}]
)
def test_the_logs_conform_all_the_same(layout: dict[str, Any], tmp_path: Path) -> None:
    exported = log_of_random_run(*RUN, faults=FAULTS, seed=5, layout=LogLayout(**layout))
    exported.write(tmp_path / "logs")
    report = conform("fixed", tmp_path / "logs", RUN[2], faults=FAULTS)
    assert report.verdict is Conformance.CONFORMS


def test_a_file_for_each_stream(tmp_path: Path) -> None:
    exported = log_of_random_run(*RUN, faults=FAULTS, seed=5)
    exported.write(f"{tmp_path}/new/")
    files = sorted((tmp_path / "new").iterdir())
    assert [f.name for f in files] == ["enactor-1.jsonl", "enactor-2.jsonl", "environment.jsonl", "planner.jsonl"]
    assert sum(len(f.read_text().splitlines()) for f in files) == len(exported.records)
    exported.write(tmp_path / "new")  # again
    (tmp_path / "new" / "enactor-3.jsonl").touch()
    with pytest.raises(ModelError, match=r"has enactor-3\.jsonl, which is no stream of this run"):
        exported.write(tmp_path / "new")
    with pytest.raises(ModelError, match="would have the same file"):
        by_stream([{"stream": "a b"}, {"stream": "a-b"}])


def test_a_run_that_comes_to_an_end_says_how_far_it_came() -> None:
    found = log_of_random_run("original", 4000, seed=3)
    steps = len(found.records)
    assert steps < 4000
    ends = "random steps, not 4,000, because nothing is enabled then, of original with seed 3"
    assert found.summary == f"{steps} {ends}: {steps} lines of 4 streams"
    endless = log_of_random_run("original", 1000, {"planner": "endless"}, seed=3)
    assert len(endless.records) == 1000


# The command ---------------------------------------------------------------------------------------------------------
def test_a_counterexample_becomes_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
    save(check("original", small), tmp_path / "report.json")
    command = ["export", str(tmp_path / "report.json"), "--to", "log", "--trace", "record-never-empty"]
    assert run(command) == 0
    out, err = capsys.readouterr()
    (tmp_path / "run.jsonl").write_text(out)
    report = conform("original", tmp_path / "run.jsonl", small)
    assert report.judged is not None
    assert "record-never-empty" in {f.name for f in report.judged.findings}
    assert (
        err == f"{len(out.splitlines())} steps of {tmp_path}/report.json: {len(out.splitlines())} lines of 3 streams\n"
    )
    assert run([*command, "-o", str(tmp_path / "again.jsonl")]) == 0
    assert (tmp_path / "again.jsonl").read_text() == out
    assert capsys.readouterr().out == ""


def test_equal_seeds_make_equal_logs(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export", "-p", "fixed", "--to", "log", "--length", "30", "--skew", "1", "--drop", "2", "--shuffle"]
    assert [run([*command, "--seed", seed]) for seed in ("1", "1", "2")] == [0, 0, 0]
    out = capsys.readouterr().out.splitlines()
    assert out[:28] == out[28:56] != out[56:]
    assert all(json.loads(line) for line in out)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "Name a run: TRACE.json, or a protocol for a random one: -p NAME."),
        (["a.json", "-p", "fixed"], "Name a run: TRACE.json, or a protocol"),
        (["-p", "fixed", "--trace", "a"], "--trace names a run of TRACE.json, which is missing."),
        (["a.json", "--length", "5"], "--length is for random runs: -p NAME."),
        (["a.json", "-o", "./a.json"], "-o ./a.json would replace the run that is read."),
        (["-p", "fixed", "--hide", "publsh"], "no step is an action 'publsh' (did you mean"),
        (
            ["-p", "fixed", "--length", "3", "--drop", "3"],
            "no line is left: the run has 3 steps, of which 3 are logged",
        ),
        (
            ["-p", "fixed", "--first", "50", "--length", "3"],
            "no line is left: the run has 3 steps, of which 0 are logged",
        ),
        (["-p", "fixed", "-o", "file/logs/"], "cannot make the folder file/logs/: Not a directory (name another one)"),
        (["missing.json"], "missing.json"),
        (["-p", "fixed", "-o", "none/run.jsonl"], "none/run.jsonl"),
    ],
)
def test_a_wrong_request_is_told(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    assert run(["export", "--to", "log", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert "Traceback" not in err
