"""What keeps the states of a search, as an option: what is refused, and what is not decided from sorted runs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from planrace import ModelError, Options, check
from planrace.checker.cli.main import run
from planrace.checker.results.verdict import Verdict
from planrace.properties.dns import original

SIZES = {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1}


def test_temporal_properties_are_not_decided_from_runs() -> None:
    """They are unknown, with the reason; all others are decided as in a table."""
    found = {
        store: {f.name: f for f in check(original, SIZES, options=Options(engine="native", store=store)).findings}
        for store in ("hash", "compact")
    }
    temporal = {"automation-recovers", "endpoints-converge"}
    assert found["compact"].keys() == found["hash"].keys() > temporal
    for name, f in found["compact"].items():
        if name in temporal:
            assert found["hash"][name].verdict is Verdict.VIOLATED
            assert f.verdict is Verdict.UNKNOWN
            assert "sorted runs" in f.how
            assert re.search(r"it takes about 1\d\d(\.\d)? MiB \(--max-memory 1\d\dM, without --store", f.how)
        else:
            assert (f.verdict, f.how) == (found["hash"][name].verdict, found["hash"][name].how)


@pytest.mark.parametrize("engine", ["auto", "native"])
def test_a_folder_that_is_none_is_refused(
    engine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    words = ["-p", "fixed", "-s", "plans=2", "--engine", engine]
    for name in ("missing", "file"):
        assert run([*words, "--spill", str(tmp_path / name)]) == 2
        assert f"spill='{tmp_path / name}' is no folder (make it, or give another one)" in capfd.readouterr().err
    monkeypatch.delattr(os, "pwrite")
    assert run([*words, "--spill", str(tmp_path)]) == 2
    assert "writes no files of sorted runs (leave out --spill)" in capfd.readouterr().err


@pytest.mark.parametrize("engine", ["explicit", "bmc", "simulate"])
def test_engines_without_runs_refuse_them(engine: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for words in (["--store", "compact"], ["--spill", str(tmp_path)]):
        assert run(["-p", "fixed", "--engine", engine, *words]) == 2
        assert "keeps no sorted runs of states" in capfd.readouterr().err


def test_another_store_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModelError, match=r"store=.disk. is no kind of store \(use hash or compact\)"):
        Options(store="disk")
    assert run(["-p", "fixed", "--store", "disk"]) == 2
    assert "'disk' is not one of" in capfd.readouterr().err
