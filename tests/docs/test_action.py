"""The composite action for GitHub: valid, pinned, and its steps do what its inputs and outputs say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests import ROOT
from tests.pyprojects import SECTION, make_project

TEXT = (ROOT / "action.yml").read_text()
ACTION: dict[str, Any] = yaml.safe_load(TEXT)
SCHEMA: dict[str, Any] = json.loads(
    (files("check_jsonschema") / "builtin_schemas" / "vendor" / "github-actions.json").read_text()
)


def test_it_is_valid_and_pinned() -> None:
    validator = jsonschema.validators.validator_for(SCHEMA)(SCHEMA)
    assert [e.message for e in validator.iter_errors(ACTION)] == []
    shell = {**ACTION, "runs": {**ACTION["runs"], "steps": [{"run": "true"}]}}  # a composite step must name its shell
    assert not validator.is_valid(shell)
    assert TEXT.count("uses:") == len(re.findall(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+\n", TEXT)) == 2


def test_every_input_is_used_and_described_in_the_documents() -> None:
    used = set(re.findall(r"\binputs\.([\w-]+)", TEXT))
    assert used == {*ACTION["inputs"]}
    document = (ROOT / "docs" / "ci.md").read_text()
    assert [n for n in (*ACTION["inputs"], *ACTION["outputs"]) if f"`{n}`" not in document] == []


def test_no_script_has_an_expression_in_it() -> None:
    """An input could bring commands of its own: scripts get them as variables."""
    assert [s["name"] for s in ACTION["runs"]["steps"] if "${{" in s.get("run", "")] == []


class Run:
    """The shell steps of the action with these inputs, run as GitHub does; ``pip`` installs nothing."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder, self.temp = folder / "work", folder / "temp"
        self._tools, self.summary, self._output = folder / "bin", folder / "summary.md", folder / "output"
        for path in (self.folder, self.temp, self._tools):
            path.mkdir(exist_ok=True)
        self.summary.touch()
        self._output.touch()
        self._tool("planrace", f'exec {sys.executable} -c "from planrace.checker.cli import main; main()" "$@"')
        self._tool("python", f'if [ "$2" = pip ]; then echo "$@"; else exec {sys.executable} "$@"; fi')
        self._values = {f"inputs.{n}": str(v.get("default", "")) for n, v in ACTION["inputs"].items()}
        self._values |= {f"inputs.{n.replace('_', '-')}": v for n, v in inputs.items()}
        self._values |= {"github.action_path": "/action", "runner.temp": str(self.temp)}
        self.code, self.out = 0, ""

    def _tool(self, name: str, script: str) -> None:
        path = self._tools / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda m: self._values[m[1]], text)

    def run(self) -> Run:
        for step in (s for s in ACTION["runs"]["steps"] if "run" in s):
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
                cwd=self.folder / self._filled(step.get("working-directory", ".")),
                env={
                    **os.environ,
                    **{n: self._filled(v) for n, v in step["env"].items()},
                    "PATH": f"{self._tools}:{os.environ['PATH']}",
                    "GITHUB_STEP_SUMMARY": str(self.summary),
                    "GITHUB_OUTPUT": str(self._output),
                },
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            self.out += done.stdout + done.stderr
            self.code = done.returncode
            if self.code:
                break
        return self

    @property
    def outputs(self) -> dict[str, str]:
        lines = dict(line.split("=", 1) for line in self._output.read_text().splitlines())
        return {
            n: lines.get(v["value"].rpartition(".")[2].removesuffix(" }}"), "") for n, v in ACTION["outputs"].items()
        }


@pytest.mark.parametrize(
    ("section", "code", "sign", "annotation"),
    [
        (SECTION, 0, "2 of 2 checks as expected", ""),
        (SECTION.replace('expect = "violated"', ""), 1, "1 of 2", "::error file=lease.py,line="),
        (SECTION.replace("workers", "wrkers"), 2, "1 of 2", "::error file=pyproject.toml,line="),
        (SECTION.replace("sizes", "szes"), 2, "not checked (exit 2)", "::error file=pyproject.toml,line="),
    ],
    ids=["as expected", "violated", "wrong check", "wrong section"],
)
def test_the_checks_of_the_repository(section: str, code: int, sign: str, annotation: str, tmp_path: Path) -> None:
    run = Run(tmp_path)
    make_project(run.folder, section)
    (run.folder / ".git").mkdir()
    run.run()
    assert (run.code, run.outputs["exit-code"]) == (code, str(code)), run.out
    assert sign in run.summary.read_text().splitlines()[0]
    assert annotation in run.out
    assert ("::error" in run.out) == bool(annotation)
    assert json.loads(Path(run.outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert "-m pip install --quiet /action\n" in run.out


def test_one_protocol_with_options(tmp_path: Path) -> None:
    inputs = {
        "protocol": "sub dir/lease.py:fixed",
        "args": "-s workers=3 --property 'no-write-is-undone'",
        "extras": "cvc5",
    }
    run = Run(tmp_path, **inputs)
    (run.folder / "sub dir").mkdir()
    make_project(run.folder / "sub dir")
    run.run()
    assert run.code == 0, run.out
    assert "workers=3" in run.out
    assert "writes-are-stored" not in run.out
    assert "-m pip install --quiet /action[cvc5]\n" in run.out


def test_options_are_no_commands(tmp_path: Path) -> None:
    run = Run(tmp_path, args="$(touch bad) `touch bad` ; touch bad #", working_directory="here")
    (run.folder / "here").mkdir()
    make_project(run.folder / "here")
    assert run.run().code == 2, run.out
    assert not list(run.folder.rglob("bad"))


def test_an_older_file_is_not_taken_for_a_new_one(tmp_path: Path) -> None:
    run = Run(tmp_path, args="--no-such-option")
    old = run.temp / "planrace" / "planrace.sarif"
    old.parent.mkdir()
    old.write_text("old")
    make_project(run.folder)
    assert run.run().code == 2
    assert run.outputs == {"exit-code": "2", "sarif": ""}
