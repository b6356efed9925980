"""The progress of a search in words, for every face."""

from __future__ import annotations

from collections.abc import Callable

from planrace.checker.engines.limits import Listener, Progress
from planrace.checker.results.wording import counted, share_text


def in_words(show: Callable[[str], None]) -> Listener:
    """A listener that shows each event as a line, with an estimate of what is to come."""
    from planrace.checker.advice.forecast.tail import Remaining

    remaining = Remaining()

    def hear(event: Progress) -> None:
        left = remaining.after(event) if event.states else None  # compiling does not end a search
        show(line(event, left, remaining.roughly()))

    return hear


def line(event: Progress, left: float | None = None, roughly: float | None = None) -> str:
    """One event in words. ``left`` is an upper bound on the remaining states, known once levels shrink; ``roughly`` is
    an earlier estimate by a rule of thumb, for events that know no share. The remaining time is estimated from the rate
    so far."""
    from planrace.checker.advice.formatting import seconds

    if not event.states:
        return event.task if event.seconds < 1 else f"{event.task}, {event.seconds:.0f} s"
    rate = event.states / event.seconds if event.seconds else 0.0
    most = roughly if left is None and event.share is None else left
    share = f", {share_text(*event.share)} of all states" if event.share is not None else ""
    to_come = ""
    if most is not None:
        how = "at most about" if left is not None else "as a rule of thumb at most"
        time = f" ({seconds(most / rate)})" if rate else ""
        to_come = f", {how} {float(f'{most:.2g}'):,.0f} to come{time}"
    memory = f", {event.memory_bytes / 2**20:,.0f} MiB" if event.memory_bytes else ""  # not every system reports it
    return (
        f"{event.task}: {counted(event.states, 'state')}, {rate:,.0f}/s, {counted(event.transitions, 'transition')}, "
        f"depth {event.depth}{memory}, {event.seconds:.0f} s{share}{to_come}"
    )
