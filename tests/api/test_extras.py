"""Errors about an extra name the command that installs it, in the way in which planrace was installed."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from planrace.checker.results import extras
from planrace.checker.results.extras import install_command
from tests import ROOT

GIT = {"url": "https://host/us/planrace", "vcs_info": {"vcs": "git", "commit_id": "12ab"}}
FORMS: dict[str, tuple[dict[str, Any] | None, str]] = {
    "a clone": ({"url": "file:///a%20b/planrace", "dir_info": {"editable": True}}, "-e '/a b/planrace[dns]'"),
    "a folder": ({"url": "file:///a/planrace", "dir_info": {}}, "'/a/planrace[dns]'"),
    "here": ({"url": Path.cwd().as_uri(), "dir_info": {"editable": True}}, "-e '.[dns]'"),
    "a repository": (GIT, "'planrace[dns] @ git+https://host/us/planrace@12ab'"),
    "a wheel": ({"url": "file:///a/p.whl", "archive_info": {}}, "'planrace[dns] @ file:///a/p.whl'"),
    "an index": ({}, "'planrace[dns]'"),
}


@pytest.mark.parametrize("name", FORMS)
def test_an_extra_comes_from_where_planrace_came(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    origin, says = FORMS[name]

    class Found:
        def read_text(self, file: str) -> str | None:
            assert file == "direct_url.json"
            return json.dumps(origin) if origin else None

    monkeypatch.setattr(extras, "distribution", lambda _: Found())
    if name == "an index":
        monkeypatch.setattr(extras, "_clone", lambda: None)
    assert install_command("dns") == f"pip install {says}"


def test_a_clone_that_is_not_installed_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(name: str) -> Any:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(extras, "distribution", missing)
    monkeypatch.setattr(extras, "__file__", str(ROOT / "checker" / "results" / "extras.py"))  # not an installed copy's
    monkeypatch.chdir(tmp_path)
    assert install_command("mcp") == f"pip install -e '{ROOT}[mcp]'"
