"""A finite instance → Z3 bit-vectors: one handler an operator, quantifiers unrolled.

Every scalar is a signed bit-vector of one width that no intermediate value leaves (intervals of all terms decide it), a
set is a bit mask over the span of all numbers (one base for all, so masks never need aligning), a truth value a
Boolean. A state is one constant a field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import z3

from model.language import Array, Instance, ModelError, Op, SetOf, Term
from model.language.sorts import INTEGER, Scalar
from model.language.structural import Structural

from ..layout import Field, Layout
from ..symbols import symbol

Place = tuple[str, tuple[int, ...]]
State = Mapping[Place, Any]
"""A Z3 term for every field."""


@dataclass(frozen=True, eq=False)
class Frame(Structural):
    """What a term is encoded in: values of bound variables, the state, and for terms of a step the state after it and
    a function that says whether the step is one of an action (with an outcome, for parameter values)."""

    bound: Mapping[Term, int]
    state: State
    after: State | None = None
    taken: Callable[[str, str | None, Mapping[str, Any]], Any] | None = None

    def primed(self) -> Frame:
        assert self.after is not None, "a primed term outside a step"
        return Frame(self.bound, self.after)


class Encoder:
    """Encodes terms of one instance."""

    def __init__(self, instance: Instance, layout: Layout, terms: Iterable[Term]) -> None:
        self.instance = instance
        self.layout = layout
        self.low, self.high = span(instance, terms)
        self.bits = max(abs(self.low), abs(self.high)).bit_length() + 1
        self.mask_bits = max(self.bits, self.high - self.low + 1)

    # States ----------------------------------------------------------------------------------------------------
    def fields(self, name: str) -> dict[Place, Any]:
        """Constants for every field, as narrow as the layout packs them; ``name`` tells states apart."""
        return {place: z3.BitVec(f"{label(f)}@{name}", max(1, f.width)) for place, f in self.layout.fields.items()}

    def state(self, fields: State) -> dict[Place, Any]:
        """The values that constants of ``fields`` stand for: numbers and masks of the common widths."""
        return {place: self._widened(f, fields[place]) for place, f in self.layout.fields.items()}

    def _widened(self, field: Field, constant: Any) -> Any:
        if field.is_set:
            return z3.ZeroExt(self.mask_bits - constant.size(), constant) << (field.low - self.low)
        return z3.ZeroExt(self.bits - constant.size(), constant) + field.low

    def inside(self, field: Field, value: Any) -> Any:
        """``value`` is in the range of the field's sort."""
        if field.is_set:
            return value & ~self.mask(range(field.low, field.high + 1)) == 0
        return z3.And(value >= field.low, value <= field.high)

    # Terms -----------------------------------------------------------------------------------------------------
    def encode(self, term: Term, frame: Frame) -> Any:
        """A Z3 Boolean (truth values) or bit-vector (scalars and sets)."""
        try:
            handler = _HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"the finite encoding has no handler for {term.op}") from None
        return handler(self, term, frame)

    def truth(self, term: Term, frame: Frame) -> Any:
        """A truth-valued term as a Z3 Boolean."""
        found = self.encode(term, frame)
        return found if z3.is_bool(found) else found == 1

    def number(self, term: Term, frame: Frame) -> Any:
        """A scalar or set as a bit-vector; truth values are 0 and 1."""
        return self.as_number(self.encode(term, frame))

    def as_number(self, found: Any) -> Any:
        """A truth value as 0 or 1; anything else as it is."""
        return z3.If(found, self.constant(1), self.constant(0)) if z3.is_bool(found) else found

    def constant(self, value: int) -> Any:
        return z3.BitVecVal(value, self.bits)

    def mask(self, elements: Iterable[int]) -> Any:
        return z3.BitVecVal(sum(1 << (n - self.low) for n in elements), self.mask_bits)

    def bit(self, number: Any) -> Any:
        """The mask of one element."""
        wide = z3.SignExt(self.mask_bits - self.bits, number) if self.mask_bits > self.bits else number
        return z3.BitVecVal(1, self.mask_bits) << (wide - self.low)

    def element(self, array: Term, path: list[int], frame: Frame) -> Any:
        """The element of an array term at constant offsets (from 0)."""
        match array.op:
            case Op.VARIABLE:
                return frame.state[array.data, tuple(path)]
            case Op.PRIMED:
                return self.element(array.args[0], path, frame.primed())
            case Op.ITE:
                then, other = (self.element(a, path, frame) for a in array.args[1:])
                return self.choice(self.truth(array.args[0], frame), then, other)
            case Op.EACH:
                variable, body = array.args
                low, _ = self.instance.bounds(variable.sort)  # type: ignore[arg-type]
                inside = replace(frame, bound={**frame.bound, variable: low + path[0]})
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
            return self.element(array, [at - low, *rest], frame)
        found = self.element(array, [0, *rest], frame)
        for n in range(low + 1, high + 1):
            found = self.choice(at == n, self.element(array, [n - low, *rest], frame), found)
        return found

    def position(self, term: Term, frame: Frame) -> tuple[int, int, Any]:
        """The range of a selection's positions, and its position: a number where it is the same in every state. One
        that may leave the range is refused, for nothing here would say so."""
        array, position = term.args
        assert isinstance(array.sort, Array)
        low, high = self.instance.bounds(array.sort.domain)
        at = z3.simplify(self.number(position, frame))
        if z3.is_bv_value(at):
            at = least = most = at.as_signed_long()
        else:
            least, most = reach(self.instance, position)
        if least < low or most > high:
            raise ModelError(
                f"{term}: the position may leave {low}…{high}, which solvers would not notice",
                remedy="use --engine explicit, or give the position the sort of the array's domain",
            )
        return low, high, at

    def choice(self, test: Any, then: Any, other: Any) -> Any:
        """``then`` if ``test``, else ``other``; a truth value meets a number as 0 or 1."""
        if z3.is_bool(then) != z3.is_bool(other):
            then, other = self.as_number(then), self.as_number(other)
        return z3.If(test, then, other)

    def members(self, term: Term, frame: Frame) -> Iterator[tuple[int, Any]]:
        """The body of a binder for each member."""
        variable, body = term.args
        for n in self.instance.members(variable.sort):  # type: ignore[arg-type]
            yield n, self.truth(body, replace(frame, bound={**frame.bound, variable: n}))


def label(field: Field) -> str:
    """A name for a field's constants."""
    return symbol("variable", field.variable, *(n + 1 for n in field.path))


def scalar(term: Term) -> Scalar:
    assert not isinstance(term.sort, Array | SetOf), term
    return term.sort


# Spans ---------------------------------------------------------------------------------------------------------
def span(instance: Instance, terms: Iterable[Term]) -> tuple[int, int]:
    """Least and greatest number that any subterm, or any bound that it is compared with, can have."""
    known: dict[int, tuple[int, int]] = {}
    low, high = 0, 1
    for t in subterms_of(terms):
        for s in [t.sort, *([t.sort.domain] if isinstance(t.sort, Array) else [])]:
            base = s
            while isinstance(base, Array):
                base = base.element
            base = base.element if isinstance(base, SetOf) else base
            if base != INTEGER:
                a, b = instance.bounds(base)
                low, high = min(low, a), max(high, b + 1)  # + 1: what follows the last
        if t.sort == INTEGER:
            a, b = known[id(t)] = _interval(instance, t, known)
            low, high = min(low, a), max(high, b)
    return low, high


def reach(instance: Instance, term: Term) -> tuple[int, int]:
    """Least and greatest number that ``term`` can be, as far as its parts tell."""
    known: dict[int, tuple[int, int]] = {}
    for t in subterms_of([term]):
        if t.sort == INTEGER:
            known[id(t)] = _interval(instance, t, known)
    return known[id(term)] if term.sort == INTEGER else instance.bounds(scalar(term))


def subterms_of(terms: Iterable[Term]) -> Iterator[Term]:
    from model.language.terms import subterms

    return subterms(*terms)


def _interval(instance: Instance, t: Term, known: Mapping[int, tuple[int, int]]) -> tuple[int, int]:
    """The interval of a term of the unbounded sort, given those of its arguments."""
    parts = [known[id(a)] if id(a) in known else _of_sort(instance, a) for a in t.args]
    match t.op:
        case Op.CONST:
            return t.data, t.data
        case Op.PARAMETER:
            return instance.size(t.data), instance.size(t.data)
        case Op.ADD:
            return parts[0][0] + parts[1][0], parts[0][1] + parts[1][1]
        case Op.SUB:
            return parts[0][0] - parts[1][1], parts[0][1] - parts[1][0]
        case Op.COUNT:
            return 0, len(instance.members(t.args[0].sort))  # type: ignore[arg-type]
        case Op.ITE:
            parts = parts[1:]
        case _:
            pass
    return min(p[0] for p in parts), max(p[1] for p in parts)


def _of_sort(instance: Instance, t: Term) -> tuple[int, int]:
    sort = t.sort
    while isinstance(sort, Array):
        sort = sort.element
    sort = sort.element if isinstance(sort, SetOf) else sort
    return (0, 0) if sort == INTEGER else instance.bounds(sort)


# Handlers, one for each operator -------------------------------------------------------------------------------
def _same(e: Encoder, t: Term, f: Frame) -> Any:
    a, b = (e.encode(x, f) for x in t.args)
    if z3.is_bool(a) and z3.is_bool(b):
        return a == b
    return e.number(t.args[0], f) == e.number(t.args[1], f)


def _following(e: Encoder, t: Term, f: Frame) -> Any:
    at, final = e.number(t.args[0], f), e.constant(e.instance.bounds(t.sort)[1])  # type: ignore[arg-type]
    return z3.If(at < final, at + 1, final)


def _set(e: Encoder, t: Term, f: Frame) -> Any:
    found = e.mask([])
    for a in t.args:
        found = found | e.bit(e.number(a, f))
    return found


def _comprehension(e: Encoder, t: Term, f: Frame) -> Any:
    found = e.mask([])
    for n, holds in e.members(t, f):
        found = found | z3.If(holds, e.mask([n]), e.mask([]))
    return found


def _count(e: Encoder, t: Term, f: Frame) -> Any:
    return sum((z3.If(holds, e.constant(1), e.constant(0)) for _, holds in e.members(t, f)), e.constant(0))


def _taken(e: Encoder, t: Term, f: Frame) -> Any:
    assert f.taken is not None, "taken() outside a step"
    action, outcome, names = t.data
    return f.taken(action, outcome, {n: e.number(a, f) for n, a in zip(names, t.args, strict=True)})


_HANDLERS: dict[Op, Callable[[Encoder, Term, Frame], Any]] = {
    Op.CONST: lambda e, t, f: e.constant(int(t.data)),
    Op.PARAMETER: lambda e, t, f: e.constant(e.instance.size(t.data)),
    Op.VARIABLE: lambda e, t, f: e.element(t, [], f),
    Op.BOUND: lambda e, t, f: e.constant(f.bound[t]),
    Op.SELECT: lambda e, t, f: e.select(t, [], f),
    Op.NOT: lambda e, t, f: z3.Not(e.truth(t.args[0], f)),
    Op.AND: lambda e, t, f: z3.And(*(e.truth(a, f) for a in t.args)),
    Op.OR: lambda e, t, f: z3.Or(*(e.truth(a, f) for a in t.args)),
    Op.EQ: _same,
    Op.LT: lambda e, t, f: e.number(t.args[0], f) < e.number(t.args[1], f),
    Op.LE: lambda e, t, f: e.number(t.args[0], f) <= e.number(t.args[1], f),
    Op.ITE: lambda e, t, f: e.choice(e.truth(t.args[0], f), e.encode(t.args[1], f), e.encode(t.args[2], f)),
    Op.ADD: lambda e, t, f: e.number(t.args[0], f) + e.number(t.args[1], f),
    Op.SUB: lambda e, t, f: e.number(t.args[0], f) - e.number(t.args[1], f),
    Op.FIRST: lambda e, t, f: e.constant(1),
    Op.LAST: lambda e, t, f: e.constant(e.instance.bounds(t.sort)[1]),  # type: ignore[arg-type]
    Op.FOLLOWING: _following,
    Op.SET: _set,
    Op.MEMBER: lambda e, t, f: e.bit(e.number(t.args[0], f)) & e.number(t.args[1], f) != 0,
    Op.UNION: lambda e, t, f: e.number(t.args[0], f) | e.number(t.args[1], f),
    Op.INTERSECTION: lambda e, t, f: e.number(t.args[0], f) & e.number(t.args[1], f),
    Op.DIFFERENCE: lambda e, t, f: e.number(t.args[0], f) & ~e.number(t.args[1], f),
    Op.SUBSET: lambda e, t, f: e.number(t.args[0], f) & ~e.number(t.args[1], f) == 0,
    Op.COMPREHENSION: _comprehension,
    Op.FORALL: lambda e, t, f: z3.And(*(holds for _, holds in e.members(t, f))),
    Op.EXISTS: lambda e, t, f: z3.Or(*(holds for _, holds in e.members(t, f))),
    Op.COUNT: _count,
    Op.EACH: lambda e, t, f: e.element(t, [], f),
    Op.PRIMED: lambda e, t, f: e.encode(t.args[0], f.primed()),
    Op.TAKEN: _taken,
}
