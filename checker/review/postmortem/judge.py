"""Judges the facts of an incident: which run shows them, what is shown at all, and which protection prevents it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from planrace.checker.engines.limits import time_left
from planrace.checker.engines.scenario.parts import closed, names_of, part_of, with_optional
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import joined
from planrace.checker.review.postmortem.answers import (
    JudgedFact,
    JudgedProtection,
    Postmortem,
    ShownTogether,
)
from planrace.checker.review.postmortem.file import IncidentFacts
from planrace.checker.review.postmortem.story import scenario_of
from planrace.checker.review.postmortem.together import border
from planrace.checker.run.options import Options
from planrace.checker.run.request import Selection, request_of
from planrace.checker.run.scenario_search import JudgedScenario, judge_scenario, scenario_report
from planrace.model.language import Instance, ModelError, System
from planrace.properties.scenario import Claim, Fact, Scenario

MOST = 14
"""The most facts of which it is asked what a run shows together: every set of them may be a question."""


@dataclass
class IncidentReview:
    """The questions about one file of facts and one protocol. ``selection`` is of a protocol or a variant."""

    facts: IncidentFacts
    selection: Selection
    options: Options
    open: list[str] = field(default_factory=list)
    interrupted: bool = False
    _asked: dict[frozenset[str], JudgedScenario] = field(default_factory=dict)

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario that the file tells. Raises ``ModelError``."""
        return scenario_of(self.facts, self.selection.system, self.selection.variant)

    @cached_property
    def instance(self) -> Instance:
        """The system with this scenario and no other."""
        return self._with(self.selection.system, self.scenario)

    def _with(self, system: System, scenario: Scenario) -> Instance:
        return replace(system, scenarios=(scenario,)).instance(**self.selection.sizes)

    def judge(self) -> Postmortem:
        """All answers. Where the time is up, or somebody interrupts, those that there are."""
        whole = judge_scenario(self.instance, self.scenario, self.options)
        self.interrupted = whole.interrupted
        self._asked[frozenset(names_of(self.scenario))] = whole
        facts: tuple[JudgedFact, ...] = ()
        together: tuple[ShownTogether, ...] = ()
        conflicts: tuple[tuple[str, ...], ...] = ()
        protections: list[JudgedProtection] = []
        try:
            if whole.verdict is Verdict.HOLDS:
                facts = tuple(self._shown(whole))
            elif whole.verdict is Verdict.VIOLATED:
                facts = tuple(self._alone())
                together, conflicts = self._together([f.name for f in facts if f.verdict is Verdict.VIOLATED])
            if whole.verdict is not Verdict.UNKNOWN:
                protections += self._protections(whole.verdict)
        except KeyboardInterrupt:
            self.interrupted = True
        shown, scenario = whole, self.scenario
        if together:  # the answer is there; a set of names lacks optional facts that its claims come after
            best = max((frozenset(t.names) for t in together), key=lambda names: _amount(self._ask(names)))
            shown = replace(self._ask(best), verdict=whole.verdict, how=whole.how)
            scenario = part_of(self.scenario, best)
        report = scenario_report(request_of(self.instance, (), self.options), scenario, shown)
        return Postmortem(
            self.facts.path,
            self.scenario.title,
            self.facts.file.source,
            whole.verdict,
            whole.how,
            report,
            facts or tuple(self._unasked(whole)),
            whole.unclaimed,
            together,
            conflicts,
            tuple(protections),
            tuple(dict.fromkeys(self.open)),
            self.interrupted or report.interrupted,
        )

    # Facts ----------------------------------------------------------------------------------------------------
    def _ask(self, names: frozenset[str]) -> JudgedScenario:
        """Whether a run shows these facts and claims together."""
        asked = closed(self.scenario, names)
        if asked not in self._asked:
            part = part_of(self.scenario, asked)
            self._asked[asked] = self._judged(self.instance, part)
        return self._asked[asked]

    def _judged(self, instance: Instance, scenario: Scenario) -> JudgedScenario:
        found = judge_scenario(instance, scenario, self.options)
        if found.interrupted:
            raise KeyboardInterrupt
        return found

    def _shown(self, whole: JudgedScenario) -> Iterator[JudgedFact]:
        """Where the run shows each fact; for an optional one that it does not show, whether another run does."""
        assert whole.match is not None
        claims = {c.name for c in self.scenario.claims}
        for f in whole.match.facts:
            base = JudgedFact(f.fact, f.meaning, Verdict.HOLDS, whole.how, f.optional, f.fact in claims, f.step)
            if f.step is not None:
                yield base
                continue
            other = self._judged(self.instance, with_optional(self.scenario, {f.fact}))
            length = None if other.run is None else len(other.run.moves)
            if other.verdict is Verdict.UNKNOWN:
                self.open.append(f"whether a run shows {f.fact}, too: {other.how}")
            yield replace(base, verdict=other.verdict, how=other.how, length=length)

    def _alone(self) -> Iterator[JudgedFact]:
        """Whether a run shows each fact, whatever else it shows."""
        claims = {c.name for c in self.scenario.claims}
        optional = {f.name for f in self.scenario.facts if f.optional}
        for part in self._parts:
            found = self._ask(frozenset({part.name}))
            length = None if found.run is None else len(found.run.moves)
            if found.verdict is Verdict.UNKNOWN:
                self.open.append(f"whether a run shows {part.name} alone: {found.how}")
            yield JudgedFact(
                part.name,
                part.meaning,
                found.verdict,
                found.how,
                part.name in optional,
                part.name in claims,
                length=length,
            )

    def _unasked(self, whole: JudgedScenario) -> Iterator[JudgedFact]:
        """The facts, if nothing more was asked about them."""
        claims = {c.name for c in self.scenario.claims}
        optional = {f.name for f in self.scenario.facts if f.optional}
        for part in self._parts:
            why = "not asked: it was interrupted" if self.interrupted else whole.how
            yield JudgedFact(part.name, part.meaning, Verdict.UNKNOWN, why, part.name in optional, part.name in claims)

    def _together(self, alone: Sequence[str]) -> tuple[tuple[ShownTogether, ...], tuple[tuple[str, ...], ...]]:
        """What a run shows together, the most first, and what none does. ``alone``: what no run shows at all."""
        names = self._names
        required = [n for n in alone if n in names]
        if len(names) - len(required) > MOST:
            self.open.append(f"what a run shows together: there are more than {MOST} facts that a run shows")
            return (), self._conflicts([frozenset({n}) for n in required])
        found = border(names, lambda asked: self._ask(asked).verdict, required)
        for asked in found.open:
            self.open.append(f"whether a run shows {joined(self._ordered(asked))}: {self._ask(asked).how}")
        together = []
        for shown in sorted(found.largest, key=lambda s: (-len(s), self._ordered(s))):
            run = self._ask(shown).run
            assert run is not None
            whole = closed(self.scenario, shown)
            missing = self._ordered(frozenset(names) - whole)
            together.append(ShownTogether(self._ordered(whole), missing, len(run.moves)))
        return tuple(together), self._conflicts(found.smallest)

    def _conflicts(self, none: Sequence[frozenset[str]]) -> tuple[tuple[str, ...], ...]:
        """What no run shows, without what only follows: a claim after a fact that no run shows."""
        wholes = [closed(self.scenario, s) for s in none]
        least = [s for s, whole in zip(none, wholes, strict=True) if not any(other < whole for other in wholes)]
        return tuple(sorted(map(self._ordered, least), key=lambda s: (len(s), list(map(self._names.index, s)))))

    @property
    def _parts(self) -> tuple[Fact | Claim, ...]:
        return (*self.scenario.facts, *self.scenario.claims)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return names_of(self.scenario)

    def _ordered(self, names: frozenset[str]) -> tuple[str, ...]:
        """Names in the order of the file."""
        return tuple(n for n in self._names if n in names)

    # Protections ----------------------------------------------------------------------------------------------
    def _protections(self, shown: Verdict) -> Iterator[JudgedProtection]:
        """If a run shows all: whether one still does with each further protection. If none does: whether one does
        without any protection, and then with each alone of those that are on."""
        every = self.selection.variant.protocol.protections.values()
        on = self.selection.system.protections
        if shown is Verdict.HOLDS:
            for p in every:
                if p.name not in on:
                    yield self._changed(p.name, p.meaning, (*on, p.name))
        elif on:
            bare = self._changed("", "", ())
            yield bare
            for p in every if bare.verdict is Verdict.HOLDS else ():
                if p.name in on:
                    yield self._changed(p.name, p.meaning, (p.name,))

    def _changed(self, name: str, meaning: str, protections: tuple[str, ...]) -> JudgedProtection:
        """The answer with exactly these protections."""
        found = self._with_protections(protections)
        length = None if found.run is None else len(found.run.moves)
        if found.verdict is Verdict.UNKNOWN:
            self.open.append(f"whether a run shows it all with {joined(protections) or 'no protection'}: {found.how}")
        return JudgedProtection(name, meaning, protections, found.verdict, found.how, length, found.unclaimed)

    def _with_protections(self, protections: tuple[str, ...]) -> JudgedScenario:
        chosen, variant = self.selection, self.selection.variant
        if time_left() == 0:
            return JudgedScenario(Verdict.UNKNOWN, "not asked: the time is up")
        left_out = tuple(n for n in (*variant.protections, *chosen.with_protections) if n not in protections)
        try:
            selection = replace(chosen, with_protections=protections, without=left_out)
            scenario = scenario_of(self.facts, selection.system, variant)
            return self._judged(self._with(selection.system, scenario), scenario)
        except ModelError as problem:  # what it changes is not there with the other protections
            return JudgedScenario(Verdict.UNKNOWN, f"it cannot be had: {problem}")


def _amount(found: JudgedScenario) -> int:
    return 0 if found.match is None else len(found.match.matched)
