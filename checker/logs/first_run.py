"""Searches for a run that explains all events: depth first, in the order of time, with a memo of what failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.logs.explain_event import EventSteps, Explanation, Steps
from planrace.checker.logs.order import EventOrder, Positions
from planrace.checker.logs.progress import SILENT, LogProgress
from planrace.checker.logs.states import Situation, moved

Node: TypeAlias = "tuple[Positions, Situation]"


@dataclass(frozen=True)
class Explained:
    """A run that begins in ``start``. ``told[n]`` says which event step n tells: its stream and its position in it;
    None for a hidden step."""

    start: Situation
    picks: Steps
    told: tuple[tuple[int, int] | None, ...]


@dataclass(slots=True)
class _Frame:
    """A node of the search, and how it goes on."""

    node: Node
    choices: Iterator[tuple[int, Explanation]]
    taken: tuple[int, Explanation] | None = None


class FirstRun:
    """The first run that explains everything. ``deepest`` is the greatest number of events that were explained."""

    def __init__(self, order: EventOrder, steps: EventSteps, progress: LogProgress = SILENT) -> None:
        self._order = order
        self._steps = steps
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
        stack = [self._frame((self._order.begin, start))]
        while stack:
            if len(stack) > self._order.total:
                return explained(start, [(f.node[0], *f.taken) for f in stack if f.taken is not None])
            frame = stack[-1]
            frame.taken = next(frame.choices, None)
            if frame.taken is None:
                self._failed.add(frame.node)
                stack.pop()
                continue
            node = after(self._order, frame.node, *frame.taken)
            if node not in self._failed:
                stack.append(self._frame(node))
                self.deepest = max(self.deepest, len(stack) - 1)
        return None

    def _frame(self, node: Node) -> _Frame:
        self.nodes += 1
        if self.nodes % 64 == 0:
            look_at_the_clock()
            self._progress.tell("explaining: {:,} of {:,} events", self.deepest, self._order.total)
        return _Frame(node, choices_at(self._order, self._steps, node))


def choices_at(order: EventOrder, steps: EventSteps, node: Node) -> Iterator[tuple[int, Explanation]]:
    """How a node goes on: the events that may come next, in the order of time, without hidden steps if that is
    possible; then with hidden ones."""
    positions, situation = node
    able = order.next(positions)
    for stream, event in able:
        for e in steps.direct(situation, event):
            yield stream, e
    for stream, event in able:
        for e in steps.after_hidden(situation, event):
            yield stream, e


def after(order: EventOrder, node: Node, stream: int, explanation: Explanation) -> Node:
    """The node after the next event of a stream."""
    positions, (_, absolute) = node
    return order.after(positions, stream), (explanation.number, moved(absolute, explanation.moved))


def explained(start: Situation, taken: Sequence[tuple[Positions, int, Explanation]]) -> Explained:
    """The run of these explanations, each with the positions before it and the stream of its event."""
    picks: list[Steps] = [e.picks for _, _, e in taken]
    told: list[tuple[int, int] | None] = []
    for positions, stream, e in taken:
        told += [None] * (len(e.picks) - e.happened)
        if e.happened:
            told.append((stream, positions[stream]))
    return Explained(start, tuple(p for steps in picks for p in steps), tuple(told))
