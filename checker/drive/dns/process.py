"""The embedded name server in a process of its own, which can be killed and started again.

``python -m planrace.checker.drive.dns.process`` is that process.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import dns.name
import dns.tsig

from planrace.checker.drive.dns import lifeline
from planrace.checker.drive.dns.client import ZoneError
from planrace.checker.drive.dns.embedded import EmbeddedServer
from planrace.checker.drive.dns.nameserver import ALGORITHM, KEY_NAME, Nameserver, new_key


class EmbeddedProcess(Nameserver):
    """The embedded server as a process. Its zones are in a private folder; it takes signed updates only."""

    def __init__(self, origins: Sequence[str], key: dns.tsig.Key | None = None) -> None:
        super().__init__(origins, key or new_key())
        self._folder: Path | None = None
        self._process: lifeline.ChildProcess | None = None

    def start(self) -> None:
        assert self.key is not None
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="planrace-embedded-"))
        given = {
            "origins": [o.to_text() for o in self.origins],
            "secret": base64.b64encode(self.key.secret).decode(),
            "folder": str(self._folder),
            "port": self.port,
        }
        log = self._folder / "server.log"
        self._process = lifeline.ChildProcess(__name__, given, log, asked=True)
        port = self._process.told()
        if not port:
            raise ZoneError(f"the embedded server does not start:\n{log.read_text(errors='replace')}")
        self.port = int(port)

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


def key_of(secret: str) -> dns.tsig.Key:
    """The key of our servers with this secret, in base64."""
    return dns.tsig.Key(KEY_NAME, secret, ALGORITHM)


def main() -> None:
    given, stop = lifeline.begin()
    server = EmbeddedServer(given["origins"], key_of(given["secret"]), given["folder"])
    server.port = given["port"]
    server.start()
    print(server.port, flush=True)
    stop.wait()


if __name__ == "__main__":
    main()
