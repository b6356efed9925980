"""The process of one call: ``python -m planrace.checker.mcp.worker``.

It reads a request, one line of JSON, from standard input; it writes progress and then the answer, one line each, to
what was standard output. What the model file prints goes to standard error. When standard input ends, nobody waits for
the answer any more, and the process ends, whatever it does.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader, FileIO
from typing import Any, NoReturn

BEAT = 1.0
"""Seconds between two messages that say that the work goes on."""


class WorkerChannel:
    """The private ends of standard input and standard output."""

    def __init__(self) -> None:
        self._reader = BufferedReader(FileIO(os.dup(0), "rb"))
        self._writer = os.dup(1)
        self._lock = threading.Lock()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)

    def request(self) -> dict[str, Any]:
        """The request."""
        found: dict[str, Any] = json.loads(self._reader.readline())
        return found

    def send(self, **message: Any) -> None:
        """Write a message. If nobody reads it, the process ends."""
        line = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n"  # "?" for half a surrogate
        with self._lock:
            while line:
                try:
                    line = line[os.write(self._writer, line) :]
                except OSError:
                    _leave()

    def end_with_it(self) -> None:
        """End the process when standard input ends."""
        self._reader.read()
        _leave()


def _leave() -> NoReturn:
    """End this process, with those that the model file has started: the server, which ends them otherwise, is gone."""
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(0)


class Heard:
    """The latest progress, which is sent again and again."""

    def __init__(self, channel: WorkerChannel) -> None:
        self._channel, self._text = channel, "loading"

    def say(self, text: str) -> None:
        """Send a line of progress."""
        self._text = text
        self._channel.send(progress=text)

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Send it every second meanwhile."""
        over = threading.Event()
        threading.Thread(target=self._beat, args=(over,), daemon=True).start()
        try:
            yield
        finally:
            over.set()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(BEAT):
            self._channel.send(progress=self._text)


def main() -> None:
    """Answer one request, and end."""
    channel = WorkerChannel()
    request = channel.request()
    threading.Thread(target=channel.end_with_it, daemon=True).start()
    heard = Heard(channel)
    with heard.beating():
        answer = _answer(request["tool"], request["arguments"], heard)
    channel.send(**answer)
    sys.stderr.flush()
    os._exit(0)  # threads of a model file, or of a solver, must not hold it up


def _answer(tool: str, given: dict[str, Any], heard: Heard) -> dict[str, Any]:
    """The text and the values of the result, or the sentence of an error."""
    started = time.monotonic()
    from planrace.checker.api.failures import INTERNAL, code_of, sentence_of
    from planrace.checker.api.progress import in_words
    from planrace.checker.engines.limits import until
    from planrace.checker.mcp.calls import CALLS
    from planrace.checker.run.author_files import one_run

    left = max(0.0, given["time_limit"] - (time.monotonic() - started))
    heard.say(f"{tool}: started")
    try:
        with one_run(), until(left):
            text, values = CALLS[tool](given, in_words(heard.say))
    except Exception as problem:
        if code_of(problem) == INTERNAL:
            traceback.print_exception(problem)
        return {"error": sentence_of(problem, "time_limit")}
    return {"text": text, "values": values}


if __name__ == "__main__":
    main()
