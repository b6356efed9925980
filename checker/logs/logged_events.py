"""The events of logs, as reports have them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from planrace.checker.logs.events import pattern_text
from planrace.checker.logs.order import EventOrder
from planrace.checker.results.conformance import LoggedEvent
from planrace.model.language import System


def logged_events(system: System, streams: Sequence[str], order: EventOrder) -> Iterator[LoggedEvent]:
    """Each event, one stream after the other."""
    for stream, events in zip(streams, order.events, strict=True):
        for e in events:
            says = " or ".join(pattern_text(system.actions[p.action], p) for p in e.patterns)
            first, last = (x if math.isfinite(x) else None for x in (e.earliest, e.latest))
            yield LoggedEvent(e.line, stream, says, first, last, e.optional)
