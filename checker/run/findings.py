"""Turns answers into findings: traces, their explanations, and how well they match the scenario."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from planrace.checker.engines.answer import Answer, shows
from planrace.checker.engines.limits import Limits, processor, until
from planrace.checker.explain.distinct_causes import different
from planrace.checker.explain.explainer import Explainer, ExplanationOptions
from planrace.checker.explain.least_delay import Seek
from planrace.checker.explain.model_data import declared, pictures, sources
from planrace.checker.explain.side_by_side import check_alike
from planrace.checker.results.guard import Guard, TimeUpError
from planrace.checker.results.proof import InductionCounterexample
from planrace.checker.results.report import Finding, Others
from planrace.checker.results.scenario import FullMatch, Match
from planrace.checker.results.verdict import Verdict
from planrace.checker.run.contract import Answers
from planrace.checker.run.departing import departing, verdict_on
from planrace.checker.run.options import Options
from planrace.checker.run.protocols import Siblings
from planrace.checker.run.registry import answers_of
from planrace.checker.run.request import request_of, variant_of
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, ModelError
from planrace.properties.kinds import Checkable, Invariant, Property, StepInvariant

if TYPE_CHECKING:
    from planrace.checker.engines.scenario.shortest import Shortest
    from planrace.properties.scenario import Scenario

TRACE_SECONDS = 2.0
"""Seconds of this process's CPU time that explanations may take by default: they decide nothing, so nobody should wait
for them. Time of other processes does not count; otherwise the report would depend on them."""
PAGE_SECONDS = 10.0
"""The same if the report explains each step, as the page does."""
LOGGED_SECONDS = 20.0
"""The same for a run that logs tell: it is long, happened, and is what the user asks about."""
INTERRUPTED_SECONDS = 0.5
"""The same after an interruption."""
PRODUCT_STATES = 2_000_000
"""Limit of the search for the fullest match."""


def explanation_time(
    options: Options, share: float = 1.0, *, interrupted: bool = False, logged: bool = False
) -> AbstractContextManager[Any]:
    """A context in which explanations get this share of their time; ``logged``: of a run that logs tell. There is no
    limit if an option asks for them, unless the search was ``interrupted``: then nobody should wait."""
    requested = options.verbose or options.all_different or options.least_delay or options.alternatives is not None
    if interrupted:
        return until(INTERRUPTED_SECONDS * share, "time for explanations after an interruption", processor)
    most = LOGGED_SECONDS if logged else PAGE_SECONDS if options.explain else TRACE_SECONDS
    return until(None if requested else most * share, "time for explanations", processor, "-v gives more")


REPORT, FULLEST = "the report", "the fullest match"
"""Subjects of warnings about missing explanations, besides properties."""
FEW = 20_000
"""Limit on the states of a search that tells whether a variant holds."""


def comparable_instances(instance: Instance, options: Options, faults: Sequence[str]) -> list[Instance]:
    """The variants to compare traces with, the best first. Raises ``ModelError`` if a variant that the user named
    cannot be compared; automatic ones (``Siblings``) are left out then."""
    found = []
    for v in options.candidates:
        try:
            other = variant_of(v).system(faults).instance(**instance.parameters)
            check_alike(instance, other)
        except ModelError:
            if not isinstance(options.beside, Siblings):
                raise
        else:
            found.append(other)
    return found


def explanation_options(
    options: Options, others: Sequence[Instance], guard: Guard, *, broken: bool = True
) -> ExplanationOptions:
    """Which explanations the options ask for; traces are compared with the first of ``others`` that holds.
    ``broken``: a property is violated."""
    best = None
    if broken and len(others) > 1:
        best = guard.attempt(REPORT, "variants that hold", lambda: next(filter(_holds, others), None), None)
    seek = seeker(options, first=True) if options.least_delay else None
    return ExplanationOptions(options.explain, options.alternatives, best or next(iter(others), None), seek)


def _holds(instance: Instance) -> bool:
    """Whether a short search shows that all properties hold."""
    properties = [p for p in instance.system.properties if isinstance(p, Checkable)]
    try:
        found = _heard(answers_of(request_of(instance, properties, Options(max_states=FEW, fail_fast=True))))
    except ModelError:
        return False
    return all(a.verdict is Verdict.HOLDS for a in found.answers)


def _heard(found: Answers) -> Answers:
    """The answers of a search within an explanation. Interrupting it interrupts the explanation."""
    if found.interrupted:
        raise KeyboardInterrupt
    return found


def model_data(instance: Instance, guard: Guard) -> dict[str, Any]:
    """What a report says about its model, as fields of ``Report``."""
    attempt = partial(guard.attempt, REPORT, brief=True)
    return {
        "variables": attempt("sorts of variables", lambda: declared(instance), ()),
        "pictures": attempt("pictures", lambda: pictures(instance), ()),
        "sources": attempt("lines of the author's file", lambda: sources(instance.system), {}),
    }


def seeker(options: Options, *, first: bool) -> Seek:
    """A function that searches other instances within the limits of the options, for the ``first`` violation or all."""
    inner = replace(
        options,
        engine=Options.engine,
        fail_fast=first,
        symmetry=None,
        normalise=None,
        exhaustive=False,
        ir=None,
        properties=(),
    )

    def seek(instance: Instance, properties: Sequence[Invariant | StepInvariant]) -> tuple[list[Recording], bool]:
        found = _heard(answers_of(request_of(instance, properties, inner)))
        runs = [a.recording for a in found.answers if a.recording is not None]
        return runs, found.coverage is not None and found.coverage.complete

    return seek


class Narrator:
    """Turns answers into findings; a counterexample is matched with the protocol's scenario.

    ``choose``: search for another counterexample of the same length that shows more of the scenario. ``guard`` notes
    the explanations that failed.
    """

    def __init__(
        self, instance: Instance, options: Options, wanted: ExplanationOptions, guard: Guard, *, choose: bool
    ) -> None:
        self.instance = instance
        self.options = options
        self.guard = guard
        self.explainer = Explainer(instance, wanted, guard)
        self.scenario = instance.system.scenarios[0] if instance.system.scenarios else None
        self.choose = choose
        self._shortest: Shortest | None = None

    def finding(self, answer: Answer) -> Finding:
        p, recording, matched = answer.property, answer.recording, None
        violated = answer.verdict is Verdict.VIOLATED
        if recording is not None and violated and self.scenario is not None:
            recording, matched = self._fullest(p, recording, self.scenario)
        trace = insight = others = cti = None
        if recording is not None:
            trace = self.explainer.trace(recording, p.name)
            insight = self.explainer.insight(recording, p if violated else None, p.name)
        if recording is not None and violated:
            others = self.guard.attempt(p.name, "counterexamples that differ", lambda: self._others(p), None)
        if answer.cti is not None:
            begun = self.explainer.trace(answer.cti, p.name)
            cti = None if begun is None else InductionCounterexample(begun, self.instance.parameters)
        left = None if recording is None or not violated else departing(recording, p.name, self.guard)
        return Finding(
            p.name,
            p.kind,
            p.meaning,
            *verdict_on(answer.verdict, answer.how, self.instance.system, p.name, left),
            None if trace is None else replace(trace, loop=answer.loop),
            matched,
            cti=cti,
            dead_end=answer.dead_end,
            fairness=answer.fairness,
            runbook=answer.runbook,
            insight=insight,
            others=others,
            departure=left,
        )

    def _fullest(self, p: Property, recording: Recording, scenario: Scenario) -> tuple[Recording, Match | None]:
        """The counterexample, or another of the same length that shows more of the scenario; and its match."""
        from planrace.checker.engines.scenario.match import match

        attempt = partial(self.guard.attempt, p.name)
        found = attempt("matches with the scenario", lambda: match(scenario, recording), None)
        if found is None or found.full or not self.choose or not recording.moves:
            return recording, found
        if not isinstance(p, Invariant | StepInvariant):
            return recording, found
        other = attempt("fuller ones of its shortest runs", lambda: self._richest(p, scenario, recording), None)
        better = None if other is None else attempt("their matches", lambda: match(scenario, other), None)
        if other is None or better is None:
            return recording, found
        return (other, better) if len(better.matched) > len(found.matched) else (recording, found)

    def _richest(self, p: Invariant | StepInvariant, scenario: Scenario, recording: Recording) -> Recording | None:
        from planrace.checker.engines.scenario.shortest import Shortest

        if self._shortest is None:
            self._shortest = Shortest(self.instance, scenario)
        return self._shortest.richest(p, len(recording.moves))

    def _others(self, p: Property) -> Others | None:
        """Counterexamples with other races, if the options ask for them."""
        if not self.options.all_different or not isinstance(p, Invariant | StepInvariant):
            return None
        found = different(self.instance, p, seeker(self.options, first=False))
        return Others(tuple((r.trace(), why) for r, why in found.runs), found.how)

    def search_full_match(self, findings: Sequence[Finding]) -> tuple[FullMatch | None, bool]:
        """If counterexamples show the scenario only in part, search for a run that shows it in full. Also returns
        whether that search was interrupted."""
        found = [f.match for f in findings if f.match is not None]
        if not found or any(m.full for m in found):
            return None, False
        return self.guard.attempt(FULLEST, "searches for it", self._in_time, (None, False))

    def _in_time(self) -> tuple[FullMatch, bool]:
        try:
            return self._guided()
        except TimeUpError as problem:
            return FullMatch(None, None, f"not found: {problem}"), False

    def _guided(self) -> tuple[FullMatch, bool]:
        from planrace.checker.engines.scenario.guide import Guide
        from planrace.checker.engines.scenario.match import match

        assert self.scenario is not None
        scenario, options = self.scenario, self.options
        limits = Limits(states=PRODUCT_STATES, memory=options.limits.memory)
        guide = Guide(self.instance, scenario, limits=limits, listener=options.listener)
        recording = guide.run()
        if recording is not None:
            how = f"guided search, {guide.states} product states; not necessarily the shortest"
            trace = self.explainer.trace(recording, FULLEST)
            insight = self.explainer.insight(recording, self._shown(recording), FULLEST)
            return FullMatch(match(scenario, recording), trace, how, insight), False
        if guide.stopped is None:
            return FullMatch(
                None, None, f"complete search of {guide.states} product states: no run shows it in full"
            ), False
        return FullMatch(
            None, None, f"not found: {guide.stopped}, after {guide.states} product states"
        ), guide.interrupted

    def _shown(self, recording: Recording) -> Property | None:
        """The first property that is violated at the end of a run."""
        kinds = [p for p in self.instance.system.properties if isinstance(p, Invariant | StepInvariant)]
        return next((p for p in kinds if shows(p, recording)), None)
