"""The documents are true: their code runs, and the output they show is what comes out."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planrace.checker import check
from planrace.checker.cli.main import run
from planrace.checker.run import findings
from planrace.model.language import Protocol, Variant
from tests import ROOT
from tests.long import COMMANDS

COMMAND = [sys.executable, "-c", "from planrace.checker.cli import main; main()"]
PROGRAMS = {"check": COMMAND, "python": [sys.executable]}


NAME_SERVER = r"<!-- name server -->\n```.*?^```"
"""Blocks that need a name server: ``tests/drive/dns/test_document.py`` runs them."""
MINUTES = r"<!-- minutes -->\n```.*?^```"
"""Blocks that take long: ``tests/docs/test_blocks.py`` says who does the same at a smaller size."""


def blocks(document: str, language: str, without: str = "$^") -> list[str]:
    text = re.sub(without, "", (ROOT / document).read_text(), flags=re.DOTALL | re.MULTILINE)
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_first_protocol() -> None:
    names: dict[str, object] = {}
    for block in blocks("docs/language.md", "python"):
        exec(compile(block, "language.md", "exec"), names)
    protocol, fixed = names["protocol"], names["fixed"]
    assert isinstance(protocol, Protocol)
    assert isinstance(fixed, Variant)
    broken = {f.name: (f.verdict.word, f.depth) for f in check(protocol).findings}
    assert broken["no-update-lost"] == ("violated", 4)
    assert check(fixed, {"workers": 3}).verdict.word == "holds"
    assert check(protocol, with_protections=["compare-and-set"]).verdict.word == "holds"


def masked(text: str) -> list[str]:
    """Words of a report without what differs between machines and runs."""
    text = re.sub(r"[\d.]+ s\b", "T s", text)
    text = re.sub(r"[\d,]+ states/s", "R states/s", text)
    text = re.sub(r"by (one|\d+) workers?", "by W", text)
    return re.sub(r"[\d,]+ MiB", "M MiB", text).split()


_PAGES = (
    "advice",
    "api",
    "comparison",
    "costs",
    "engines",
    "explain",
    "gallery",
    "ground-truth",
    "likelihood",
    "mutate",
    "outages",
    "peterson",
    "proofs",
    "sweep",
)
IN_THE_CLONE = ["README.md", *(f"docs/{page}.md" for page in _PAGES)]
"""Pages whose commands are run in a clone of this repository."""
WITH_CODE = [p for p in IN_THE_CLONE if p != "docs/proofs.md"]
"""Those whose code is run there, too; that of the other is taken from an example."""


def consoles() -> list[Any]:
    """Commands and what they print; those of the README are in the usual run."""
    found = []
    for page in IN_THE_CLONE:
        marks = [] if page == "README.md" else [pytest.mark.long(COMMANDS)]
        for part in (
            p
            for block in blocks(page, "console", f"{NAME_SERVER}|{MINUTES}")
            for p in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
        ):
            command, _, output = part.partition("\n")
            found.append(pytest.param(command, output, marks=marks))
    return found


@pytest.mark.parametrize(("command", "output"), consoles())
def test_the_documents_show_what_comes_out(
    command: str,
    output: str,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every part between lines of ``…`` stands in the real output, in this order."""
    typed, _, asked = command.rpartition(" | ")
    script = re.fullmatch(r"printf '(.*)'", typed)
    program, *words = shlex.split(asked)
    if program == "check" and not script and request.node.get_closest_marker("long"):
        monkeypatch.chdir(ROOT)
        monkeypatch.setattr(findings, "TRACE_SECONDS", 2.0)  # as for users: one page explains a very long run
        run(words)  # a process for each would take longer than what most of them do
        out, err = capsys.readouterr()
    else:
        done = subprocess.run(
            [*PROGRAMS[program], *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            input=script[1].replace("\\n", "\n") if script else "",
        )
        out, err = done.stdout, done.stderr
    real = " ".join(masked(out))
    at = 0
    for part in re.split(r"^…$", output, flags=re.MULTILINE):
        wanted = " ".join(masked(part))
        found = real.find(wanted, at)
        assert found >= 0, f"{wanted}\n\n{out}{err}"
        at = found + len(wanted)


@pytest.mark.parametrize("page", [p for p in WITH_CODE if blocks(p, "python")])
def test_the_code_on_the_page_runs(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One block after another, and the tests in it: those with our fixture by pytest."""
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        if "(model_check)" in block:
            (tmp_path / "test_of_the_page.py").write_text(block)
            plain = {k: v for k, v in os.environ.items() if k != "PYTEST_ADDOPTS"}
            pytested = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
            done = subprocess.run(pytested, env=plain, capture_output=True, text=True, timeout=120, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
        else:
            exec(compile(block, page, "exec"), names)
    for function in [f for n, f in names.items() if n.startswith("test_")]:
        function()


def test_the_lemmas_shown_are_those_of_the_example() -> None:
    (block,) = blocks("docs/proofs.md", "python")
    example = (ROOT / "examples" / "blue_green.py").read_text()
    for part in re.split(r"^ *…\n", block, flags=re.MULTILINE):
        assert part in example


def test_ci_runs_the_readmes_test_command() -> None:
    readme = (ROOT / "README.md").read_text()
    between = re.search(r"<!-- test-command -->\n```sh\n(.+)\n```\n<!-- /test-command -->", readme)
    assert between is not None
    assert between[1].endswith(".venv/bin/pytest")
    assert "test-command" in (ROOT / ".ci" / "run").read_text()


def test_links_lead_somewhere() -> None:
    for document in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
