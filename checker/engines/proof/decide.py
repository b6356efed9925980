"""Decides a property for all sizes: a proof, a counterexample on a small instance, or the reason why neither was
found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from planrace.checker.engines.limits import LimitGuard
from planrace.checker.engines.proof.houdini import Argument, Discharged, Gap, Provable, Prover
from planrace.checker.engines.proof.obligations import RLIMIT, Obligations
from planrace.checker.engines.proof.refute import Refutation, Refuter
from planrace.checker.engines.proof.schedule import Scheduling, course
from planrace.checker.engines.proof.sorts import UnencodableError
from planrace.checker.engines.proof.wellformed import obligation
from planrace.checker.engines.symbolic.cti import counterexample_to_induction, model_error
from planrace.checker.results.proof import INITIALLY
from planrace.checker.results.verdict import Verdict
from planrace.checker.results.wording import counted, joined
from planrace.checker.semantics.first_step import check_begins, stuck
from planrace.checker.semantics.initials import no_state
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, ModelError, System, Term
from planrace.model.language.initial_values import starts_by_size
from planrace.model.language.structural import same
from planrace.model.language.terms import equal, lift
from planrace.properties.kinds import Invariant, Recoverability, StepInvariant
from planrace.properties.proof import Proof

SIZES = 2000
"""The largest number of instances on which initial values are checked, if that check depends on sizes."""
TRIED = 60
"""The largest number of instances on which a counterexample to induction is searched."""


ANY_STATE = "any state"
"""The entry in place of an action in obligations about states."""


@dataclass(frozen=True)
class Decision:
    """The verdict on a property for all sizes.

    ``cti`` is a counterexample to induction: one step, from a state that need not be reachable.
    """

    property: Provable
    verdict: Verdict
    how: str
    argument: Argument | None = None
    refutation: Refutation | None = None
    cti: Refutation | None = None


@dataclass(frozen=True)
class NonInductiveLemma:
    """A lemma that is not part of an inductive invariant: it was not shown after ``action``, or "initially"; ``shown``
    is a step that breaks it, from a state where it and all inductive facts hold."""

    lemma: str
    action: str
    reason: str
    shown: Refutation | None


class Decider:
    """Decides properties of systems with the same variables; results for one are reused for the others.

    ``fixed`` gives sizes that do not stay open. Raises ``ModelError`` if these sizes contradict the assumptions.
    """

    def __init__(
        self,
        system: System,
        fixed: Mapping[str, int] | None = None,
        *,
        limit_guard: LimitGuard | None = None,
        rlimit: int = RLIMIT,
    ) -> None:
        system.sized(**(fixed or {}))
        sizes = {p.name: p for p in system.parameters}
        chosen = [equal(lift(sizes[n]), v) for n, v in (fixed or {}).items()]
        assuming: list[Term] = [t for a in system.proofs if isinstance(a, Proof) for t in a.assuming]
        self._variables = system.variables
        self._begun = _begun(system)
        self._open = len(sizes) > len(chosen)
        self.given = tuple(assuming)
        self.assuming = (*assuming, *chosen)
        self.obligations = Obligations(system, self.assuming, limit_guard=limit_guard, rlimit=rlimit)
        self.refuter = Refuter(assuming, fixed, limit_guard=self.obligations.limit_guard)
        if starts_by_size(system):
            for _ in islice(self.refuter.instances(system), SIZES):
                pass  # raises an error if the sizes that the assumptions allow do not hold the initial values
        if system.beginnings:
            for instance in islice(self.refuter.instances(system), TRIED):
                check_begins(instance)
        if not self.obligations.consistent():
            raise ModelError(
                f"no size satisfies {joined([str(t) for t in self.assuming])}",
                remedy="the proof is for sizes that its assumptions allow; choose others",
            )
        with suppress(UnencodableError):
            if self.obligations.never_begins():
                raise no_state(system)
            if self.obligations.stuck(system):
                raise stuck(system)

    def fits(self, system: System) -> bool:
        """Whether a system has the variables, initial states and invariants that this decider is for."""
        invariants = (p for p in system.properties if isinstance(p, Invariant))
        alike = system.variables == self._variables and same(_begun(system), self._begun)
        return alike and all(map(self.obligations.speaks_of, invariants))

    def decide(self, system: System, p: Provable, *, least: bool = False) -> Decision:
        """Look for a proof first, since it decides all sizes; then for a counterexample. ``least``: leave every
        unnecessary fact out of a proof."""
        assert system.variables == self._variables, "systems over other variables"
        assert same(_begun(system), self._begun), "systems with other initial states"
        assert self.obligations.speaks_of(p), f"another property is called {p.name}"
        try:
            found = self._prove(system, p, least)
        except UnencodableError as problem:
            return self._otherwise(system, p, f"no open encoding: {problem}", None)
        if isinstance(found, Argument):
            self.obligations.check_axioms(d.result for d in found.obligations)
            return Decision(p, Verdict.HOLDS, self._how(found), argument=found)
        if found is None:
            return Decision(p, Verdict.UNKNOWN, "no schedule of recovery is declared for it")
        return self._otherwise(system, p, f"not proved: {_missing(found.failed)}", found)

    def _how(self, found: Argument) -> str:
        """What the proof consists of. Ranges are named separately, because they are part of every proof."""
        ranges = sum(name in self.obligations.ranges for name in found.facts)
        parts = [counted(len(found.facts) - ranges, "conjunct"), *([counted(ranges, "range")] if ranges else [])]
        sizes = "for every size" if self._open else "at its only size"
        return f"proof {sizes}: {' and '.join(parts)}, {counted(len(found.obligations), 'obligation')}"

    def proves(self, system: System, p: Provable) -> bool:
        """Whether there is a proof, without looking for a counterexample."""
        try:
            return isinstance(self._prove(system, p, least=False), Argument)
        except UnencodableError:
            return False

    def left_out(self, system: System) -> Iterator[NonInductiveLemma]:
        """Declared lemmas that no proof uses, since they are false or not inductive with the others."""
        prover = Prover(system, self.obligations)
        try:
            kept = prover.strongest()
        except UnencodableError:
            return
        for x in (x for a in system.proofs if isinstance(a, Proof) for x in a.lemmas if x.name not in kept):
            failed, shown = prover.dropped[x.name], None
            if failed.action != INITIALLY:
                shown = self._broken(system, kept, Invariant(x.name, x.holds, x.meaning))
            last = failed.action if shown is None else shown.recording.moves[-1].action.name
            yield NonInductiveLemma(x.name, last, failed.result.reason, shown)

    def _prove(self, system: System, p: Provable, least: bool) -> Argument | Gap | None:
        prover = Prover(system, self.obligations)
        if isinstance(p, Recoverability):
            return self._recovers(system, p, prover)
        return prover.decide(p, least=least)

    def _otherwise(self, system: System, p: Provable, why: str, gap: Gap | None) -> Decision:
        if isinstance(p, Recoverability):
            return Decision(p, Verdict.UNKNOWN, why)
        found = self.refuter.refute(system, p)
        if isinstance(found, Refutation):
            confirmed = self._confirmed(found, system, gap)
            return Decision(p, Verdict.VIOLATED, f"counterexample on a small instance{confirmed}", refutation=found)
        if found.whole and not self._open:
            how = f"complete search of its only size, {counted(found.states, 'state')}"
            return Decision(p, Verdict.HOLDS, how)
        seen = f"no counterexample in {counted(found.instances, 'small instance')}, {counted(found.states, 'state')}"
        shown = self._cti(system, p, gap)
        if shown is not None and shown.error:
            why += f"; from the state that is shown {shown.error}"
        elif shown is not None:  # the step that is shown, not another one that the solver found
            last = shown.recording.moves[-1].action.name
            why = f"not proved: {p.name} is not shown after {last} (a counterexample to induction)"
        if (stopped := self.refuter.stopped) is not None and stopped not in why:
            seen = f"{stopped}; {seen}"
        return Decision(p, Verdict.UNKNOWN, f"{why}; {seen}", cti=shown)

    def _confirmed(self, found: Refutation, system: System, gap: Gap | None) -> str:
        """Says whether the last step of the run is a counterexample to induction: all assumed facts hold before it."""
        moves, states = found.recording.moves, found.recording.states
        if gap is None or not moves:
            return ""
        interpreter = found.recording.interpreter
        if not all(interpreter.holds(term, states[-2]) for term in self._terms(system, gap.given)):
            return ""
        return f"; its last step, {moves[-1].action.name}, is a counterexample to induction that is reachable"

    def _cti(self, system: System, p: Invariant | StepInvariant, gap: Gap | None) -> Refutation | None:
        """A step that breaks the induction on the smallest instance that has one."""
        if gap is None or gap.failed.action == INITIALLY:
            return None
        if gap.failed.kind == "model" or gap.failed.fact in self.obligations.ranges:
            return self._wrong(system, gap.given)
        return self._broken(system, gap.given, p)

    def _wrong(self, system: System, given: Iterable[str]) -> Refutation | None:
        """A state with the facts ``given`` from which a step is a model error, on the smallest instance with one."""
        terms = self._terms(system, given)
        return self._smallest(system, lambda instance: model_error(instance, terms, self.obligations.solving))

    def _broken(self, system: System, given: Iterable[str], p: Invariant | StepInvariant) -> Refutation | None:
        """A step that breaks ``p`` from a state with the facts ``given``, on the smallest instance that has one."""
        terms = self._terms(system, given)

        def breaks(instance: Instance) -> tuple[Recording] | None:
            found = counterexample_to_induction(instance, terms, p, self.obligations.solving)
            return None if found is None else (found,)

        return self._smallest(system, breaks)

    def _smallest(self, system: System, look: Callable[[Instance], tuple[Any, ...] | None]) -> Refutation | None:
        """What ``look`` finds on the smallest instance where it finds anything. It only explains an unknown verdict, so
        a term that finite solvers cannot encode is no error here."""
        for instance in islice(self.refuter.instances(system), TRIED):
            if self.refuter.spent:
                break
            with suppress(ModelError):
                found = look(instance)
                if found is not None:
                    return Refutation(instance.parameters, *found)
        return None

    @staticmethod
    def _terms(system: System, names: Iterable[str]) -> list[Term]:
        """The lemmas and invariants of those names."""
        known = {x.name: x.holds for a in system.proofs if isinstance(a, Proof) for x in a.lemmas}
        known |= {q.name: q.holds for q in system.properties if isinstance(q, Invariant)}
        return [known[n] for n in sorted(names) if n in known]

    def _recovers(self, system: System, p: Recoverability, prover: Prover) -> Argument | Gap | None:
        """A proof by schedule: its obligations, and the invariant that they use."""
        schedules = [s for a in system.proofs if isinstance(a, Proof) for s in a.schedules if s.property == p.name]
        if not schedules:
            return None
        scheduling = Scheduling(self.obligations, course(system, p, schedules[0]))

        def goals(given: frozenset[str]) -> Iterator[Discharged]:
            result = self.obligations.values_defined(p, given)
            if result is not None:
                yield Discharged(f"{p.name}: {obligation([p.wherever, p.goal])}", ANY_STATE, result, "model")
            for label, action, result in scheduling.discharged(given):
                yield Discharged(label, action, result, "schedule")

        return prover.argue(p, set(), goals)


def _missing(failed: Discharged) -> str:
    """What was not shown, and why."""
    if failed.kind == "model":
        return f"not shown of {failed.action} that {failed.fact} ({failed.result.reason})"
    return f"{failed.fact} is not shown after {failed.action} ({failed.result.reason})"


def _begun(system: System) -> tuple[Term, ...]:
    """The conditions on initial states."""
    return tuple(b.holds for b in system.beginnings)
