"""Slicing: a search leaves out the variables that cannot affect what it looks for.

The cone of influence (Clarke, Grumberg & Peled, *Model Checking*, 1999, section 10.1): what properties, guards and the
conditions of outcomes read, and what those variables' new values read. The states of the remaining variables are a
quotient of all states with the same steps, so verdicts and the lengths of runs are the same. A variable whose values
might be out of range is kept, because leaving it out would hide an error.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache

from planrace.checker.engines.explicit.codegen import emitted
from planrace.checker.engines.explicit.watch import Watch
from planrace.checker.semantics.packing import root_of
from planrace.model.language import Action, Instance, Op, Term
from planrace.model.language.terms import subterms
from planrace.properties.kinds import Property


def irrelevant(instance: Instance, properties: Sequence[Property]) -> tuple[str, ...]:
    """Names of the variables that a search for ``properties`` can leave out, in the order of the system."""
    reads = dict(_reads(instance))
    kept = _closed(_roots(instance, properties), reads)
    free = [v.name for v in instance.system.variables if v.name not in kept]
    if not free:
        return ()
    kept = _closed(kept | _failing(instance), reads)
    return tuple(v for v in free if v not in kept)


def without(instance: Instance, names: Sequence[str]) -> Instance:
    """The instance without variables that nothing else reads; cached, so that its step function is generated once."""
    return _without(instance, tuple(names)) if names else instance


@lru_cache(maxsize=16)
def _without(instance: Instance, names: tuple[str, ...]) -> Instance:
    system = instance.system
    return replace(
        instance,
        system=replace(
            system,
            variables=tuple(v for v in system.variables if v.name not in names),
            actions={n: _cut(a, names) for n, a in system.actions.items()},
        ),
    )


def _cut(action: Action, names: Sequence[str]) -> Action:
    def kept(target: Term) -> bool:
        return root_of(target)[0] not in names

    outcomes = (replace(o, updates=tuple(u for u in o.updates if kept(u.target))) for o in action.outcomes)
    return replace(action, outcomes=tuple(outcomes))


def _variables(*terms: Term) -> set[str]:
    return {t.data for t in subterms(*terms) if t.op is Op.VARIABLE}


def _roots(instance: Instance, properties: Sequence[Property]) -> set[str]:
    """The variables that guards, conditions and properties read."""
    terms = [t for p in properties for t in p.terms]
    for a in instance.system.actions.values():
        terms += [a.guard, *(o.condition for o in a.outcomes)]
    return _variables(*terms, *instance.system.final)


def _reads(instance: Instance) -> Iterator[tuple[str, set[str]]]:
    """For each update: its variable, and what its value and position read."""
    found: dict[str, set[str]] = {v.name: set() for v in instance.system.variables}
    for a in instance.system.actions.values():
        for u in (u for o in a.outcomes for u in o.updates):
            name, positions = root_of(u.target)
            found[name] |= _variables(u.value, *positions)
    yield from found.items()


def _closed(names: set[str], reads: dict[str, set[str]]) -> set[str]:
    """``names`` and everything they depend on."""
    found, fresh = set(names), set(names)
    while fresh:
        fresh = {r for n in fresh for r in reads[n]} - found
        found |= fresh
    return found


def _failing(instance: Instance) -> set[str]:
    """Variables with an update that may be an error, according to the code generator."""
    return set(emitted(instance, Watch())[1])
