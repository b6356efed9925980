"""``--checkpoint`` and ``--resume`` as options of a check."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from planrace import ModelError, Options, check
from planrace.checker.cli.main import run
from planrace.checker.engines.interrupts import pending
from planrace.checker.report.json.read import read_report
from planrace.checker.report.json.write import to_json
from planrace.checker.results.checkpoint import Checkpointed, Resumed
from planrace.checker.results.report import NO_CHECKPOINT, Report
from planrace.checker.results.verdict import Verdict
from planrace.model.language import Protocol, integers, step, update, when
from planrace.model.language.actions import Step
from planrace.properties import invariant
from planrace.properties.dns import original

pytestmark = pytest.mark.usefixtures("own_cache")
SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}
WORDS = ["-p", "original", *(w for name, size in SIZES.items() for w in ("-s", f"{name}={size}"))]


@pytest.fixture(autouse=True)
def only_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However slow the machine is."""
    monkeypatch.setattr("planrace.checker.engines.native.checkpoints.RATIO", 10**9)


def told(report: Report) -> Any:
    """What a report says of its search and its properties, apart from time, memory and checkpoints."""
    covered = report.exploration
    assert covered is not None
    same = replace(covered, seconds=0.0, peak_memory_bytes=0, workers=1, resumed=None, checkpoint=None)
    return same, [replace(f, insight=None) for f in report.findings], report.full_match


@pytest.mark.parametrize("engine", ["auto", "native"])
@pytest.mark.parametrize("depth", [4, 15])
def test_a_check_goes_on(engine: str, depth: int, tmp_path: Path) -> None:
    """All properties, also those that need the graph, and the fullest match of the post-mortem."""
    file = tmp_path / "file"
    whole = check(original, SIZES, options=Options(engine=engine, checkpoint=tmp_path / "other"))
    cut = check(original, SIZES, options=Options(engine=engine, checkpoint=file, depth=depth))
    assert Verdict.UNKNOWN in {f.verdict for f in cut.findings}
    again = check(original, SIZES, options=Options(engine=engine, resume=file, workers=1))
    assert told(again) == told(whole)
    assert cut.exploration is not None
    assert cut.exploration.checkpoint == Checkpointed(depth, file.stat().st_size, 1)
    assert again.exploration is not None
    resumed = again.exploration.resumed
    assert resumed is not None
    assert resumed == Resumed(depth, cut.exploration.states, resumed.seconds)
    assert again.exploration.seconds > resumed.seconds > 0


def test_orbits_are_searched_where_they_would_be_if_states_are_many(tmp_path: Path) -> None:
    """With checkpoints a search begins in machine code; verdicts and lengths are those of one in Python."""
    plain = check(original, SIZES)
    saved = check(original, SIZES, options=Options(checkpoint=tmp_path / "file"))
    assert saved.engine == "native"
    assert saved.exploration is not None
    assert saved.exploration.symmetry
    assert [(f.name, f.verdict, f.depth) for f in saved.findings] == [
        (f.name, f.verdict, f.depth) for f in plain.findings
    ]
    for options in ({"exhaustive": True}, {"symmetry": False}):
        found = check(original, SIZES, options=Options(checkpoint=tmp_path / "other", **options)).exploration  # type: ignore[arg-type]
        assert found is not None
        assert not found.symmetry


def test_one_file_may_be_read_and_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It need not exist at first; a file that is only read must."""
    file = str(tmp_path / "file")
    assert run([*WORDS, "--checkpoint", file, "--resume", file, "--depth", "9"]) == 3
    assert run([*WORDS, "--checkpoint", file, "--resume", file, "--format", "json"]) == 1
    out, err = capfd.readouterr()
    assert err == ""
    covered = json.loads(out[out.index("\n{") :])["exploration"]
    assert covered["resumed"]["depth"] == 9
    assert covered["checkpoint"]["written"] == 1
    assert covered["complete"]
    assert run([*WORDS, "--resume", str(tmp_path / "none")]) == 2
    assert "cannot be read: No such file or directory (name a file that --checkpoint wrote)" in capfd.readouterr().err


def test_the_report_says_so(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    assert run([*WORDS, "--checkpoint", str(file), "--depth", "9"]) == 3
    size = file.stat().st_size
    assert f"A checkpoint was written, at depth 9 with {size:,} bytes." in " ".join(capfd.readouterr().out.split())
    report = check(original, SIZES, options=Options(resume=file, checkpoint=file))
    assert run([*WORDS, "--resume", str(file)]) == 1
    assert "Resumed at depth " in capfd.readouterr().out
    (tmp_path / "report.json").write_text(json.dumps(to_json(report)))
    read = read_report(tmp_path / "report.json").exploration
    assert read is not None
    assert report.exploration is not None
    assert (read.resumed, read.checkpoint) == (report.exploration.resumed, report.exploration.checkpoint)


def test_a_checkpoint_that_cannot_be_written_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes no verdict, and no exit code with ``--strict``."""

    def failing(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", failing)
    report = check(original, SIZES, options=Options(checkpoint=tmp_path / "file"))
    (warning,) = (w for w in report.warnings if w.kind == NO_CHECKPOINT)
    assert warning.message == "No checkpoint could be written at the end: No space left on device; there is none."
    assert not warning.strict
    assert report.verdict is Verdict.VIOLATED
    assert not list(tmp_path.iterdir())


# What is refused -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "engine", ["explicit", "simulate", "bitstate", "bmc", "induction", "spacer", "proof", "cluster"]
)
def test_engines_without_checkpoints_refuse_them(
    engine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for option in ("--checkpoint", "--resume"):
        assert run(["-p", "fixed", "--engine", engine, option, str(tmp_path / "file")]) == 2
        assert f"engine {engine} has no checkpoints" in capfd.readouterr().err


def test_searches_without_checkpoints_refuse_them(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = ["--checkpoint", str(tmp_path / "file")]
    assert run([*WORDS, *file, "--property", "endpoints-converge"]) == 2
    assert "searches for liveness have no checkpoints, and nothing else is asked" in capfd.readouterr().err
    assert run([*WORDS, *file, "--scenario", "postmortem"]) == 2
    assert "a search for a scenario has no checkpoints" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_without_machine_code_there_are_none(tmp_path: Path) -> None:
    protocol = Protocol("wide", "a number that fits into no machine word")
    n = protocol.variable("n", integers(0, 2**63 - 1), 0)

    @protocol.action(by="somebody")
    def grow() -> Step:
        return step(when(n < 9), update(n, n + 1))

    protocol.declare(invariant("small", n < 10, "n is small"))
    with pytest.raises(ModelError, match=r"cannot be compiled to machine code: .*leave out --checkpoint and --resume"):
        check(protocol, options=Options(checkpoint=tmp_path / "file"))


# Signals ---------------------------------------------------------------------------------------------------------
SIGNALLED = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from planrace.checker.engines.native import checkpoints
from planrace.checker.engines.native.crew import LocalCrew
checkpoints.RATIO = 10**9
take, times = LocalCrew.take, {times}
def taken(crew):
    if crew.size > 50:
        while times:
            os.kill(os.getpid(), times.pop())
    take(crew)
LocalCrew.take = taken
from planrace.checker.cli import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_checkpoint(number: int, tmp_path: Path) -> None:
    """The report says that it was interrupted, and the search goes on from there."""
    file, code = tmp_path / "file", SIGNALLED.format(times=[int(number)])
    words = [*WORDS, "--checkpoint", str(file), "--format", "json"]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 130, done.stderr
    covered = json.loads(done.stdout)["exploration"]
    assert covered["stopped"] == "it was interrupted"
    assert covered["checkpoint"]["bytes"] == file.stat().st_size
    assert {p.name for p in tmp_path.iterdir()} == {"file"}
    again = check(original, SIZES, options=Options(resume=file))
    assert told(again) == told(check(original, SIZES, options=Options(checkpoint=tmp_path / "other")))


def test_an_interruption_in_python_leaves_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody but Python hears signals."""
    from planrace.checker.engines.native.crew import LocalCrew

    take, came = LocalCrew.take, [0]

    def taken(crew: LocalCrew) -> None:
        if crew.size > 50 and not came[0]:
            came[0] = 1
            signal.raise_signal(signal.SIGINT)
        take(crew)

    monkeypatch.setattr(LocalCrew, "take", taken)
    old = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        report = check(original, SIZES, options=Options(checkpoint=tmp_path / "file"))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, old)
    assert report.interrupted
    assert not pending()  # or the next work would end, too
    assert report.exploration is not None
    assert report.exploration.checkpoint is not None
    again = check(original, SIZES, options=Options(resume=tmp_path / "file"))
    assert again.exploration is not None
    assert again.exploration.complete


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    """It ends the search where it is, without a checkpoint."""
    code = SIGNALLED.format(times=[int(signal.SIGINT), int(signal.SIGINT)])
    words = [*WORDS, "--checkpoint", str(tmp_path / "file")]
    done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())
