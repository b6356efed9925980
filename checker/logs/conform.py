"""Answers whether logs conform to a model: the search, what it found, and what the runs say of the properties."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from planrace.checker.logs.answers import ConformanceAnswers, divergence_of
from planrace.checker.logs.compact_events import CompactEvents
from planrace.checker.logs.danger import LOOKED_AT, nearest_violation
from planrace.checker.logs.events import Stream
from planrace.checker.logs.explain_event import EventSteps
from planrace.checker.logs.first_run import FirstRun
from planrace.checker.logs.frontier import Frontier, Frontiers
from planrace.checker.logs.generations import Generations, NormalStates
from planrace.checker.logs.judge import Judge, judged_of, violation
from planrace.checker.logs.middle import Beginnings, beginnings
from planrace.checker.logs.order import EventOrder
from planrace.checker.logs.progress import SILENT, LogProgress
from planrace.checker.logs.rates import StepsAlone
from planrace.checker.logs.runs import DescribedSteps, LoggedRun
from planrace.checker.logs.states import ModelStates, Situation, run_of
from planrace.checker.results.conformance import (
    Conformance,
    ConformanceReport,
    NearMiss,
    RunsAlike,
    StepRate,
)
from planrace.checker.results.guard import TimeUpError
from planrace.checker.results.report import Report
from planrace.checker.results.stop import INTERRUPTED, StopKind, StopReason
from planrace.checker.results.wording import counted
from planrace.checker.run.options import Options
from planrace.checker.run.request import Request, Selection
from planrace.checker.run.run import report_on_run
from planrace.model.language import ModelError
from planrace.model.language.errors import known

MANY = 4
"""Lines of a contradiction that are named."""
WIDTH = 20_000
"""The most nodes of a layer, by default."""
ALL_RUNS = 20_000
"""The most nodes of all layers for which all runs are searched without being asked for."""
TOO_MANY = "that takes more than {:,} states; --every searches them"


@dataclass(frozen=True)
class ConformRequest:
    """What to ask of logs. ``logged`` are actions whose every step is in the logs, beside those that occur there;
    ``hidden`` is the most steps that no line tells between two events (None: any number); ``width`` the most states
    that the search for the place of a divergence, and for all runs, may have to hold apart. ``every``: search all runs,
    however many states that takes, and further for a violation that was near. With ``generations`` these have no bound:
    all actions that give them out must be logged. ``join``: the logs may begin in any state that the model reaches.
    ``verbose``: violations are explained however long it takes."""

    selection: Selection
    streams: Sequence[Stream]
    logged: Collection[str] = ()
    hidden: int | None = None
    width: int = WIDTH
    ignored: int = 0
    every: bool = False
    generations: Generations | None = None
    join: bool = False
    verbose: bool = False
    progress: LogProgress = SILENT

    @cached_property
    def told(self) -> frozenset[str]:
        """The actions that lines may be."""
        return frozenset(p.action for s in self.streams for e in s.events for p in e.patterns)


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
        for name in request.logged:
            known(name, actions, f"action of {self._instance.system.name}")
        self._unseen = tuple(a for a in actions if a in request.logged and a not in request.told)
        self._silent = tuple(a for a in actions if a not in request.told and a not in request.logged)
        self._order = EventOrder(request.streams)
        contradictions = self._order.contradictions()
        if contradictions:
            why = "; ".join(contradictions[:MANY])
            what = f"the logs contradict themselves, so no run of any model tells them: {why}"
            raise ModelError(what, remedy="widen uncertainty, or repair serials and the streams of the lines")
        generations = request.generations
        self._states = ModelStates(self._instance) if generations is None else NormalStates(generations)
        hidden = self._silent if request.hidden != 0 else ()
        self._steps = EventSteps(self._states, hidden, request.hidden)
        self._nothing = False  # whether a complete search has found that no run explains all events
        self._hurried = False  # whether the user interrupted, when a run was known
        self._judge = Judge(self._states, judged_of(self._instance.system.properties))
        self._judged_steps = EventSteps(self._states, hidden, request.hidden, self._judge)
        self._starts: Sequence[Situation] = self._states.starts()
        self._beginnings: Beginnings | None = None

    def run(self) -> ConformanceReport:
        search = FirstRun(self._order, self._steps, self._request.progress)
        try:
            if self._request.join:
                self._beginnings = beginnings(self._states, self._judge, self._request.width)
                if self._beginnings is None:
                    why = f"the logs may begin in more than {counted(self._request.width, 'state')}"
                    return self._report(Conformance.UNKNOWN, stopped=StopReason(StopKind.STATES, why))
                self._starts = self._beginnings.situations
            found = search.search(self._starts)
            self._nothing = found is None and not self._steps.cut
            if found is None:
                return self._diverges(self._frontiers().search(self._nodes))
            return self._conforms(LoggedRun(self._states, self._order, found))
        except TimeUpError as problem:
            return self._ended(StopKind.TIME, problem, search)
        except KeyboardInterrupt:
            return self._ended(StopKind.INTERRUPTED, INTERRUPTED, search)

    def _ended(self, kind: StopKind, why: object, search: FirstRun) -> ConformanceReport:
        """The report if the work was ended early."""
        if self._nothing:
            return self._placeless(kind, why)
        return self._report(Conformance.UNKNOWN, stopped=StopReason(kind, self._how_far(why, search)))

    def _placeless(self, kind: StopKind, why: object) -> ConformanceReport:
        """The report if the first search was complete, and that for the place of the divergence was not."""
        whole = counted(self._order.total, "event")
        sentence = f"no run explains all {whole}; where they leave the model is not known: {why}"
        return self._report(Conformance.DIVERGES, stopped=StopReason(kind, sentence))

    @property
    def _nodes(self) -> list[tuple[tuple[int, ...], tuple[int, tuple[int, ...]]]]:
        return [(self._order.begin, s) for s in self._starts]

    def _frontiers(self, total: int | None = None, judge: Judge | None = None) -> Frontiers:
        steps = self._steps if judge is None else self._judged_steps
        progress = self._request.progress
        return Frontiers(self._order, steps, self._request.width, total, judge, progress, lazy=judge is None)

    def _how_far(self, why: object, search: FirstRun) -> str:
        """Why a search ended, and what was known by then."""
        if search.deepest == self._order.total:
            return f"{why}; all events were explained by then, but the properties were not asked"
        whole = counted(self._order.total, "event")
        return f"{why}; {search.deepest:,} of {whole} were explained by then"

    # It conforms ---------------------------------------------------------------------------------------------------
    def _conforms(self, run: LoggedRun) -> ConformanceReport:
        every, unsearched = self._every()
        if every is None:
            violated = self._violated(run)
            return self._told(run, violated, unsearched=unsearched)
        ends = every.ends
        run = LoggedRun(self._states, self._order, ends[0].first)
        runs = tuple(RunsAlike(self._named(e.violated), e.runs, *e.cost) for e in ends)
        violating = [e for e in ends if e.violated]
        if 0 < len(violating) < len(ends):
            other = LoggedRun(self._states, self._order, violating[0].first)
            return self._told(run, violating[0].violated, other, every=runs)
        return self._told(run, ends[0].violated, every=runs)

    def _every(self) -> tuple[Frontier | None, str]:
        """All runs; None, and why not, if they were too many to search."""
        total = None if self._request.every else ALL_RUNS
        if total is not None and self._order.total > total:  # each layer has a node at least
            return None, TOO_MANY.format(total)
        try:
            found = self._frontiers(total, self._judge).search(self._nodes)
        except TimeUpError as problem:
            return None, str(problem)
        except KeyboardInterrupt:
            self._hurried = True
            return None, str(INTERRUPTED)
        if not found.cut:
            assert found.whole, "one search explains all events, and the other none"
            return (found, "") if not self._judged_steps.cut else (None, "the number of hidden steps is bounded")
        if found.widest > self._request.width:
            return None, f"more than {counted(self._request.width, 'state')} must be held apart"
        return None, TOO_MANY.format(ALL_RUNS)

    def _violated(self, run: LoggedRun) -> int:
        """What a run violates, a bit each."""
        found = self._judge.at_start(run.situations[0])
        for (number, _), pick in zip(run.situations, run.own, strict=False):
            found |= self._judge.of_step(number, pick)[0]
        return found

    def _named(self, violated: int) -> tuple[str, ...]:
        return tuple(p.name for n, p in enumerate(self._judge.properties) if violated >> n & 1)

    def _told(
        self, run: LoggedRun, violated: int, other: LoggedRun | None = None, **found: object
    ) -> ConformanceReport:
        """The report on a run; ``violated`` by it, or, if the logs are ambiguous, by the ``other``."""
        trace = run.trace()
        told = other or run
        if violated and self._beginnings is not None and not self._beginnings.is_clean(told.situations[0]):
            found["violates"] = tuple((name, told.first_line) for name in self._named(violated))
            violated = 0
        return self._report(
            Conformance.CONFORMS if other is None else Conformance.AMBIGUOUS,
            trace=trace,
            lines=run.lines,
            told=run.told,
            hidden=tuple(run.hidden(trace)),
            judged=self._judged(told, violated) if violated else None,
            near=None if violated or self._request.join else self._near(run),
            **found,
        )

    def _judged(self, run: LoggedRun, violated: int) -> Report:
        """The report on the properties that a run violates."""
        self._request.progress.begin("finding out why the run violates properties")
        recording = run.recording(self._beginnings)
        broken = [violation(recording, p) for n, p in enumerate(self._judge.properties) if violated >> n & 1]
        selection = replace(self._request.selection, made=recording.interpreter.instance)
        request = Request(selection, [a.property for a in broken], Options(verbose=self._request.verbose))
        return report_on_run(request, broken, "conform")

    def _near(self, run: LoggedRun) -> NearMiss | None:
        """How close a run came to a violation; None if there is nothing to violate, or no time to find out."""
        if not self._judge.properties or self._hurried:
            return None
        self._request.progress.begin("finding out how close the run came to a violation")
        try:
            numbers = [number for number, _ in run.situations]
            most = LOOKED_AT * (20 if self._request.every else 1)
            found = nearest_violation(self._states, self._judge, numbers, most)
        except (TimeUpError, KeyboardInterrupt):
            return None
        if not found.picks:
            near = NearMiss(found.further, never=found.all, begun=found.begun, states=found.states)
            return near if found.further else None
        further = run_of(self._states, run.situations[found.at], found.picks)
        told = [self._states.told(s, pick) for s, pick in zip(further, found.picks, strict=False)]
        texts = tuple(f"{s.by} {s.text}" for s in DescribedSteps(self._states, further, told))
        name = self._judge.properties[found.property].name
        line = next((x for x in reversed(run.lines[: found.at]) if x is not None), None)
        return NearMiss(found.further, name, found.at, line, texts, False, found.begun, found.states)

    # It diverges ---------------------------------------------------------------------------------------------------
    def _diverges(self, ended: Frontier) -> ConformanceReport:
        if ended.cut or self._steps.cut:
            return self._cut(ended)
        self._request.progress.begin("finding out what nothing explains")
        assert not ended.whole, "one search explains all events, and the other none"
        run = LoggedRun(self._states, self._order, ended.first)
        names = [s.name for s in self._request.streams]
        divergence = divergence_of(self._order, self._steps, ended.nodes, run, names)
        return self._report(Conformance.DIVERGES, divergence=divergence)

    def _cut(self, ended: Frontier) -> ConformanceReport:
        """The report if the search for the place was cut, or the number of hidden steps."""
        if not self._steps.cut:
            too_wide = f"more than {counted(self._request.width, 'state')} must be held apart after {ended.count:,}"
            return self._placeless(StopKind.STATES, too_wide)
        whole = counted(self._order.total, "event")
        hidden = counted(self._request.hidden or 0, "hidden step")
        why = f"with at most {hidden} between two events nothing explains all {whole}"
        if not ended.cut:
            why = f"with at most {hidden} between two events nothing explains more than {ended.count:,} of {whole}"
        return self._report(Conformance.UNKNOWN, stopped=StopReason(StopKind.STATES, why))

    def _report(self, verdict: Conformance, **found: object) -> ConformanceReport:
        answers = ConformanceAnswers(self._instance, self._request.generations, self._began)
        return answers.report(
            verdict,
            self._order,
            {s.name: len(s.events) for s in self._request.streams},
            joined=None if self._beginnings is None else len(self._beginnings.situations),
            silent=self._silent,
            unseen=self._unseen,
            ignored=self._request.ignored,
            late=tuple(e.line for e in self._order.late),
            rates=self._rates(),
            **found,
        )

    def _rates(self) -> tuple[StepRate, ...]:
        """How many steps of each action are right by themselves; none if there is no time for it, or the user
        interrupts: the verdict is known."""
        self._request.progress.begin("judging each step alone")
        try:
            events = [e for s in self._request.streams for e in s.events]
            generations = self._request.generations
            if generations is None:
                return StepsAlone(self._instance).rates(events)
            compact = CompactEvents(generations, [e for e in events if e.before])
            return StepsAlone(compact.instance).rates(compact.events)
        except (TimeUpError, KeyboardInterrupt):
            return ()
