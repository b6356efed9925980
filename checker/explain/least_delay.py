"""The least delay that breaks a property: how much a process has to sleep through in the middle of its work.

While a process is at work (something of its own is not as it was initially) it counts the steps that others take of
actions tagged "milestone", anew for each piece of work. A run is as slow as the greatest count that any process comes
to. The system that counts and refuses to go beyond k is a system like any other, so it is searched for k = 0, 1, 2, …;
each search completes what can be reached at cost k, as the queues of a 0–1 shortest path do, in machine code. The first
k with a violation is the least: all runs with less were searched.
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
"""The name of the variable; with a blank it is none that authors can give one."""
MOST = 12
"""Milestones that are tried."""

Seek = Callable[[Instance, "Sequence[Invariant | StepInvariant]"], "tuple[list[Recording], bool]"]
"""Searches an instance for violations: a shortest run for each property that is violated, and whether all was searched.
"""


def least_delay(instance: Instance, p: Invariant | StepInvariant, sort: Index, seek: Seek) -> Delay | None:
    """The least that some process of ``sort`` sleeps through where ``p`` is violated; None where no action has the tag,
    or no violation was found. Raises ``TimeUpError``."""
    if not any(TAG in a.tags for a in instance.system.actions.values()):
        return None
    for k in range(MOST + 1):
        counting = _Counting(instance.system, sort, k)
        runs, complete = seek(replace(instance, system=counting.made()), [p])
        if runs:
            who, steps = counting.slept(runs[0])
            searched = "a complete search" if k == 1 else f"{k} complete searches"
            how = f"no run breaks it with less: {searched}" if k else "it takes none"
            return Delay(who, dict(steps), how)
        if not complete:
            look_at_the_clock()
            return None
    return None


class _Counting:
    """The system that counts, and has no process sleep through more than ``most`` milestones."""

    def __init__(self, system: System, sort: Index, most: int) -> None:
        self.system = system
        self.sort = sort
        self.most = most
        number = integers(0, most, "milestones")
        self.variable = Variable(SLEPT, Array(sort, number), constant(0, number), "milestones slept through")
        self.own = [v for v in system.variables if isinstance(v.sort, Array) and v.sort.domain == sort]

    def made(self) -> System:
        actions = {n: self._action(a) for n, a in self.system.actions.items()}
        variables = (*self.system.variables, self.variable)
        return replace(self.system, variables=variables, actions=actions, scenarios=(), proofs=(), properties=())

    def slept(self, run: Recording) -> tuple[str, Counter[str]]:
        """Who slept through the most in one piece of work, and through what."""
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
        """Something of the member's own is not as it was initially."""
        plain = [v for v in self.own if isinstance(v.sort, Array) and not isinstance(v.sort.element, Array)]
        return either(*(v.term[member] != v.initially for v in plain)) if plain else FALSE

    def _action(self, a: Action) -> Action:
        slept = self.variable.term
        actor = a.actor if a.actor is not None and a.actor.sort == self.sort else None
        guard = a.guard
        updates: tuple[Update, ...] = ()
        if TAG in a.tags:

            def waits(j: Term) -> Term:
                return self._busy(j) if actor is None else both(self._busy(j), j != actor)

            guard = both(guard, forall(self.sort, lambda j: either(~waits(j), slept[j] < self.most)))
            more = each(self.sort, lambda j: If(waits(j), slept[j] + 1, If(self._busy(j), slept[j], 0)))
            updates = (Update(slept, more),)
        elif actor is not None:
            updates = (Update(slept[actor], If(self._busy(actor), slept[actor], 0)),)
        if not self.most:
            updates = ()
        return replace(a, guard=guard, outcomes=tuple(replace(o, updates=(*o.updates, *updates)) for o in a.outcomes))
