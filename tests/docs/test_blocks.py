"""No code in the documents is left to itself: every block is run by a test, or says why it is not."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from planrace.checker import save_baseline
from tests import ROOT
from tests.docs.test_docs import COMMAND, IN_THE_CLONE, WITH_CODE
from tests.docs.test_site import PATHS

PAGES = ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in sorted((ROOT / "docs").glob("*.md")))]
FENCED = re.compile(
    r"(?:<!-- (?P<mark>[^>\n]+) -->\n)?^ *```(?P<kind>\w*)\n(?P<text>.*?)^ *```", re.DOTALL | re.MULTILINE
)
RUN_BY = {
    ("docs/language.md", "python"): "tests/docs/test_docs.py: test_the_first_protocol",
    ("docs/agents.md", "json"): "tests/mcp/test_server.py: test_the_configuration_on_the_page_is_the_command",
    **{("docs/conform.md", k): "tests/docs/test_site.py: test_following_it" for k in ("json", "text", "toml")},
    ("docs/postmortem.md", "toml"): "tests/docs/test_site.py: test_following_it",
    ("docs/dns.md", "python"): "tests/drive/dns/test_document.py: test_the_outage_on_the_page",
    ("docs/dns.md", "console"): "tests/drive/dns/test_document.py: test_the_commands_on_the_page",
    ("docs/dns.md", "text"): "tests/drive/dns/test_document.py: test_the_outage_on_the_page",
    ("docs/route53.md", "python"): "tests/drive/dns/test_document.py: test_an_enactor_on_a_hosted_zone_of_ones_own",
    ("docs/route53.md", "text"): "tests/drive/dns/test_document.py: test_an_enactor_on_a_hosted_zone_of_ones_own",
    ("docs/route53.md", "console"): "tests/drive/dns/test_document.py: test_the_console_of_the_page_about_route_53",
    ("docs/proofs.md", "python"): "tests/docs/test_docs.py: test_the_lemmas_shown_are_those_of_the_example",
    ("docs/extend.md", "python"): "tests/docs/test_extend.py: example",
    ("docs/ci-review.md", "console"): "tests/review/test_baseline.py: test_following_the_document",
    ("docs/ci-review.md", "text"): "tests/review/test_baseline.py: test_following_the_document",
    ("docs/ci.md", "workflow"): "tests/docs/test_ci_documents.py: test_the_workflow_reports_every_outcome",
    ("docs/ci-review.md", "workflow"): "tests/docs/test_ci_documents.py: test_a_change_becomes_a_comment",
    **{(page, kind): "tests/docs/test_docs.py: consoles" for page in IN_THE_CLONE for kind in ("console",)},
    **{(page, "python"): "tests/docs/test_docs.py: test_the_code_on_the_page_runs" for page in WITH_CODE},
    **{(page, kind): "tests/docs/test_site.py: test_following_it" for page in PATHS for kind in ("console", "python")},
}
"""Where the blocks of a kind are run: each of these goes through all of its page."""
EXEMPT = {
    "main-command": "CI installs from a clean clone and runs it",
    "test-command": "CI runs the tests by it",
    "name server": "tests/drive/dns/test_document.py runs it where the server is installed",
    "PostgreSQL": "tests/drive/test_postgres.py runs it where the server is installed",
    "minutes": "test_as_modelled.py, test_chaos.py and test_chaos_records.py in tests/drive/dns do the same, smaller",
    "cluster": "tests/engines/cluster/test_on_ray.py searches on Ray, which takes long to start",
    "not run: other tool": "the program is not ours, and need not be there",
}
"""Marks before a block that is not run, and why."""
NOT_OURS = ("pip install ", "python3 -m venv ", "ruff ", "git ", "cat ", "gh ", "mypy", "pytest")
"""Lines of scripts that are not run: what they call is installed by them or belongs to GitHub."""
WHOLE = ("check --protocol original", "check -p original")
"""The main job, which tests/docs/test_docs.py runs with what it prints."""
SCRIPTS = ("sh", "yaml", "toml", "workflow")
"""Kinds of blocks that hold commands; a workflow is YAML with jobs."""


@dataclass(frozen=True)
class Block:
    """A block of code, at a line of a page."""

    page: str
    line: int
    kind: str
    text: str
    mark: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def found() -> Iterator[Block]:
    for page in PAGES:
        text = (ROOT / page).read_text()
        for m in FENCED.finditer(text):
            line = text[: m.start()].count("\n") + 1
            kind = "workflow" if m["kind"] == "yaml" and re.search(r"^jobs:", m["text"], re.MULTILINE) else m["kind"]
            yield Block(page, line, kind, m["text"], m["mark"] or "")


BLOCKS = list(found())


def lines(block: Block) -> list[str]:
    """The commands of a script, however it holds them."""
    if block.kind == "sh":
        text = block.text.replace("\\\n", " ")
        return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    loaded = tomllib.loads(block.text) if block.kind == "toml" else yaml.safe_load(block.text)
    return [line.strip() for text in _scripts(loaded) for line in text.splitlines() if line.strip()]


def _scripts(value: Any) -> Iterator[str]:
    """What a workflow or a hook runs."""
    if isinstance(value, dict):
        yield from (v for k, v in value.items() if k in ("run", "entry") and isinstance(v, str))
    if isinstance(value, dict | list):
        for v in value.values() if isinstance(value, dict) else value:
            yield from _scripts(v)


def commands(block: Block) -> list[str]:
    """The commands of ours in it."""
    parts = [part.strip() for line in lines(block) for part in re.split(r"&&|\|\|", line)]
    return [part for part in parts if part.startswith("check ")]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_is_run_or_says_why_not(block: Block) -> None:
    if block.mark in EXEMPT:
        return
    assert not block.mark.startswith("not run"), f"{block}: {block.mark!r} is no reason; there are {', '.join(EXEMPT)}"
    if block.kind in SCRIPTS and (block.page, block.kind) not in RUN_BY:
        others = [line for line in lines(block) if not line.startswith(("check ", *NOT_OURS))]
        assert others == [], f"{block}: nothing runs these lines"
        return
    assert (block.page, block.kind) in RUN_BY, f"{block}: no test runs this block; add its page to one that does"


@pytest.mark.parametrize("where", sorted(set(RUN_BY.values())))
def test_what_runs_them_is_there(where: str) -> None:
    file, _, function = where.partition(": ")
    assert f"def {function}(" in (ROOT / file).read_text()


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(c, id=f"{b}: {c[:60]}")
        for b in BLOCKS
        if b.kind in SCRIPTS and b.mark not in EXEMPT
        for c in dict.fromkeys(commands(b))
        if c not in WHOLE
    ],
)
def test_commands_in_scripts_run(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ``deploy.py`` is a protocol of the user's: the one of the examples that the pages are about. ``jobs.py``
    and ``driver.py`` are those of the page about drivers. A command that states its outcome must have it; others may
    find a violation, but must not be wrong or undecided."""
    monkeypatch.chdir(tmp_path)
    for made in BLOCKS:
        if made.page == "docs/driving.md" and made.mark in ("file: jobs.py", "file: driver.py"):
            with (tmp_path / made.mark.removeprefix("file: ")).open("a") as file:
                file.write(made.text + "\n\n")
    shutil.copy(ROOT / "examples" / "blue_green.py", tmp_path / "deploy.py")
    for name in ("planrace.baseline", "before.baseline"):
        save_baseline(tmp_path / name, "deploy.py:fixed", {"releases": 2})
    words = shlex.split(command)[1:]
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=120, check=False)
    stated = {"--expect", "--at-least", "--strict"} & set(words)
    assert done.returncode in ((0,) if stated else (0, 1)), done.stdout + done.stderr


def test_scripts_are_looked_into() -> None:
    """Or a page could lose its commands and nobody would notice."""
    pages = {b.page for b in BLOCKS if b.kind in SCRIPTS and commands(b)}
    assert {"README.md", "docs/ci.md", "docs/ci-review.md", "docs/explain.md", "docs/mutate.md"} <= pages
