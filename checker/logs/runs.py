"""The run that logs tell, step by step; each step is described when somebody reads it, for logs are long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, overload

from planrace.checker.logs.first_run import Explained
from planrace.checker.logs.middle import Beginnings
from planrace.checker.logs.order import EventOrder
from planrace.checker.logs.states import ModelStates, Situation, run_of
from planrace.checker.results.conformance import HiddenStep, LogLine
from planrace.checker.results.trace import Trace, TraceStep
from planrace.checker.semantics.describe import Describer
from planrace.checker.semantics.replay import Pick, Recording, record


class LoggedRun:
    """A run that explains events. ``situations`` has one more member than ``picks``."""

    def __init__(self, states: ModelStates, order: EventOrder, found: Explained) -> None:
        self._states = states
        self.own = found.picks
        """The steps, with the numbers that generations have in states."""
        self.situations = run_of(states, found.start, found.picks)
        pairs = zip(self.situations[:-1], found.picks, strict=True)
        self.picks: list[Pick] = [states.told(situation, pick) for situation, pick in pairs]
        """The steps, with the numbers of the logs."""
        self.lines: tuple[LogLine | None, ...] = tuple(
            None if t is None else order.events[t[0]][t[1]].line for t in found.told
        )
        """For each step the line that tells it."""
        before = [0, *accumulate(order.end)]
        self.told = tuple(None if t is None else before[t[0]] + t[1] for t in found.told)
        """For each step the place of its event among all events, one stream after the other."""

    def trace(self) -> Trace:
        """The run as people read it."""
        instance = self._states.instance
        chosen = tuple(v.name for v in instance.system.variables if v.initially is None)
        describer = Describer(self._states.interpreter)
        initial = describer.state(self._states.state(self.situations[0]))
        steps: Any = DescribedSteps(self._states, self.situations, self.picks)  # it is read as the tuple of Trace is
        return Trace(initial, steps, chosen=chosen)

    def recording(self, beginnings: Beginnings | None = None) -> Recording:
        """The run as the interpreter performs it, from the first step to the last; with ``beginnings``, after the steps
        from an initial state to its first state."""
        plain = self._states.plain(self.situations[-1])
        if beginnings is None:
            return record(plain, self.picks, self._states.state(self.situations[0]))
        initial, way = beginnings.way(self.situations[0])
        start = next(s for s in self._states.starts() if s[0] == initial)
        before = zip(run_of(self._states, start, way), way, strict=False)
        picks = [self._states.told(situation, pick) for situation, pick in before]
        return record(plain, [*picks, *self.picks], self._states.state(start))

    @property
    def first_line(self) -> LogLine:
        """The first line of the run."""
        return next(line for line in self.lines if line is not None)

    def hidden(self, trace: Trace) -> Iterator[HiddenStep]:
        """The steps that no line tells, with the lines around them. ``trace`` is that of this run."""
        last: LogLine | None = None
        waiting: list[tuple[int, LogLine | None]] = []
        for n, line in enumerate((*self.lines, None)):
            if n < len(self.lines) and line is None:
                waiting.append((n, last))
                continue
            for at, before in waiting:
                step = trace.steps[at]
                yield HiddenStep(at + 1, f"{step.by} {step.text}", step.fault, before, line)
            waiting, last = [], line


class DescribedSteps(Sequence[TraceStep]):
    """Steps that are performed by the interpreter, and described, when they are read."""

    def __init__(self, states: ModelStates, situations: Sequence[Situation], picks: Sequence[Pick]) -> None:
        self._states, self._situations, self._picks = states, situations, picks
        self._describer = Describer(states.interpreter)

    def __len__(self) -> int:
        return len(self._picks)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DescribedSteps) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # steps are described anew each time

    @overload
    def __getitem__(self, n: int) -> TraceStep: ...
    @overload
    def __getitem__(self, n: slice) -> Sequence[TraceStep]: ...
    def __getitem__(self, n: int | slice) -> TraceStep | Sequence[TraceStep]:
        if isinstance(n, slice):
            return tuple(self[k] for k in range(len(self))[n])
        n = range(len(self))[n]
        before, after = (self._states.state(s) for s in self._situations[n : n + 2])
        name, choice = self._picks[n]
        found = self._states.interpreter.perform(before, self._states.actions[name], choice)
        assert found is not None, "the step of a run is enabled"
        return self._describer.step(found[0], before, after)
