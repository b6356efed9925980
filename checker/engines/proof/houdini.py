"""Proofs for all sizes: which candidate facts are inductive together, and which of them a property needs.

The largest inductive subset of the candidates is approached from above (Flanagan & Leino, "Houdini, an annotation
assistant for ESC/Java", FME 2001), but only as far as the goal requires: an obligation is discharged from all
candidates that are not refuted yet, the solver's core names those that were used, and these are shown next. A candidate
that fails is dropped, and whatever used it is shown again. The remaining facts use only each other, so they are
inductive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.engines.proof.obligations import Obligations, Result
from planrace.checker.results.proof import INITIALLY
from planrace.model.language import Action, System
from planrace.properties.kinds import Invariant, Recoverability, StepInvariant

Provable: TypeAlias = Invariant | StepInvariant | Recoverability
"""Kinds of properties that can be proved for all sizes; can be used with isinstance."""


@dataclass(frozen=True)
class Discharged:
    """An obligation with its result; ``action`` is a name, or "initially".

    ``kind`` is "conjunct" (of the invariant), "model" (``fact`` says what would be a model error), "step property", or
    "schedule" (then ``fact`` names its rule).
    """

    fact: str
    action: str
    result: Result
    kind: str = "conjunct"


@dataclass(frozen=True)
class Argument:
    """A proof of a property: facts that are inductive together, and every obligation, in the order of the actions."""

    of: Provable
    facts: tuple[str, ...]
    obligations: tuple[Discharged, ...]


@dataclass(frozen=True)
class Gap:
    """Why a property was not proved: the obligation that failed, relative to the facts ``given``."""

    of: Provable
    given: frozenset[str]
    failed: Discharged


Goals: TypeAlias = "Callable[[frozenset[str]], Iterable[Discharged]]"
"""Obligations besides those of the invariant, discharged from the given facts."""


class Prover:
    """Proves properties of one system from shared obligations; ``dropped`` are facts that are not inductive, each with
    an obligation that failed."""

    def __init__(self, system: System, obligations: Obligations) -> None:
        self.system = system
        self.obligations = obligations
        self.actions: Sequence[Action] = tuple(system.actions.values())
        self._given = frozenset(obligations.facts)
        self.dropped: dict[str, Discharged] = {}

    def decide(self, p: Invariant | StepInvariant, *, least: bool = False) -> Argument | Gap:
        """A proof of ``p``, or the gap in it. ``least``: without unnecessary facts (chosen greedily)."""
        if isinstance(p, Invariant):
            return self.argue(p, {p.name}, lambda _: (), least=least)
        return self.argue(p, set(), lambda given: self._steps(p, given), least=least)

    def argue(self, p: Provable, wanted: set[str], more: Goals, *, least: bool = False) -> Argument | Gap:
        """A proof of ``p`` from the facts ``wanted`` and the obligations ``more``. It includes that the model has no
        errors: values stay in range, positions are inside arrays, and no place is assigned two values."""
        wanted = {*wanted, *self.obligations.ranges}

        def goals(given: frozenset[str]) -> Iterator[Discharged]:
            yield from self._model(given)
            yield from more(given)

        facts, self._given = self._support(wanted, goals, self._given)
        if isinstance(facts, Discharged):
            return Gap(p, self._given, facts)
        if least:
            facts = self._fewest(wanted, goals, facts)
        named = [n for n in self.obligations.facts if n in facts]
        return Argument(p, tuple(named), (*self.inductive(named), *goals(facts)))

    def strongest(self) -> frozenset[str]:
        """The largest subset of the candidates that is inductive, as far as the solver can tell."""
        while True:
            for name in self.obligations.facts:
                if name in self._given:
                    _, self._given = self._support({name}, lambda _: (), self._given)
            if all(self._failure(n, self._given) is None for n in self._given):
                return self._given

    def inductive(self, facts: Sequence[str]) -> Iterator[Discharged]:
        """The obligations that show ``facts`` inductive."""
        given = frozenset(facts)
        for name in facts:
            yield from self._obligations(name, given)

    # Support ---------------------------------------------------------------------------------------------------
    def _support(
        self, wanted: set[str], goals: Goals, given: frozenset[str]
    ) -> tuple[frozenset[str] | Discharged, frozenset[str]]:
        """Inductive facts that include ``wanted`` and discharge the goals, or the failed obligation; and the rest of
        ``given``."""
        while True:
            used = set(wanted)
            for goal in goals(given):
                if not goal.result.proved:
                    return goal, given
                used |= goal.result.used
            found, given = self._closed(used, given)
            if found is not None:
                return found, given
            lost = sorted(n for n in wanted if n not in given)
            if lost:
                return self.dropped[lost[0]], given

    def _closed(self, used: set[str], given: frozenset[str]) -> tuple[frozenset[str] | None, frozenset[str]]:
        """``used`` and all facts that their proofs use; None if one of these had to be dropped from ``given``."""
        waiting, found = sorted(used), set[str]()
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            if name not in given:
                return None, given
            for d in self._obligations(name, given):
                if not d.result.proved:
                    self.dropped[name] = d
                    return None, given - {name}
                waiting += sorted(d.result.used - found)
            found.add(name)
        return frozenset(found), given

    def _obligations(self, name: str, given: frozenset[str]) -> Iterator[Discharged]:
        yield Discharged(name, INITIALLY, self.obligations.initially(name))
        for action in self.actions:
            yield Discharged(name, action.name, self.obligations.kept(action, name, given))

    def _failure(self, name: str, given: frozenset[str]) -> Discharged | None:
        return next((d for d in self._obligations(name, given) if not d.result.proved), None)

    def _fewest(self, wanted: set[str], goals: Goals, facts: frozenset[str]) -> frozenset[str]:
        """A minimal set of facts: without any one of them the proof fails."""
        for name in [n for n in self.obligations.facts if n in facts and n not in wanted]:
            if name in facts:
                fewer, _ = self._support(wanted, goals, facts - {name})
                facts = facts if isinstance(fewer, Discharged) else fewer
        return facts

    def _model(self, given: frozenset[str]) -> Iterator[Discharged]:
        for action in self.actions:
            for name, result in self.obligations.model(action, given):
                yield Discharged(name, action.name, result, "model")

    def _steps(self, p: StepInvariant, given: frozenset[str]) -> Iterator[Discharged]:
        for action in self.actions:
            yield Discharged(p.name, action.name, self.obligations.obeyed(action, p, given), "step property")
