"""The finite encoding against the interpreter, term by term: wide numbers beside sets, bases apart, growing sums."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import z3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planrace.checker.engines.symbolic.bitvectors import Encoder, Frame
from planrace.checker.engines.symbolic.sets import Members, contains
from planrace.checker.semantics.interpreter import Context, Interpreter
from planrace.checker.semantics.packing import Layout
from planrace.model.language import (
    If,
    Protocol,
    Step,
    Term,
    array,
    count,
    each,
    exists,
    forall,
    integers,
    maximum,
    minimum,
    step,
    subsets,
    such_that,
    sum_of,
    update,
)
from planrace.model.language.sorts import SetOf
from planrace.model.language.terms import equal

FAR = 2**40
SMALL = [integers(0, 1), integers(0, 3), integers(-3, 1)]
NUMBERS = [
    *SMALL,
    integers(0, FAR),
    integers(FAR, FAR + 2),
    integers(-(2**62), 2**62),
    integers(0, 2**64 - 1),
    integers(-(2**63), 2**63 - 1),
    integers(-1, -1),
]
BASES = [integers(0, 1), integers(2, 5), integers(FAR, FAR + 2)]
PLACE = integers(1, 2)


class Drawing:
    """Draws terms about the variables of one protocol."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        p = Protocol("terms")
        some = st.lists(st.sampled_from(draw(st.sampled_from([SMALL, NUMBERS]))), min_size=2, max_size=3)
        self.numbers = [p.variable(f"n{k}", s, int(str(s.low))) for k, s in enumerate(draw(some))]
        bases = draw(st.lists(st.sampled_from(BASES), min_size=2, max_size=3))
        self.sets = [p.variable(f"s{k}", subsets(b), set()) for k, b in enumerate(bases)]
        self.rows = [p.variable("row", array(PLACE, subsets(bases[0])), set())]

        @p.action(by="nobody")
        def stay() -> Step:
            return step(update(self.numbers[0], self.numbers[0]))

        self.system = p.system()

    def pick(self, count: int) -> int:
        return self.draw(st.integers(0, count - 1))

    def number(self, bound: list[Term], depth: int) -> Term:
        leaves = [*self.numbers, *bound]
        match self.pick(11) if depth else 0:
            case 1:
                return self.number(bound, depth - 1) + self.number(bound, depth - 1)
            case 2:
                return self.number(bound, depth - 1) - self.number(bound, depth - 1)
            case 3:
                return If(self.truth(bound, depth - 1), self.number(bound, depth - 1), self.number(bound, depth - 1))
            case 4:
                return each(PLACE, lambda x: self.number([*bound, x], depth - 1))[self.pick(2) + 1]
            case 6:
                return self.number(bound, depth - 1) * self.numbers[0]
            case 7:
                return self.number(bound, depth - 1) // self.divisor(bound, depth - 1)
            case 8:
                return self.number(bound, depth - 1) % self.divisor(bound, depth - 1)
            case 9:
                return sum_of(PLACE, lambda x: self.number([*bound, x], depth - 1))
            case 10:
                extreme = minimum if self.pick(2) else maximum
                return extreme(self.number(bound, depth - 1), self.number(bound, depth - 1), self.numbers[0])
            case 5:
                return count(PLACE, lambda x: self.truth([*bound, x], depth - 1))
            case _:
                return leaves[self.pick(len(leaves))]

    def divisor(self, bound: list[Term], depth: int) -> Term:
        """A number that is never 0."""
        found = self.number(bound, depth)
        return If(equal(found, 0), self.pick(2) * 6 - 3, found)

    def set(self, bound: list[Term], depth: int) -> Term:
        match self.pick(7) if depth else 0:
            case 1:
                return self.set(bound, depth - 1) | self.set(bound, depth - 1)
            case 2:
                return self.set(bound, depth - 1) & self.set(bound, depth - 1)
            case 3:
                return self.set(bound, depth - 1) - self.set(bound, depth - 1)
            case 4:
                return self.set(bound, depth - 1) | {self.number(bound, depth - 1)}
            case 5:
                return such_that(BASES[self.pick(len(BASES))], lambda x: self.truth([*bound, x], depth - 1))
            case 6:
                return If(self.truth(bound, depth - 1), self.set(bound, depth - 1), self.set(bound, depth - 1))
            case _:
                leaves = [*self.sets, self.rows[0][self.pick(2) + 1]]
                return leaves[self.pick(len(leaves))]

    def truth(self, bound: list[Term], depth: int) -> Term:
        below = max(0, depth - 1)
        match self.pick(8):
            case 0:
                return self.number(bound, below).isin(self.set(bound, below))
            case 1:
                return self.set(bound, below).issubset(self.set(bound, below))
            case 2:
                return equal(self.set(bound, below), self.set(bound, below))
            case 3:
                return self.number(bound, below) <= self.number(bound, below)
            case 4:
                return equal(self.number(bound, below), self.number(bound, below))
            case 5 if depth:
                return forall(PLACE, lambda x: self.truth([*bound, x], below))
            case 6 if depth:
                return exists(PLACE, lambda x: self.truth([*bound, x], below))
            case _:
                return self.number(bound, below) < self.number(bound, below)

    def value(self, sort: Any) -> Any:
        if isinstance(sort, SetOf):
            low, high = int(str(sort.element.low)), int(str(sort.element.high))  # type: ignore[union-attr]
            return frozenset(self.draw(st.sets(st.integers(low, high))))
        if hasattr(sort, "domain"):
            return tuple(self.value(sort.element) for _ in range(2))
        ends = [sort.low, sort.low + 1, 0, 1, sort.high]
        return self.draw(st.sampled_from([n for n in ends if sort.low <= n <= sort.high]))


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_terms(data: st.DataObject) -> None:
    @st.composite
    def drawn(draw: st.DrawFn) -> Drawing:
        return Drawing(draw)

    d = data.draw(drawn())
    makers: list[Callable[[list[Term], int], Term]] = [d.truth, d.number, d.set]
    terms = [make([], 3) for make in makers]
    instance = d.system.instance()
    layout, interpreter = Layout(instance), Interpreter(instance)
    state = tuple(d.value(v.sort) for v in d.system.variables)
    encoder = Encoder(instance, layout, [*terms, *(v.term for v in d.system.variables)])
    fields = encoder.fields("s")
    packed = layout.encode(state)
    known = [
        (fields[place], z3.BitVecVal(packed >> f.offset & f.mask, fields[place].size()))
        for place, f in layout.fields.items()
    ]
    frame = Frame({}, encoder.state(fields))
    for term in terms:
        wanted = interpreter.evaluate(term, Context({}, state))
        assert read(encoder.encode(term, frame), known, wanted, encoder) == wanted, f"{term} in {state}"


def read(found: Any, known: list[Any], wanted: Any, encoder: Encoder) -> Any:
    """The value that an encoded term has in the known state; of a set, which of the elements in question it has."""

    def simple(term: Any) -> Any:
        return z3.simplify(z3.substitute(term, *known))

    if isinstance(found, Members):
        near = {m.low + n for m in found.masks for n in range(m.bits.size())}
        near |= {simple(n).as_signed_long() for _, n in found.others}
        return frozenset(n for n in near | set(wanted) if z3.is_true(simple(contains(found, encoder.constant(n)))))
    value = simple(found)
    return z3.is_true(value) if z3.is_bool(value) else value.as_signed_long()
