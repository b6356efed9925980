"""How many members of a sort of open size satisfy a condition.

"At least k members" for a small k is a formula: k different members satisfy it. Any other count is a number that Z3
knows by axioms alone. Each holds in every finite instance, whatever the condition: the number is at least 0 and at most
the size of the sort, its comparisons with small numbers are those formulas, and for two sets A and B of members of one
sort |A| = |A ∖ B| + |A ∩ B|, |B| = |B ∖ A| + |A ∩ B|, and |A ∪ B| is at most the size (the Venn regions of Kuncak,
Nguyen & Rinard, "An algorithm for deciding BAPA", CADE 2005, for two sets at a time). So a step that changes members
that the solver knows changes the count by a number that it knows, and two majorities meet.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, combinations_with_replacement, product
from typing import Any

import z3

from planrace.checker.engines.proof.sorts import Sorts, conjunction, implication, may_be_empty
from planrace.checker.engines.symbols import symbol
from planrace.model.language import Index, Maybe, Op, Term
from planrace.model.language.operators import BINDERS
from planrace.model.language.sorts import Scalar, bounds_of
from planrace.model.language.structural import Structural

FEW = 3
"""Up to so many members are told by a formula."""
LISTED = 8
"""An index of so many members at most is counted one by one."""
TOLD = 2
"""Comparisons with so many numbers are told of every count."""
PAIRS = 24
"""At most so many pairs of counts are related in one query; without the others there are fewer proofs, all sound."""

_FRESH, _OWN = "any.", "counted."
_NAMES = re.compile(r"(?<![\w~.\-])any\.[\w~.\-]+")


@dataclass(frozen=True, eq=False)
class Counted(Structural):
    """The number of members ``x`` of ``sort`` for which ``holds``, as a function ``number`` of the constants ``given``,
    of which the first ``shared`` stand for the free variables of ``term``."""

    sort: Scalar
    number: Any
    x: Any
    given: tuple[Any, ...]
    shared: int
    holds: Any
    term: Term | None
    place: int

    def of(self, given: Sequence[Any]) -> Any:
        return self.number(*given) if given else self.number()

    def about(self, given: Sequence[Any]) -> Callable[[Any], Any]:
        """The condition for a member."""
        return lambda x: z3.substitute(self.holds, (self.x, x), *zip(self.given, given, strict=True))


@dataclass
class _Used:
    """Where a count occurs in a query: at ``values`` without bound variables, or ``everywhere``."""

    values: dict[tuple[int, ...], tuple[Any, ...]] = field(default_factory=dict)
    everywhere: bool = False


class Counting:
    """The counts of one system, and their axioms."""

    def __init__(self, sorts: Sorts) -> None:
        self._sorts = sorts
        self._known: dict[tuple[Scalar, str], Counted] = {}
        self._named: dict[str, Counted] = {}
        self._told: dict[Term, int] = {}
        self._looked: dict[int, tuple[Any, dict[int, _Used]]] = {}

    # Numbers ---------------------------------------------------------------------------------------------------
    def number(self, sort: Scalar, x: Any, holds: Any, free: Sequence[tuple[Any, Any]], term: Term | None) -> Any:
        """The number of members ``x`` for which ``holds``. ``free``: fresh constants for the free variables of
        ``term``, which ``holds`` is about, each with its value. Every other constant of ``holds`` that a quantifier may
        still bind is found there: the number is a function of it, too."""
        own = {x.get_id(), *(c.get_id() for c, _ in free)}
        others = [c for c in _fresh(holds) if c.get_id() not in own]
        given = [*(c for c, _ in free), *others]
        values = [*(v for _, v in free), *others]
        return self._counted(sort, x, holds, given, len(free), term).of(values)

    def _counted(
        self, sort: Scalar, x: Any, holds: Any, given: Sequence[Any], shared: int, term: Term | None
    ) -> Counted:
        made = z3.Const(symbol("counted", 0), x.sort())
        own = [z3.Const(symbol("counted", n), c.sort()) for n, c in enumerate(given, 1)]
        body = z3.substitute(holds, (x, made), *zip(given, own, strict=True))
        key = sort, f"{[str(c.sort()) for c in own]} {shared} {id(term)} {_spelled(body)}"
        found = self._known.get(key)
        if found is None:
            place = len(self._known)
            number = z3.Function(symbol("count", place), *(c.sort() for c in own), z3.IntSort())
            found = self._known[key] = Counted(sort, number, made, tuple(own), shared, body, term, place)
            self._named[number.name()] = found
        return found

    def few(self, number: int, term: Term, sort: Scalar, holds: Callable[[Any], Any]) -> Any:
        """The formula that a count, ``term``, is at least so small a number."""
        self._told[term] = max(number, self._told.get(term, TOLD))
        return self._at_least(number, sort, holds)

    def _at_least(self, number: int, sort: Scalar, holds: Callable[[Any], Any]) -> Any:
        if number <= 0:
            return z3.BoolVal(True)
        found = [self._sorts.parameter_of(sort) for _ in range(number)]
        different = [a != b for (a, _), (b, _) in combinations(found, 2)]
        said = [part for x, legal in found for part in (legal, holds(x))]
        return z3.Exists([x for x, _ in found], conjunction(*different, *said))

    def size(self, sort: Scalar) -> Any:
        """The number of members of a sort."""
        if isinstance(sort, Index):
            size = self._sorts.size(sort.size)
            return z3.If(size >= 0, size, 0) if may_be_empty(sort) else size
        if isinstance(sort, Maybe):
            return self.size(sort.index) + 1
        low, high = (self._sorts.size(b) for b in bounds_of(sort))
        return z3.If(high >= low, high - low + 1, 0)

    # Axioms ----------------------------------------------------------------------------------------------------
    def axioms(self, goal: Sequence[Any], given: Sequence[Any] = ()) -> list[Any]:
        """What is true of the counts that occur in a query: in its negated ``goal``, or in what is ``given``."""
        if not self._named:
            return []  # most systems count nothing, and looking through every query takes as long as solving it
        used: dict[int, _Used] = {}
        self._look(goal, used)
        asked = set(used)
        for formula in reversed(given):
            self._look_again(formula, used)
        counts = sorted((c for c in self._named.values() if c.place in used), key=lambda c: c.place)
        found: list[Any] = []
        for c in counts:
            for values, bind in _instances([c], used):
                found.append(bind(self._alone(c, values)))
        for (a, b), (values, bind) in self._pairs(counts, used, asked):
            found.append(bind(self._together(a, values[: len(a.given)], b, values[len(a.given) :])))
        return found

    def _look_again(self, formula: Any, used: dict[int, _Used]) -> None:
        """``_look``, remembered: hypotheses are given to many queries. While the formula is kept, no other one gets its
        number."""
        found = self._looked.get(formula.get_id())
        if found is None:
            found = self._looked[formula.get_id()] = (formula, {})
            self._look([formula], found[1])
        for place, new in found[1].items():
            here = used.setdefault(place, _Used())
            here.everywhere |= new.everywhere
            for key, values in new.values.items():
                here.values.setdefault(key, values)

    def _look(self, formulas: Sequence[Any], used: dict[int, _Used]) -> None:
        """Find the counts in ``formulas``, and in their conditions."""
        seen: set[int] = set()
        waiting = list(formulas)
        while waiting:
            t = waiting.pop()
            if t.get_id() in seen:
                continue
            seen.add(t.get_id())
            waiting += t.children()
            c = self._named.get(t.decl().name()) if z3.is_app(t) else None
            if c is None:
                continue
            here = used.setdefault(c.place, _Used())
            if any(map(_is_open, t.children())):
                here.everywhere = True
            else:
                here.values[tuple(a.get_id() for a in t.children())] = tuple(t.children())
            waiting.append(c.holds)

    def _alone(self, c: Counted, given: Sequence[Any]) -> Any:
        """What is true of one count."""
        number, holds, size = c.of(given), c.about(given), self.size(c.sort)
        x, legal = self._sorts.parameter_of(c.sort)
        most = TOLD if c.term is None else self._told.get(c.term, TOLD)
        thresholds = [(number >= k) == self._at_least(k, c.sort, holds) for k in range(1, most + 1)]
        everyone = (number >= size) == z3.ForAll([x], implication(legal, holds(x)))
        return conjunction(number >= 0, number <= size, everyone, *thresholds)

    def _together(self, a: Counted, of_a: Sequence[Any], b: Counted, of_b: Sequence[Any]) -> Any:
        """What is true of two counts over one sort: the sizes of the regions of two sets."""
        in_a, in_b = a.about(of_a), b.about(of_b)
        x, _ = self._sorts.parameter_of(a.sort)
        regions = [
            conjunction(in_a(x), z3.Not(in_b(x))),
            conjunction(in_b(x), z3.Not(in_a(x))),
            conjunction(in_a(x), in_b(x)),
        ]
        made = [self._region(a.sort, x, r) for r in regions]
        (only_a, _), (only_b, _), (both, _) = made
        size = self.size(a.sort)
        sums = [a.of(of_a) == only_a + both, b.of(of_b) == only_b + both, only_a + only_b + both <= size]
        return conjunction(*sums, *(said for _, said in made))

    def _region(self, sort: Scalar, x: Any, holds: Any) -> tuple[Any, Any]:
        """The size of a region, and what is true of it."""
        given = _constants(holds, x)
        c = self._counted(sort, x, holds, given, 0, None)
        return c.of(given), self._alone(c, given)

    def _pairs(self, counts: Sequence[Counted], used: dict[int, _Used], asked: set[int]) -> Iterator[Any]:
        """Pairs of counts over one sort, at least one of them in the goal, with instances of both. The same term in two
        states comes first, then what the goal compares."""
        found = [
            (a, b)
            for a, b in combinations_with_replacement(counts, 2)
            if a.sort == b.sort and not asked.isdisjoint((a.place, b.place))
        ]

        def order(pair: tuple[Counted, Counted]) -> int:
            a, b = pair
            return 0 if a is not b and a.term is b.term else 3 - len(asked & {a.place, b.place})

        made: dict[tuple[int, ...], Any] = {}
        for a, b in sorted(found, key=order):
            for given, bind in _instances([a, b], used):
                one, other = a.of(given[: len(a.given)]), b.of(given[len(a.given) :])
                key = tuple(sorted((one.get_id(), other.get_id())))
                if key[0] != key[1]:
                    made.setdefault(key, ((a, b), (given, bind)))
        yield from list(made.values())[:PAIRS]


def _instances(counts: Sequence[Counted], used: dict[int, _Used]) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """What the counts are about, where they occur in the query together: values, or constants that a quantifier binds.
    Each with a function that closes a formula about it."""
    if not any(used[c.place].everywhere for c in counts):
        for given in product(*(used[c.place].values.values() for c in counts)):
            yield tuple(v for values in given for v in values), lambda formula: formula
        return
    own = [[z3.Const(symbol("about", n, k), g.sort()) for k, g in enumerate(c.given)] for n, c in enumerate(counts)]
    made = [v for values in own for v in values]
    if len(counts) == 2 and counts[0] is not counts[1] and counts[0].term is counts[1].term is not None:
        a, b = counts
        joined = [a.of(own[0]), b.of([*own[0][: b.shared], *own[1][b.shared :]])]
        given = (*own[0], *own[0][: b.shared], *own[1][b.shared :])
        made = [*own[0], *own[1][b.shared :]]
        # The count of the state before need not occur yet where that of the state after does.
        patterns = [p for p in joined if _names(p, made)] or [z3.MultiPattern(*joined)]
    else:
        given = tuple(made)
        applied = [c.of(values) for c, values in zip(counts, own, strict=True) if values]
        patterns = [z3.MultiPattern(*applied)]
    yield given, lambda formula: z3.ForAll(made, formula, patterns=patterns)


def _names(t: Any, made: Sequence[Any]) -> bool:
    """Whether all of the constants are arguments of an application."""
    given = {a.get_id() for a in t.children()}
    return all(m.get_id() in given for m in made)


def _spelled(formula: Any) -> str:
    """The text of a formula; what its quantifiers bind has no name of its own there."""
    names: dict[str, str] = {}
    return _NAMES.sub(lambda found: names.setdefault(found[0], f"any.{len(names)}"), formula.sexpr())


def _leaves(formula: Any) -> Iterator[Any]:
    seen: set[int] = set()
    waiting = [formula]
    while waiting:
        t = waiting.pop()
        if t.get_id() in seen:
            continue
        seen.add(t.get_id())
        below = t.children()
        if below:
            waiting += reversed(below)
        else:
            yield t


def _fresh(formula: Any) -> list[Any]:
    """The constants of a formula that a quantifier may still bind, in the order of its text."""
    return [t for t in _leaves(formula) if _is_constant(t) and t.decl().name().startswith(_FRESH)]


def _constants(formula: Any, x: Any) -> list[Any]:
    """Its constants besides ``x`` that are bound or may be."""
    kinds = (_FRESH, "about.")
    return [t for t in _leaves(formula) if _is_constant(t) and not t.eq(x) and t.decl().name().startswith(kinds)]


def _is_constant(t: Any) -> bool:
    return bool(z3.is_const(t) and t.decl().kind() == z3.Z3_OP_UNINTERPRETED)


def _is_open(t: Any) -> bool:
    """Whether a variable occurs in it that a quantifier binds, or the condition of a count is about."""
    if _is_constant(t):
        return str(t.decl().name()).startswith(_OWN)
    return z3.is_var(t) or any(map(_is_open, t.children()))


# Terms ---------------------------------------------------------------------------------------------------------
def free_variables(term: Term) -> tuple[Term, ...]:
    """The bound variables that occur in a term and are not bound by it, in a fixed order."""
    known: dict[int, dict[Term, None]] = {}

    def free(t: Term) -> dict[Term, None]:
        if id(t) not in known:
            found: dict[Term, None] = {t: None} if t.op is Op.BOUND else {}
            for a in t.args:
                found |= free(a)
            if t.op in BINDERS:
                found.pop(t.args[0], None)
            known[id(t)] = found
        return known[id(t)]

    return tuple(free(term))


def is_listed(sort: Scalar) -> bool:
    """Whether a sort has so few members, at every size, that they are counted one by one."""
    return isinstance(sort, Index) and isinstance(sort.size, int) and sort.size <= LISTED
