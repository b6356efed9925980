"""``check init``: all that it writes runs at once, and nothing that exists is damaged."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from planrace.checker import render
from planrace.checker.api.project.schema import section_schema
from planrace.checker.api.project.template import FILES, WORKFLOW, create_project
from planrace.checker.cli.app import app
from planrace.checker.cli.main import run
from planrace.checker.report.output import OutputError
from tests import ROOT

TEMPLATE = ROOT / "examples" / "template"
EVERYTHING = {*FILES, "pyproject.toml"}
SCHEMA: dict[str, Any] = json.loads(
    (files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-workflows.json").read_text()
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


def init(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["init", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_all_of_the_template_is_written() -> None:
    """Also what somebody adds to it later."""
    tracked = subprocess.run(["git", "ls-files", "."], cwd=TEMPLATE, capture_output=True, text=True, check=False)
    names = set(tracked.stdout.split())
    assert not names or names == EVERYTHING  # an archive has no git


def test_the_commands_that_it_names_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = init(capsys, "new/folder")
    assert (code, err) == (0, "")
    assert written(here) == {f"new/folder/{name}" for name in EVERYTHING}
    commands = re.findall(r"^  (\S.*?)(?:  .*)?$", out.partition("Next:\n")[2], re.MULTILINE)
    assert commands == ["cd new/folder", "check", "check -p release.py:protocol", "pytest"]
    programs = {
        "check": [sys.executable, "-c", "from planrace.checker.cli import main; main()"],
        "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest"],
    }
    last = ["verdict: 2 of 2 checks as expected (exit 0)", "verdict: violated (exit 1)", "5 passed"]
    for command, end in zip(commands[1:], last, strict=True):
        program, *words = shlex.split(command)
        plain = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
        done = subprocess.run(
            [*programs[program], *words],
            cwd=here / "new" / "folder",
            env=plain,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert end in done.stdout.splitlines()[-1], done.stdout + done.stderr
        assert "warning" not in done.stdout.lower()


def test_its_section_and_its_workflow_are_valid() -> None:
    section = tomllib.loads((TEMPLATE / "pyproject.toml").read_text())["tool"]["planrace"]
    jsonschema.validate(section, section_schema())
    text = (TEMPLATE / WORKFLOW).read_text()
    workflow = {"on" if k is True else k: v for k, v in yaml.safe_load(text).items()}
    jsonschema.validators.validator_for(SCHEMA)(SCHEMA).validate(workflow)
    assert text.count("uses:") == len(re.findall(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n", text)) > 0
    (job,) = workflow["jobs"].values()
    (words,) = (shlex.split(s["run"])[1:] for s in job["steps"] if s.get("run", "").startswith("check"))
    assert {w for w in words if w.startswith("--")} <= {o for p in app.params for o in p.opts}


class FromRepository:
    """The metadata of a planrace that pip has installed from a repository."""

    def __init__(self, name: str) -> None:
        assert name == "planrace"

    def read_text(self, name: str) -> str | None:
        found = {"url": "https://host/us/planrace", "vcs_info": {"vcs": "git", "commit_id": "12ab"}}
        return json.dumps(found) if name == "direct_url.json" else None


def test_the_workflow_installs_what_is_installed_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = create_project("as/it/is")
    assert (here / "as/it/is" / WORKFLOW).read_text() == (TEMPLATE / WORKFLOW).read_text()
    assert "Write planrace's repository" in render(made)
    monkeypatch.setattr("planrace.checker.results.extras.distribution", FromRepository)
    made = create_project("new")
    assert "Write planrace's repository" not in render(made)
    text = (here / "new" / WORKFLOW).read_text()
    steps = [s for job in yaml.safe_load(text)["jobs"].values() for s in job["steps"]]
    commands = [s["run"] for s in steps if "pip" in s.get("run", "")]
    assert commands == ['pip install "planrace @ git+https://host/us/planrace@12ab" pytest']
    assert "Until" not in text


# What exists -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "old",
    [
        "",
        '[project]\nname = "mine"\n',
        '[project]\nname = "mine"',  # no end of the last line
        '[project]\r\nname = "mine"\r\n',
        '[project]\nname = "mine"\n[tool.ruff]\nline-length = 100\n# the end',
        "[tool]\nother = 1\n",
    ],
)
def test_a_section_is_added_to_an_existing_file(old: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = here / "pyproject.toml"
    path.write_bytes(old.encode())
    code, out, _ = init(capsys)
    assert (code, "added [tool.planrace] to pyproject.toml" in out) == (0, True)
    new = path.read_bytes().decode()
    assert new.startswith(old)
    assert ("\r\n" in new) == ("\r\n" in old)
    assert ("\n" in new.replace("\r\n", "")) == ("\r\n" not in old)
    data, own = tomllib.loads(new), tomllib.loads((TEMPLATE / "pyproject.toml").read_text())
    assert data["tool"].pop("planrace") == own["tool"]["planrace"]
    assert {k: v for k, v in data.items() if v} == tomllib.loads(old)
    assert run([]) == 0


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ("[tool.planrace]\nworkers = 1\n", "has a section [tool.planrace] and stays as it is"),
        ("tool = { ruff = { line-length = 100 } }\n", "[tool.planrace] cannot be added at its end"),
        ("tool = 1\n", "[tool.planrace] cannot be added at its end"),
        ("[[tool]]\nname = 1\n", "[tool.planrace] cannot be added at its end"),
    ],
)
def test_otherwise_it_says_what_to_add(old: str, words: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").write_text(old)
    code, out, _ = init(capsys)
    assert code == 0
    assert words in out
    assert (TEMPLATE / "pyproject.toml").read_text() in out
    assert (here / "pyproject.toml").read_text() == old
    assert written(here) == EVERYTHING


@pytest.mark.parametrize(
    ("there", "message"),
    [
        (["release.py"], "release.py exists already, so nothing is written (name another folder"),
        (["test_release.py", WORKFLOW], f"test_release.py and {WORKFLOW} exist already"),
    ],
)
def test_files_are_never_replaced(
    there: list[str], message: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in there:
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text("mine")
    code, out, err = init(capsys)
    assert (code, out) == (2, "")
    assert message in err
    assert written(here) == set(there)
    assert {(here / name).read_text() for name in there} == {"mine"}


@pytest.mark.parametrize("content", [b"[project\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_an_error(content: bytes, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "pyproject.toml").write_bytes(content)
    code, _, err = init(capsys)
    assert (code, "cannot read pyproject.toml: " in err) == (2, True)
    assert written(here) == {"pyproject.toml"}


def test_all_or_nothing(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    (here / ".github").write_text("a file where a folder should be")
    code, _, err = init(capsys)
    assert (code, "cannot write .github/workflows" in err) == (2, True)
    assert written(here) == {".github"}

    def full(*_: object) -> None:
        raise OutputError("no space left")

    monkeypatch.setattr("planrace.checker.api.project.template.write_whole", full)
    with pytest.raises(OutputError):
        create_project(here / "new")
    assert not (here / "new").exists()


def test_a_file_that_may_not_be_written_stays(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although its folder could be written, and so the file replaced."""
    file = here / "pyproject.toml"
    file.write_text("[project]\nname = 'mine'\n")
    access = os.access
    monkeypatch.setattr(
        "planrace.checker.report.output.os.access", lambda path, how: Path(path) != file and access(path, how)
    )
    code, _, err = init(capsys)
    assert (code, "pyproject.toml: you may not write it" in err) == (2, True)
    assert file.read_text() == "[project]\nname = 'mine'\n"
    assert written(here) == {"pyproject.toml"}


def test_below_a_repository_it_says_where_the_workflow_belongs(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / ".git").mkdir()
    assert "move" not in init(capsys)[1]
    assert f"move {WORKFLOW} there." in init(capsys, "below")[1]
