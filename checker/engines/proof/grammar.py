"""The grammar of inferred lemmas: clauses of at most four literals over the system's own terms, about up to two members
and perhaps one element."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import comb
from typing import Any

from planrace.checker.engines.limits import STRIDE
from planrace.checker.engines.proof.wider import about_others, parameters
from planrace.model.language import Array, Bool, Enum, Index, Int, Maybe, Op, SetOf, Sort, System, Term
from planrace.model.language.sorts import BOOL, Scalar, is_numeric
from planrace.model.language.structural import Structural
from planrace.model.language.terms import constant, contains, equal, make, substitute, subterms

FOURS = 100_000
"""With more clauses of four literals than this about one member, none is tried."""
PLACES = 4
"""Arrays over enumerations of at most so many values are looked at place by place."""

NAMES = "ijkmn"
"""Names for members in the lemmas."""


@dataclass(frozen=True, eq=False)
class Candidate(Structural):
    """A clause about the members ``over``: for all of them at least one literal holds."""

    over: tuple[Term, ...]
    literals: tuple[Term, ...]

    @cached_property
    def term(self) -> Term:
        body = self.literals[0]
        for x in self.literals[1:]:
            body = body | x
        for variable in reversed(self.over):
            bound = make(Op.BOUND, (), variable.sort, (variable.data[0], body.height + 1))
            body = make(Op.FORALL, (bound, substitute(body, {variable: bound})), BOOL)
        return body


def contexts(system: System, *, wide: bool = False) -> Iterator[tuple[Term, ...]]:
    """The members that clauses are about: none, one, two of different sorts; or one and an element of a set. ``wide``:
    also two of one sort."""
    sorts = list(dict.fromkeys(s for v in system.variables for s in (*_domains(v.sort), *_named(v.sort))))
    elements = list(dict.fromkeys(e for v in system.variables if (e := _element(v.sort)) is not None))
    members = [_bound(s, NAMES[n % len(NAMES)]) for n, s in enumerate(sorts)]
    groups: list[tuple[Term, ...]] = [(), *((m,) for m in members)]
    groups += [(a, b) for n, a in enumerate(members) for b in members[n + 1 :]]
    yield from groups
    for sort in elements:
        for group in groups:
            if len(group) <= 1:
                yield (*group, _bound(sort, "x"))
    if wide:
        yield from ((m, _bound(s, f"{m.data[0]}2")) for m, s in zip(members, sorts, strict=True))


def atoms(system: System, over: Sequence[Term], *, wide: bool = False) -> Iterator[Term]:
    """Literals about the members ``over``, each with its negation after it. ``wide``: also about parameters, and about
    members that exist or are few."""
    places = list(_places(system, over))
    numbers = [t for t in places if is_numeric(t.sort)] + _sums(system, over)
    numbers += [x for x in over if is_numeric(x.sort)]
    found: dict[Term, None] = {}
    sizes = parameters(system) if wide and len(over) <= 1 else []
    for a, b in (*product(numbers, numbers), *product(numbers, sizes), *product(sizes, numbers)):
        if a is not b:
            found[make(Op.LE, (a, b), BOOL)] = None
    for a in numbers:
        found[equal(a, 0)] = None
    indices = [*over, *places]
    for a in indices:
        if isinstance(a.sort, Enum):
            found.update({equal(a, constant(n, a.sort)): None for n in _values(a.sort)})
        if isinstance(a.sort, Bool):
            found[a] = None
        if isinstance(a.sort, Maybe):
            found.update({equal(a, b): None for b in indices if b.sort == a.sort.index})
            found[equal(a, None)] = None
        if isinstance(a.sort, Index) and a.sort.ordered:
            found.update({make(Op.LT, (a, b), BOOL): None for b in indices if b.sort == a.sort and a is not b})
        if isinstance(a.sort, Index):
            found.update({equal(a, b): None for b in over if b.sort == a.sort and a is not b})
    for s in places:
        if isinstance(s.sort, SetOf):
            found.update({contains(s, a): None for a in numbers if is_numeric(s.sort.element)})
            found.update({contains(s, a): None for a in indices if _belongs(a.sort, s.sort.element)})
            if isinstance(s.sort.element, Enum):
                found.update({contains(s, constant(n, s.sort.element)): None for n in _values(s.sort.element)})
    if wide:
        found.update(dict.fromkeys(about_others(system, over)))
    for atom in found:
        yield atom
        yield ~atom


def _belongs(item: Sort, element: Sort) -> bool:
    """Whether a lemma may say that something is in a set: a member, or an optional one that is no less than a
    member."""
    return item == element or (isinstance(item, Maybe) and item.index == element)


def _values(sort: Enum) -> range:
    return range(len(sort.members))


def clauses(
    over: tuple[Term, ...],
    literals: Sequence[Term],
    rows: int,
    truth: Sequence[int],
    *,
    wide: bool,
    look: Callable[[], None] = lambda: None,
) -> tuple[int, list[tuple[int, ...]]]:
    """The number of clauses tried, and those that hold in every row and contain no smaller clause that does, each as
    the places of its literals.

    ``truth`` has a bit for each of the ``rows`` for each literal; an atom and its negation are adjacent. Only clauses
    that mention every member of ``over`` are made here; others belong to smaller contexts. ``look`` may raise an
    exception to end the work.
    """
    everything = (1 << rows) - 1
    tried, found = 0, list[tuple[int, ...]]()
    true_sets: set[frozenset[int]] = set()
    guards = [n for n, x in enumerate(literals) if _is_guard(x)]

    def offer(*literals_of_clause: int) -> None:
        nonlocal tried
        parts = frozenset(literals_of_clause)
        if len(parts) < len(literals_of_clause) or any(n ^ 1 in parts for n in parts):
            return
        if any(parts - {n} in true_sets for n in parts) or any(frozenset({n}) in true_sets for n in parts):
            return
        tried += 1
        covered = 0
        for n in parts:
            covered |= truth[n]
        if covered == everything:
            true_sets.add(parts)
            if _mentions(over, [literals[n] for n in parts]):
                found.append(tuple(sorted(parts)))

    for n, combination in enumerate(_combinations(len(literals), guards, wide=wide and len(over) <= 1)):
        if n % STRIDE == 0:
            look()
        offer(*combination)
    return tried, found


def _combinations(count: int, guards: Sequence[int], *, wide: bool) -> Iterator[tuple[int, ...]]:
    """Clauses to try, small ones first: a literal under up to two guards, and if ``wide`` two under one guard, and one
    under three."""
    everyone = range(count)
    yield from ((n,) for n in everyone)
    yield from product(guards, everyone)
    yield from ((*pair, n) for pair in combinations(guards, 2) for n in everyone)
    if wide:
        yield from combinations(everyone, 2)
        yield from ((g, *pair) for g in guards for pair in combinations(everyone, 2))
        if comb(len(guards), 3) * count <= FOURS:
            yield from ((*three, n) for three in combinations(guards, 3) for n in everyone)


def _is_guard(literal: Term) -> bool:
    """Whether a literal can be the condition of a clause: a phase, a position in an order, a membership, or a truth
    value."""
    atom = literal.args[0] if literal.op is Op.NOT else literal
    if atom.op in (Op.VARIABLE, Op.SELECT):
        return True
    first = atom.args[0].sort
    if atom.op is Op.EQ:
        return literal.op is Op.NOT and isinstance(first, Enum | Maybe)
    if atom.op is Op.LT:
        return literal.op is Op.NOT
    return atom.op is Op.MEMBER and literal.op is Op.NOT and atom.args[0].op is Op.BOUND


def _mentions(over: Sequence[Term], literals: Sequence[Term]) -> bool:
    seen = {t for x in literals for t in subterms(x)}
    return all(x in seen for x in over)


def _places(system: System, over: Sequence[Term]) -> Iterator[Term]:
    """Scalars and sets of the state that the members refer to, directly or through one more step:
    ``alias[cursor[i]]``."""
    direct = [t for v in system.variables for t in _selected(v.term, over)]
    yield from direct
    cursors = [t for t in direct if isinstance(t.sort, Index)]
    for v in system.variables:
        yield from (t for t in _selected(v.term, cursors))


def _selected(term: Term, positions: Sequence[Term]) -> Iterator[Term]:
    if not isinstance(term.sort, Array):
        yield term
        return
    domain = term.sort.domain
    if isinstance(domain, Enum) and len(domain.members) <= PLACES:
        for n in _values(domain):
            yield from _selected(term[constant(n, domain)], positions)
    for at in positions:
        if at.sort == term.sort.domain:
            yield from _selected(term[at], positions)


def _sums(system: System, over: Sequence[Term]) -> list[Term]:
    """Sums and differences in the system's own terms, about the members instead of the action's parameters."""
    found: dict[Term, None] = {}
    for action in system.actions.values():
        roots = [action.guard, *(u.value for o in action.outcomes for u in o.updates)]
        for t in subterms(*roots):
            if t.op not in (Op.ADD, Op.SUB):
                continue
            free = [x for x in subterms(t) if x.op is Op.BOUND]
            for chosen in product(over, repeat=len(free)):
                if all(a.sort == b.sort for a, b in zip(free, chosen, strict=True)):
                    found[substitute(t, dict(zip(free, chosen, strict=True)))] = None
    return list(found)


def _domains(sort: Any) -> Iterator[Scalar]:
    while isinstance(sort, Array):
        if isinstance(sort.domain, Index):
            yield sort.domain
        sort = sort.element


def _named(sort: Any) -> Iterator[Scalar]:
    """The index sort of a set's elements, or of an optional index."""
    while isinstance(sort, Array):
        sort = sort.element
    named = sort.index if isinstance(sort, Maybe) else sort.element if isinstance(sort, SetOf) else None
    if isinstance(named, Index):
        yield named


def _element(sort: Any) -> Scalar | None:
    while isinstance(sort, Array):
        sort = sort.element
    return sort.element if isinstance(sort, SetOf) and isinstance(sort.element, Int) else None


def _bound(sort: Scalar, name: str) -> Term:
    return make(Op.BOUND, (), sort, (name, 0))
