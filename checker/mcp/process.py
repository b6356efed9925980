"""Starts the process of a call, waits for its answer, and ends it at a time limit or a cancellation."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.abc import Process

WORKER = "planrace.checker.mcp.worker"
GRACE = 10.0
"""Seconds after the time limit that a call may take to say what it found."""

Report = Callable[[str], Awaitable[None]]
"""Is given each line of progress."""


@dataclass(frozen=True)
class WorkAnswer:
    """The answer of a call: its ``text`` and ``values``, or the sentence of an ``error``."""

    text: str = ""
    values: dict[str, Any] | None = None
    error: str | None = None


async def work(tool: str, given: Mapping[str, Any], tell: Report) -> WorkAnswer:
    """Make the call in a process of its own, and return its answer. A cancellation ends the process."""
    limit = given["time_limit"]
    process = await _started()
    try:
        with anyio.move_on_after(limit + GRACE):
            assert process.stdin is not None
            await process.stdin.send(json.dumps({"tool": tool, "arguments": given}).encode() + b"\n")
            return await _answer(process, tell)
        return WorkAnswer(error=f"the time limit of {limit:g} s was reached, and {tool} did not end by itself: {HANGS}")
    finally:
        await _end(process)


HANGS = "look for code of the model file that does not end, or give smaller sizes"


async def _started() -> Process:
    """A process with the same Python, the same path of imports and the same working directory."""
    path = os.pathsep.join(p for p in sys.path if p)
    return await anyio.open_process(
        [sys.executable, "-P", "-m", WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=os.name == "posix",
    )


async def _answer(process: Process, tell: Report) -> WorkAnswer:
    async for message in _messages(process):
        if "progress" in message:
            await tell(message["progress"])
        else:
            return WorkAnswer(**message)
    code = await process.wait()
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return WorkAnswer(error=f"the process of this call ended without an answer ({how}): is there enough memory?")


async def _messages(process: Process) -> AsyncIterator[dict[str, Any]]:
    assert process.stdout is not None
    rest = b""
    async for chunk in process.stdout:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield json.loads(line)


async def _end(process: Process) -> None:
    """End the process with those that it started, and wait for it."""
    with anyio.CancelScope(shield=True):
        with suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()
        await process.aclose()
