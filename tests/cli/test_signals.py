"""Signals at any moment: no traceback, no temporary file, and an exit code that tells which it was."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from planrace.checker.cli.signals import Signals
from tests.counter import PROTOCOL

NUMBERS = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
KILL = "def kill():\n    import os, signal\n    os.kill(os.getpid(), signal.{})\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PLANRACE_CACHE", str(tmp_path / "cache"))
    Path("counter.py").write_text(PROTOCOL, encoding="utf-8")


def command(before: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command after some other code, in a process that hears of interruptions even in the background."""
    hear = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{hear}\n{before}\nfrom planrace.checker.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=120, check=False
    )


EARLY = {
    "while the command is imported": "planrace.checker.cli.main",
    "while what hears signals is imported": "planrace.checker.cli.signals",
    "while streams are imported": "planrace.checker.cli.streams",
    "while engines are imported": "planrace.checker.engines.explicit",
}
IMPORTING = """
import sys
class Finder:
    def find_spec(self, name, *rest):
        if name == {name!r}:
            sys.meta_path.remove(self)
            kill()
sys.meta_path.insert(0, Finder())
"""
WHERE = {
    "while click is imported": """
import builtins
imported = builtins.__import__
def patched(name, *rest):
    if name == "click" and signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:  # which main does first
        builtins.__import__ = imported
        kill()
    return imported(name, *rest)
builtins.__import__ = patched
""",
    "while machine code is made": """
import planrace.checker.engines.native.jit as machine
def made(*_):
    kill()
machine.Machine._made = machine.Machine.__init__ = made
""",
    "while a file is written": """
import os
synced = os.fsync
def patched(number):
    os.fsync = synced
    kill()
os.fsync = patched
""",
    "while a temporary file is made": """
import os
opened = os.open
def patched(path, *rest, **more):
    if ".planrace-" in str(path):
        os.open = opened
        found = opened(path, *rest, **more)
        kill()
    return opened(path, *rest, **more)
os.open = patched
""",
}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: n.name)
@pytest.mark.parametrize("where", WHERE)
def test_a_signal_ends_the_run(where: str, number: signal.Signals, tmp_path: Path) -> None:
    before = KILL.format(number.name) + WHERE[where]
    Path("r.json").write_text("of yesterday", encoding="utf-8")
    done = command(before, "-p", "counter.py:protocol", "--engine", "native", "-o", "json:r.json")
    assert (done.returncode, done.stderr.strip()) == (
        128 + number,
        "interrupted before there was anything to report",
    )
    assert not {p.name for p in tmp_path.iterdir()} - {"counter.py", "__pycache__", "cache", "r.json"}
    assert not list(tmp_path.glob("cache/*.new"))
    begun = where.startswith(("while machine", "while a"))
    assert Path("r.json").exists() is not begun


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: n.name)
@pytest.mark.parametrize("where", EARLY)
def test_a_signal_ends_the_run_from_the_first_moment(where: str, number: signal.Signals) -> None:
    before = KILL.format(number.name) + IMPORTING.format(name=EARLY[where])
    done = command(before, "-p", "counter.py:protocol")
    said = "interrupted before there was anything to report"
    assert (done.returncode, done.stderr.strip()) == (128 + number, said)


def test_an_interruption_before_there_is_a_handler_shows_no_traceback() -> None:
    before = KILL.format("SIGINT") + IMPORTING.format(name="signal") + "del sys.modules['signal']"
    done = command(before, "-p", "counter.py:protocol")
    assert (done.returncode, done.stderr) == (130, "interrupted before there was anything to report\n")


def test_nothing_large_is_imported_before_signals_are_heard() -> None:
    code = f"""
import sys
sys.path[:0] = {sys.path!r}
import planrace.checker.cli
print([m for m in ("typing", "enum", "re", "click", "model") if m in sys.modules])
"""
    command = [sys.executable, "-S", "-c", code]  # without what an environment imports for itself
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize("number", NUMBERS, ids=lambda n: n.name)
def test_a_signal_while_the_authors_file_is_loaded(number: signal.Signals) -> None:
    Path("slow.py").write_text(f"{KILL.format(number.name)}kill()\n{PROTOCOL}", encoding="utf-8")
    done = command("", "-p", "slow.py:protocol")
    assert done.returncode == 128 + number
    assert "Traceback" not in done.stderr


def test_the_search_before_machine_code_is_reported() -> None:
    before = f"""
{KILL.format("SIGTERM")}
import planrace.checker.engines.native.jit as machine
import planrace.checker.run.strategies as searches
searches.OUTGROWN = 5
def made(*_):
    kill()
machine.Machine.__init__ = made
"""
    done = command(before, "-p", "counter.py:fixed")
    assert done.returncode == 130, done.stderr
    assert "it was interrupted" in done.stdout
    assert done.stdout.endswith("verdict: unknown (exit 130)\n")
    assert done.stderr == ""


def test_an_interruption_that_python_forgets_comes_again() -> None:
    """In a callback of a weak reference no exception gets through."""
    before = """
import planrace.checker.engines.explicit.search as search, os, signal, weakref, time
class Thing: pass
def called(_):
    os.kill(os.getpid(), signal.SIGTERM)
def run(self):
    thing = Thing()
    kept = weakref.ref(thing, called)
    del thing
    while True:
        time.sleep(0.01)
search.Search.run = run
"""
    done = command(before, "-p", "counter.py:protocol")
    assert done.returncode == 143
    assert "Traceback" not in done.stderr
    assert "ignored" not in done.stderr


def test_whoever_catches_an_interruption_it_shows_in_the_exit_code() -> None:
    before = """
import planrace.checker.cli.check, os, signal
said = planrace.checker.cli.check.document
def caught(*rest, **more):
    try:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000): pass
    except KeyboardInterrupt:
        pass
    return said(*rest, **more)
planrace.checker.cli.check.document = caught
"""
    done = command(before, "-p", "counter.py:fixed")
    assert done.returncode == 130, done.stderr


def test_signals_that_are_switched_off_stay_so() -> None:
    before = f"import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n{KILL.format('SIGHUP')}kill()"
    assert command(before, "-p", "counter.py:fixed").returncode == 0


def test_exit_codes() -> None:
    signals = Signals()
    assert signals.code == 130
    assert [signals.judged(code) for code in (0, 1, 70, 130)] == [0, 1, 70, 130]
    signals.number = signal.SIGTERM
    assert [signals.judged(code) for code in (0, 1, 70, 130)] == [143, 143, 143, 130]
