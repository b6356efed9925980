"""The least delay that violates a property: how many milestones happen while a process pauses in its work.

A process is at work while one of its own variables differs from its initial value. It then counts the steps of other
processes whose actions are tagged "milestone", from 0 for each piece of work. The delay of a run is the greatest count
of any process. A system with these counters that forbids counts above k is an ordinary system, so it is searched for
k = 0, 1, 2, …, in machine code if possible. The first k with a violation is the least delay: all runs with a shorter
delay were searched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from planrace.checker.engines.limits import look_at_the_clock
from planrace.checker.results.explanation import Delay
from planrace.checker.semantics.describe import performer
from planrace.checker.semantics.replay import Recording
from planrace.model.language import Action, Array, If, Instance, System, Term, both, each, either, forall, integers
from planrace.model.language.actions import Update
from planrace.model.language.sorts import Index
from planrace.model.language.system import Variable
from planrace.model.language.terms import FALSE, constant
from planrace.properties.kinds import Invariant, StepInvariant

TAG = "milestone"
SLEPT = "milestones slept"
"""The name of the counter. It contains a blank, so that no author's variable has it."""
MOST = 12
"""The greatest delay that is tried."""

Seek = Callable[[Instance, "Sequence[Invariant | StepInvariant]"], "tuple[list[Recording], bool]"]
"""Searches an instance: a shortest run for each violated property, and whether the search was complete."""


def least_delay(instance: Instance, p: Invariant | StepInvariant, sort: Index, seek: Seek) -> Delay | None:
    """The least delay of a process of ``sort`` that violates ``p``; None if no action is a milestone, or no violation
    was found. Raises ``TimeUpError``."""
    if not any(TAG in a.tags for a in instance.system.actions.values()):
        return None
    for k in range(MOST + 1):
        counting = _Counting(instance.system, sort, k)
        runs, complete = seek(replace(instance, system=counting.made()), [p])
        if runs:
            who, steps = counting.slept(runs[0])
            searched = "a complete search" if k == 1 else f"{k} complete searches"
            how = f"no run with a shorter delay violates it: {searched}" if k else "no delay is needed"
            return Delay(who, dict(steps), how)
        if not complete:
            look_at_the_clock()
            return None
    return None


class _Counting:
    """The system with counters, in which no process sleeps through more than ``most`` milestones."""

    def __init__(self, system: System, sort: Index, most: int) -> None:
        self.system = system
        self.sort = sort
        self.most = most
        number = integers(0, most, "milestones")
        self.variable = Variable(SLEPT, Array(sort, number), constant(0, number), "milestones slept through")
        own = (v for v in system.variables if isinstance(v.sort, Array) and v.sort.domain == sort)
        self.own = [v for v in own if v.initially is not None]

    def made(self) -> System:
        actions = {n: self._action(a) for n, a in self.system.actions.items()}
        variables = (*self.system.variables, self.variable)
        return replace(self.system, variables=variables, actions=actions, scenarios=(), proofs=(), properties=())

    def slept(self, run: Recording) -> tuple[str, Counter[str]]:
        """The process with the longest delay, and the steps that happened meanwhile."""
        counts: dict[int, Counter[str]] = {m: Counter() for m in run.interpreter.instance.members(self.sort)}
        best: tuple[str, Counter[str]] = (f"{self.sort.name} 1", Counter())
        for move, before in zip(run.moves, run.states, strict=False):
            for m, seen in counts.items():
                who = f"{self.sort.name} {m}"
                if not run.interpreter.holds(self._busy(constant(m, self.sort)), before):
                    seen.clear()
                elif TAG in move.action.tags and performer(move) != who:
                    seen[move.action.name] += 1
                    best = max(best, (who, Counter(seen)), key=lambda b: b[1].total())
        return best

    def _busy(self, member: Term) -> Term:
        """One of the member's own variables differs from its initial value."""
        plain = [v for v in self.own if isinstance(v.sort, Array) and not isinstance(v.sort.element, Array)]
        return either(*(v.term[member] != v.start_at(member) for v in plain)) if plain else FALSE

    def _action(self, a: Action) -> Action:
        slept = self.variable.term
        actor = a.actor if a.actor is not None and a.actor.sort == self.sort else None
        when = a.when
        updates: tuple[Update, ...] = ()
        if TAG in a.tags:

            def waits(j: Term) -> Term:
                return self._busy(j) if actor is None else both(self._busy(j), j != actor)

            when = both(when, forall(self.sort, lambda j: either(~waits(j), slept[j] < self.most)))
            more = each(self.sort, lambda j: If(waits(j), slept[j] + 1, If(self._busy(j), slept[j], 0)))
            updates = (Update(slept, more),)
        elif actor is not None:
            updates = (Update(slept[actor], If(self._busy(actor), slept[actor], 0)),)
        if not self.most:
            updates = ()
        return replace(a, when=when, outcomes=tuple(replace(o, updates=(*o.updates, *updates)) for o in a.outcomes))
