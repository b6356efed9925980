"""PostgreSQL beside a command, and two connections to it that flip the pointer at the same time."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote

import pytest

from planrace import cover
from tests import ROOT
from tests.drive.postgres import ROLLOUT_DATABASE, WITH_POSTGRES
from tests.drive.test_examples import DATABASE, ROLLOUT, loaded

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


COMPARED_BEFORE = """if self.active >= number:
            return False
        self._do("UPDATE pointer SET active = ?", number)
        return True
"""


def test_a_flip_compares_again_when_another_one_has_ended(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLOUT_DSN", dsn)
    assert _flipped_beside_a_newer_one(ROLLOUT_DATABASE) == (False, 2)


def test_a_flip_that_compares_in_a_statement_of_its_own_is_wrong_here_alone(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One driver performs step after step: then nothing comes between the two statements."""
    source = DATABASE.read_text()
    begin = source.index("return bool(self._do(")
    old = source[begin : source.index("\n", begin) + 1]
    damaged = loaded(source.replace(old, COMPARED_BEFORE), DATABASE)
    monkeypatch.setenv("ROLLOUT_DSN", dsn)
    assert cover(ROLLOUT, damaged.Driver)
    assert _flipped_beside_a_newer_one(damaged) == (True, 1)


def _flipped_beside_a_newer_one(code: ModuleType) -> tuple[bool, int]:
    """A flip to version 1 begins while one to version 2 has not ended yet. Returns whether the first says that it
    flipped, and what is active in the end.
    """
    newer, older, watch = (code.Rollout() for _ in range(3))
    try:
        newer.create()
        newer._do("BEGIN")
        assert newer.flip(2)
        with ThreadPoolExecutor() as pool:
            flipped = pool.submit(older.flip, 1)
            try:
                _wait_for_a_lock(watch)
                assert watch.active == 0
            finally:
                newer._do("COMMIT")
            return flipped.result(10), watch.active
    finally:
        for rollout in (newer, older, watch):
            rollout.close()


def _wait_for_a_lock(watch: Any) -> None:
    end = time.monotonic() + 10
    while watch._do(WAITING).fetchone()[0] == 0:
        assert time.monotonic() < end, "nobody waits for the other flip"
        time.sleep(0.01)


@pytest.mark.long("commands and code of the documents, other than the README's")
@pytest.mark.usefixtures("dsn")  # for its reason to skip
def test_the_command_of_the_page_covers_the_rollout(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "driving.md").read_text()
    command = page.partition("<!-- PostgreSQL -->\n```sh\n")[2].partition("```")[0]
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "147 of 147 transitions" in done.stdout


@pytest.mark.parametrize(
    ("programs", "command", "said"),
    [
        (None, ["true"], "PostgreSQL is not installed (apt-get install postgresql)\n"),
        (Path("bin"), [], "a command is missing: with_postgres.py COMMAND…\n"),
        (Path("/nowhere"), ["true"], "/nowhere/initdb: No such file or directory\n"),
    ],
)
def test_what_is_missing_is_named(
    programs: Path | None,
    command: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(WITH_POSTGRES, "programs", lambda: programs)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert WITH_POSTGRES.main(command) == 2
    assert capsys.readouterr().err == said


@contextmanager
def _programs(initdb: str, pg_ctl: str) -> Iterator[Path]:
    """Programs in place of PostgreSQL's, as lines of shell. The server's user could not enter ``tmp_path``."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        for name, does in (("initdb", initdb), ("pg_ctl", pg_ctl)):
            program = Path(folder) / name
            program.write_text(f"#!/bin/sh\n{does}\n")
            program.chmod(0o755)
        yield Path(folder)


def test_a_server_that_does_not_start_is_quoted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with _programs("true", "echo 'FATAL: no memory' > log; echo stopped >&2; false") as programs:
        monkeypatch.setattr(WITH_POSTGRES, "programs", lambda: programs)
        assert WITH_POSTGRES.main(["true"]) == 2
    assert capsys.readouterr().err == "pg_ctl failed: stopped\nFATAL: no memory\n"


def test_a_command_knows_the_server_and_decides_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    with _programs("true", "mkdir -p data; echo 999999999 > data/postmaster.pid") as programs:
        monkeypatch.setattr(WITH_POSTGRES, "programs", lambda: programs)
        assert WITH_POSTGRES.main(["sh", "-c", 'echo "$ROLLOUT_DSN"; exit 3']) == 3
    folder = Path(unquote(capfd.readouterr().out.strip().partition("host=")[2]))
    assert folder.name.startswith("planrace-pg-")
    assert folder.parent.is_dir()
    assert not folder.exists()


def test_the_newest_server_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("9", "15", "10"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(WITH_POSTGRES, "DEBIAN", tmp_path)
    assert WITH_POSTGRES.programs() == tmp_path / "15" / "bin"
    monkeypatch.setattr(WITH_POSTGRES, "DEBIAN", tmp_path / "nothing")
    assert WITH_POSTGRES.programs() is None


def test_a_link_in_path_leads_to_the_other_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = tmp_path / "postgres" / "bin"
    there.mkdir(parents=True)
    (there / "initdb").touch(0o755)
    (tmp_path / "initdb").symlink_to(there / "initdb")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert WITH_POSTGRES.programs() == there
