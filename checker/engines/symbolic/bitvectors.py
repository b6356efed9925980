"""A finite instance → Z3 bit-vectors: one handler for each operator, quantifiers unrolled.

Every scalar is a signed bit-vector of one common width that no intermediate value exceeds (it is computed from the
intervals of all terms), a set consists of masks as wide as needed (see ``sets``), a truth value is a Boolean. A state
has one constant for each field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, reduce
from typing import Any

import z3

from planrace.checker.engines.symbolic import sets
from planrace.checker.engines.symbolic.sets import Members, SetMask
from planrace.checker.engines.symbols import symbol
from planrace.checker.semantics.packing import Field, Layout
from planrace.model.language import Array, Instance, Op, SetOf, Sort, Term
from planrace.model.language.intervals import PARTIAL, fails, intervals, leaf, reach
from planrace.model.language.number_ranges import Interval
from planrace.model.language.sorts import INTEGER, Scalar
from planrace.model.language.structural import Structural
from planrace.model.language.subset_numbers import subset_of
from planrace.model.language.terms import subterms

FieldPath = tuple[str, tuple[int, ...]]
SymbolicState = Mapping[FieldPath, Any]
"""A Z3 term for every field."""

STRIDE = 256
"""Terms that are encoded between two calls of ``look``."""


@dataclass(frozen=True, eq=False)
class Frame(Structural):
    """The context in which a term is encoded: values of bound variables, the state, and for step terms the state after
    it and a function that says whether the step is one of an action (with an outcome, for parameter values)."""

    bound: Mapping[Term, int]
    state: SymbolicState
    after: SymbolicState | None = None
    taken: Callable[[str, str | None, Mapping[str, Any]], Any] | None = None
    outer: Frame | None = None
    """The context around the binder of ``variable``; terms that do not mention the variable are encoded there once, not
    for each member."""
    variable: Term | None = None
    known: dict[Term, Any] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Terms encoded in it already: terms share their parts."""

    @cached_property
    def primed(self) -> Frame:
        """The context in which primed terms are encoded."""
        assert self.after is not None, "a primed term outside a step"
        outer = None if self.outer is None else self.outer.primed
        return Frame(self.bound, self.after, outer=outer, variable=self.variable)

    def inside(self, variable: Term, value: int) -> Frame:
        """The context of a binder's body for one member."""
        return Frame({**self.bound, variable: value}, self.state, self.after, self.taken, self, variable)


class Encoder:
    """Encodes terms of one instance. ``look`` is called regularly, and may raise an exception to end the work."""

    def __init__(
        self,
        instance: Instance,
        layout: Layout,
        terms: Iterable[Term],
        look: Callable[[], None] = lambda: None,
    ) -> None:
        self.instance = instance
        self.layout = layout
        self.bits = width(*span(instance, terms))
        self._look = look
        self._turns = 0
        self._mentioned: dict[Term, frozenset[Term]] = {}
        self._risky: dict[Term, bool] = {}
        self._fails: dict[Term, bool] = {}

    # States ----------------------------------------------------------------------------------------------------
    def fields(self, name: str) -> dict[FieldPath, Any]:
        """Constants for every field, as narrow as the layout packs them; ``name`` distinguishes states."""
        return {place: z3.BitVec(f"{label(f)}@{name}", max(1, f.width)) for place, f in self.layout.fields.items()}

    def state(self, fields: SymbolicState) -> dict[FieldPath, Any]:
        """The values that the constants of ``fields`` represent: numbers of the common width, and sets."""
        return {place: self._widened(f, fields[place]) for place, f in self.layout.fields.items()}

    def _widened(self, field: Field, constant: Any) -> Any:
        if field.is_set:
            return Members((SetMask(field.low, constant),))
        return z3.ZeroExt(self.bits - constant.size(), constant) + field.low

    def inside(self, field: Field, value: Any) -> Any:
        """``value`` is in the range of the field's sort."""
        if field.is_set:
            return sets.inside(value, field.low, field.high)
        return z3.And(value >= field.low, value <= field.high)

    # Terms -----------------------------------------------------------------------------------------------------
    def encode(self, term: Term, frame: Frame) -> Any:
        """A Z3 Boolean (truth values), a bit-vector (scalars) or a set."""
        while frame.outer is not None and frame.variable not in self._mentions(term):
            frame = frame.outer
        found = frame.known.get(term)
        if found is None:
            self._turn()
            try:
                handler = _HANDLERS[term.op]
            except KeyError:
                raise NotImplementedError(f"the finite encoding has no handler for {term.op}") from None
            found = frame.known[term] = handler(self, term, frame)
        return found

    def _mentions(self, term: Term) -> frozenset[Term]:
        """The bound variables in a term. Nested binders have different ones."""
        found = self._mentioned.get(term)
        if found is None:
            inner = frozenset({term}) if term.op is Op.BOUND else frozenset()
            found = self._mentioned[term] = inner.union(*map(self._mentions, term.args))
        return found

    def _turn(self) -> None:
        self._turns += 1
        if self._turns % STRIDE == 0:
            self._look()

    def truth(self, term: Term, frame: Frame) -> Any:
        """A truth-valued term as a Z3 Boolean."""
        found = self.encode(term, frame)
        return found if z3.is_bool(found) else found == 1

    def number(self, term: Term, frame: Frame) -> Any:
        """A scalar as a bit-vector, truth values as 0 and 1; sets are unchanged."""
        return self.as_number(self.encode(term, frame))

    def as_number(self, found: Any) -> Any:
        """A truth value as 0 or 1; other values are unchanged."""
        if isinstance(found, Members) or not z3.is_bool(found):
            return found
        return z3.If(found, self.constant(1), self.constant(0))

    def constant(self, value: int) -> Any:
        return z3.BitVecVal(value, self.bits)

    def chosen(self, sort: Sort, value: int) -> Any:
        """The value of a bound variable, which is a set only if it is the parameter of an action."""
        return sets.literal(subset_of(sort, value)) if isinstance(sort, SetOf) else self.constant(value)

    def members_of(self, term: Term, frame: Frame) -> Members:
        """A set."""
        found = self.encode(term, frame)
        assert isinstance(found, Members), term
        return found

    def same(self, a: Any, b: Any) -> Any:
        """Two scalars or two sets are equal."""
        if isinstance(a, Members):
            return sets.same(a, b)
        if z3.is_bool(a) and z3.is_bool(b):
            return a == b
        return self.as_number(a) == self.as_number(b)

    def element(self, array: Term, path: list[int], frame: Frame) -> Any:
        """The element of an array term at constant offsets (from 0)."""
        match array.op:
            case Op.VARIABLE:
                return frame.state[array.data, tuple(path)]
            case Op.PRIMED:
                return self.element(array.args[0], path, frame.primed)
            case Op.ITE:
                then, other = (self.element(a, path, frame) for a in array.args[1:])
                return self.choice(self.truth(array.args[0], frame), then, other)
            case Op.EACH:
                variable, body = array.args
                low, _ = self.instance.bounds(variable.sort)  # type: ignore[arg-type]
                inside = frame.inside(variable, low + path[0])
                return self.element(body, path[1:], inside) if len(path) > 1 else self.encode(body, inside)
            case Op.SELECT:
                return self.select(array, path, frame)
            case _:
                raise NotImplementedError(f"the finite encoding has no array {array.op}")

    def select(self, term: Term, rest: list[int], frame: Frame) -> Any:
        """An element at a computed position."""
        array = term.args[0]
        low, high, at = self.position(term, frame)
        if isinstance(at, int):
            return self.element(array, [at - low if low <= at <= high else 0, *rest], frame)
        found = self.element(array, [0, *rest], frame)
        for n in range(low + 1, high + 1):
            found = self.choice(at == n, self.element(array, [n - low, *rest], frame), found)
        return found

    def position(self, term: Term, frame: Frame) -> tuple[int, int, Any]:
        """The range of a selection's positions, and its position: a number if it is constant. A position out of range
        is an error (see ``undefined``); here it reads an arbitrary element."""
        array, position = term.args
        assert isinstance(array.sort, Array)
        low, high = self.instance.bounds(array.sort.domain)
        at = z3.simplify(self.number(position, frame))
        return low, high, at.as_signed_long() if z3.is_bv_value(at) else at

    def may_fail(self, term: Term) -> bool:
        """Whether evaluating a term may be an error, according to intervals."""
        if term not in self._risky:
            self._risky[term] = any(t.op in PARTIAL and self.fails(t) for t in subterms(term))
        return self._risky[term]

    def fails(self, term: Term) -> bool:
        """Whether the position that a selection reads may be outside its array, a divisor may be 0, or there may be no
        least member."""
        if term not in self._fails:
            self._fails[term] = fails(self.instance, term, reach(self.instance, term.args[1]))
        return self._fails[term]

    def choice(self, test: Any, then: Any, other: Any) -> Any:
        """``then`` if ``test``, else ``other``; a truth value is combined with a number as 0 or 1."""
        if isinstance(then, Members):
            return sets.choice(test, then, other)
        if z3.is_bool(then) != z3.is_bool(other):
            then, other = self.as_number(then), self.as_number(other)
        return z3.If(test, then, other)

    def members(self, term: Term, frame: Frame) -> Iterator[tuple[int, Any]]:
        """The body of a binder for each member."""
        variable, body = term.args
        for n in self.instance.members(variable.sort):  # type: ignore[arg-type]
            self._turn()
            yield n, self.truth(body, frame.inside(variable, n))


def label(field: Field) -> str:
    """A name for a field's constants."""
    return symbol("variable", field.variable, *(n + 1 for n in field.path))


def scalar(term: Term) -> Scalar:
    assert not isinstance(term.sort, Array | SetOf), term
    return term.sort


# Spans ---------------------------------------------------------------------------------------------------------
def width(low: int, high: int) -> int:
    """The number of bits of a signed number in low…high."""
    return max(abs(low), abs(high)).bit_length() + 1


def span(instance: Instance, terms: Iterable[Term]) -> Interval:
    """Least and greatest number that any subterm, or any bound that it is compared with, can have."""
    low, high = 0, 1
    for t, (least, most) in intervals(instance, terms):
        found = [(least, most)]
        for s in [t.sort, *([t.sort.domain] if isinstance(t.sort, Array) else [])]:
            base = leaf(s)
            if base != INTEGER:
                a, b = instance.bounds(base)
                found.append((a, b + 1))  # + 1: what follows the last
        low, high = min(low, *(a for a, _ in found)), max(high, *(b for _, b in found))
    return low, high


# Handlers, one for each operator -------------------------------------------------------------------------------
def _following(e: Encoder, t: Term, f: Frame) -> Any:
    at, final = e.number(t.args[0], f), e.constant(e.instance.bounds(t.sort)[1])  # type: ignore[arg-type]
    return z3.If(at < final, at + 1, final)


def _preceding(e: Encoder, t: Term, f: Frame) -> Any:
    at = e.number(t.args[0], f)
    return z3.If(at > 1, at - 1, e.constant(1))


def _least(e: Encoder, t: Term, f: Frame) -> Any:
    """Where there is none, an arbitrary number (see ``undefined``)."""
    none = e.constant(e.instance.bounds(t.sort)[0])  # type: ignore[arg-type]
    return reduce(lambda found, m: z3.If(m[1], e.constant(m[0]), found), reversed(list(e.members(t, f))), none)


def _set(e: Encoder, t: Term, f: Frame) -> Members:
    constants: list[int] = []
    others: list[Members] = []
    for a in t.args:
        number = z3.simplify(e.number(a, f))
        if z3.is_bv_value(number):
            constants.append(number.as_signed_long())
        else:
            others.append(sets.singleton(number, *reach(e.instance, a)))
    return reduce(sets.union, others, sets.literal(constants))


def _combined(join: Callable[[Members, Members], Any]) -> Callable[[Encoder, Term, Frame], Any]:
    return lambda e, t, f: join(e.members_of(t.args[0], f), e.members_of(t.args[1], f))


def _count(e: Encoder, t: Term, f: Frame) -> Any:
    return sum((z3.If(holds, e.constant(1), e.constant(0)) for _, holds in e.members(t, f)), e.constant(0))


def _sum(e: Encoder, t: Term, f: Frame) -> Any:
    variable, body = t.args
    inside = (f.inside(variable, n) for n in e.instance.members(variable.sort))  # type: ignore[arg-type]
    return sum((e.number(body, here) for here in inside), e.constant(0))


def _quotient(e: Encoder, t: Term, f: Frame) -> Any:
    """bvsdiv rounds to 0: one too much where there is a rest, whose sign is not that of the divisor."""
    a, b = (e.number(x, f) for x in t.args)
    rest = z3.SRem(a, b)
    return z3.If(z3.And(rest != 0, (rest < 0) != (b < 0)), a / b - 1, a / b)


def _extreme(better: Callable[[Any, Any], Any]) -> Callable[[Encoder, Term, Frame], Any]:
    return lambda e, t, f: reduce(lambda a, b: z3.If(better(a, b), a, b), (e.number(x, f) for x in t.args))


def _taken(e: Encoder, t: Term, f: Frame) -> Any:
    assert f.taken is not None, "taken() outside a step"
    action, outcome, names = t.data
    return f.taken(action, outcome, {n: e.encode(a, f) for n, a in zip(names, t.args, strict=True)})


_HANDLERS: dict[Op, Callable[[Encoder, Term, Frame], Any]] = {
    Op.CONST: lambda e, t, f: e.constant(int(t.data)),
    Op.PARAMETER: lambda e, t, f: e.constant(e.instance.size(t.data)),
    Op.VARIABLE: lambda e, t, f: e.element(t, [], f),
    Op.BOUND: lambda e, t, f: e.chosen(t.sort, f.bound[t]),
    Op.SELECT: lambda e, t, f: e.select(t, [], f),
    Op.NOT: lambda e, t, f: z3.Not(e.truth(t.args[0], f)),
    Op.AND: lambda e, t, f: z3.And(*(e.truth(a, f) for a in t.args)),
    Op.OR: lambda e, t, f: z3.Or(*(e.truth(a, f) for a in t.args)),
    Op.EQ: lambda e, t, f: e.same(e.encode(t.args[0], f), e.encode(t.args[1], f)),
    Op.LT: lambda e, t, f: e.number(t.args[0], f) < e.number(t.args[1], f),
    Op.LE: lambda e, t, f: e.number(t.args[0], f) <= e.number(t.args[1], f),
    Op.ITE: lambda e, t, f: e.choice(e.truth(t.args[0], f), e.encode(t.args[1], f), e.encode(t.args[2], f)),
    Op.ADD: lambda e, t, f: e.number(t.args[0], f) + e.number(t.args[1], f),
    Op.SUB: lambda e, t, f: e.number(t.args[0], f) - e.number(t.args[1], f),
    Op.MUL: lambda e, t, f: e.number(t.args[0], f) * e.number(t.args[1], f),
    Op.DIV: _quotient,
    Op.MOD: lambda e, t, f: e.number(t.args[0], f) % e.number(t.args[1], f),  # bvsmod: the sign is that of the divisor
    Op.MIN: _extreme(lambda a, b: a <= b),
    Op.MAX: _extreme(lambda a, b: a >= b),
    Op.FIRST: lambda e, t, f: e.constant(1),
    Op.LAST: lambda e, t, f: e.constant(e.instance.bounds(t.sort)[1]),  # type: ignore[arg-type]
    Op.FOLLOWING: _following,
    Op.PRECEDING: _preceding,
    Op.POSITION: lambda e, t, f: e.number(t.args[0], f),
    Op.SET: _set,
    Op.MEMBER: lambda e, t, f: sets.contains(e.members_of(t.args[1], f), e.number(t.args[0], f)),
    Op.UNION: _combined(sets.union),
    Op.INTERSECTION: _combined(sets.intersection),
    Op.DIFFERENCE: _combined(sets.difference),
    Op.SUBSET: _combined(sets.subset),
    Op.COMPREHENSION: lambda e, t, f: sets.members_where(e.members(t, f)),
    Op.FORALL: lambda e, t, f: z3.And(*(holds for _, holds in e.members(t, f))),
    Op.EXISTS: lambda e, t, f: z3.Or(*(holds for _, holds in e.members(t, f))),
    Op.COUNT: _count,
    Op.SUM: _sum,
    Op.LEAST: _least,
    Op.EACH: lambda e, t, f: e.element(t, [], f),
    Op.PRIMED: lambda e, t, f: e.encode(t.args[0], f.primed),
    Op.TAKEN: _taken,
}
