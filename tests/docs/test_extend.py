"""The pages for those who change planrace: what they say of files is true, and their examples work."""

from __future__ import annotations

import re
import runpy
from typing import Any

import pytest

from planrace.checker import check, find, render
from planrace.checker.cli.app import app
from planrace.checker.cli.main import run
from planrace.checker.report import formats
from tests import ROOT
from tests.docs.test_docs import blocks
from tests.rooms import PICTURE, picture

PAGES = ("architecture", "design-notes", "extend")
EXAMPLE = ROOT / "examples" / "blue_green.py"


def section(title: str) -> str:
    text = (ROOT / "docs" / "extend.md").read_text()
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def example(title: str, **names: Any) -> dict[str, Any]:
    """The names of a section's code, run after others."""
    (code,) = [b for b in blocks("docs/extend.md", "python") if b in section(title)]
    exec(compile(code, title, "exec"), names)
    return names


# Files ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_are_there(page: str) -> None:
    """Written out, or from a room on (``explicit/search.py``)."""
    files = [f"/{p.relative_to(ROOT)}" for room in ("model", "checker", "properties", "tests", "docs", "planrace")
             for p in (ROOT / room).rglob("*") if "__pycache__" not in p.parts]  # fmt: skip
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*)`", (ROOT / "docs" / f"{page}.md").read_text()))
    wrong = [n for n in named if not n.startswith("/dev") and not any(f.endswith(f"/{n.rstrip('/')}") for f in files)]
    assert named
    assert [n for n in wrong if not (ROOT / n).exists()] == []


def test_the_map_is_short_and_its_picture_is_drawn_from_the_imports() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text()
    assert len(text.splitlines()) <= 80
    assert text.split("\n## ")[-1].startswith("Start reading here")
    assert picture() == PICTURE.read_text(encoding="utf-8"), "python -m tests.rooms draws it"


# Additions ---------------------------------------------------------------------------------------------------------
def test_a_protection() -> None:
    names = runpy.run_path(str(EXAMPLE))
    example("A protection", **names)
    protocol = names["protocol"]
    assert check(protocol).verdict.word == "violated"
    found = check(protocol, with_protections=["spare-targets"])
    assert found.protections == ("spare-targets",)
    assert found.exploration is not None
    assert found.exploration.states < check(protocol).exploration.states  # type: ignore[union-attr]


def test_a_format(monkeypatch: pytest.MonkeyPatch) -> None:
    made = example("A format")["_script"]
    monkeypatch.setitem(formats.OF_TRACE, "script", made)
    report = check(find(f"{EXAMPLE}:protocol"))
    lines = render(report, "script").splitlines()
    trace = next(f.trace for f in report.findings if f.trace is not None)
    assert lines == [f"{s.by}: {s.text}" for s in trace.steps]


def test_a_command(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(app, "commands", dict(app.commands))
    example("A command")
    assert run(["actions", "-p", f"{EXAMPLE}:protocol"]) == 0
    assert capfd.readouterr().out.split() == ["build", "choose", "switch", "list_old", "delete"]


def test_an_operator() -> None:
    """The files named are those that know one."""
    known = {
        str(p.relative_to(ROOT))
        for room in ("model", "checker", "properties")
        for p in (ROOT / room).rglob("*.py")
        if "Op.SUBSET" in p.read_text() or "class Op(" in p.read_text()
    }
    assert set(re.findall(r"^- `([\w/.]+)`", section("An operator"), re.MULTILINE)) == known
