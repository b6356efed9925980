"""The documentation that is a path to follow: its code runs, block after block, and its output is what comes out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .test_docs import COMMAND, ROOT, masked

FENCED = re.compile(
    r"(?:<!-- (?P<how>new file|file): (?P<name>\S+) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```",
    re.DOTALL | re.MULTILINE,
)
PATHS = ["docs/tutorial.md", "docs/cookbook.md", "docs/pytest.md"]


@pytest.mark.parametrize("document", PATHS)
def test_following_it(document: str, tmp_path: Path) -> None:
    names: dict[str, object] = {}
    for block in FENCED.finditer((ROOT / document).read_text()):
        text, name = block["text"], block["name"]
        if name is not None:
            before = (
                (tmp_path / name).read_text() + "\n\n" if block["how"] == "file" and (tmp_path / name).exists() else ""
            )
            (tmp_path / name).write_text(before + text)
        elif block["kind"] == "python":
            exec(compile(text, document, "exec"), names)
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                shows(command, output, tmp_path)


def shows(command: str, output: str, where: Path) -> None:
    """Every part between lines of ``…`` stands in the real output, in this order."""
    words = shlex.split(command)
    programs = {"check": COMMAND, "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]}
    plain = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
    done = subprocess.run(
        [*programs[words[0]], *words[1:]],
        cwd=where,
        env=plain,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    real, at = " ".join(masked(done.stdout)), 0
    for part in re.split(r"^…$", output, flags=re.MULTILINE):
        wanted = " ".join(masked(part))
        found = real.find(wanted, at)
        assert found >= 0, f"{command}: {wanted}\n\n{done.stdout}{done.stderr}"
        at = found + len(wanted)


@pytest.mark.parametrize("document", PATHS)
def test_nothing_is_left_unexecuted(document: str) -> None:
    """Blocks of other kinds are commands to install, and nothing else."""
    for block in FENCED.finditer((ROOT / document).read_text()):
        assert block["kind"] in ("python", "console") or block["text"].startswith("pip install")
