"""The table of published specifications in three tools (``bench/ground_truth.py``)."""

from __future__ import annotations

import importlib
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.ground_truth.published import MODELS

CONFIGURATION = """\
CONSTANT N = 8
SPECIFICATION Spec
INVARIANTS
  Safe
PROPERTIES
  Ends
  Goes on
CONSTRAINT Few
CHECK_DEADLOCK FALSE
"""


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "bench"))
    return importlib.import_module("ground_truth")


def test_a_configuration_is_made_of_the_published_one(bench: Any) -> None:
    made = bench.configuration(CONFIGURATION, [("N = 8", "N = 9")], temporal=True)
    assert made == CONFIGURATION.replace("8", "9").replace("CHECK_DEADLOCK FALSE\n", "\n")
    made = bench.configuration(CONFIGURATION, [], temporal=False)
    assert " ".join(made.split()) == "CONSTANT N = 8 SPECIFICATION Spec INVARIANTS Safe CONSTRAINT Few"
    for word in ("PROPERTY", "PROPERTIES"):
        assert bench.configuration(f"INVARIANT Safe\n{word} Ends", [], temporal=False).split() == ["INVARIANT", "Safe"]
    with pytest.raises(bench.DifferentError, match="has no N = 7"):
        bench.configuration(CONFIGURATION, [("N = 7", "N = 9")], temporal=True)


def test_a_search_of_something_else_is_refused(bench: Any) -> None:
    run = bench.Run(16, 96, 1.0, 2.0, 1)
    assert bench.agreed("TLC", run, 16, 96) is run
    for states, steps in ((17, 96), (16, 97)):
        with pytest.raises(bench.DifferentError, match="TLC has 16 states and 96 steps"):
            bench.agreed("TLC", run, states, steps)


def test_what_is_missing_is_told(bench: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def told(**given: Any) -> dict[str, str]:
        return dict(bench.missing(Namespace(**{"specs": None, "without_tlc": False, "without_spin": True} | given)))

    monkeypatch.setattr(bench.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.delenv("TLA2TOOLS_JAR", raising=False)
    assert told()["TLC"] == "TLA2TOOLS_JAR names no file"
    (tmp_path / "tla2tools.jar").touch()
    monkeypatch.setenv("TLA2TOOLS_JAR", str(tmp_path / "tla2tools.jar"))
    assert told()["TLC"] == told(specs=tmp_path)["TLC"] == "--specs names no folder with DieHard/DieHard.tla"
    spec = tmp_path / MODELS[0].spec
    spec.parent.mkdir()
    spec.touch()
    assert told(specs=tmp_path) == {"SPIN": "it is left out"}
    assert told(specs=tmp_path, without_spin=False) == {}
    monkeypatch.setattr(bench.shutil, "which", lambda _: None)
    assert told(specs=tmp_path, without_spin=False) == {
        "TLC": "java is not installed",
        "SPIN": "spin or gcc is not installed",
    }


def test_a_row_has_medians_and_what_others_take(bench: Any) -> None:
    def runs(*worked: float) -> list[Any]:
        return [bench.Run(16, 96, w / 2, w, 1) for w in worked]

    row = bench.row(MODELS[0], {"planrace": runs(1.0, 2.0, 9.0), "TLC": runs(20.0), "SPIN": []})
    assert row == "| Die hard | 16 | 96 | 1.0 (2.0) | 10.0 (20.0) |  | 10.0 / – |"


def test_the_whole_command(bench: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        bench.main(["--only", "die_hard", "--without-tlc", "--without-spin"])
    assert done.value.code == 0
    out, told = capsys.readouterr()
    assert told == "TLC: skipped, it is left out\nSPIN: skipped, it is left out\n"
    assert out.splitlines()[-1].startswith("| Die hard | 16 | 96 | ")
