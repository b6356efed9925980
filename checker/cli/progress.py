"""Progress of a long search: drawn on a terminal, silent in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..limits import Listener, Progress


@contextmanager
def progress() -> Iterator[Listener | None]:
    """A listener that draws one line on standard error, or None where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True)
    with console.status("starting") as status:
        yield lambda event: status.update(Text(line(event)))


def line(event: Progress) -> str:
    """One event in words."""
    rate = event.states / event.seconds if event.seconds else 0.0
    return (
        f"{event.task}: {event.states:,} states, {rate:,.0f}/s, {event.transitions:,} transitions, "
        f"depth {event.depth}, {event.memory_bytes / 2**20:,.0f} MiB, {event.seconds:.0f} s"
    )
