"""Which event may come next: the order within each stream, intervals of clocks, and serial numbers.

Events are consumed from the front of each stream. A vector of positions says how many of each stream were consumed; the
vectors form a lattice (C. J. Fidge: Timestamps in message-passing systems that preserve the partial ordering, 1988).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import TypeAlias

from planrace.checker.logs.events import LogEvent, Stream
from planrace.checker.results.conformance import LogLine

Positions: TypeAlias = "tuple[int, ...]"
REMEMBERED = 50_000
"""Positions for which the next events are remembered."""


class EventOrder:
    """The order of the events of several streams. ``late`` are events whose clock is behind an earlier line of their
    stream: the order of the lines is believed, and of the clocks only that both happened between the two times."""

    def __init__(self, streams: Sequence[Stream]) -> None:
        self.late: list[LogEvent] = []
        self.doubtful: set[LogLine] = set()
        """Lines on both sides of a clock that went back."""
        self.events = tuple(tuple(self._in_order(s.events)) for s in streams)
        self.begin: Positions = (0,) * len(streams)
        self.end: Positions = tuple(map(len, self.events))
        self.total = sum(self.end)
        self._serials = self._by_serial()
        self._next: dict[Positions, list[tuple[int, LogEvent]]] = {}

    def _in_order(self, events: Sequence[LogEvent]) -> list[LogEvent]:
        """The events with intervals that their order in the stream narrows: an event came neither before the one before
        it nor after the one after it.

        Where a clock went back between two lines, nobody knows which of the two readings is wrong. If it is the first,
        its event came earlier than it says, and if it is the second, that one came later. So the first event happened
        at any time up to its reading, and the second at any time from its reading on."""
        latest_before = [*accumulate((e.earliest for e in events), max, initial=-math.inf)][:-1]
        soonest_after = [*accumulate((e.latest for e in reversed(events)), min, initial=math.inf)][-2::-1]
        self.late += [e for e, bound in zip(events, latest_before, strict=True) if e.latest < bound]
        bounds = zip(events, latest_before, soonest_after, strict=True)
        self.doubtful |= {e.line for e, low, high in bounds if e.latest < low or e.earliest > high}
        earliest = [e.earliest if e.earliest <= x else -math.inf for e, x in zip(events, soonest_after, strict=True)]
        latest = [e.latest if e.latest >= x else math.inf for e, x in zip(events, latest_before, strict=True)]
        begins = accumulate(earliest, max)
        ends = [*accumulate(reversed(latest), min)][::-1]
        return [replace(e, earliest=b, latest=d) for e, b, d in zip(events, begins, ends, strict=True)]

    def _by_serial(self) -> dict[str, list[tuple[list[int], list[int]]]]:
        """For each thing that is counted, and each stream: the least serial numbers from each such event on, and their
        positions in the stream."""
        found: dict[str, list[tuple[list[int], list[int]]]] = {}
        for n, events in enumerate(self.events):
            for at, e in enumerate(events):
                for key, number in e.serials:
                    numbers, places = found.setdefault(key, [([], []) for _ in self.events])[n]
                    numbers.append(number)
                    places.append(at)
        for numbers, _ in (pair for pairs in found.values() for pair in pairs):
            for n in range(len(numbers) - 2, -1, -1):
                numbers[n] = min(numbers[n], numbers[n + 1])
        return found

    def next(self, positions: Positions) -> Sequence[tuple[int, LogEvent]]:
        """The events that may come next, each with its stream; those that probably came first are first."""
        found = self._next.get(positions)
        if found is None:
            if len(self._next) > REMEMBERED:
                self._next.clear()
            found = self._next[positions] = self._able(positions)
        return found

    def _able(self, positions: Positions) -> list[tuple[int, LogEvent]]:
        fronts = [(n, self.events[n][at]) for n, at in enumerate(positions) if at < self.end[n]]
        # Of all that is to come, what no other event certainly precedes.
        soonest = min((e.latest for _, e in fronts), default=0.0)
        able = [(n, e) for n, e in fronts if e.earliest <= soonest and self._serial_allows(n, e, positions)]
        return sorted(able, key=lambda found: found[1].time)

    def _serial_allows(self, stream: int, event: LogEvent, positions: Positions) -> bool:
        """Whether every event with a lower serial number was consumed."""
        for key, number in event.serials:
            for n, (numbers, places) in enumerate(self._serials[key]):
                at = bisect_left(places, positions[n])
                if n != stream and any(m < number for m in numbers[at : at + 1]):
                    return False
        return True

    def contradictions(self) -> tuple[str, ...]:
        """If clocks, serial numbers and the order of the lines contradict each other, whatever the model is: lines of
        which each must come after another one, and why. Empty if they do not."""
        positions = self.begin
        while positions != self.end:
            found = next(iter(self._able(positions)), None)
            if found is None:
                fronts = [n for n, at in enumerate(positions) if at < self.end[n]]
                return tuple(self._obstacle(n, positions) for n in fronts)
            positions = self.after(positions, found[0])
        return ()

    def _obstacle(self, stream: int, positions: Positions) -> str:
        """Why an event cannot be the next."""
        event = self.events[stream][positions[stream]]
        to_come = [e for n, at in enumerate(positions) if n != stream for e in self.events[n][at:]]
        for e in to_come:
            if e.latest < event.earliest:
                return f"{event.line} comes after {e.line} by their clocks"
        for key, number in event.serials:
            for e in to_come:
                lower = dict(e.serials).get(key)
                if lower is not None and lower < number:
                    return f"{event.line} comes after {e.line} by the serial {key}, {number} after {lower}"
        raise AssertionError("an event that may come next")

    def replaced(self, stream: int, at: int, events: Sequence[LogEvent]) -> EventOrder:
        """The order with other events in the place of one."""
        given = self.events[stream]
        return self._with(stream, (*given[:at], *events, *given[at + 1 :]))

    def swapped(self, stream: int, at: int) -> EventOrder:
        """The order with an event and the next one of its stream exchanged. Their times stay where they are."""
        given = self.events[stream]
        first, second = given[at], given[at + 1]
        there = (replace(second, earliest=first.earliest, latest=first.latest),)
        here = (replace(first, earliest=second.earliest, latest=second.latest),)
        return self._with(stream, (*given[:at], *there, *here, *given[at + 2 :]))

    def _with(self, stream: int, events: Sequence[LogEvent]) -> EventOrder:
        return EventOrder([Stream("", list(events if n == stream else e)) for n, e in enumerate(self.events)])

    def after(self, positions: Positions, stream: int) -> Positions:
        """The positions when the next event of a stream is consumed, too."""
        return (*positions[:stream], positions[stream] + 1, *positions[stream + 1 :])
