"""``check --watch``: what makes it check again, that everything is loaded anew, and how it ends."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from planrace.checker.cli.files_read import FilesRead
from planrace.checker.cli.main import run
from tests.cli.test_command import LISTENING
from tests.processes import is_gone
from tests.pyprojects import make_project

PROTOCOL = """
from planrace import Protocol, integers, invariant, step, update, when
from limits import most

protocol = Protocol("counts", "it counts")
n = protocol.variable("n", integers(0, 5), 0)
protocol.final(n == most)
protocol.declare(invariant("small", n <= 3, "it stays small"))


@protocol.action(by="it")
def count():
    return step(when(n < most), update(n, n + 1))
"""


class Watching:
    """A process that watches, and what it has printed so far."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.process = subprocess.Popen(
            [*LISTENING, "--watch", *words],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.append(line)

    def round(self, ends: str = "Watching ") -> str:
        """What is printed until the next line that begins so."""
        end = time.monotonic() + 60
        while not any(line.startswith(ends) for line in self._lines):
            assert time.monotonic() < end, "".join(self._lines)
            assert self.process.poll() is None, "".join(self._lines)
            time.sleep(0.02)
        text = "".join(self._lines)
        self._lines.clear()
        return text

    def interrupt(self) -> int:
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def __enter__(self) -> Watching:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "counts.py").write_text(PROTOCOL)
    (tmp_path / "limits.py").write_text("most = 3\n")
    return tmp_path


def test_every_change_is_checked(folder: Path) -> None:
    """Of the protocol and of the module that it imports; errors are shown and the watch goes on."""
    with Watching(folder, "-p", "counts.py:protocol") as watching:
        first = watching.round()
        assert "verdict: holds (exit 0)" in first
        assert "Watching 2 files: counts.py and limits.py. Ctrl-C ends." in first
        (folder / "limits.py").write_text("most = \n")
        assert re.search(r"Error: .*limits.py:1: .*", watching.round())
        (folder / "limits.new").write_text("most = 4\n")
        (folder / "limits.new").rename(folder / "limits.py")  # as editors save
        assert "verdict: violated (exit 1)" in watching.round()
        assert watching.interrupt() == 130


def test_a_change_ends_a_check_that_is_running(folder: Path) -> None:
    text = (folder / "counts.py").read_text()
    with Watching(folder, "-p", "counts.py:protocol") as watching:
        watching.round()
        (folder / "counts.py").write_text(f"{text}\nimport time\nprint('asleep', flush=True)\ntime.sleep(100)\n")
        watching.round("asleep")
        (folder / "counts.py").write_text(text)
        assert "verdict: holds (exit 0)" in watching.round("Watching 2")
        assert watching.interrupt() == 130


def test_a_check_that_dies_is_told_and_its_file_is_watched(folder: Path) -> None:
    """Silence could be taken for an earlier verdict."""
    good = (folder / "counts.py").read_text()
    (folder / "counts.py").write_text("import ctypes\nctypes.CDLL(None)._exit(0)\n")
    with Watching(folder, "-p", "counts.py:protocol") as watching:
        out = watching.round()
        assert "This check ended without a verdict (exit code 0).\n" in out
        assert "Watching 1 file: counts.py." in out
        (folder / "counts.py").write_text(good)
        assert "verdict: holds (exit 0)" in watching.round()


def test_a_check_ends_with_the_process_that_watches(folder: Path) -> None:
    """Even if that is killed: a file that never ends would keep a core busy for ever."""
    endless = "import os, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\nwhile True:\n    pass\n"
    (folder / "counts.py").write_text(endless)
    with Watching(folder, "-p", "counts.py:protocol"):
        end = time.monotonic() + 60
        while not (folder / "pid").exists() or not (folder / "pid").read_text():
            assert time.monotonic() < end
            time.sleep(0.02)
    assert is_gone(int((folder / "pid").read_text()))


def test_the_checks_of_a_repository(tmp_path: Path) -> None:
    path = make_project(tmp_path)
    with Watching(tmp_path, "--only", "fix") as watching:
        assert "Watching 2 files: pyproject.toml and lease.py." in watching.round()
        path.write_text("[tool.planrace]\nworker = 1\n")
        assert "worker is no key here" in watching.round()
        assert watching.interrupt() == 130


def test_without_anything_to_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["--watch"]) == 2
    assert "Missing option '-p'" in capsys.readouterr().err


def test_only_files_of_users_are_watched(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The hook itself cannot be removed again, so it is called here as Python would call it."""
    monkeypatch.chdir(folder)
    files = FilesRead()

    def opened(path: object, mode: str | None = "r", flags: int = os.O_RDONLY) -> None:
        files._event("open", (path, mode, flags))

    (folder / "data.json").write_text("{}")
    compiled = importlib.util.cache_from_source("limits.py")
    mine = ("counts.py", compiled, str(folder / "data.json"), "gone.py")
    for path in (*mine, os.__file__, pytest.__file__, run.__code__.co_filename, "/proc/meminfo", "/etc/hosts", 7, b"x"):
        opened(path)
    opened("report.json", "w")
    opened("report.json")
    opened("log.txt", None, os.O_WRONLY | os.O_CREAT)
    opened("log.txt")
    files._event("import", ("json", None, None, None, None))
    found = files.stamps()
    assert [Path(p).name for p in found] == ["counts.py", "limits.py", "data.json", "gone.py"]
    assert found[str(folder / "gone.py")] is None
