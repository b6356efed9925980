"""``check cover`` and ``check replay`` as commands: exit codes, forms, files, and that a driver may print."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planrace.checker import check, save
from planrace.checker.cli.main import run
from tests import ROOT

DRIVER = """
import sys
from planrace import Refused
from tests.drive.gate import Driver as Right, protocol

class Driver(Right):
    pass

class Wrong(Right):
    def take(self):
        if self._gate.used:
            raise Refused("worn\\nout")
        super().take()

class Loud(Right):
    def turn(self, d):
        print("turning", d)
        return super().turn(d)

class Mistaken(Right):
    def trun(self, d):
        pass
"""
COVER = ["cover", "-p", "tests.drive.gate:protocol", "--on"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("driver.py").write_text(DRIVER, encoding="utf-8")


@pytest.mark.parametrize(
    ("code", "arguments", "says"),
    [
        (0, ["driver.py:Driver"], "36 of 36 transitions of the model were performed on your code"),
        (0, ["driver.py:Driver", "--criterion", "runs", "--length", "3"], "runs of at most 3 steps"),
        (0, ["driver.py:Driver", "--run", "turn(1) take"], "2 of 2 steps of the given run"),
        (1, ["driver.py:Wrong"], "the code refuses the step: worn out."),
        (1, ["driver.py:Wrong", "-q"], "The model allows the step; the code refuses the step: worn out."),
        (3, ["driver.py:Driver", "--max-steps", "4"], "undecided: less was performed than was asked for (exit 3)"),
        (0, ["driver.py:Driver", "--max-steps", "20", "--at-least", "10"], "10 % were asked for"),
    ],
    ids=str,
)
def test_exit_codes(code: int, arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*COVER, *arguments]) == code
    assert says in " ".join(capsys.readouterr().out.split())


def test_the_command_that_repeats_a_divergence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*COVER, "driver.py:Wrong", "-s", "doors=1", "--format", "json"]) == 1
    again = json.loads(capsys.readouterr().out)["divergence"]["repeat"]
    assert again == (
        "check cover -p tests.drive.gate:protocol --on driver.py:Wrong -s doors=1 --run 'turn(1) take turn(1) take'"
    )
    assert run([*COVER, "driver.py:Wrong", "-s", "doors=1", "--run", "turn(1) take turn(1) take"]) == 1


def test_mistakes_are_told_with_their_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*COVER, "driver.py:Mistaken"]) == 2
    assert "driver.py:21: Mistaken.trun performs no action" in capsys.readouterr().err
    assert run([*COVER, "driver.py:Drivr"]) == 2
    assert "did you mean Driver?" in capsys.readouterr().err


def test_what_a_driver_prints_is_not_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*COVER, "driver.py:Loud", "--format", "json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"] == "holds"
    assert "turning 1" in err


def test_the_driver_is_not_overwritten(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*COVER, "driver.py:Driver", "-o", "driver.py"]) == 2
    assert "is a file that the command reads" in capsys.readouterr().err
    assert Path("driver.py").read_text(encoding="utf-8") == DRIVER


def test_an_older_report_does_not_stay() -> None:
    Path("cover.json").write_text("of yesterday", encoding="utf-8")
    assert run([*COVER, "driver.py:Mistaken", "-o", "json:cover.json"]) == 2
    assert not Path("cover.json").exists()


def test_replay(capsys: pytest.CaptureFixture[str]) -> None:
    lease, driver = f"{ROOT}/examples/lease.py:protocol", f"{ROOT}/examples/driving/lease_driver.py:Driver"
    save(check(lease), "run.json")
    assert run(["replay", "run.json", "-p", lease, "--on", driver]) == 0
    assert "your system leaves the run at step 7: it ends the step as refused" in capsys.readouterr().out
    assert run(["replay", "run.json", "-p", lease, "--on", driver, "--trace", "writes-are-stored"]) == 1
    assert "your system does it too (exit 1)" in capsys.readouterr().out
    assert run(["replay", "run.json", "--on", driver]) == 2
    assert "nothing says where that protocol is" in capsys.readouterr().err
    assert run(["replay", "nothing.json", "-p", lease, "--on", driver]) == 2


def test_replay_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    save(check("original", {"enactors": 2, "endpoints": 1}, properties=["plans-never-regress"]), "run.json")
    on = ["replay", "run.json", "--on", "dns:embedded,direct"]
    assert run([*on, "-s", "operator=on", "--then", "install(1)"]) == 1
    assert "and takes 2 further steps" in capsys.readouterr().out
    assert run([*on, "--then", "install(1)"]) == 2
    assert "(add -s operator=on)" in capsys.readouterr().err
    assert run([*on, "--then", "flip_alias[rfused]"]) == 2
    assert "did you mean refused?" in capsys.readouterr().err
    assert run([*on, "-s", "enactors=1", "--then", "publish"]) == 2
    assert run(["replay", "run.json", "--on", "dns:bnd"]) == 2
    assert "did you mean bind?" in capsys.readouterr().err
