"""What a search should meet if the model means what its author intends: every action, every outcome, every antecedent.

If a guard is never true, or the antecedent of an implication never is, everything holds (vacuity: Beer, Ben-David,
Eisner & Rodeh, "Efficient detection of vacuity in temporal model checking", Formal Methods in System Design 18, 2001).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from planrace.checker.results.report import NEVER_HAPPENS, OUTCOME_NEVER, VACUOUS, ModelWarning
from planrace.checker.results.wording import as_outcome, counted
from planrace.checker.semantics.normal_form import NormalForm
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Instance, Op, Term, exists
from planrace.model.language.intervals import may_fail
from planrace.model.language.terms import FALSE, substitute
from planrace.properties.kinds import Invariant, Property, StepInvariant

if TYPE_CHECKING:
    from planrace.checker.engines.explicit.watch import Watch


from planrace.checker.engines.explicit.watch import Occurrence


class VacuityCheck:
    """What a search has met so far, and the first deadlock.

    ``normal``: the normal form that states are counted up to. ``bits`` has a bit for each of ``subjects``; ``stuck`` is
    a replayed run to a state that enables nothing and is not final.
    """

    def __init__(self, instance: Instance, properties: Sequence[Property], normal: NormalForm | None = None) -> None:
        self.instance = instance
        self.subjects = subjects(instance, properties)
        if normal is not None:  # what a normal form does not keep, might be true of other states only
            self.subjects = tuple(s for s in self.subjects if s.term is None or normal.keeps(s.term))
        self.final = final(instance)
        self.bits = 0
        self.stuck: Recording | None = None

    def watching(self, watch: Watch) -> Watch:
        """``watch`` extended by everything that the check needs."""
        return replace(watch, final=None if self.stuck is not None else self.final, met=self.subjects)

    def warnings(self, *, complete: bool) -> Iterator[ModelWarning]:
        """Warnings for the author. Things that were never met are reported only after a complete search."""
        if self.stuck is not None:
            run = self.stuck.trace()
            end = "nothing is enabled any more, and the end is not final (where runs may end, say so with final(…))"
            yield ModelWarning("deadlock", "", f"after {counted(len(run), 'step')} {end}", run)
        if complete:
            missed = [s for n, s in enumerate(self.subjects) if not self.bits >> n & 1]
            never = {s.name for s in missed if s.term is None} - {
                s.name for n, s in enumerate(self.subjects) if s.term is None and self.bits >> n & 1
            }
            yield from (self._missed(s, never) for s in _unlike(missed, never) if not self._awaited(s))

    def _awaited(self, s: Occurrence) -> bool:
        """Whether the action is declared to await a fault that is off, or belongs to one that may happen 0 times."""
        if s.term is not None:
            return False
        action, system = self.instance.system.actions[s.name], self.instance.system
        if action.fault is not None and self.instance.at_most.get(action.fault) == 0:
            return True
        return action.awaits is not None and action.awaits not in system.faults

    def _missed(self, s: Occurrence, never: Collection[str]) -> ModelWarning:
        if s.term is not None:
            return ModelWarning(VACUOUS, s.name, f"holds vacuously: {s.part} is never true")
        if s.name in never:
            return ModelWarning(NEVER_HAPPENS, s.name, "never happens: its guard is never true")
        return ModelWarning(OUTCOME_NEVER, s.name, f"never ends {as_outcome(s.part)}")


def _unlike(missed: Sequence[Occurrence], never: Collection[str]) -> Iterator[Occurrence]:
    """One occurrence for each action that never happens, whatever its outcomes."""
    reported: set[str] = set()
    for s in missed:
        if s.term is None and s.name in never:
            if s.name in reported:
                continue
            reported.add(s.name)
        yield s


def subjects(instance: Instance, properties: Sequence[Property]) -> tuple[Occurrence, ...]:
    """What a search for ``properties`` should meet: outcomes of actions in their order, then antecedents. An antecedent
    that may have no value is tested only where its property holds, because it was evaluated there."""
    named = dict.fromkeys((a.name, o.name or "") for a in instance.system.actions.values() for o in a.outcomes)
    endings = [Occurrence(action, name) for action, name in named]
    implied = [
        Occurrence(p.name, str(t), p.holds & t if may_fail(instance, t) else t)
        for p in properties
        if isinstance(p, Invariant | StepInvariant)
        for t in _antecedents(p.holds)
    ]
    return (*endings, *implied)


def final(instance: Instance) -> Term:
    """The states that are no deadlock although nothing is enabled."""
    term = FALSE
    for t in instance.system.final:
        term = term | t
    return term


def _antecedents(term: Term) -> Iterator[Term]:
    """The antecedents of implications, for some values of the variables quantified around them."""
    if term.op is Op.AND:
        for t in term.args:
            yield from _antecedents(t)
    elif term.op is Op.FORALL:
        variable, body = term.args
        for t in _antecedents(body):
            yield exists(variable.sort, lambda x, t=t: substitute(t, {variable: x}))  # type: ignore[arg-type, misc]
    elif term.op is Op.OR and term.args[0].op is Op.NOT:
        yield term.args[0].args[0]
