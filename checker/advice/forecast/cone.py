"""The cone of influence of a property: the actions that may change what it reads, what those actions read, and so on.

A property of states has the same verdict without the other actions, which change nothing that it reads and nothing that
enables the steps that do. So has a property of steps, if only steps of actions that it names decide it. A protocol of
several subsystems can therefore be searched as several protocols; their state counts add up instead of multiplying.
Deadlocks, how often steps are taken, and values of other actions out of range need the whole protocol. Therefore this
is only advice; no search does it by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.advice.family import variables_of
from planrace.checker.engines.answer import of_step, sought
from planrace.checker.semantics.packing import root_of
from planrace.model.language import Action, Instance, Op, Term
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Checkable


def cone(instance: Instance, p: Checkable) -> tuple[str, ...]:
    """Names of the actions that ``p`` depends on, in the order of the system; all actions if any step may decide it."""
    if of_step(p) and not _of_named(sought(p)):
        return tuple(instance.system.actions)
    named = {t.data[0] for t in subterms(*p.terms) if t.op is Op.TAKEN}
    read = variables_of(*p.terms)
    kept: set[str] = set()
    while True:
        more = {
            a.name
            for a in instance.system.actions.values()
            if a.name not in kept and (a.name in named or read & {name for name, _ in _writes(a)})
        }
        before = len(read)
        kept |= more
        for a in (instance.system.actions[n] for n in kept):
            read |= variables_of(a.guard, *(o.condition for o in a.outcomes))
            read |= {r for name, reads in _writes(a) if name in read for r in reads}
        if not more and len(read) == before:
            return tuple(n for n in instance.system.actions if n in kept)


def _of_named(term: Term) -> bool:
    """The term is true only of steps of actions that it names."""
    if term.op is Op.AND:
        return any(map(_of_named, term.args))
    return term.op is Op.TAKEN or (term.op is Op.EXISTS and _of_named(term.args[1]))


def _writes(action: Action) -> Iterator[tuple[str, set[str]]]:
    """Each variable that the action writes, with the variables that its positions and new value read."""
    for u in (u for o in action.outcomes for u in o.updates):
        name, positions = root_of(u.target)
        yield name, variables_of(u.value, *positions)
