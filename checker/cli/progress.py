"""Progress of a long search: drawn on a terminal, otherwise not shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from planrace.checker.cli.look import Look
from planrace.checker.engines.limits import Listener, Progress
from planrace.checker.results.wording import counted


@contextmanager
def progress(look: Look) -> Iterator[Listener | None]:
    """A listener that draws one line on standard error, or None if that is not a terminal or nothing is to be drawn."""
    if not look.progress or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    from planrace.checker.advice.forecast.tail import Remaining

    console = Console(stderr=True, no_color=not look.colored(sys.stderr))
    remaining = Remaining()
    with console.status("starting") as status:

        def show(event: Progress) -> None:
            left = remaining.after(event) if event.states else None  # compiling does not end a search
            status.update(Text(line(event, left, remaining.roughly())))

        yield show


def line(event: Progress, left: float | None = None, roughly: float | None = None) -> str:
    """One event in words. ``left`` is an upper bound on the remaining states, known once levels shrink; ``roughly`` is
    an earlier estimate by a rule of thumb. The remaining time is estimated from the rate so far."""
    from planrace.checker.advice.formatting import seconds

    if not event.states:
        return event.task if event.seconds < 1 else f"{event.task}, {event.seconds:.0f} s"
    rate = event.states / event.seconds if event.seconds else 0.0
    most = roughly if left is None else left
    to_come = ""
    if most is not None:
        how = "at most about" if left is not None else "as a rule of thumb at most"
        time = f" ({seconds(most / rate)})" if rate else ""
        to_come = f", {how} {float(f'{most:.2g}'):,.0f} to come{time}"
    memory = f", {event.memory_bytes / 2**20:,.0f} MiB" if event.memory_bytes else ""  # not every system reports it
    return (
        f"{event.task}: {counted(event.states, 'state')}, {rate:,.0f}/s, {counted(event.transitions, 'transition')}, "
        f"depth {event.depth}{memory}, {event.seconds:.0f} s{to_come}"
    )
