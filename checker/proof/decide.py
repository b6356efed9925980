"""Deciding a property for every size: a proof, or a counterexample on a small instance, or neither and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from model.language import ModelError, System, Term
from model.language.terms import equal, lift
from properties.kinds import Invariant, Recoverability, StepInvariant
from properties.proof import Proof

from ..limits import Limits, Listener
from ..smt.obligations import RLIMIT, Obligations
from ..smt.open import UnencodableError
from ..smt.prove import Argument, Discharged, Gap, Prover
from ..smt.schedule import Scheduling, course
from ..vocabulary import Verdict
from .refute import Covered, Refutation, Refuter

Provable: TypeAlias = Invariant | StepInvariant | Recoverability
"""Kinds that can be proved for every size; can be used with isinstance."""


@dataclass(frozen=True)
class Decision:
    """What is known of a property at every size. ``gap`` is the obligation that failed where there is no proof."""

    property: Provable
    verdict: Verdict
    how: str
    argument: Argument | None = None
    refutation: Refutation | None = None
    gap: Gap | None = None


class Decider:
    """Decides properties of systems over the same variables; what it learns from one serves the others.

    ``fixed`` gives sizes that do not stay open. Raises ``ModelError`` where sizes contradict the assumptions.
    """

    def __init__(
        self,
        system: System,
        fixed: Mapping[str, int] | None = None,
        *,
        limits: Limits | None = None,
        listener: Listener | None = None,
        rlimit: int = RLIMIT,
    ) -> None:
        system.instance(**(fixed or {}))
        sizes = {p.name: p for p in system.parameters}
        chosen = [equal(lift(sizes[n]), v) for n, v in (fixed or {}).items()]
        assuming: list[Term] = [t for a in system.proofs if isinstance(a, Proof) for t in a.assuming]
        self._variables = system.variables
        self.assuming = (*assuming, *chosen)
        self.obligations = Obligations(system, self.assuming, limits=limits, listener=listener, rlimit=rlimit)
        self.refuter = Refuter(assuming, fixed, limits=limits, listener=listener)
        if not self.obligations.consistent():
            raise ModelError(
                f"no size satisfies {' and '.join(str(t) for t in self.assuming)}",
                remedy="the proof is for sizes that its assumptions allow; choose others",
            )

    def decide(self, system: System, p: Provable, *, least: bool = False) -> Decision:
        """A proof first, for it settles every size; else a counterexample. ``least``: of a proof, leave out every fact
        that it can do without."""
        assert system.variables == self._variables, "systems over other variables"
        try:
            found = self._prove(system, p, least)
        except UnencodableError as problem:
            return self._otherwise(system, p, f"no open encoding: {problem}", None)
        if isinstance(found, Argument):
            facts = f"{len(found.facts)} conjunct{'s' if len(found.facts) != 1 else ''}"
            how = f"proof for every size: {facts}, {len(found.obligations)} obligations"
            return Decision(p, Verdict.HOLDS, how, argument=found)
        if found is None:
            return Decision(p, Verdict.UNKNOWN, "no schedule of recovery is declared for it")
        failed = found.failed
        return self._otherwise(
            system, p, f"not proved: {failed.fact} is not shown after {failed.action} ({failed.result.reason})", found
        )

    def proves(self, system: System, p: Provable) -> bool:
        """Whether there is a proof; no counterexample is looked for."""
        try:
            return isinstance(self._prove(system, p, least=False), Argument)
        except UnencodableError:
            return False

    def _prove(self, system: System, p: Provable, least: bool) -> Argument | Gap | None:
        prover = Prover(system, self.obligations)
        return self._recovers(system, p, prover) if isinstance(p, Recoverability) else prover.decide(p, least=least)

    def _otherwise(self, system: System, p: Provable, why: str, gap: Gap | None) -> Decision:
        if isinstance(p, Recoverability):
            return Decision(p, Verdict.UNKNOWN, why, gap=gap)
        found = self.refuter.refute(system, p)
        if isinstance(found, Covered):
            seen = f"no counterexample in {found.instances} small instances, {found.states:,} states"
            return Decision(p, Verdict.UNKNOWN, f"{why}; {seen}", gap=gap)
        return Decision(p, Verdict.VIOLATED, "counterexample on a small instance", refutation=found, gap=gap)

    def _recovers(self, system: System, p: Recoverability, prover: Prover) -> Argument | Gap | None:
        """A proof by schedule: what the schedule's obligations use, and why that is inductive."""
        schedules = [s for a in system.proofs if isinstance(a, Proof) for s in a.schedules if s.property == p.name]
        if not schedules:
            return None
        given = prover.strongest(self.obligations.facts)
        steps = []
        for label, action, result in Scheduling(self.obligations, course(system, p, schedules[0])).discharged(given):
            steps.append(Discharged(label, action, result))
            if not result.proved:
                return Gap(p, given, steps[-1])
        used = {n for s in steps for n in s.result.used}
        facts = prover.closed(used, given)
        named = tuple(n for n in self.obligations.facts if n in facts)
        return Argument(p, named, (*prover.inductive(named), *steps))
