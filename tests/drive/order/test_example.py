"""The example with workers: the counterexample of the model is one of the careless code, in each form of it."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from planrace import Report, check, cover, replay
from planrace.checker.cli.main import run
from planrace.checker.results.driving import DivergenceKind, ReplayEnd
from tests import ROOT

ROLLOUT, WORKERS = f"{ROOT}/examples/rollout.py", f"{ROOT}/examples/driving/rollout_workers.py"
FORMS = ["Threads", "Tasks", "Processes"]


@pytest.fixture(scope="module")
def report() -> Report:
    return check(f"{ROLLOUT}:protocol")


@pytest.mark.parametrize("form", FORMS)
def test_the_careless_code_does_it_too_and_the_careful_code_leaves_it(form: str, report: Report) -> None:
    careless = replay(report, f"{WORKERS}:{form}", f"{ROLLOUT}:protocol")
    assert (careless.end, careless.exit_code, careless.step) == (ReplayEnd.FOLLOWED, 1, 7)
    careful = replay(report, f"{WORKERS}:Careful{form}", f"{ROLLOUT}:protocol")
    assert (careful.end, careful.exit_code, careful.step) == (ReplayEnd.LEFT, 0, 7)
    assert careful.why == "refuses the step: a version that is as new is active"


@pytest.mark.parametrize("form", FORMS)
def test_the_careless_code_is_right_in_sequence(form: str) -> None:
    """The race needs an order of steps: one worker after the other does nothing wrong."""
    one_after_another = "publish pick(1) publish flip(1) clean_up(1) pick(2) flip(2) clean_up(2)"
    assert cover(f"{ROLLOUT}:fixed", f"{WORKERS}:{form}", run=one_after_another)
    found = cover(f"{ROLLOUT}:fixed", f"{WORKERS}:{form}", run="publish pick(1) publish pick(2) flip(2) flip(1)")
    assert found.divergence is not None
    assert found.divergence.kind is DivergenceKind.ACCEPTED
    assert found.divergence.called == "flip(1)"


@pytest.mark.parametrize("schedule", ["random", "pct", "unseen"])
def test_schedules_find_the_race_and_leave_the_careful_code(schedule: str) -> None:
    found = cover(f"{ROLLOUT}:fixed", f"{WORKERS}:Tasks", schedule=schedule, seed=1, length=30, max_steps=300)
    assert found.divergence is not None
    assert found.divergence.kind is DivergenceKind.ACCEPTED
    right = cover(f"{ROLLOUT}:fixed", f"{WORKERS}:CarefulTasks", schedule=schedule, seed=1, length=30, max_steps=150)
    assert right.divergence is None


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["cover", "-p", f"{ROLLOUT}:fixed", "--on", f"{WORKERS}:Threads"]
    assert run([*command, "--schedule", "pct", "--pct-depth", "3", "--length", "30", "--seed", "1"]) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert "(random priorities of depth 3, seed 1)" in out
    assert re.search(r"At flip\(\d\): the model refuses the step; the code accepts the step\.", out)
    again = out.partition("--run '")[2].partition("'")[0]
    assert run([*command, "--run", again]) == 1
    capsys.readouterr()
    assert run([*command, "--pct-depth", "3"]) == 2
    assert "the schedule tour has no depth" in capsys.readouterr().err


def test_the_wheel_has_the_points(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert "planrace/drive.py" in zipfile.ZipFile(wheel).namelist()
