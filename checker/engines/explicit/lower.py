"""Terms of a finite instance → Python expressions over the fields of a packed state.

Quantifiers and comprehensions are unrolled, parameters and bound variables are numbers, constants are folded. Scalars
are whole numbers in their sort's range; a set is a bit mask whose bit 0 stands for ``low``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from planrace.checker.engines.explicit.arithmetic import ARITHMETIC
from planrace.checker.engines.explicit.expressions import (
    NO,
    YES,
    Code,
    Mask,
    Number,
    Truth,
    aligned,
    alike_codes,
    as_number,
    chained,
    choose,
    conjunction,
    disjunction,
    folded,
    known,
    may_fail,
    negate,
    number,
    pick,
    same_numbers,
    widened,
)
from planrace.checker.engines.symbols import identifier
from planrace.checker.semantics.packing import WORD, Field, Layout
from planrace.model.language import Array, Instance, ModelError, Op, SetOf, Sort, Term
from planrace.model.language.instance_size import WIDEST
from planrace.model.language.structural import Structural


@dataclass(frozen=True, eq=False)
class Scope(Structural):
    """What is known at the place of an expression.

    ``bound``: values of bound variables, or the names of code variables for them; ``fields``: the code of fields by
    place (constants if known); ``after``: the same for what the step writes; ``step``: action, parameter values and
    outcome, for step terms; ``at``: values of positions to which updates write; ``total``: reading outside an array
    gives its first element and is no error; ``turns``: how often the loops around it run at most.
    """

    bound: Mapping[Term, int | Number]
    fields: Mapping[tuple[str, tuple[int, ...]], Code]
    after: Mapping[tuple[str, tuple[int, ...]], Code] | None = None
    step: tuple[str, Mapping[str, Number], str | None] | None = None
    primed: bool = field(default=False)
    at: Mapping[Term, int] = field(default_factory=dict)
    total: bool = False
    turns: int = 1

    def but(self, **changes: Any) -> Scope:
        """A copy with other values of some fields. It is made ten thousand times for one step function, and
        ``dataclasses.replace`` would take a tenth of the time of that."""
        made = object.__new__(Scope)
        made.__dict__.update(self.__dict__, **changes)
        return made


class Lowering:
    """Lowers the terms of one instance. ``used`` collects the fields that the code reads."""

    def __init__(self, instance: Instance, layout: Layout) -> None:
        self.instance = instance
        self.layout = layout
        self.used: set[tuple[str, tuple[int, ...]]] = set()
        base = self.base().items()
        self._places = {code.text: place for place, code in base if isinstance(code, Number) and not code.constant}

    def base(self) -> dict[tuple[str, tuple[int, ...]], Code]:
        """The code that reads each field from the state."""
        return {place: _read(f) for place, f in self.layout.fields.items()}

    # By sort ---------------------------------------------------------------------------------------------------
    def truth(self, term: Term, scope: Scope) -> Truth:
        code = self.lower(term, scope)
        if isinstance(code, Truth):
            return code
        assert isinstance(code, Number), term
        if code.constant:
            return YES if code.low else NO
        return Truth(code.text, fails=code.fails)

    def number(self, term: Term, scope: Scope) -> Number:
        return as_number(self.lower(term, scope))

    def mask(self, term: Term, scope: Scope) -> Mask:
        code = self.lower(term, scope)
        assert isinstance(code, Mask), term
        return code

    def lower(self, term: Term, scope: Scope) -> Code:
        try:
            handler = _HANDLERS[term.op]
        except KeyError:
            raise NotImplementedError(f"the explorer has no lowering for {term.op}") from None
        return handler(self, term, scope)

    # Places in arrays ------------------------------------------------------------------------------------------
    def element(self, array: Term, path: Sequence[int], scope: Scope) -> Code:
        """The element of an array term at constant offsets (from 0)."""
        match array.op:
            case Op.VARIABLE:
                return self._field((array.data, tuple(path)), scope)
            case Op.PRIMED:
                return self.element(array.args[0], path, _after(scope))
            case Op.ITE:
                test = self.truth(array.args[0], scope)
                then, other = (self.element(a, path, scope) for a in array.args[1:])
                return choose(test, then, other)
            case Op.EACH:
                variable, body = array.args
                low, _ = self.instance.bounds(variable.sort)  # type: ignore[arg-type]
                inside = scope.but(bound={**scope.bound, variable: low + path[0]})
                return self.element(body, path[1:], inside) if len(path) > 1 else self.lower(body, inside)
            case Op.SELECT:
                return self._selected(array, list(path), scope)
            case _:
                raise NotImplementedError(f"the explorer has no lowering for the array {array.op}")

    def read(self, place: tuple[str, tuple[int, ...]], scope: Scope) -> Code:
        """The code of a field before the step; the field is recorded as used."""
        return self._field(place, scope.but(primed=False) if scope.primed else scope)

    def peek(self, term: Term, scope: Scope) -> Code | None:
        """The code of a term, or None for an array; its reads are not recorded."""
        return None if isinstance(term.sort, Array) else self.seen(term, scope)[0]

    def reads(self, term: Term, scope: Scope) -> set[tuple[str, tuple[int, ...]]]:
        """The fields that the code of a term reads; they are not recorded as used."""
        return self.seen(term, scope)[1]

    def seen(self, term: Term, scope: Scope) -> tuple[Code, set[tuple[str, tuple[int, ...]]]]:
        """The code of a term and the fields that it reads, which are not recorded as used."""
        outer, self.used = self.used, set()
        code = self.lower(term, scope)
        found, self.used = self.used, outer
        return code, found

    def place_of(self, code: Code | None) -> tuple[str, tuple[int, ...]] | None:
        """The place of the field if ``code`` only reads a field."""
        return self._places.get(code.text) if isinstance(code, Number) else None

    def _field(self, place: tuple[str, tuple[int, ...]], scope: Scope) -> Code:
        table = scope.fields
        if scope.primed:
            assert scope.after is not None
            written = scope.after.get(place)
            if written is not None:
                return written
        code = table[place]
        if not (isinstance(code, Number) and code.constant):
            self.used.add(place)
        return code

    def _selected(self, term: Term, rest: list[int], scope: Scope) -> Code:
        array, position = term.args
        assert isinstance(array.sort, Array)
        at = self.number(position, scope)
        low, high = self.instance.bounds(array.sort.domain)
        if at.constant and low <= at.low <= high:
            return self.element(array, [at.low - low, *rest], scope)
        if at.high < low or at.low > high:
            return self.element(array, [0, *rest], scope) if scope.total else self._out_of_range(term.sort)
        first, final = max(low, at.low), min(high, at.high)
        items = [self.element(array, [n - low, *rest], scope) for n in range(first, final + 1)]
        checked = first == at.low and final == at.high and not may_fail(at)
        index = f"{at.text} - {first}" if first else at.text
        if scope.total and not checked:
            inside = f"({index} if {first} <= {at.text} <= {final} else 0)"
            return pick(items, inside, checked=True, fails=at.fails)
        return pick(items, index, checked=checked, fails=at.fails)

    def _out_of_range(self, sort: Sort) -> Code:
        if isinstance(sort, SetOf):
            return Mask("_out_of_range()", 0, 0, fails=True)
        return Number("_out_of_range()", 0, 1, fails=True)

    # Quantifiers -----------------------------------------------------------------------------------------------
    def unrolled(self, term: Term, scope: Scope) -> Iterator[tuple[int, Truth]]:
        """A binder's condition for each member."""
        return ((n, self.truth(term.args[1], inside)) for n, inside in self.inside(term, scope))

    def inside(self, term: Term, scope: Scope) -> Iterator[tuple[int, Scope]]:
        """The scope of a binder's body for each member."""
        variable = term.args[0]
        for n in self.instance.members(variable.sort):  # type: ignore[arg-type]
            yield n, scope.but(bound={**scope.bound, variable: n})


def valued(value: int | Number) -> Number:
    """The code for the value of a bound variable."""
    return value if isinstance(value, Number) else number(value)


def chosen_subset(value: Number, instance: Instance, sort: SetOf) -> Mask:
    """The set with that number, which is its bit mask."""
    return Mask(value.text, *instance.bounds(sort.element))


def field_name(f: Field) -> str:
    """The name in the code for the value of a field."""
    return identifier("v", f.variable, *(n + 1 for n in f.path))


def _read(f: Field) -> Code:
    name = field_name(f)
    if f.is_set:
        return Mask(name, f.low, f.high)
    return number(f.low) if f.low == f.high else Number(name, f.low, f.high)


def _after(scope: Scope) -> Scope:
    assert scope.after is not None, "a primed term outside a step"
    return scope.but(primed=True)


# Handlers, one for each operator -------------------------------------------------------------------------------
def _less(strict: bool) -> Callable[[Lowering, Term, Scope], Code]:
    def handler(g: Lowering, t: Term, s: Scope) -> Code:
        a, b = (g.number(x, s) for x in t.args)
        text = f"({a.text} {'<' if strict else '<='} {b.text})"
        slack = 1 if strict else 0
        if a.text == b.text:
            return known(not strict, text, a, b)
        if a.high + slack <= b.low:
            return known(True, text, a, b)
        if a.low + slack > b.high:
            return known(False, text, a, b)
        return Truth(text, fails=may_fail(a, b))

    return handler


def _equal(g: Lowering, t: Term, s: Scope) -> Code:
    a, b = (g.lower(x, s) for x in t.args)
    return alike_codes(a, b)


def _member(g: Lowering, t: Term, s: Scope) -> Code:
    if t.args[1].op is Op.SET and _wide_literal(g, t.args[1], s):
        item = g.number(t.args[0], s)
        return _one_of(item, [g.number(a, s) for a in t.args[1].args])
    item, of = g.number(t.args[0], s), g.mask(t.args[1], s)
    if may_fail(item, of):  # both are evaluated in any case
        text = f"({of.text} >> -min({of.low} - {item.text}, 0) & 1 and {item.text} >= {of.low})"
        return Truth(text, fails=True)
    if of.text == "0" or item.high < of.low or item.low > of.high:
        return NO
    if item.constant:
        bit = 1 << (item.low - of.low)
        return (YES if int(of.text) & bit else NO) if of.text.isdigit() else Truth(f"({of.text} & {bit})")
    if item.low >= of.low:
        back = f" - {of.low}" if of.low else ""
        return Truth(f"({of.text} >> {item.text}{back} & 1)")
    return Truth(f"({item.text} >= {of.low} and {of.text} >> ({item.text} - {of.low}) & 1)")


def _wide_literal(g: Lowering, t: Term, s: Scope) -> bool:
    """Whether the elements of a set literal may lie too far apart for a bit mask in one machine word."""
    items = [g.number(a, s) for a in t.args]
    return bool(items) and max(i.high for i in items) - min(i.low for i in items) >= WORD


def _one_of(item: Number, items: Sequence[Number]) -> Truth:
    """Whether ``item`` is one of ``items``; all of them are evaluated."""
    if may_fail(item, *items):
        return Truth("(" + chained(" | ", [f"(1 if {item.text} == {i.text} else 0)" for i in items]) + ")", fails=True)
    return disjunction(same_numbers(item, i) for i in items)


def _set(g: Lowering, t: Term, s: Scope) -> Code:
    items = [g.number(a, s) for a in t.args]
    if not items:
        return Mask("0", 0, 0)
    low, high = min(i.low for i in items), max(i.high for i in items)
    if high - low >= WIDEST:
        raise ModelError(
            f"the set {t} would need {high - low + 1:,} bits, for its elements may be {low} to {high}",
            remedy=f"sets may have {WIDEST:,} elements at most; test its elements one by one",
        )
    one = widened("1", high - low + 1)
    fixed = 0
    texts = []
    for i in items:
        if i.constant:
            fixed |= 1 << (i.low - low)
        else:
            texts.append(f"{one} << {i.text} - {low}" if low else f"{one} << {i.text}")
    if fixed or not texts:
        texts.append(str(fixed))
    text = texts[0] if texts == [str(fixed)] else "(" + chained(" | ", texts) + ")"
    return Mask(text, low, high, may_fail(*items))


def _union(g: Lowering, t: Term, s: Scope) -> Code:
    a, b = (g.mask(x, s) for x in t.args)
    if a.text == "0" or b.text == "0":
        return b if a.text == "0" else a
    low, high = min(a.low, b.low), max(a.high, b.high)
    return Mask(f"({aligned(a, low)} | {aligned(b, low)})", low, high, may_fail(a, b))


def _intersection(g: Lowering, t: Term, s: Scope) -> Code:
    a, b = (g.mask(x, s) for x in t.args)
    low = max(a.low, b.low)
    high = max(low, min(a.high, b.high))
    return Mask(f"({aligned(a, low)} & {aligned(b, low)})", low, high, may_fail(a, b))


def _difference(g: Lowering, t: Term, s: Scope) -> Code:
    a, b = (g.mask(x, s) for x in t.args)
    if b.text == "0" or ((b.low > a.high or b.high < a.low) and not may_fail(b)):
        return a
    return Mask(f"({a.text} & ~{aligned(b, a.low)})", a.low, a.high, may_fail(a, b))


def _subset(g: Lowering, t: Term, s: Scope) -> Code:
    a, b = (g.mask(x, s) for x in t.args)
    low = min(a.low, b.low)
    return Truth(f"({aligned(a, low)} & ~{aligned(b, low)} == 0)", fails=may_fail(a, b))


def _comprehension(g: Lowering, t: Term, s: Scope) -> Code:
    low, high = g.instance.bounds(t.args[0].sort)  # type: ignore[arg-type]
    fixed, texts, fails = 0, [], False
    for n, condition in g.unrolled(t, s):
        if condition.known:
            fixed |= 1 << (n - low)
        elif condition.known is None:
            texts.append(f"({1 << (n - low)} if {condition.text} else 0)")
            fails = fails or condition.fails
    if fixed or not texts:
        texts.append(str(fixed))
    return Mask(texts[0] if len(texts) == 1 else "(" + chained(" | ", texts) + ")", low, high, fails)


def _following(g: Lowering, t: Term, s: Scope) -> Code:
    at = g.number(t.args[0], s)
    final = g.instance.bounds(t.sort)[1]  # type: ignore[arg-type]
    if at.constant or at.high < final:
        if at.constant:
            return number(min(at.low + 1, final))
        return Number(f"({at.text} + 1)", at.low + 1, at.high + 1, at.fails)
    return folded(Number(f"min({at.text} + 1, {final})", min(at.low + 1, final), final, at.fails))


def _preceding(g: Lowering, t: Term, s: Scope) -> Code:
    at = g.number(t.args[0], s)
    if at.constant:
        return number(max(at.low - 1, 1))
    if at.low > 1:
        return Number(f"({at.text} - 1)", at.low - 1, at.high - 1, at.fails)
    return folded(Number(f"max({at.text} - 1, 1)", 1, max(at.high - 1, 1), at.fails))


def _least(g: Lowering, t: Term, s: Scope) -> Code:
    """A chain of conditionals: a member is tested if those before it are not taken."""
    tests: list[tuple[int, Truth]] = []
    for n, holds in g.unrolled(t, s):
        tests.append((n, holds))
        if holds.known:
            break
    low, high = g.instance.bounds(t.sort)  # type: ignore[arg-type]
    none: Code = number(low) if s.total else Number("_out_of_range()", low, max(low, high), fails=True)
    return reduce(lambda found, test: choose(test[1], number(test[0]), found), reversed(tests), none)


def _taken(g: Lowering, t: Term, s: Scope) -> Code:
    assert s.step is not None, "taken() outside a step"
    action, outcome, names = t.data
    name, choice, ending = s.step
    if name != action or outcome not in (None, ending) or not set(names) <= set(choice):
        return NO
    sorts = {str(p): p.sort for p in g.instance.system.actions[name].parameters}

    def alike(parameter: str, argument: Term) -> Truth:
        value, sort = choice[parameter], sorts[parameter]
        given = chosen_subset(value, g.instance, sort) if isinstance(sort, SetOf) else value
        return alike_codes(given, g.lower(argument, s))

    return conjunction(alike(n, a) for n, a in zip(names, t.args, strict=True))


def _conditional(g: Lowering, t: Term, s: Scope) -> Code:
    test, then, other = g.truth(t.args[0], s), *t.args[1:]
    if test.known is not None:
        return g.lower(then if test.known else other, s)
    return choose(test, g.lower(then, s), g.lower(other, s))


def _bound(g: Lowering, t: Term, s: Scope) -> Code:
    value = valued(s.bound[t])
    return chosen_subset(value, g.instance, t.sort) if isinstance(t.sort, SetOf) else value


def _variable(g: Lowering, t: Term, s: Scope) -> Code:
    assert not isinstance(t.sort, Array), t
    return g._field((t.data, ()), s)


_HANDLERS: dict[Op, Callable[[Lowering, Term, Scope], Code]] = {
    Op.CONST: lambda g, t, s: number(int(t.data)),
    Op.PARAMETER: lambda g, t, s: number(g.instance.size(t.data)),
    Op.VARIABLE: _variable,
    Op.BOUND: _bound,
    Op.SELECT: lambda g, t, s: g._selected(t, [], s),
    Op.NOT: lambda g, t, s: negate(g.truth(t.args[0], s)),
    Op.AND: lambda g, t, s: conjunction(g.truth(a, s) for a in t.args),
    Op.OR: lambda g, t, s: disjunction(g.truth(a, s) for a in t.args),
    Op.EQ: _equal,
    Op.LT: _less(strict=True),
    Op.LE: _less(strict=False),
    Op.ITE: _conditional,
    **ARITHMETIC,
    Op.FIRST: lambda g, t, s: number(1),
    Op.LAST: lambda g, t, s: number(g.instance.bounds(t.sort)[1]),  # type: ignore[arg-type]
    Op.FOLLOWING: _following,
    Op.PRECEDING: _preceding,
    Op.POSITION: lambda g, t, s: g.number(t.args[0], s),
    Op.SET: _set,
    Op.MEMBER: _member,
    Op.UNION: _union,
    Op.INTERSECTION: _intersection,
    Op.DIFFERENCE: _difference,
    Op.SUBSET: _subset,
    Op.COMPREHENSION: _comprehension,
    Op.FORALL: lambda g, t, s: conjunction(c for _, c in g.unrolled(t, s)),
    Op.EXISTS: lambda g, t, s: disjunction(c for _, c in g.unrolled(t, s)),
    Op.LEAST: _least,
    Op.EACH: lambda g, t, s: g.element(t, [], s),
    Op.PRIMED: lambda g, t, s: g.lower(t.args[0], _after(s)),
    Op.TAKEN: _taken,
}
