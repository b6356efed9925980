"""``check mcp`` where the SDK is missing, too old, or not asked for; these run without it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

from planrace.checker.cli.main import run
from planrace.checker.results.extras import install_command
from tests import ROOT


@pytest.mark.parametrize(
    ("found", "said"), [(None, "needs the package mcp"), ("1.30.0", "mcp 2 or newer, this is 1.30.0")]
)
def test_without_the_sdk_the_remedy_is_told(
    found: str | None, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def version(name: str) -> str:
        if found is None or name != "mcp":
            raise importlib.metadata.PackageNotFoundError(name)
        return found

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert run(["mcp"]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert install_command("mcp") in err


def test_nothing_else_loads_the_sdk() -> None:
    """It is large: ``check`` starts without it, and so does each call's process."""
    script = (
        "import sys, planrace.checker.cli.app, planrace.checker.mcp.worker, planrace.checker.mcp.calls; "
        "sys.exit(any(m.partition('.')[0] in ('mcp', 'pydantic', 'anyio') for m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False, timeout=60).returncode == 0
