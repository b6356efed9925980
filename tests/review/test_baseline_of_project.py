"""``check baseline save`` without a protocol and without a file: the checks of ``pyproject.toml``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from planrace.checker.cli.main import run
from tests.pyprojects import SECTION, make_project

MORE = """
[[tool.planrace.check]]
name = "the fix again"
protocol = "lease.py:fixed"
sizes = { workers = 1 }
faults = ["crash"]

[[tool.planrace.check]]
name = "proof"
protocol = "lease.py:fixed"
engine = "proof"

[[tool.planrace.check]]
name = "tokens in order"
protocol = "lease.py:fixed"
normalise = "token"
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str, str]:
    code = run(["baseline", "save", *more])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_every_check_is_an_entry_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here, SECTION + MORE)
    code, out, err = save(capsys)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        'pyproject.toml: proof: left out, because a baseline has no engine = "proof"',
        "pyproject.toml: tokens in order: left out, because a baseline has no normalise",
        "planrace.baseline: lease.py:protocol --property no-write-is-undone: new",
        "planrace.baseline: lease.py:fixed -s workers=1 --fault crash: new",
    ]
    assert run(["baseline", "compare"]) == 0
    make_project(here, "")  # the file is there: its entries are renewed, whatever the section says
    code, out, _ = save(capsys)
    assert (code, len(re.findall(": unchanged$", out, re.MULTILINE))) == (0, 2)


@pytest.mark.parametrize(
    ("old", "new", "code", "message"),
    [
        ("workers = 1", "wrkers = 1", 2, r"Error: pyproject.toml:14: check 2 \(fix\): sizes: no parameter"),
        ('faults = ["crash"]', "max-states = 3", 3, "Error: lease.py:fixed .*undecided"),
    ],
)
def test_all_or_nothing(
    old: str, new: str, code: int, message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project(here, SECTION.replace(old, new))
    got, out, err = save(capsys)
    assert (got, out) == (code, "")
    assert re.match(message, err)
    assert not (here / "planrace.baseline").exists()


def test_bounds_of_the_command_replace_those_of_the_checks(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_project(here)
    assert save(capsys, "--time-limit", "0")[0] == 3
    code, _, err = save(capsys, "--fault", "crash")
    assert (code, "name a protocol, or leave the options out" in err) == (2, True)


def test_without_a_section_it_is_the_file_that_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = save(capsys)
    assert (code, "cannot read planrace.baseline: No such file" in err) == (2, True)
