"""Searches for a run that explains all events: depth first, in the order of time, with a memo of what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.choices import Node, NodeChoices, Way
from planrace.checker.logs.explain_event import EventSteps, Steps
from planrace.checker.logs.order import EventOrder
from planrace.checker.logs.progress import SILENT, LogProgress
from planrace.checker.logs.states import Situation
from planrace.checker.semantics.replay import Pick


@dataclass(frozen=True)
class Explained:
    """A run that begins in ``start``. ``told[n]`` says which event step n tells: its stream and its position in it;
    None for a hidden step."""

    start: Situation
    picks: Steps
    told: tuple[tuple[int, int] | None, ...]


@dataclass(slots=True)
class _Frame:
    """A node of the search, and how it goes on. ``certain`` events that happened for certain are behind it."""

    node: Node
    certain: int
    choices: Iterator[Way]
    taken: Way | None = None


class FirstRun:
    """The first run that explains everything. ``deepest`` is the greatest number of events that were explained, of
    those that happened for certain."""

    def __init__(self, order: EventOrder, steps: EventSteps, progress: LogProgress = SILENT) -> None:
        self._order = order
        self._choices = NodeChoices(order, steps)
        self._progress = progress
        self._failed: set[Node] = set()
        self.deepest = 0
        self.nodes = 0

    def search(self, starts: Sequence[Situation]) -> Explained | None:
        """The run, from one of these situations; None if there is none. Raises ``TimeUpError``."""
        for start in starts:
            found = self._from(start)
            if found is not None:
                return found
        return None

    def _from(self, start: Situation) -> Explained | None:
        stack = [self._frame((self._order.begin, start), 0)]
        while stack:
            frame = stack[-1]
            if frame.certain == self._order.total:
                return explained(start, [f.taken for f in stack if f.taken is not None])
            frame.taken = next(frame.choices, None)
            if frame.taken is None:
                self._failed.add(frame.node)
                stack.pop()
                continue
            node = self._choices.after(frame.node, frame.taken)
            if node not in self._failed:
                stack.append(self._frame(node, frame.certain + (not frame.taken[-1][0].event.optional)))
                self.deepest = max(self.deepest, stack[-1].certain)
        return None

    def _frame(self, node: Node, certain: int) -> _Frame:
        self.nodes += 1
        if self.nodes % 64 == 0:
            look_at_the_clock()
            self._progress.tell("explaining: {:,} of {:,} events", self.deepest, self._order.total)
        return _Frame(node, certain, self._choices.ways(node))


def explained(start: Situation, taken: Sequence[Way]) -> Explained:
    """The run of these ways."""
    picks: list[Pick] = []
    told: list[tuple[int, int] | None] = []
    for event, e in (choice for way in taken for choice in way):
        picks += e.picks
        told += [None] * (len(e.picks) - 1) + [(event.stream, event.at)]
    return Explained(start, tuple(picks), tuple(told))
