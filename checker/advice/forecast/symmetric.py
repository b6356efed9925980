"""Index sorts that could be declared symmetric, and the instance with them declared so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from planrace.checker.engines.explicit.symmetry import check_symmetric
from planrace.model.language import Action, Array, Index, Instance, Maybe, ModelError, Op, SetOf, Sort, Term
from planrace.model.language.actions import Update
from planrace.model.language.terms import make, subterms
from planrace.properties.kinds import Property

ORDER = (Op.FIRST, Op.LAST, Op.FOLLOWING, Op.PRECEDING, Op.POSITION, Op.LEAST, Op.LT, Op.LE)
"""Operators that depend on the order of members."""


def candidates(instance: Instance, properties: Sequence[Property]) -> Iterator[Index]:
    """Index sorts of variables that are not symmetric although nothing names a member or uses their order."""
    all_terms = [t for p in properties for t in p.terms]
    for sort in dict.fromkeys(i for v in instance.system.variables for i in indices(v.sort)):
        if sort.symmetric or any(_tells_apart(t, sort) for t in subterms(*all_terms)):
            continue
        if any(_tells_apart(t, sort) for t in subterms(*_terms(instance))):
            continue
        try:
            check_symmetric(declared(instance, sort), [])
        except ModelError:
            continue
        yield sort


def declared(instance: Instance, sort: Index) -> Instance:
    """The instance with this sort symmetric and not ordered, without properties, descriptions and the like."""
    change = _Resorted(sort)
    system = instance.system
    variables = (
        replace(
            v,
            sort=change.sort(v.sort),
            initially=None if v.initially is None else change.term(v.initially),
            among=tuple(map(change.term, v.among)),
        )
        for v in instance.system.variables
    )
    return replace(
        instance,
        system=replace(
            system,
            variables=tuple(variables),
            actions={n: change.action(a) for n, a in system.actions.items()},
            final=tuple(map(change.term, system.final)),
            beginnings=tuple(replace(b, holds=change.term(b.holds)) for b in system.beginnings),
            observations=(),
            pictures=(),
            properties=(),
            scenarios=(),
            proofs=(),
        ),
    )


def indices(sort: Sort) -> Iterator[Index]:
    """The index sorts that occur in a sort."""
    match sort:
        case Array(domain=domain, element=element):
            yield from indices(domain)
            yield from indices(element)
        case SetOf(element=element):
            yield from indices(element)
        case Maybe(index=index):
            yield index
        case Index():
            yield sort


def _terms(instance: Instance) -> Iterator[Term]:
    system = instance.system
    for a in system.actions.values():
        yield a.guard
        for o in a.outcomes:
            yield o.condition
            yield from (t for u in o.updates for t in (u.target, u.value))
    yield from (t for v in system.variables for t in v.starts)
    yield from (b.holds for b in system.beginnings)
    yield from system.final


def _tells_apart(t: Term, sort: Index) -> bool:
    """The term names a member, or depends on their order."""
    if t.op in ORDER:
        return any(sort in indices(s) for s in (t.sort, *(a.sort for a in t.args)))
    return t.op is Op.CONST and bool(t.data) and sort in indices(t.sort)


class _Resorted:
    """Replaces an index sort by its symmetric version in sorts, terms and actions."""

    def __init__(self, old: Index) -> None:
        self._old, self._new = old, replace(old, symmetric=True, ordered=False)
        self.term = cache(self._term)

    def sort(self, sort: Sort) -> Sort:
        match sort:
            case Array(domain=domain, element=element):
                return Array(self.sort(domain), self.sort(element))  # type: ignore[arg-type]
            case SetOf(element=element):
                return SetOf(self.sort(element))  # type: ignore[arg-type]
            case Maybe(index=index) if index == self._old:
                return Maybe(self._new)
            case Index() if sort == self._old:
                return self._new
        return sort

    def _term(self, t: Term) -> Term:
        return make(t.op, tuple(map(self.term, t.args)), self.sort(t.sort), t.data)

    def action(self, a: Action) -> Action:
        def updated(u: Update) -> Update:
            return replace(u, target=self.term(u.target), value=self.term(u.value))

        outcomes = (
            replace(o, condition=self.term(o.condition), updates=tuple(map(updated, o.updates)), says=None)
            for o in a.outcomes
        )
        actor = None if a.actor is None else self.term(a.actor)
        return replace(
            a,
            parameters=tuple(map(self.term, a.parameters)),
            when=self.term(a.when),
            outcomes=tuple(outcomes),
            actor=actor,
            says=None,
        )
