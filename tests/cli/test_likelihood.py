"""``check likelihood``: what it prints, its JSON, several sizes, its limits and its errors."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from planrace.checker import likelihood, render
from planrace.checker.cli.main import run
from planrace.checker.run.options import Options
from tests import ROOT

SCHEMA = json.loads((ROOT / "docs" / "likelihood.schema.json").read_text())
SMALL = ["-p", "original", "-s", "enactors=2", "-s", "endpoints=1", "-s", "plans=3", "-s", "keep=1"]
ASKED = ["likelihood", *SMALL, "--property", "record-never-empty"]


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    assert run([*ASKED, *words]) == code
    return capsys.readouterr().out


def data(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    found = json.loads(told(capsys, *words, "--format", "json", code=code))
    jsonschema.validate(found, SCHEMA)
    return found


def test_the_text_says_whose_rates_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys, "--within", "1min", "--rate", "publish=2/min")
    assert "The rates of pick_up, take_lock," in text
    assert "are invented" in text
    lines = text.splitlines()
    assert next(line for line in lines if line.strip().startswith("publish")).split() == ["publish", "2/min"]
    assert next(line for line in lines if line.strip().startswith("pick_up")).split() == ["pick_up", "1/s", "invented"]
    assert lines[-1].startswith("likelihood within 1 min: record-never-empty 0.0")
    assert "All rates are invented" in told(capsys)


def test_numbers_are_those_of_the_call(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, "--within", "30s", "--within", "10s", "--sensitivity", "--rate", "publish=0.1")
    made = likelihood(
        "original",
        {"enactors": 2, "endpoints": 1, "plans": 3, "keep": 1},
        rates={"publish": 0.1},
        within=[10, "30s"],
        sensitivity=True,
        options=Options(properties=("record-never-empty",)),
    )
    assert json.loads(render(made, "json")) == found
    (point,) = found["points"]
    (chance,) = point["properties"]
    ten, thirty = chance["within"]
    assert found["times"] == [ten["seconds"], thirty["seconds"]] == [10, 30]
    assert 0 < ten["probability"] < thirty["probability"] < chance["ever"] < 1
    assert point["orbits"]
    assert point["states"]
    assert chance["mean"] > 0
    assert chance["elasticities"]["publish"] > 0.1


def test_elasticities_of_what_ever_happens_sum_to_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """All rates times two is the same chain, twice as fast."""
    found = data(capsys, "--within", "1h", "--sensitivity")
    elasticities = found["points"][0]["properties"][0]["elasticities"]
    assert sum(elasticities.values()) == pytest.approx(0, abs=1e-5)
    assert max(map(abs, elasticities.values())) > 0.1


def test_several_sizes_are_rows(capsys: pytest.CaptureFixture[str]) -> None:
    words = SMALL[:-2]  # without keep
    assert run(["likelihood", *words, "-s", "keep=1..2", "--property", "record-never-empty", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.validate(found, SCHEMA)
    assert [p["parameters"]["keep"] for p in found["points"]] == [1, 2]
    first, second = (p["properties"][0]["ever"] for p in found["points"])
    assert first > second > 0
    assert run(["likelihood", *words, "-s", "keep=1..2", "--property", "record-never-empty"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["keep", "record-never-empty"] in rows
    assert ["1", f"{first:.3g}"] in rows
    assert ["2", f"{second:.3g}"] in rows


def test_a_larger_chain_is_simulated(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--max-states", "100", "--runs", "50", "--seed", "3", "--within", "20s"]
    found = data(capsys, *words)
    assert found["points"][0]["states"] is None
    assert found["points"][0]["runs"] == 50
    assert found["points"][0]["missing"] == "the 100 states was reached"
    assert data(capsys, *words) == found
    assert "Estimated by 50 random runs (seed 3)" in told(capsys, *words)
    forced = data(capsys, "--simulate", "--runs", "50", "--seed", "3", "--within", "20s")
    assert forced["points"][0]["properties"] == found["points"][0]["properties"]


def test_what_the_limits_leave_open_is_unknown(capsys: pytest.CaptureFixture[str]) -> None:
    found = data(capsys, "--rate", "publish=1e9", "--within", "10w", code=3)
    assert found["points"][0]["properties"][0]["within"] == []
    assert "jumps of the chain are expected" in found["points"][0]["missing"]
    text = told(capsys, "--rate", "publish=1e9", "--within", "10w", code=3)
    assert text.splitlines()[-1] == "likelihood within 10 w: unknown"


def test_storm_gets_the_chain(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told(capsys, "--storm", str(tmp_path / "chain"))
    assert (tmp_path / "chain.tra").read_text().startswith("ctmc\n0 1 1.0\n")
    assert (tmp_path / "chain.lab").read_text().startswith("#DECLARATION\ninit record_never_empty\n#END\n0 init\n")


def test_the_chain_for_storm_is_that_of_the_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is built once; with random runs in place of the answer, it is built for the file; and it is one chain."""
    from planrace.checker.engines.markov import chain

    built: list[int] = []
    make = chain.markov_chain
    monkeypatch.setattr(chain, "markov_chain", lambda *given: built.append(1) or make(*given))  # type: ignore[func-returns-value]
    told(capsys, "--storm", str(tmp_path / "chain"))
    assert len(built) == 1
    told(capsys, "--simulate", "--runs", "2", "--storm", str(tmp_path / "other"))
    assert len(built) == 2
    assert (tmp_path / "chain.tra").read_bytes() == (tmp_path / "other.tra").read_bytes()
    assert run([*ASKED[:-4], "-s", "keep=1..2", "--storm", str(tmp_path / "two")]) == 2
    assert "give each parameter one value" in capsys.readouterr().err
    assert not list(tmp_path.glob("two*"))


def test_a_rate_that_is_given_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*ASKED, "--rate", "publish=2/min", "--rate", "publish=3/min"]) == 2
    assert "publish is set twice: 2/min and 3/min" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--rate", "publish"], "'publish' is not of the form ACTION=RATE"),
        (["--rate", "publish=often"], "'often' is not a rate"),
        (["--rate", "publsh=1"], "no action of original is called 'publsh'"),
        (["--within", "soon"], "'soon' is not a time"),
        (["-s", "keep=1..2"], "keep is set twice"),
        (["-s", "keep=4..1"], "is no range of at most 1,000 numbers"),
        (["-s", "keep=1..2000"], "is no range of at most 1,000 numbers"),
        (["--rates", "missing.toml"], "missing.toml has no rates"),
        (["--property", "automation-recovers"], "automation-recovers is recoverability, which no moment decides"),
    ],
)
def test_errors(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*ASKED, *words]) == 2
    assert message in capsys.readouterr().err


def test_without_scipy_the_error_names_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert run(ASKED) == 2
    assert re.search(r"pip install .*\[likelihood\]", capsys.readouterr().err)
