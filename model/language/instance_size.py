"""The size of an instance before it is searched: its places, its parameter choices, and its terms with quantifiers
written out, as most engines write them. Larger instances would use up time or memory without a result."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

from planrace.model.language.errors import ModelError, Place
from planrace.model.language.intervals import intervals
from planrace.model.language.operators import BINDERS, Op
from planrace.model.language.size_limits import AT_MOST, GREATEST, in_few_words
from planrace.model.language.sorts import Array, SetOf, Sort
from planrace.model.language.terms import Term, subterms

if TYPE_CHECKING:
    from planrace.model.language.actions import Action
    from planrace.model.language.system import Instance, System, Variable

PLACES = 2**16
"""Limit on the numbers or sets in one variable (elements of arrays)."""
NUMBER_BITS = 64
"""Limit on the bits of a number."""
WIDEST = 4096
"""Limit on the elements of a set."""
CHOICES = 2**20
"""Limit on the parameter choices of one action."""
SUBSETS = 16
"""Limit on the members of a sort whose subsets are a parameter."""
UNROLLED = 4_000_000
"""Limit on the subterms of a term whose quantifiers are written out."""
REMEDY = "take smaller sizes or ranges"


def check_unrolled(instance: Instance) -> None:
    """Refuse an instance that is too large. Raises ``ModelError`` at the line that makes it so."""
    for v in instance.system.variables:
        _refuse(places(instance, v.sort), PLACES, f"variable {v.name}", "places", v.where)
        _check_width(instance, v)
    for a in instance.system.actions.values():
        _check_subsets(instance, a)
        choices = prod(_members(instance, p) for p in a.parameters)
        _refuse(choices, CHOICES, f"action {a.name}", "choices of its parameters", a.where)
    most = max((_members(instance, t) for t in instance.system.bound), default=1)
    for what, where, term in said(instance.system):
        if term.parts * most**term.height > UNROLLED:
            parts = _parts(instance, term)
            _refuse(parts, UNROLLED, what, "parts once its quantifiers are written out", where)
        _check_products(instance, term, what, where)


def _check_products(instance: Instance, term: Term, what: str, where: Place | None) -> None:
    """Check that products stay in the range of numbers: unlike sums, they would grow beyond every word."""
    products = [t for t in subterms(term) if t.op is Op.MUL]
    for t, (low, high) in intervals(instance, products):
        if t.op is Op.MUL and max(-low, high) > GREATEST:
            as_far = f"great as {in_few_words(high)}" if high > GREATEST else f"small as {in_few_words(low)}"
            raise ModelError(
                f"{what}: {t} may be as {as_far} at these sizes",
                where=where,
                remedy=f"{AT_MOST}; multiply numbers of smaller ranges",
            )


def _check_subsets(instance: Instance, a: Action) -> None:
    """Check that the subsets which a parameter may be are few enough."""
    for p in a.parameters:
        if not isinstance(p.sort, SetOf):
            continue
        low, high = instance.bounds(p.sort.element)
        if high - low + 1 > SUBSETS:
            raise ModelError(
                f"action {a.name}: {p} may be any of the 2^{high - low + 1} subsets of {p.sort.element.name} at these "
                f"sizes; the limit is 2^{SUBSETS}",
                where=a.where,
                remedy="take fewer members; or let a variable hold the set, and change one member in a step",
            )


def _refuse(number: int, most: int, what: str, of: str, where: Place | None) -> None:
    if number > most:
        amount = f"{number:,}" if number < 10**15 else f"more than {10**15:,}"
        raise ModelError(f"{what} has {amount} {of} at these sizes; the limit is {most:,}", where=where, remedy=REMEDY)


def places(instance: Instance, sort: Sort) -> int:
    """The number of numbers or sets in a value of ``sort``; 0 for an array over an empty domain."""
    found = 1
    while isinstance(sort, Array):
        low, high = instance.bounds(sort.domain)
        found *= max(0, high - low + 1)
        sort = sort.element
    return found


def _check_width(instance: Instance, v: Variable) -> None:
    """Check that numbers and sets fit into the machine words that hold them."""
    sort = v.sort
    while isinstance(sort, Array):
        sort = sort.element
    is_set = isinstance(sort, SetOf)
    low, high = instance.bounds(sort.element if isinstance(sort, SetOf) else sort)
    bits = high - low + 1 if is_set else (high - low).bit_length()
    if bits > (WIDEST if is_set else NUMBER_BITS):
        most = f"a set may have {WIDEST:,} elements at most" if is_set else f"a number may need {NUMBER_BITS} at most"
        raise ModelError(f"variable {v.name} needs {bits:,} bits", where=v.where, remedy=most)


def _members(instance: Instance, bound: Term) -> int:
    """How many members the sort of a bound variable has."""
    low, high = instance.bounds(bound.sort)  # type: ignore[arg-type]  # no array
    return max(0, high - low + 1)


def _parts(instance: Instance, term: Term) -> int:
    found: dict[int, int] = {}
    for t in subterms(term):
        inside = sum(found[id(a)] for a in t.args)
        found[id(t)] = 1 + (inside * _members(instance, t.args[0]) if t.op in BINDERS else inside)
    return found[id(term)]


def said(system: System) -> Iterator[tuple[str, Place | None, Term]]:
    """The terms of a system that engines write out, each with the name and line of its owner."""
    for a in system.actions.values():
        yield f"action {a.name}", a.where, a.guard
        for o in a.outcomes:
            yield f"action {a.name}", o.where or a.where, o.condition
            for u in o.updates:
                yield f"action {a.name}", u.where or a.where, u.target
                yield f"action {a.name}", u.where or a.where, u.value
    for p in system.properties:
        for t in p.terms:
            yield f"property {p.name}", p.where, t
    for x in (x for a in system.proofs for x in getattr(a, "lemmas", ())):
        yield f"lemma {x.name}", x.where, x.holds
    for t in system.final:
        yield "final states", system.ended, t
    for b in system.beginnings:
        yield "initial states", b.where, b.holds
    for v in system.variables:
        for t in v.starts:
            yield f"initial value of {v.name}", v.where, t


def bound_in(system: System) -> tuple[Term, ...]:
    """The bound variables of its terms, by sort."""
    terms = [t for _, _, t in said(system)]
    return tuple({t.args[0].sort: t.args[0] for t in subterms(*terms) if t.op in BINDERS}.values())
