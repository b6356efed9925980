"""Workers that are processes: they ask over a socket whether they may go on.

Each message is a JSON object in one line. The worker's first one has ``planrace`` (the version of the format, 1),
``token`` and ``worker``, as the environment says. ``at`` names the point that it has reached, ``parameters`` are its
parameters (none if they were left out), ``line`` is the line of the program; ``outcome`` and ``refused`` are about the
step before. The answer is ``{"go": true}``. ``{"end": true}`` may be the last message, with ``outcome`` and
``refused``. A worker may be asked ``{"where": true}``, and answers ``{"stands": ["jobs.py:12 in claim", …], "cpu":
0.2}`` (the seconds of processor time that it has used) or nothing. ``{"mistake": "…", "line": "jobs.py:12", "remedy":
"…"}`` tells that the program uses its points wrongly.
"""

from __future__ import annotations

import json
import os
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Hashable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import IO, Any

from planrace.checker.drive.order.strand import SHORT, Arrived, Ended, Reports, Said, Strand, place_of
from planrace.checker.drive.reply import one_line
from planrace.drive import ADDRESS, TOKEN, WORKER
from planrace.model.language import ModelError
from planrace.model.language.author_code import shown

VERSION = 1
"""The version of the format of messages."""


class PointServer:
    """Where the processes of workers connect. It closes connections that do not know the token."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self._strands: dict[str, ProcessStrand] = {}
        self.heard: set[str] = set()
        """The workers that have connected at some time."""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, name="points", daemon=True).start()

    def expect(self, strand: ProcessStrand) -> None:
        """The next connection of this worker belongs to the strand."""
        self._strands[strand.word] = strand

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # ends accept(), which closing alone does not
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        strand: ProcessStrand | None = None
        line = ""
        with connection, suppress(OSError), connection.makefile(encoding="utf-8") as lines:
            try:
                for line in lines:
                    message = json.loads(line)
                    if strand is None:
                        strand = self._greeted(message)
                        if strand is None or not strand.connect(connection):
                            return
                    strand.hear(message)
            except (ValueError, TypeError, AttributeError):  # not JSON, or not the JSON of a message
                if strand is not None:
                    strand.misheard(line)
        if strand is not None:
            strand.lost.set()

    def _greeted(self, message: dict[str, Any]) -> ProcessStrand | None:
        known = message.get("planrace") == VERSION and str(message.get("token")) == self.token
        strand = self._strands.get(str(message.get("worker"))) if known else None
        self.heard |= set() if strand is None else {strand.word}
        return strand


class ProcessStrand(Strand):
    """A program in a process of its own, with the processes that it starts. It ends by being killed."""

    def __init__(self, worker: Hashable, argv: Sequence[str], reports: Reports, server: PointServer) -> None:
        super().__init__(worker, reports)
        self._argv = argv
        self._server = server
        self.word = " ".join(map(str, worker)) if isinstance(worker, tuple) else str(worker)
        self._process: subprocess.Popen[str] | None = None
        self._connection: socket.socket | None = None
        self._said, self._last_line = Said(), ""
        self._stands: SimpleQueue[tuple[list[str], float]] = SimpleQueue()
        self.lost = threading.Event()
        """Set when the connection has ended."""

    def begin(self) -> None:
        self._server.expect(self)
        place = {ADDRESS: self._server.address, TOKEN: self._server.token, WORKER: self.word}
        try:
            self._process = subprocess.Popen(
                self._argv,
                env={**os.environ, **place},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        except OSError as problem:
            remedy = "write the arguments of a program: [sys.executable, 'worker.py', '1']"
            raise ModelError(f"{self.name} cannot be started: {problem}", remedy=remedy) from None
        threading.Thread(target=self._watch, args=(self._process,), daemon=True).start()

    def _watch(self, process: subprocess.Popen[str]) -> None:
        """Pass on what it writes, and report its end."""
        assert process.stdout is not None
        reader = threading.Thread(target=self._read, args=(process.stdout,), daemon=True)
        reader.start()
        code = process.wait()
        reader.join(SHORT)  # a child that lives on may keep the stream open
        if self._connection is not None:
            self.lost.wait(SHORT)
        self.reports.put((self, Ended(self._said, None, code, self._last_line)))

    def _read(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self._last_line = line.strip() or self._last_line
                with suppress(OSError, ValueError):
                    sys.stderr.write(line)

    def connect(self, connection: socket.socket) -> bool:
        """Take a connection; only one is."""
        if self._connection is not None:
            return False
        self._connection = connection
        return True

    def unheard(self, patience: float) -> ModelError | None:
        """What is wrong with a program that has not connected: it does not start, or has no points."""
        heard, ended = self._server.heard, self.ended
        if self.word in heard or (ended is None and heard) or (ended is not None and not ended.code):
            return None
        if ended is None:
            what = f"the program of {self.name} did not reach a point within {patience:g} s after its start"
            return ModelError(what, remedy="let it call point or step of planrace.drive, or raise patience")
        last = f"; its last line: {one_line(ended.last_line)}" if ended.last_line else ""
        what = f"the program of {self.name} ended with exit code {exit_text(ended.code)} before its first point{last}"
        return ModelError(what, remedy=f"try it alone: {shlex.join(self._argv)}")

    def hear(self, message: dict[str, Any]) -> None:
        """Take a message of the process."""
        if "mistake" in message:
            what, remedy = (one_line(str(message.get(k, ""))) for k in ("mistake", "remedy"))
            self.misused(what, place_of(message.get("line")), remedy)
            return
        if "stands" in message:
            self._stands.put(([str(line) for line in message["stands"]], float(message.get("cpu") or 0)))
            return
        self._said = Said(*(None if message.get(k) is None else str(message[k]) for k in ("outcome", "refused")))
        if "at" in message:
            place = place_of(message.get("line"))
            parameters = tuple(message.get("parameters") or ())
            self.reports.put((self, Arrived(str(message["at"]), parameters, place, self._said)))
            self._said = Said()

    def misheard(self, line: str) -> None:
        """What the process has sent is no message."""
        self._last_line = f"it sent {shown(line.strip())}, which is no message"
        if self._process is not None:
            kill(self._process)

    def go(self) -> None:
        self._send({"go": True})

    def stop(self) -> None:
        self.stopping = True
        if self._process is None:
            self.reports.put((self, Ended()))
        elif self._process.poll() is None:
            kill(self._process)

    def standing(self) -> list[str]:
        return self._asked()[0]

    def cpu(self) -> float:
        return self._asked()[1]

    def _asked(self) -> tuple[list[str], float]:
        self._send({"where": True})
        with suppress(Empty):
            return self._stands.get(timeout=SHORT)
        return [], 0.0

    def _send(self, message: dict[str, Any]) -> None:
        if self._connection is not None:
            with suppress(OSError):  # the process has ended, which is reported
                self._connection.sendall(json.dumps(message).encode() + b"\n")


def exit_text(code: int) -> str:
    """An exit code in sentences: −9."""
    return str(code).replace("-", "−")


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and those of its group: kill -9."""
    with suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
