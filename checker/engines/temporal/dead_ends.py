"""Why a state is a dead end: what is still reachable from it, which steps happen without effect, and which conditions
block the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from planrace.checker.engines.explicit.closure import closure
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.explicit.transition_graph import acting
from planrace.checker.results.temporal import DeadEnd, IneffectiveOutcome, Refusal
from planrace.checker.semantics.channel_terms import term_text
from planrace.checker.semantics.interpreter import State
from planrace.checker.semantics.packing import free, root_of
from planrace.model.language import Action, Instance, Op, Outcome, SetOf, Term, either, exists
from planrace.model.language.structural import Structural
from planrace.model.language.subset_numbers import few_subsets, for_each_subset
from planrace.model.language.terms import TRUE, make, substitute, subterms
from planrace.properties.kinds import Recoverability


def explain(instance: Instance, p: Recoverability, state: State) -> DeadEnd:
    """The explanation for a state from which the helpers of ``p`` cannot reach its goal."""
    system = instance.system
    kernel = Kernel(acting(instance, {n for n, a in system.actions.items() if a.tags & (p.helpers | p.manual)}))
    states, whole = closure(kernel, kernel.layout.encode(state))
    helpers = [a for a in kernel.instance.system.actions.values() if few_subsets(a, instance)]
    parts = list(_parts(p.goal, instance))
    seen = _seen(kernel, states, parts)
    broken = [t for t, n in zip(parts, seen, strict=True) if not n]
    return DeadEnd(
        states=len(states),
        whole=whole,
        never=tuple(term_text(t, system) for t in broken),
        vain=tuple(_vain(kernel, states, helpers)),
        refused=tuple(_refused(kernel, states, helpers, broken)),
    )


def _seen(kernel: Kernel, states: list[int], terms: list[Term]) -> list[int]:
    """In how many states each term holds."""
    if not terms:
        return []
    counts = Counter(map(kernel.judge(terms, report_only=True), states))
    return [sum(n for found, n in counts.items() if found >> k & 1) for k in range(len(terms))]


def _parts(goal: Term, instance: Instance) -> Iterator[Term]:
    """The conjuncts of a goal, one for each member."""
    if goal.op is Op.AND:
        for t in goal.args:
            yield from _parts(t, instance)
    elif goal.op is Op.FORALL:
        variable, body = goal.args
        for member in instance.members(variable.sort):  # type: ignore[arg-type]
            constant = make(Op.CONST, (), variable.sort, member)
            yield from _parts(substitute(body, {variable: constant}), instance)
    else:
        yield goal


# What happens ----------------------------------------------------------------------------------------------------
def _vain(kernel: Kernel, states: list[int], helpers: list[Action]) -> Iterator[IneffectiveOutcome]:
    """Steps that still happen without helping."""
    endings = [(a, o) for a in helpers for o in a.outcomes]
    terms = [_for_some(kernel.instance, a, a.guard & _ends(a, o)) for a, o in endings]
    for (a, o), n in zip(endings, _seen(kernel, states, terms), strict=True):
        if n:
            yield IneffectiveOutcome(a.name, o.name, n)


@dataclass(frozen=True, eq=False)
class _Try(Structural):
    """An outcome that would write to a place that a broken part of the goal reads."""

    action: Action
    outcome: Outcome
    place: Term
    here: Term

    @property
    def tried(self) -> Term:
        return self.action.guard & self.here


def _refused(kernel: Kernel, states: list[int], helpers: list[Action], broken: list[Term]) -> Iterator[Refusal]:
    """Outcomes that would help but never happen although their action is tried, with the conditions that block them."""
    system = kernel.instance.system
    tries = list(dict.fromkeys(t for part in broken for t in _tries(helpers, part)))
    tried = _seen(kernel, states, [_for_some(kernel.instance, t.action, t.tried) for t in tries])
    done = _seen(
        kernel, states, [_for_some(kernel.instance, t.action, t.tried & _ends(t.action, t.outcome)) for t in tries]
    )
    for t, n, happened in zip(tries, tried, done, strict=True):
        if n and not happened:
            reasons = _conjuncts(t.outcome.condition)
            met = _seen(kernel, states, [_for_some(kernel.instance, t.action, t.tried & r) for r in reasons])
            why = tuple(term_text(r, system) for r, m in zip(reasons, met, strict=True) if not m)
            yield Refusal(t.action.name, t.outcome.name, term_text(t.place, system), n, why)


def _tries(helpers: list[Action], part: Term) -> Iterator[_Try]:
    places = [t for t in subterms(part) if t.op is Op.SELECT and t.args[1].op is Op.CONST]
    for place in places:
        name, positions = root_of(place)
        for a in helpers:
            for o in a.outcomes:
                for u in o.updates:
                    target, at = root_of(u.target)
                    if target == name and len(at) == len(positions) and o.condition is not TRUE:
                        yield _Try(a, o, place, _same(at, positions))


def _same(at: list[Term], positions: list[Term]) -> Term:
    """The formula that a target's positions are those of a place that the goal reads; if a quantifier of the goal
    chooses the place (``has[w][PRIMARY]``), those of some member."""
    here = TRUE
    for x, y in zip(at, positions, strict=True):
        here = here & (x == y)
    for variable in frozenset[Term]().union(*map(free, positions)):
        here = exists(variable.sort, lambda m, v=variable, t=here: substitute(t, {v: m}))  # type: ignore[arg-type, misc]
    return here


def _ends(a: Action, o: Outcome) -> Term:
    """The formula that ``o`` is the outcome of ``a``: the first whose condition holds."""
    term = o.condition
    for other in a.outcomes:
        if other is o:
            return term
        term = term & ~other.condition
    raise AssertionError(o)


def _conjuncts(term: Term) -> list[Term]:
    return list(term.args) if term.op is Op.AND else [term]


def _for_some(instance: Instance, a: Action, term: Term) -> Term:
    """``term`` for some values of the parameters of ``a``."""
    for p in a.parameters:
        if isinstance(p.sort, SetOf):
            term = either(*for_each_subset(p, term, instance))
            continue
        term = exists(p.sort, lambda x, p=p, t=term: substitute(t, {p: x}))  # type: ignore[arg-type, misc]
    return term
