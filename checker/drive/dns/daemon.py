"""A name server that is a program of its own: started by an ordinary user, in a private folder, on a free port."""

from __future__ import annotations

import abc
import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import dns.rcode
import dns.tsig

from planrace.checker.drive.dns.client import Client, ZoneError
from planrace.checker.drive.dns.nameserver import Nameserver, new_key, zone_text
from planrace.checker.drive.watcher import Watcher
from planrace.model.language import ModelError

READY = 15.0
"""Seconds until a started server must answer."""
GONE = 10.0
"""Seconds until a server that was asked to end must have ended."""
SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/sbin"
"""Where distributions keep servers; not every user has them in PATH."""
NOBODY = "nobody"
LOG_LINES = 15


def installed(program: str) -> str | None:
    """The path of a server's program, if it is there."""
    return shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", ""), SYSTEM_FOLDERS)))


class DaemonServer(Nameserver):
    """A server's program and its private folder. Root never runs it: then it is run as ``nobody``."""

    program: str
    package: str

    def __init__(self, origins: Sequence[str], key: dns.tsig.Key | None = None) -> None:
        super().__init__(origins, key or new_key())
        self.folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: Watcher | None = None

    @abc.abstractmethod
    def configure(self, folder: Path) -> list[str]:
        """Writes the configuration for ``port`` into the folder. Returns the command that runs in the foreground."""

    def check_installed(self) -> None:
        """Raises ``ModelError`` if the server's program is missing."""
        if installed(self.program) is None:
            raise ModelError(f"{self.program} is not installed", remedy=f"apt-get install {self.package}")

    def start(self) -> None:
        self.check_installed()
        folder = self._prepared()
        command = self.configure(folder)
        user, group = _ordinary_user()
        if user is not None and group is not None:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, user, group)
        with (folder / "output.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                group=group,
                extra_groups=[] if user is not None else None,
            )
        self._watcher = Watcher(self._process.pid, folder)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(GONE)
            except subprocess.TimeoutExpired:
                self.kill()
            self._ended()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(GONE)
            self._ended()

    def _ended(self) -> None:
        self._process = None
        if self._watcher is not None:
            self._watcher.close()
            self._watcher = None

    def log(self) -> str:
        """The last lines of every log that the server wrote in its folder."""
        files = sorted(self.folder.glob("*.log")) if self.folder is not None else []
        return "\n".join(line for f in files for line in f.read_text(errors="replace").splitlines()[-LOG_LINES:])

    def _prepared(self) -> Path:
        """The folder with zones and configuration, made once; a restart finds what the server left there."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix=f"planrace-{self.program}-"))
            for origin in self.origins:
                (self.folder / f"{origin}zone").write_text(zone_text(origin))
            self.port = _free_port(self.address)
        return self.folder

    def _wait_until_it_answers(self) -> None:
        client = Client(self.address, self.port, None, timeout=0.5)
        end = time.monotonic() + READY
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                raise ZoneError(f"{self.program} ended with {self._process.returncode}:\n{self.log()}")
            with contextlib.suppress(ZoneError):
                if all(client.query(o, "SOA").rcode() == dns.rcode.NOERROR for o in self.origins):
                    return
            time.sleep(0.02)
        raise ZoneError(f"{self.program} does not answer after {READY:.0f} s:\n{self.log()}")


def _ordinary_user() -> tuple[int, int] | tuple[None, None]:
    """The user and group that run the server instead of root; none where we are not root."""
    if os.geteuid() != 0:
        return None, None
    entry = pwd.getpwnam(NOBODY)
    return entry.pw_uid, entry.pw_gid


def _free_port(address: str) -> int:
    """A port that is free for UDP and TCP at this moment."""
    for _ in range(20):
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((address, 0))
            port = int(tcp.getsockname()[1])
            with contextlib.suppress(OSError):
                udp.bind((address, port))
                return port
    raise ZoneError("no port is free for both UDP and TCP")
