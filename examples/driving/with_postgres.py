"""Runs a command beside a private server of PostgreSQL, which ``ROLLOUT_DSN`` names to it.

    python examples/driving/with_postgres.py check cover -p examples/rollout.py:fixed \\
        --on examples/driving/rollout_database.py:Driver

The server has a socket in a folder of its own and no port. PostgreSQL refuses root: then it runs as ``nobody``. It ends
with this program, whatever ends that one.
"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from planrace.checker.drive.watcher import Watcher

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, by version; they are not in PATH."""


def programs() -> Path | None:
    """The folder with the server's programs: of PATH, or Debian's newest."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent  # it may be a link to where the others are
    newest = max(DEBIAN.glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]), default=None)
    return newest and newest.parent


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """A new and empty server, and the DSN of a database in it; afterwards, both are gone.

    Raises ``RuntimeError`` with PostgreSQL's own words.
    """
    with tempfile.TemporaryDirectory(prefix="planrace-pg-") as folder:
        owner: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        log = Path(folder) / "log"

        def run(program: str, *arguments: str) -> None:
            command = [str(programs / program), "-D", f"{folder}/data", *arguments]
            done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, **owner)
            if done.returncode != 0:
                said = done.stderr + (log.read_text() if log.exists() else "")
                raise RuntimeError(f"{program} failed: {said.strip()}")

        options = f"-k {shlex.quote(folder)} -c listen_addresses= -c fsync=off"
        run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        run("pg_ctl", "start", "-w", "-l", str(log), "-o", options)
        watcher = Watcher(int((Path(folder) / "data" / "postmaster.pid").read_text().split()[0]), Path(folder))
        try:
            yield f"postgresql://postgres@/postgres?host={quote(folder, safe='')}"
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate")
            watcher.close()


def main(command: list[str]) -> int:
    """Exits as the command does; with 2 if there is no command or no server."""
    found = programs()
    if found is None:
        print("PostgreSQL is not installed (apt-get install postgresql)", file=sys.stderr)
        return 2
    if not command:
        print("a command is missing: with_postgres.py COMMAND…", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the server, too
    try:
        with server(found) as dsn:
            return subprocess.run(command, check=False, env=os.environ | {"ROLLOUT_DSN": dsn}).returncode
    except KeyboardInterrupt:
        return 130
    except OSError as e:
        print(f"{e.filename}: {e.strerror}", file=sys.stderr)
    except RuntimeError as e:
        print(e, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
