"""Reads logs while they grow, and answers when the model explains them no more, or when the user ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from planrace.checker.logs.answers import ConformanceAnswers, divergence_of
from planrace.checker.logs.following import FollowOptions, LogFollower
from planrace.checker.logs.generations import Generations, NormalStates
from planrace.checker.logs.growing_log import GrowingLog
from planrace.checker.logs.judge import judged_of
from planrace.checker.logs.mapping.file import LogMapping
from planrace.checker.logs.mapping.growing import GrowingMappedLog
from planrace.checker.logs.mapping.reader import MappedLogs
from planrace.checker.logs.mapping.watch import LineWatch, watching
from planrace.checker.logs.records import EventReader, stream_names
from planrace.checker.logs.runs import LoggedRun
from planrace.checker.logs.states import ModelStates
from planrace.checker.results.conformance import Conformance, ConformanceReport
from planrace.checker.results.stop import StopKind, StopReason
from planrace.checker.results.wording import counted
from planrace.checker.run.request import Selection
from planrace.model.language import ModelError

PAUSE = 0.2
"""Seconds between two looks at the logs."""
FORGOTTEN = "the beginning of logs that are followed is forgotten"
OPEN = "and too much may have happened at their end to say whether it violates something"


@dataclass(frozen=True)
class FollowRequest:
    """What to ask of logs that grow; with a ``mapping`` they are texts of any form. ``hidden`` are the actions of which
    no line tells. ``lag`` is how many seconds after its time a line is there, ``patience`` how many seconds a step may
    be open. ``seconds`` ends it (None: the user does). ``tell`` gets what there is to say on the way, and ``shown`` how
    many events are explained and how many wait."""

    selection: Selection
    files: Sequence[Path]
    hidden: Sequence[str]
    uncertainty: float
    width: int
    lag: float
    patience: float
    seconds: float | None
    generations: Generations | None = None
    mapping: LogMapping | None = None
    tell: Callable[[str], None] = lambda text: None
    shown: Callable[[int, int], None] = lambda explained, waiting: None


def follow_logs(request: FollowRequest) -> ConformanceReport:
    """Follow the logs. Raises ``ModelError`` for wrong lines, and ``KeyboardInterrupt`` if the user interrupts it while
    it reads or searches; an interruption while it waits is the end of the logs."""
    with watching() as watch:
        return _Following(request, watch).run()


class _Following:
    """One answer."""

    def __init__(self, request: FollowRequest, watch: LineWatch) -> None:
        self._began = time.monotonic()
        self._request = request
        system = request.selection.instance.system
        self._reader = EventReader(request.selection, request.uncertainty)
        self._mapped = None if request.mapping is None else MappedLogs(request.mapping, self._reader)
        self._logs = [self._log(path, name, watch) for path, name in stream_names(request.files).items()]
        options = FollowOptions(request.hidden, judged_of(system.properties), request.width, request.lag)
        self._follower = LogFollower(self._states, options)
        self._told: set[str] = set()

    def _log(self, path: Path, stream: str, watch: LineWatch) -> GrowingLog | GrowingMappedLog:
        if self._mapped is None:
            return GrowingLog(path, stream, self._reader, self._request.patience)
        return GrowingMappedLog(path, stream, self._mapped, self._request.patience, watch)

    def _states(self) -> ModelStates:
        generations = self._request.generations
        return ModelStates(self._request.selection.instance) if generations is None else NormalStates(generations)

    def run(self) -> ConformanceReport:
        while not self._follower.ended and not self._is_over():
            self._look(last=False)
            try:
                time.sleep(PAUSE)
            except KeyboardInterrupt:
                break
        if not self._follower.ended:
            self._look(last=True)
        if not self._follower.explained and not self._follower.ended:
            raise ModelError(
                "the logs have no event, so they say nothing", remedy="name logs to which steps are written"
            )
        return self._answer()

    def _is_over(self) -> bool:
        seconds = self._request.seconds
        return seconds is not None and time.monotonic() - self._began >= seconds

    def _look(self, *, last: bool) -> None:
        """Read what is new, explain it, and tell what is worth it. An interruption in the middle of that may lose
        lines, so there is no answer then: it raises ``KeyboardInterrupt`` with how far it came."""
        try:
            self._read_and_explain(last=last)
        except KeyboardInterrupt:
            explained = counted(self._follower.explained, "event")
            raise KeyboardInterrupt(f"when {explained} had been explained") from None

    def _read_and_explain(self, *, last: bool) -> None:
        now = time.monotonic()
        for log in self._logs:
            log.read(now, last=last)
        follower = self._follower
        held = min(log.soonest for log in self._logs)
        follower.go_on(list(self._reader.streams.values()), now, held=held, last=last)
        for name, line in follower.violated.items():
            if name not in self._told:
                self._told.add(name)
                self._request.tell(f"{name} is violated by every explanation of the logs, at {line} at the latest")
        if follower.doubt and "doubt" not in self._told:
            self._told.add("doubt")
            self._request.tell(f"{follower.doubt}; from now on a divergence is not certain")
        self._request.shown(follower.explained, follower.waiting)

    # The answer ----------------------------------------------------------------------------------------------------
    def _answer(self) -> ConformanceReport:
        follower = self._follower
        if follower.cut:
            states, events = counted(self._request.width, "state"), counted(follower.explained, "event")
            why = f"more than {states} must be held apart after {events}"
            return self._report(Conformance.UNKNOWN, stopped=StopReason(StopKind.STATES, why))
        run = LoggedRun(follower.states, follower.order, follower.ends[0].first)
        trace = run.trace()
        told = {"lines": run.lines, "told": run.told}
        if follower.ended and follower.doubt:
            why = f"nothing explains what comes after {counted(follower.explained, 'event')}, but {follower.doubt}"
            return self._report(Conformance.UNKNOWN, stopped=StopReason(StopKind.STATES, why))
        if follower.ended:
            names, explained = list(self._reader.streams), follower.explained
            found = divergence_of(follower.order, follower.steps, follower.nodes, run, names, explained)
            return self._report(Conformance.DIVERGES, divergence=found)
        violated = [e.violated for e in follower.ends]
        apart = any(violated) and not all(violated)
        return self._report(
            Conformance.AMBIGUOUS if apart else Conformance.CONFORMS,
            trace=trace,
            **told,
            hidden=tuple(run.hidden(trace)),
            unsearched=f"{FORGOTTEN}; {OPEN}" if follower.open else FORGOTTEN,
        )

    def _report(self, verdict: Conformance, **found: object) -> ConformanceReport:
        follower = self._follower
        answers = ConformanceAnswers(self._request.selection.instance, self._request.generations, self._began)
        return answers.report(
            verdict,
            follower.order,
            follower.totals,
            silent=tuple(self._request.hidden),
            ignored=0 if self._mapped is None else self._mapped.unrecognised,
            late=tuple(line for log in self._logs for line in log.late),
            violates=tuple(follower.violated.items()),
            **found,
        )
