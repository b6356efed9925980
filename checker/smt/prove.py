"""Proofs for every size: the strongest inductive subset of the candidate facts, and which of them a property needs.

The candidates are pruned to the largest set that is inductive together (Flanagan & Leino, "Houdini, an annotation
assistant for ESC/Java", FME 2001). What follows from that set holds in every reachable state of every instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from model.language import Action, System
from properties.kinds import Invariant, Recoverability, StepInvariant

from .obligations import INITIALLY, Obligations, Result


@dataclass(frozen=True)
class Discharged:
    """An obligation with what came of it; ``action`` is a name, or "initially"."""

    fact: str
    action: str
    result: Result


@dataclass(frozen=True)
class Argument:
    """A proof of a property: facts that are inductive together, and every obligation, in the order of the actions."""

    property: Invariant | StepInvariant | Recoverability
    facts: tuple[str, ...]
    obligations: tuple[Discharged, ...]

    @property
    def seconds(self) -> float:
        return sum(o.result.seconds for o in self.obligations)


@dataclass(frozen=True)
class Gap:
    """Why a property was not proved: the obligation that failed, relative to the facts ``given``."""

    property: Invariant | StepInvariant | Recoverability
    given: frozenset[str]
    failed: Discharged


class Prover:
    """Proves properties of one system from shared obligations."""

    def __init__(self, system: System, obligations: Obligations) -> None:
        self.system = system
        self.obligations = obligations
        self.actions: Sequence[Action] = tuple(system.actions.values())
        self._dropped: dict[str, Discharged] = {}

    def strongest(self, candidates: Iterable[str]) -> frozenset[str]:
        """The largest subset of the candidates that is inductive, as far as the solver can tell."""
        chosen = [n for n in candidates if self._holds_initially(n)]
        while True:
            given = frozenset(chosen)
            kept = [n for n in chosen if self._broken_by(n, given) is None]
            if len(kept) == len(chosen):
                return given
            chosen = kept

    def decide(self, p: Invariant | StepInvariant, *, least: bool = False) -> Argument | Gap:
        """A proof of ``p``, or the gap in it. ``least``: without any fact that it can do without (a greedy choice)."""
        given = self.strongest(self.obligations.facts)
        gap = self._gap(p, given)
        if gap is not None:
            return Gap(p, given, gap)
        facts = self._cone(p, given)
        return self.argument(p, self._fewest(p, facts) if least else facts)

    def argument(self, p: Invariant | StepInvariant, facts: frozenset[str]) -> Argument:
        """Every obligation of a proof of ``p`` from ``facts``, which are inductive."""
        named = tuple(n for n in self.obligations.facts if n in facts)
        return Argument(p, named, (*self.inductive(named), *self._steps(p, facts)))

    def inductive(self, facts: Sequence[str]) -> Iterator[Discharged]:
        """The obligations that show ``facts`` inductive."""
        given = frozenset(facts)
        for name in facts:
            yield Discharged(name, INITIALLY, self.obligations.initially(name))
            for action in self.actions:
                yield Discharged(name, action.name, self.obligations.kept(action, name, given))

    def closed(self, wanted: Iterable[str], given: frozenset[str]) -> frozenset[str]:
        """``wanted``, the facts that the solver used for them, for those, and so on: inductive by themselves."""
        waiting, found = set(wanted), set[str]()
        while waiting:
            name = waiting.pop()
            found.add(name)
            for action in self.actions:
                waiting |= self.obligations.kept(action, name, given).used - found
        return frozenset(found)

    # Pruning ---------------------------------------------------------------------------------------------------
    def _holds_initially(self, name: str) -> bool:
        result = self.obligations.initially(name)
        if not result.proved:
            self._dropped[name] = Discharged(name, INITIALLY, result)
        return result.proved

    def _broken_by(self, name: str, given: frozenset[str]) -> Discharged | None:
        for action in self.actions:
            result = self.obligations.kept(action, name, given)
            if not result.proved:
                self._dropped[name] = Discharged(name, action.name, result)
                return self._dropped[name]
        return None

    def _gap(self, p: Invariant | StepInvariant, given: frozenset[str]) -> Discharged | None:
        """What stands between the inductive facts ``given`` and ``p``."""
        if isinstance(p, Invariant):
            return None if p.name in given else self._dropped[p.name]
        for action in self.actions:
            result = self.obligations.obeyed(action, p, given)
            if not result.proved:
                return Discharged(p.name, action.name, result)
        return None

    # Which facts a proof needs ---------------------------------------------------------------------------------
    def _cone(self, p: Invariant | StepInvariant, given: frozenset[str]) -> frozenset[str]:
        return self.closed({p.name} if isinstance(p, Invariant) else self._used_by_steps(p, given), given)

    def _used_by_steps(self, p: StepInvariant, given: frozenset[str]) -> set[str]:
        return {n for a in self.actions for n in self.obligations.obeyed(a, p, given).used}

    def _fewest(self, p: Invariant | StepInvariant, facts: frozenset[str]) -> frozenset[str]:
        """Facts none of which can be left out: without any one of them the proof fails."""
        for name in [n for n in self.obligations.facts if n in facts and n != p.name]:
            if name not in facts:
                continue
            fewer = self.strongest(n for n in self.obligations.facts if n in facts - {name})
            if self._gap(p, fewer) is None:
                facts = self._cone(p, fewer)
        return facts

    def _steps(self, p: Invariant | StepInvariant, given: frozenset[str]) -> Iterator[Discharged]:
        if isinstance(p, StepInvariant):
            for action in self.actions:
                yield Discharged(p.name, action.name, self.obligations.obeyed(action, p, given))
