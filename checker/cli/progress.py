"""Progress of a long search: drawn on a terminal, silent in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..advice.tail import Remaining
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
    remaining = Remaining()
    with console.status("starting") as status:
        yield lambda event: status.update(Text(line(event, remaining.after(event))))


def line(event: Progress, left: float | None = None) -> str:
    """One event in words; ``left`` is how many states are still to come at most, which is known once levels shrink."""
    rate = event.states / event.seconds if event.seconds else 0.0
    to_come = "" if left is None else f", at most about {float(f'{left:.2g}'):,.0f} to come"
    return (
        f"{event.task}: {event.states:,} states, {rate:,.0f}/s, {event.transitions:,} transitions, "
        f"depth {event.depth}, {event.memory_bytes / 2**20:,.0f} MiB, {event.seconds:.0f} s{to_come}"
    )
