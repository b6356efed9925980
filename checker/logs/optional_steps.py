"""Events that may not have happened: a search in which each may also be no step.

In an explanation such an event is one pick, ``NOTHING``, which no run contains: it is taken out before the interpreter
performs the run. A hidden step can always be postponed behind it, so that the lazy search loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from planrace.checker.logs.conform import ConformRequest, _Conforming, conform_logs
from planrace.checker.logs.events import LogEvent
from planrace.checker.logs.explain_event import EventSteps, Explanation, Steps
from planrace.checker.logs.first_run import Explained
from planrace.checker.logs.frontier import Frontier
from planrace.checker.results.conformance import ConformanceReport
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.replay import Pick

NOTHING: Pick = ("", ())
"""What an event is that did not happen."""


def conform_events(request: ConformRequest) -> ConformanceReport:
    """The same as ``conform_logs``, also for events that may not have happened."""
    optional = any(e.optional for s in request.streams for e in s.events)
    return _ConformingOptional(request).run() if optional else conform_logs(request)


class OptionalSteps(EventSteps):
    """Steps for events of which some may not have happened."""

    def direct(self, state: State, event: LogEvent) -> tuple[Explanation, ...]:
        found = super().direct(state, event)
        return (*found, Explanation((NOTHING,), state)) if event.optional else found

    def after_hidden(self, state: State, event: LogEvent) -> Iterator[Explanation]:
        """Without hidden steps before an event that did not happen, for they can be postponed. Where their number is
        bounded they stay, as others do that can be postponed."""
        found = super().after_hidden(state, event)
        return found if self.most is not None else (e for e in found if e.picks[-1] != NOTHING)

    def _next(self, state: State, pick: Pick) -> State | None:
        return state if pick == NOTHING else super()._next(state, pick)


class _ConformingOptional(_Conforming):
    """An answer for logs with such events."""

    def __init__(self, request: ConformRequest) -> None:
        super().__init__(request)
        self._steps = OptionalSteps(self._instance, self._silent if request.hidden != 0 else (), request.hidden)

    def _conforms(self, found: Explained) -> ConformanceReport:
        return super()._conforms(_happened(found))

    def _diverges(self, ended: Frontier) -> ConformanceReport:
        return super()._diverges(replace(ended, first=_happened(ended.first)))


def _happened(found: Explained) -> Explained:
    """A run without what did not happen."""
    pairs = [(p, t) for p, t in zip(found.picks, found.told, strict=True) if p != NOTHING]
    picks: Steps = tuple(p for p, _ in pairs)
    return Explained(found.start, picks, tuple(t for _, t in pairs))
