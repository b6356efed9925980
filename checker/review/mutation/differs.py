"""Where a mutant behaves differently from the protocol, as a term over one state.

A mutant that differs in no reachable state has the same state graph, except for steps that change nothing. No property
distinguishes the two unless it depends on such steps, which specifications should not (stuttering: Lamport, "What good
is temporal logic?", IFIP 1983). Then the mutant is equivalent at this size. "Both take the same steps" is an invariant
of the protocol, so any engine can check it.
"""

from __future__ import annotations

from collections.abc import Sequence

from planrace.model.language import Action, Instance, Op, Outcome, SetOf, System, Term
from planrace.model.language.constructors import both, either, exists, forall
from planrace.model.language.sorts import Array
from planrace.model.language.subset_numbers import few_subsets, for_each_subset
from planrace.model.language.terms import FALSE, TRUE, substitute


def same_steps(instance: Instance, mutant: System) -> Term | None:
    """A term that is true where both take the same steps; None if their variables or the ranges of these differ, or if
    an action that differs has too many subsets as parameters."""
    system = instance.system
    if [(v.name, v.sort) for v in system.variables] != [(v.name, v.sort) for v in mutant.variables]:
        return None
    parts = []
    for name in dict.fromkeys([*system.actions, *mutant.actions]):
        one, other = system.actions.get(name), mutant.actions.get(name)
        if one is not other:
            action = one or other
            assert action is not None
            if not few_subsets(action, instance):
                return None
            parts.append(_everywhere(action, ~_differ(one, other), instance))
    return both(*parts)


def _everywhere(action: Action, term: Term, instance: Instance) -> Term:
    """``term`` for all parameters of the action."""
    for p in action.parameters:
        if isinstance(p.sort, SetOf):
            term = both(*for_each_subset(p, term, instance))
            continue
        term = forall(p.sort, lambda x, p=p, term=term: substitute(term, {p: x}))  # type: ignore[arg-type, misc, type-var]
    return term


def _differ(one: Action | None, other: Action | None) -> Term:
    """Only one is enabled and changes the state; or both are enabled and their next states or outcomes differ."""
    if one is None or other is None:
        found = one or other
        assert found is not None
        return found.guard & _changes(found)
    there = {p: q for p, q in zip(other.parameters, one.parameters, strict=True) if p is not q}
    guard = substitute(other.guard, there)
    ends = either(
        *(
            both(mine, substitute(theirs, there), ends)
            for o, mine in _with_conditions(one.outcomes)
            for p, theirs in _with_conditions(other.outcomes)
            if (ends := _ends(o, p, there)) is not FALSE
        )
    )
    if guard is one.guard:
        return one.guard & ends
    alone = both(one.guard, ~guard, _changes(one))
    return either(alone, both(~one.guard, guard, substitute(_changes(other), there)), both(one.guard, ends))


def _changes(action: Action) -> Term:
    """The step changes the state."""
    return either(
        *(
            both(taken, either(*(_unequal(u.target, u.value) for u in o.updates)))
            for o, taken in _with_conditions(action.outcomes)
        )
    )


def _with_conditions(outcomes: Sequence[Outcome]) -> list[tuple[Outcome, Term]]:
    """Each outcome, with the condition under which it is chosen."""
    found, before = [], TRUE
    for o in outcomes:
        found.append((o, before if o.condition is TRUE else o.condition if before is TRUE else before & o.condition))
        before = ~o.condition if before is TRUE else before & ~o.condition
    return found


def _ends(one: Outcome, other: Outcome, there: dict[Term, Term]) -> Term:
    """The names or next states of the two outcomes differ."""
    if one.name != other.name:
        return TRUE
    mine = {u.target: u.value for u in one.updates}
    theirs = {substitute(u.target, there): substitute(u.value, there) for u in other.updates}
    targets = dict.fromkeys([*mine, *theirs])
    if any(_overlap(a, b) for a in targets for b in targets if a is not b):
        return TRUE
    return either(
        *(_unequal(mine.get(t, t), theirs.get(t, t)) for t in targets if mine.get(t, t) is not theirs.get(t, t))
    )


def _overlap(a: Term, b: Term) -> bool:
    """Whether ``a`` contains ``b``: then comparing target by target is not enough."""
    while b.op is Op.SELECT:
        b = b.args[0]
        if a is b:
            return True
    return False


def _unequal(a: Term, b: Term) -> Term:
    if isinstance(a.sort, Array):
        return exists(a.sort.domain, lambda k: _unequal(a[k], b[k]))
    return a != b
