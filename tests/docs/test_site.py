"""The documentation that is a path to follow: its code runs, block after block, and its output is what comes out."""

from __future__ import annotations

import importlib.util
import json
import linecache
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from planrace import checker, properties
from planrace.checker import plugin
from planrace.model import language, patterns, processes
from tests import ROOT
from tests.docs.test_docs import COMMAND, masked

FENCED = re.compile(
    r"(?:<!-- (?P<how>new file|file): (?P<name>\S+) -->\n)?^```(?P<kind>\w*)\n(?P<text>.*?)^```",
    re.DOTALL | re.MULTILINE,
)
PATHS = [
    "docs/tutorial.md",
    "docs/cookbook.md",
    "docs/pytest.md",
    "docs/agents.md",
    "docs/configuration.md",
    "docs/conform.md",
    "docs/driving.md",
    "docs/postmortem.md",
    "docs/processes.md",
    "docs/refinement.md",
    "docs/show.md",
    "docs/styles.md",
]


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
            place = f"{document}:{block.start()}"
            linecache.cache[place] = (len(text), None, text.splitlines(keepends=True), place)  # processes are read
            exec(compile(text, place, "exec"), names)
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                shows(command, output, tmp_path)


def shows(command: str, output: str, where: Path) -> None:
    """Every part between lines of ``…`` stands in the real output, in this order."""
    words = shlex.split(command)
    programs = {"check": COMMAND, "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]}
    programs["python"] = [sys.executable]
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
    """Blocks of other kinds are files, or commands to install, and nothing else."""
    for block in FENCED.finditer((ROOT / document).read_text()):
        written = block["name"] is not None
        # The second is run by tests/drive/test_postgres.py.
        elsewhere = ("pip install", "python examples/driving/with_postgres.py")
        assert written or block["kind"] in ("python", "console") or block["text"].startswith(elsewhere)


# The reference ---------------------------------------------------------------------------------------------------
REFERENCE = {
    "api": [checker, plugin],
    "api-language": [language, patterns, processes],
    "api-properties": [properties],
}


def documented(module: ModuleType, name: str) -> set[str]:
    """The identifiers under which the reference may list a public name: that of authors, or that of its module."""
    home = getattr(getattr(module, name), "__module__", None)
    return {f"planrace.{name}", f"{module.__name__}.{name}", f"{home}.{name}"}


@pytest.mark.parametrize(("page", "module"), [(p, m) for p, ms in REFERENCE.items() for m in ms])
def test_the_reference_asks_for_every_public_name(page: str, module: ModuleType) -> None:
    """Building the site, which is strict, then fails for what it cannot find."""
    asked = set(re.findall(r"^::: (\S+)$", (ROOT / "docs" / f"{page}.md").read_text(), re.MULTILINE))
    missing = [n for n in module.__all__ if not {*documented(module, n), module.__name__} & asked]
    assert missing == []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site: where CI has built it, or built here, if MkDocs is installed."""
    if "PLANRACE_SITE" in os.environ:
        return Path(os.environ["PLANRACE_SITE"])
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("mkdocstrings") is None:
        pytest.skip("MkDocs is not installed: pip install '.[docs]'")
    where = tmp_path_factory.mktemp("site")
    # Not --quiet: it hides warnings from --strict, too, which then lets them pass.
    build = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(where)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, cwd=ROOT, env=quiet, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return where


@pytest.mark.parametrize(("page", "module"), [(p, m) for p, ms in REFERENCE.items() for m in ms])
def test_the_built_reference_has_every_public_name(page: str, module: ModuleType, site: Path) -> None:
    text = (site / page / "index.html").read_text()
    there = set(re.findall(r'id="([^"]+)"', text))
    assert [n for n in module.__all__ if not documented(module, n) & there] == []


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("windows", "install"),
        ("macos", "install"),
        ("changelog", "changelog"),
        ("weakness", "security"),
        ("nondeterministic", "glossary"),
        ("queue", "cookbook"),
        ("timeout", "cookbook"),
        ("exploded", "faq"),
        ("e711", "faq"),
    ],
)
def test_the_built_site_finds_what_newcomers_look_for(word: str, page: str, site: Path) -> None:
    index = json.loads((site / "search" / "search_index.json").read_text())["docs"]
    found = {entry["location"].split("/")[0] for entry in index if word in (entry["title"] + entry["text"]).lower()}
    assert page in found


@pytest.mark.parametrize("module", [m for ms in REFERENCE.values() for m in ms])
def test_every_public_name_has_words(module: ModuleType) -> None:
    """Of its own: dataclasses without any would get their signature for it."""
    found = {n: getattr(module, n).__doc__ or "" for n in module.__all__ if callable(getattr(module, n))}
    assert [n for n, words in found.items() if not words.strip() or words.startswith(f"{n}(")] == []


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text()
    assert [p.name for p in (ROOT / "docs").glob("*.md") if f": {p.name}\n" not in navigation] == []
