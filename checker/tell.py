"""Telling answers: findings with their traces, what there is to say of these, and the scenario laid beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from model.language import Instance, Protocol, Variant
from properties.kinds import Checkable, Invariant, Property, StepInvariant

from .answers import Answer, shows
from .ask import Options, ask
from .insight import Lens, Seek, Wanted, check_alike, different
from .limits import Limits
from .replay import Recording
from .vocabulary import Finding, Match, Others, Telling, Unreached, Verdict

if TYPE_CHECKING:
    from properties.scenario import Scenario

    from .scenario import Shortest

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
    """

    def __init__(self, instance: Instance, options: Options, sight: Wanted, *, choose: bool) -> None:
        self.instance = instance
        self.options = options
        self.lens = Lens(instance, sight)
        self.scenario = instance.system.scenarios[0] if instance.system.scenarios else None
        self.choose = choose
        self._shortest: Shortest | None = None

    def finding(self, answer: Answer) -> Finding:
        p, recording, matched = answer.property, answer.recording, None
        if recording is not None and answer.verdict is Verdict.VIOLATED and self.scenario is not None:
            recording, matched = self._fullest(p, recording, self.scenario)
        trace = replace(recording.trace(), loop=answer.loop) if recording is not None else None
        broken = p if answer.verdict is Verdict.VIOLATED else None
        insight = None if recording is None else self.lens.insight(recording, broken)
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
            others=None if recording is None or broken is None else self._others(p),
        )

    def _fullest(self, p: Property, recording: Recording, scenario: Scenario) -> tuple[Recording, Match]:
        """The counterexample, or another of its length that shows more of the scenario."""
        from .scenario import Shortest, match

        found = match(scenario, recording)
        if found.full or not self.choose or not isinstance(p, Invariant | StepInvariant) or not recording.moves:
            return recording, found
        if self._shortest is None:
            self._shortest = Shortest(self.instance, scenario)
        other = self._shortest.richest(p, len(recording.moves))
        if other is None:
            return recording, found
        better = match(scenario, other)
        return (other, better) if len(better.matched) > len(found.matched) else (recording, found)

    def _others(self, p: Property) -> Others | None:
        """Counterexamples with other races, where they were asked for."""
        if not self.options.all_different or not isinstance(p, Invariant | StepInvariant):
            return None
        found = different(self.instance, p, seeker(self.options, first=False))
        return Others(tuple((r.trace(), why) for r, why in found.runs), found.how)

    def telling(self, findings: Sequence[Finding], spent: float) -> tuple[Telling | None, bool]:
        """Where a counterexample shows a scenario only in part, look for a run that shows it in full; whether that was
        interrupted."""
        found = [f.match for f in findings if f.match is not None]
        if not found or any(m.full for m in found):
            return None, False
        from .scenario import Guide, match

        assert self.scenario is not None
        scenario, options = self.scenario, self.options
        left = None if options.seconds is None else max(0.0, options.seconds - spent)
        seconds = TELLING.seconds if left is None else min(left, TELLING.seconds or left)
        limits = replace(TELLING, seconds=seconds, memory=options.limits.memory)
        guide = Guide(self.instance, scenario, limits=limits, listener=options.listener)
        recording = guide.run()
        if recording is not None:
            how = f"guided search, {guide.states} product states; not necessarily the shortest"
            insight = self.lens.insight(recording, self._shown(recording))
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
