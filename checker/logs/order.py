"""Which event may come next: the order within each stream, intervals of clocks, and serial numbers.

Events are consumed from the front of each stream. A vector of positions says how many of each stream were consumed; the
vectors form a lattice (C. J. Fidge: Timestamps in message-passing systems that preserve the partial ordering, 1988).

An event that may not have happened is consumed if it does happen. That it did not is decided as late as possible: when
an event behind it in its stream is consumed, or one that certainly came later; at the end of a run those that are left
did not happen. So there is one vector for what happened, not one for each moment at which the rest might be given up.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from typing import NamedTuple, TypeAlias

from planrace.checker.logs.events import LogEvent, Stream
from planrace.checker.results.conformance import LogLine

Positions: TypeAlias = "tuple[int, ...]"
REMEMBERED = 50_000
"""Positions for which the next events are remembered."""


class NextEvent(NamedTuple):
    """An event that may come next: the one at position ``at`` of its stream."""

    stream: int
    at: int
    event: LogEvent


class EventOrder:
    """The order of the events of several streams. ``late`` are events whose clock is behind an earlier line of their
    stream: the order of the lines is believed, and of the clocks only that both happened between the two times.
    ``total`` is the number of events that happened for certain. Streams that are ``growing`` may get further events,
    except for those that are ``complete``."""

    def __init__(self, streams: Sequence[Stream], *, growing: bool = False) -> None:
        self.late: list[LogEvent] = []
        self.doubtful: set[LogLine] = set()
        """Lines on both sides of a clock that went back."""
        self.events = tuple(tuple(self._in_order(s.events)) for s in streams)
        self.begin: Positions = (0,) * len(streams)
        self.end: Positions = tuple(map(len, self.events))
        self._whole = tuple(s.complete or not growing for s in streams)
        self.some_optional = any(e.optional for events in self.events for e in events)
        """Whether some events may not have happened."""
        self._before = [[*accumulate((not e.optional for e in events), initial=0)] for events in self.events]
        self._certain_at = [_next_certain(events) for events in self.events]
        self.total = self.certain(self.end)
        self._serials = self._by_serial()
        self._next: dict[Positions, list[NextEvent]] = {}
        self._ahead: dict[Positions, list[tuple[int, LogEvent]]] = {}

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

    def certain(self, positions: Positions) -> int:
        """How many of the consumed events happened for certain."""
        if not self.some_optional:
            return sum(positions)
        return sum(before[at] for before, at in zip(self._before, positions, strict=True))

    def fronts(self, positions: Positions) -> list[LogEvent]:
        """Of each stream the first event to come that happens for certain."""
        places = ((n, self._certain_at[n][at]) for n, at in enumerate(positions))
        return [self.events[n][at] for n, at in places if at < self.end[n]]

    def optional_ahead(self, positions: Positions) -> Sequence[tuple[int, LogEvent]]:
        """The events that may not have happened and stand before those of ``fronts``, each with its stream."""
        if not self.some_optional:
            return ()
        found = self._ahead.get(positions)
        if found is None:
            if len(self._ahead) > REMEMBERED:
                self._ahead.clear()
            ahead = ((n, range(at, self._certain_at[n][at])) for n, at in enumerate(positions))
            found = self._ahead[positions] = [(n, self.events[n][k]) for n, places in ahead for k in places]
        return found

    def next(self, positions: Positions) -> Sequence[NextEvent]:
        """The events that may come next; those that probably came first are first, and behind them those that may not
        have happened."""
        found = self._next.get(positions)
        if found is None:
            if len(self._next) > REMEMBERED:
                self._next.clear()
            found = self._next[positions] = self._able(positions)
        return found

    def _able(self, positions: Positions) -> list[NextEvent]:
        # Of all that is to come, what no other event certainly precedes.
        soonest = min((e.latest for e in self.fronts(positions)), default=math.inf)
        found = []
        for n, at in enumerate(positions):
            for place in range(at, min(self._certain_at[n][at] + 1, self.end[n])):
                e = self.events[n][place]
                if e.earliest <= soonest and self._serial_allows(n, e, positions):
                    found.append(NextEvent(n, place, e))
        if self.some_optional:
            found = [f for f in found if not self._another_serves(f, found)]
        return sorted(found, key=lambda f: (f.event.optional, f.event.time))

    def after(self, positions: Positions, following: NextEvent) -> Positions:
        """The positions behind an event that comes next: what may not have happened, and would have happened before it,
        did not."""
        stream, at, event = following
        if not self.some_optional:
            return (*positions[:stream], at + 1, *positions[stream + 1 :])
        found = list(positions)
        for n, place in enumerate(positions):
            events, certain = self.events[n], self._certain_at[n][place]
            found[n] = next((k for k in range(place, certain) if events[k].latest >= event.earliest), certain)
        found[stream] = at + 1
        return tuple(found)

    def _another_serves(self, one: NextEvent, found: Sequence[NextEvent]) -> bool:
        """Whether another event that may not have happened says the same, and has to come first if both do: in a run
        with this one and not yet that one the two can be exchanged, if nothing is behind either in its stream. (The
        rule of the earliest deadline: C. L. Liu and J. W. Layland, JACM 20, 1973, theorem 7.)"""
        if not self._is_alone(one):
            return False
        mine = (one.event.earliest, one.event.latest, one.stream)
        return any(
            _say_the_same(one.event, f.event)
            and (f.event.earliest, f.event.latest, f.stream) < mine
            and f.event.latest <= one.event.latest
            for f in found
            if self._is_alone(f)
        )

    def _is_alone(self, found: NextEvent) -> bool:
        """Whether it may not have happened, and is the last of its stream."""
        last = found.at + 1 == self.end[found.stream]
        return found.event.optional and last and self._whole[found.stream]

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
        while self.certain(positions) < self.total:
            found = next((f for f in self._able(positions) if not f.event.optional), None)
            if found is None:
                fronts = [n for n, at in enumerate(positions) if self._certain_at[n][at] < self.end[n]]
                return tuple(self._obstacle(n, positions) for n in fronts)
            positions = self.after(positions, found)
        return ()

    def _obstacle(self, stream: int, positions: Positions) -> str:
        """Why an event cannot be the next."""
        event = self.events[stream][self._certain_at[stream][positions[stream]]]
        others = (e for n, at in enumerate(positions) if n != stream for e in self.events[n][at:])
        to_come = [e for e in others if not e.optional]
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


def _next_certain(events: Sequence[LogEvent]) -> list[int]:
    """For each position, also that behind the last event: where the first event from there on is that happened for
    certain."""
    found = [len(events)]
    for n in range(len(events) - 1, -1, -1):
        found.append(found[-1] if events[n].optional else n)
    return found[::-1]


def _say_the_same(one: LogEvent, other: LogEvent) -> bool:
    return (one.patterns, one.before, one.after) == (other.patterns, other.before, other.after)
