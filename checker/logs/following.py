"""Follows logs while they are written: every explanation of what was logged so far, and the line that has none.

The search goes on by one event when it is certain which ones may come next: when all that is still to be read comes
later. A line is taken to be in its file ``lag`` seconds after its time at the latest, also after that at which its step
began, unless a line said so then. If one comes later all the same, or a clock goes back, then nothing that is found
from then on is a divergence for certain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from planrace.checker.logs.choices import Node
from planrace.checker.logs.events import LogEvent, Stream
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.frontier import Arrival, EndOfRuns, Frontiers, Layer, ends_of
from planrace.checker.logs.judge import Judge
from planrace.checker.logs.order import EventOrder, Positions
from planrace.checker.logs.states import ModelStates
from planrace.checker.results.conformance import LogLine
from planrace.model.language import ModelError, Place
from planrace.properties.kinds import Invariant, StepInvariant

KEPT = 1_000
"""Events of a stream that are kept although every explanation has them behind it."""
STATES = 200_000
"""States that are remembered; beyond them all but those of the last layer are forgotten."""


@dataclass(frozen=True)
class FollowOptions:
    """What a follower asks: ``hidden`` are the actions of which no line tells, ``width`` the most nodes that it may
    hold apart, ``lag`` the seconds after which a line is there."""

    hidden: Sequence[str]
    properties: Sequence[Invariant | StepInvariant]
    width: int
    lag: float


class LogFollower:
    """The search. ``explained`` counts events, ``violated`` are the properties that every explanation violates so far,
    each with the line by which it did. ``doubt`` says why a divergence would not be certain. ``ended``: nothing
    explains what comes next, or, if ``cut``, too many nodes would have to be held apart. ``open``: at the end too many
    things may have happened to say what they violate."""

    def __init__(self, make: Callable[[], ModelStates], options: FollowOptions) -> None:
        self._make, self._options = make, options
        self._streams: list[Stream] = []
        self.explained = 0
        self.violated: dict[str, LogLine] = {}
        self.doubt = ""
        self.ended = self.cut = self.open = False
        self.totals: dict[str, int] = {}
        """How many events of each stream were read."""
        self._read: dict[str, int] = {}
        self._clocks: dict[str, float] = {}
        self._newest, self._newest_at, self._widest = -math.inf, 0.0, 0.0
        self._passed = -math.inf
        self._remember()
        self.order = EventOrder([])
        self.layer: Layer = {}

    def _remember(self) -> None:
        """Begin with states and steps of which nothing is known."""
        self.states = self._make()
        self._judge = Judge(self.states, self._options.properties)
        self.steps = EventSteps(self.states, self._options.hidden, judge=self._judge)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes of the last layer."""
        return tuple(dict.fromkeys(node for node, _ in self.layer))

    @property
    def ends(self) -> tuple[EndOfRuns, ...]:
        """The runs to the last layer, from where they are remembered; those first that take the least for granted."""
        return tuple(ends_of(self.layer))

    @property
    def waiting(self) -> int:
        """The number of events that were read and not explained, of those that happened for certain."""
        return self.order.total - self.order.certain(next(iter(self.layer))[0][0]) if self.layer else 0

    def go_on(self, streams: Sequence[Stream], now: float, *, held: float = math.inf, last: bool = False) -> None:
        """Explain what ``streams`` say that grow, as far as it is certain at the time ``now``, in seconds of any clock;
        ``held`` is the earliest time of lines that wait for others; ``last``: all of it, nothing more will come. Raises
        ``ModelError`` for an event without a time."""
        if self._grown(streams, now):
            self.order = EventOrder(self._streams, growing=True)
        known = self._newest + (now - self._newest_at) - self._options.lag - self._widest
        front = math.inf if last else min(known, held)
        while not self.ended and self._certain(front, last=last):
            layer = self._frontiers.following(self.layer)
            if not layer or len(layer) > self._options.width:
                self.ended, self.cut = True, bool(layer)
                return
            self.layer, self.explained = layer, self.explained + 1
            self._look_for_violations()
            if self.explained % KEPT == 0:
                self._forget()
        if last and not self.ended:
            self._close()

    def _close(self) -> None:
        """What may not have happened may have, after the last event."""
        layer = self._frontiers.closed(self.layer, whole=True)
        self.open = len(layer) > self._options.width
        if not self.open:
            self.layer = layer

    @property
    def _frontiers(self) -> Frontiers:
        return Frontiers(self.order, self.steps, self._options.width, judge=self._judge)

    # What was read -------------------------------------------------------------------------------------------------
    def _grown(self, streams: Sequence[Stream], now: float) -> bool:
        """Whether there are new events; takes notice of them."""
        grown = False
        for s in streams:
            known = self._read.get(s.name)
            if known is None:
                self._streams.append(s)
                known = 0
                self._widen()
            for e in s.events[known:]:
                grown = True
                self._notice(e, s.name, now)
            self.totals[s.name] = self.totals.get(s.name, 0) + len(s.events) - known
            self._read[s.name] = len(s.events)
        return grown

    def _widen(self) -> None:
        """There is one more stream."""
        if not self.layer:
            self.layer = self._frontiers.first_layer([((0,), s) for s in self.states.starts()])
            return
        self._renumber(lambda positions: (*positions, 0))

    def _notice(self, e: LogEvent, stream: str, now: float) -> None:
        if not math.isfinite(e.earliest):
            at = Place(e.line.file, e.line.line)
            raise ModelError("the record has no time", where=at, remedy="logs that are followed need at in each record")
        # The lag counts from the end of a step, and the next one to be read may have taken as long as the longest.
        end = e.latest if math.isfinite(e.latest) else e.earliest
        self._widest = max(self._widest, end - e.earliest)
        if end > self._newest + (now - self._newest_at):
            self._newest, self._newest_at = end, now
        if e.unannounced > self._options.lag:
            took = f"{e.line} took {e.unannounced:g} s, more than the lag, and no line said that it began"
            self._doubt(f"{took}: the lines of others may come too late")
        if e.earliest <= self._passed:
            self._doubt(f"{e.line} came after later ones were explained: it took more than the lag")
        elif e.latest < self._clocks.get(stream, -math.inf):
            self._doubt(f"the clock of {e.line} is behind a line before")
        self._clocks[stream] = max(self._clocks.get(stream, -math.inf), e.earliest)

    def _doubt(self, why: str) -> None:
        self.doubt = self.doubt or why

    # How far it is certain -----------------------------------------------------------------------------------------
    def _certain(self, front: float, *, last: bool) -> bool:
        """Whether all nodes know which events may come next: what is still to be read comes after ``front``."""
        soonest = -math.inf
        for positions, _ in self.nodes:
            fronts = self.order.fronts(positions)
            if not fronts:
                return False
            first = min(e.latest for e in fronts)
            counted = max((e.latest for e in fronts if e.serials and e.earliest <= first), default=-math.inf)
            if max(first, counted) >= front and not last:
                return False
            soonest = max(soonest, first)
        self._passed = max(self._passed, soonest)
        return bool(self.layer)

    def _look_for_violations(self) -> None:
        everywhere = -1
        for _, violated in self.layer:
            everywhere &= violated
        for n, p in enumerate(self._options.properties):
            if everywhere >> n & 1 and p.name not in self.violated:
                way = next(iter(self.layer.values()))
                assert way.by is not None
                self.violated[p.name] = way.by[-1][0].event.line

    # What is forgotten ---------------------------------------------------------------------------------------------
    def _forget(self) -> None:
        """Forget events that every explanation has behind it, the way to them, and, if there are many, states."""
        least = [max(0, min(p[n] for p, _ in self.nodes) - KEPT) for n in range(len(self._streams))]
        for s, many in zip(self._streams, least, strict=True):
            del s.events[:many]
            self._read[s.name] -= many
        old = self.states
        many = len(old) > STATES
        if many:
            self._remember()
        self.order = EventOrder(self._streams, growing=True)
        found: Layer = {}
        for ((positions, situation), violated), way in self.layer.items():
            there = self.states.situation(old.state(situation)) if many else situation
            node = tuple(at - n for at, n in zip(positions, least, strict=True)), there
            found[node, violated] = Arrival(way.cost, way.runs, node)
        self.layer = found

    def _renumber(self, change: Callable[[Positions], Positions]) -> None:
        """Change the positions of the last layer; the way to it is forgotten."""
        found: Layer = {}
        for ((positions, situation), violated), way in self.layer.items():
            node = change(positions), situation
            found[node, violated] = Arrival(way.cost, way.runs, node)
        self.layer = found
