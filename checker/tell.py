"""Telling answers: findings with their traces, what there is to say of these, and the scenario laid beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from model.language import Instance, Protocol, Variant
from properties.kinds import Checkable, Invariant, Property, StepInvariant

from .answers import Answer, shows
from .ask import Options, ask
from .insight import Lens, Seek, Wanted, check_alike, different
from .limits import Limits, TimeUpError
from .replay import Recording
from .vocabulary import NOT_TOLD, Finding, Match, Others, Telling, Unreached, Verdict, Warned

if TYPE_CHECKING:
    from properties.scenario import Scenario

    from .scenario import Shortest

X = TypeVar("X")

TELLING = Limits(states=2_000_000, seconds=45.0)
"""How far the search for the fullest match goes when nothing else bounds it."""


FEW = 20_000
"""States in which a variant that may be laid beside traces is looked at."""


def wanted(instance: Instance, options: Options, faults: Sequence[str], *, broken: bool = True) -> Wanted:
    """What the options want said of traces; ``broken``: there are such of violations. Raises ``ModelError`` where a
    variant cannot be laid beside them."""
    others = [_variant(v).system(faults).instance(**instance.parameters) for v in options.candidates]
    for other in others:
        check_alike(instance, other)
    best = next(filter(_holds, others), None) if broken and len(others) > 1 else None
    seek = seeker(options, first=True) if options.least_delay else None
    return Wanted(options.explain, options.alternatives, best or next(iter(others), None), seek)


def sight_of(
    instance: Instance, options: Options, faults: Sequence[str], *, broken: bool
) -> tuple[Wanted, list[Warned]]:
    """The same, with no variant beside traces where there was no time to choose one: that is not told then."""
    try:
        return wanted(instance, options, faults, broken=broken), []
    except TimeUpError as problem:
        return Wanted(), [Warned(NOT_TOLD, "the report", f"is told without what is laid beside runs: {problem}")]


def _holds(instance: Instance) -> bool:
    """A short search is enough to know that it does."""
    asked = [p for p in instance.system.properties if isinstance(p, Checkable)]
    _, answers, *_ = ask("auto", instance, list(asked), Options(states=FEW, fail_fast=True))
    return all(a.verdict is Verdict.HOLDS for a in answers)


def _variant(protocol: Protocol | Variant) -> Variant:
    return protocol.variant(protocol.name) if isinstance(protocol, Protocol) else protocol


def seeker(options: Options, *, first: bool) -> Seek:
    """Searches other instances, within the bounds of the options; for the ``first`` violation, or for all."""
    inner = replace(options, engine="auto", fail_fast=first, symmetry=None, exhaustive=False, ir=None, properties=())

    def seek(instance: Instance, properties: Sequence[Invariant | StepInvariant]) -> tuple[list[Recording], bool]:
        _, answers, covered, _, _ = ask("auto", instance, list(properties), inner)
        runs = [a.recording for a in answers if a.recording is not None]
        return runs, covered is not None and covered.complete

    return seek


class Narrator:
    """Answers as findings; a counterexample is laid beside the protocol's scenario.

    ``choose``: among counterexamples that are as short, one that shows more of the scenario is looked for, by search.
    ``untold`` is what there was no time for.
    """

    def __init__(
        self, instance: Instance, options: Options, sight: Wanted, *, choose: bool, untold: Sequence[Warned] = ()
    ) -> None:
        self.instance = instance
        self.options = options
        self.lens = Lens(instance, sight)
        self.scenario = instance.system.scenarios[0] if instance.system.scenarios else None
        self.choose = choose
        self.untold = list(untold)
        self._shortest: Shortest | None = None

    def finding(self, answer: Answer) -> Finding:
        p, recording, matched = answer.property, answer.recording, None
        if recording is not None and answer.verdict is Verdict.VIOLATED and self.scenario is not None:
            recording, matched = self._fullest(p, recording, self.scenario)
        trace = replace(recording.trace(), loop=answer.loop) if recording is not None else None
        broken = p if answer.verdict is Verdict.VIOLATED else None
        insight = others = None
        if recording is not None:
            run = recording
            insight = self._in_time(p, "its causes", lambda: self.lens.insight(run, broken))
        if recording is not None and broken is not None:
            others = self._in_time(p, "counterexamples that differ", lambda: self._others(p))
        unreached = None
        if answer.unreached is not None:
            unreached = Unreached(answer.unreached.trace(), self.instance.parameters)
        return Finding(
            p.name,
            p.kind,
            p.meaning,
            answer.verdict,
            answer.how,
            trace,
            matched,
            unreached=unreached,
            hopeless=answer.hopeless,
            fairness=answer.fairness,
            runbook=answer.runbook,
            insight=insight,
            others=others,
        )

    def _in_time(self, p: Property | None, what: str, tell: Callable[[], X]) -> X | None:
        """What ``tell`` says; None where there is no time for it, which is noted."""
        try:
            return tell()
        except TimeUpError as problem:
            named = "the fullest match" if p is None else p.name
            self.untold.append(Warned(NOT_TOLD, named, f"is told without {what}: {problem}"))
            return None

    def _fullest(self, p: Property, recording: Recording, scenario: Scenario) -> tuple[Recording, Match | None]:
        """The counterexample, or another of its length that shows more of the scenario."""
        from .scenario import match

        found = self._in_time(p, "its match with the scenario", lambda: match(scenario, recording))
        if found is None or found.full or not self.choose or not recording.moves:
            return recording, found
        if not isinstance(p, Invariant | StepInvariant):
            return recording, found
        other = self._in_time(p, "the fullest of its shortest runs", lambda: self._richest(p, scenario, recording))
        if other is None:
            return recording, found
        better = match(scenario, other)
        return (other, better) if len(better.matched) > len(found.matched) else (recording, found)

    def _richest(self, p: Invariant | StepInvariant, scenario: Scenario, recording: Recording) -> Recording | None:
        from .scenario import Shortest

        if self._shortest is None:
            self._shortest = Shortest(self.instance, scenario)
        return self._shortest.richest(p, len(recording.moves))

    def _others(self, p: Property) -> Others | None:
        """Counterexamples with other races, where they were asked for."""
        if not self.options.all_different or not isinstance(p, Invariant | StepInvariant):
            return None
        found = different(self.instance, p, seeker(self.options, first=False))
        return Others(tuple((r.trace(), why) for r, why in found.runs), found.how)

    def telling(self, findings: Sequence[Finding]) -> tuple[Telling | None, bool]:
        """Where a counterexample shows a scenario only in part, look for a run that shows it in full; whether that was
        interrupted."""
        found = [f.match for f in findings if f.match is not None]
        if not found or any(m.full for m in found):
            return None, False
        try:
            return self._guided()
        except TimeUpError as problem:
            return Telling(None, None, f"not found: {problem}"), False

    def _guided(self) -> tuple[Telling, bool]:
        from .scenario import Guide, match

        assert self.scenario is not None
        scenario, options = self.scenario, self.options
        limits = replace(TELLING, memory=options.limits.memory)
        guide = Guide(self.instance, scenario, limits=limits, listener=options.listener)
        recording = guide.run()
        if recording is not None:
            how = f"guided search, {guide.states} product states; not necessarily the shortest"
            broken = self._shown(recording)
            insight = self._in_time(broken, "its causes", lambda: self.lens.insight(recording, broken))
            return Telling(match(scenario, recording), recording.trace(), how, insight), False
        if guide.stopped is None:
            return Telling(
                None, None, f"complete search of {guide.states} product states: no run shows it in full"
            ), False
        return Telling(
            None, None, f"not found: {guide.stopped}, after {guide.states} product states"
        ), guide.interrupted

    def _shown(self, recording: Recording) -> Property | None:
        """The first property that the end of a run breaks."""
        kinds = [p for p in self.instance.system.properties if isinstance(p, Invariant | StepInvariant)]
        return next((p for p in kinds if shows(p, recording)), None)
