"""What a command has started ends with it, also if it is killed: nothing can be caught then."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from planrace.checker.drive.watcher import Watcher
from tests import ROOT
from tests.drive.postgres import WITH_POSTGRES
from tests.processes import is_gone

SLEEPER = "import time; print(flush=True); time.sleep(60)"
"""A program that runs until somebody ends it."""
PARENTS = {
    "program": f"""
import subprocess, sys, tempfile, pathlib
from planrace.checker.drive.watcher import Watcher
process = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], stdout=subprocess.PIPE)
process.stdout.readline()
folder = tempfile.mkdtemp(prefix="planrace-watched-")
watcher = Watcher(process.pid, pathlib.Path(folder))
""",
    "named": """
from planrace.checker.drive.dns.bind import BindServer as Server
""",
    "knotd": """
from planrace.checker.drive.dns.knot import KnotServer as Server
""",
    "postgres": """
from pathlib import Path
from urllib.parse import unquote
from tests.drive.postgres import WITH_POSTGRES
server = WITH_POSTGRES.server(WITH_POSTGRES.programs())
folder = unquote(server.__enter__().partition("host=")[2])
class process:
    pid = int(Path(folder, "data", "postmaster.pid").read_text().split()[0])
""",
}
SERVER = """
server = Server(["e1.planrace.test."])
server.start()
process, folder = server._process, server.folder
"""
LAST = """
print(process.pid, folder, flush=True)
input()
"""


def there(name: str) -> bool:
    if name == "postgres":
        return WITH_POSTGRES.programs() is not None
    from planrace.checker.drive.dns.daemon import installed

    return name == "program" or installed(name) is not None


@pytest.mark.parametrize("name", PARENTS)
def test_a_killed_parent_leaves_nothing_behind(name: str) -> None:
    if not there(name):
        pytest.skip(f"{name} is not installed")
    script = PARENTS[name] + (SERVER if name in ("named", "knotd") else "") + LAST
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        pid, folder = parent.stdout.readline().split()
        os.kill(int(pid), 0)
        assert Path(folder).is_dir()
        parent.send_signal(signal.SIGKILL)
    assert is_gone(int(pid))
    for _ in range(100):  # the folder goes last
        if not Path(folder).exists():
            return
        time.sleep(0.05)
    raise AssertionError(f"{folder} is left")


def test_what_is_closed_in_order_is_left_alone(tmp_path: Path) -> None:
    """A server that was killed on purpose goes on from its folder, and the number of its process may be another's."""
    with subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        watcher = Watcher(process.pid, tmp_path)
        watcher.close()
        assert watcher._process.returncode == 0
        assert process.poll() is None
        assert tmp_path.is_dir()
        process.kill()
