"""Answers whether logs conform to a model: the search, what it found, and what the run says of the properties."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from planrace.checker.explain.model_data import declared
from planrace.checker.logs.diagnosis import DivergenceDiagnosis
from planrace.checker.logs.events import LogEvent, Stream, pattern_text
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.first_run import Explained, FirstRun
from planrace.checker.logs.frontier import Frontier, frontier
from planrace.checker.logs.judge import JUDGED, violations
from planrace.checker.logs.order import EventOrder
from planrace.checker.logs.rates import StepsAlone
from planrace.checker.results.conformance import (
    Conformance,
    ConformanceReport,
    HiddenStep,
    LogDivergence,
    LoggedEvent,
    LogLine,
    LogStream,
    StepRate,
)
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Report
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.trace import Trace
from planrace.checker.results.wording import counted
from planrace.checker.run.options import Options
from planrace.checker.run.request import Request, Selection
from planrace.checker.run.run import report_on_run
from planrace.checker.semantics.replay import Recording, record
from planrace.model.language import ModelError
from planrace.model.language.errors import known

MANY = 4
"""Lines of a contradiction that are named."""
WIDTH = 20_000
"""The most nodes of a layer, by default."""


@dataclass(frozen=True)
class ConformRequest:
    """What to ask of logs. ``logged`` are actions whose every step is in the logs, beside those that occur there;
    ``hidden`` is the most steps that no line tells between two events (None: any number); ``width`` the most states
    that the search for the place of a divergence may have to hold apart."""

    selection: Selection
    streams: Sequence[Stream]
    logged: Collection[str] = ()
    hidden: int | None = None
    width: int = WIDTH
    ignored: int = 0


def conform_logs(request: ConformRequest) -> ConformanceReport:
    """Search for the run that explains all events, and judge it. Raises ``ModelError`` for logs without events."""
    return _Conforming(request).run()


class _Conforming:
    """One answer."""

    def __init__(self, request: ConformRequest) -> None:
        self._began = time.monotonic()
        self._request = request
        self._instance = request.selection.instance
        if not any(s.events for s in request.streams):
            remedy = "name logs with lines of steps, or repair the mapping"
            raise ModelError("no event was recognised in the logs, so they say nothing", remedy=remedy)
        actions = self._instance.system.actions
        told = {p.action for s in request.streams for e in s.events for p in e.patterns}
        for name in request.logged:
            known(name, actions, f"action of {self._instance.system.name}")
        self._unseen = tuple(a for a in actions if a in request.logged and a not in told)
        self._silent = tuple(a for a in actions if a not in told and a not in request.logged)
        self._order = EventOrder(request.streams)
        contradictions = self._order.contradictions()
        if contradictions:
            why = "; ".join(contradictions[:MANY])
            what = f"the logs contradict themselves, so no run of any model tells them: {why}"
            raise ModelError(what, remedy="widen uncertainty, or repair serials and the streams of the lines")
        self._steps = EventSteps(self._instance, self._silent if request.hidden != 0 else (), request.hidden)

    def run(self) -> ConformanceReport:
        search = FirstRun(self._order, self._steps)
        try:
            found = search.search()
            if found is not None:
                return self._conforms(found)
            ended = frontier(self._order, self._steps, self._request.width)
        except TimeUpError as problem:
            return self._report(Conformance.UNKNOWN, stopped=StopReason(StopKind.TIME, self._how_far(problem, search)))
        except KeyboardInterrupt:
            why = self._how_far(INTERRUPTED, search)
            return self._report(Conformance.UNKNOWN, stopped=StopReason(StopKind.INTERRUPTED, why))
        return self._diverges(ended)

    def _how_far(self, why: object, search: FirstRun) -> str:
        """Why a search ended, and what was known by then."""
        if search.deepest == self._order.total:
            return f"{why}; all events were explained by then, but the properties were not asked"
        whole = counted(self._order.total, "event")
        return f"{why}; {search.deepest:,} of {whole} were explained by then"

    # It conforms ---------------------------------------------------------------------------------------------------
    def _conforms(self, found: Explained) -> ConformanceReport:
        recording = record(self._steps.interpreter, found.picks, found.start)
        lines = self._lines(found)
        trace = recording.trace()
        return self._report(
            Conformance.CONFORMS,
            trace=trace,
            lines=lines,
            told=self._told(found),
            hidden=tuple(_hidden(trace, lines)),
            judged=self._judged(recording),
        )

    def _lines(self, found: Explained) -> tuple[LogLine | None, ...]:
        """For each step the line that tells it."""
        return tuple(None if t is None else self._event(*t).line for t in found.told)

    def _told(self, found: Explained) -> tuple[int | None, ...]:
        """For each step the place of its event among all events, one stream after the other."""
        before = [0, *accumulate(self._order.end)]
        return tuple(None if t is None else before[t[0]] + t[1] for t in found.told)

    def _logged(self) -> Iterator[LoggedEvent]:
        actions = self._instance.system.actions
        for stream, events in zip(self._request.streams, self._order.events, strict=True):
            for e in events:
                says = " or ".join(pattern_text(actions[p.action], p) for p in e.patterns)
                times = (x if math.isfinite(x) else None for x in (e.earliest, e.latest))
                yield LoggedEvent(e.line, stream.name, says, *times)

    def _event(self, stream: int, at: int) -> LogEvent:
        return self._order.events[stream][at]

    def _judged(self, recording: Recording) -> Report | None:
        """The report on the properties that the run violates; None if there are none."""
        broken = violations(recording, self._instance.system.properties)
        if not broken:
            return None
        request = Request(self._request.selection, [a.property for a in broken], Options())
        return report_on_run(request, broken, "conform")

    # It diverges ---------------------------------------------------------------------------------------------------
    def _diverges(self, ended: Frontier) -> ConformanceReport:
        if ended.cut or self._steps.cut:
            states, events = counted(self._request.width, "state"), counted(ended.count, "event")
            hidden = counted(self._request.hidden or 0, "hidden step")
            why = (
                f"more than {states} must be held apart after {events}"
                if ended.cut
                else f"with at most {hidden} between two events nothing explains more than {ended.count:,} of "
                f"{counted(self._order.total, 'event')}"
            )
            return self._report(Conformance.UNKNOWN, stopped=StopReason(StopKind.STATES, why))
        assert not ended.whole, "one search explains all events, and the other none"
        diagnosis = DivergenceDiagnosis(self._order, self._steps, ended.nodes)
        recording = record(self._steps.interpreter, ended.first.picks, ended.first.start)
        positions = ended.nodes[0][0]
        last = tuple(
            (s.name, self._event(n, positions[n] - 1).line if positions[n] else None)
            for n, s in enumerate(self._request.streams)
        )
        divergence = LogDivergence(
            explained=ended.count,
            trace=recording.trace(),
            lines=self._lines(ended.first),
            told=self._told(ended.first),
            last=last,
            blocked=diagnosis.blocked(),
            hypotheses=len(ended.nodes),
            repairs=diagnosis.repairs(),
        )
        return self._report(Conformance.DIVERGES, divergence=divergence)

    def _report(self, verdict: Conformance, **found: object) -> ConformanceReport:
        system = self._instance.system
        return ConformanceReport(
            protocol=system.name,
            parameters=dict([*self._instance.parameters.items(), *system.options]),
            faults=system.faults,
            protections=system.protections,
            verdict=verdict,
            streams=tuple(LogStream(s.name, len(s.events)) for s in self._request.streams),
            seconds=time.monotonic() - self._began,
            silent=self._silent,
            unseen=self._unseen,
            ignored=self._request.ignored,
            late=tuple(e.line for e in self._order.late),
            properties=tuple(p.name for p in system.properties if isinstance(p, JUDGED)),
            variables=declared(self._instance),
            rates=self._rates(),
            logged=tuple(self._logged()),
            **found,  # type: ignore[arg-type]
        )

    def _rates(self) -> tuple[StepRate, ...]:
        """How many steps of each action are right by themselves; none if there is no time for it, or the user
        interrupts: the verdict is known."""
        try:
            return StepsAlone(self._instance).rates([e for s in self._request.streams for e in s.events])
        except (TimeUpError, KeyboardInterrupt):
            return ()


def _hidden(trace: Trace, lines: Sequence[LogLine | None]) -> list[HiddenStep]:
    """The steps that no line tells, with the lines around them."""
    found = []
    for n, (step, line) in enumerate(zip(trace.steps, lines, strict=True)):
        if line is None:
            before = next((x for x in lines[n:] if x is not None), None)
            after = next((x for x in reversed(lines[:n]) if x is not None), None)
            found.append(HiddenStep(n + 1, f"{step.by} {step.text}", step.fault, after, before))
    return found
