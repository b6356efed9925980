"""Looking at other processes."""

from __future__ import annotations

import signal
import time
from pathlib import Path


def is_gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has waited for yet counts as ended."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.05)
    return False


def hear_interrupts() -> None:
    """For ``preexec_fn``: a program that a shell started in the background ignores SIGINT, and so does what it
    starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
