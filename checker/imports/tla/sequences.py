"""Sequences: their lengths and parts, and what is put together of them."""

from __future__ import annotations

from collections.abc import Callable

from planrace.checker.imports.tla.code import Attribute, Call
from planrace.checker.imports.tla.functions import FunctionAlgebra
from planrace.checker.imports.tla.symbols import (
    FALSE,
    Constant,
    Either,
    Elements,
    Fields,
    Image,
    Listed,
    Meaning,
    Runtime,
    is_false,
    is_true,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    FunctionType,
    IntType,
    RecordType,
    SequenceType,
    join,
)


class Sequences(FunctionAlgebra):
    """What is asked of sequences."""

    def is_sequence(self, value: Meaning) -> bool:
        kind = self.type_of(value)
        return isinstance(kind, SequenceType) or (isinstance(kind, RecordType) and kind.is_tuple)

    def length(self, value: Meaning) -> Meaning:
        match self.opened(value):
            case Fields(_, items):
                return Constant(len(items))
            case Elements(length, _, _):
                return length
            case Runtime(code, SequenceType(_, most)):
                return Runtime(Attribute(code, "length"), IntType(0, most))
            case Either(test, then, otherwise):
                return self.choice(test, self.length(then), self.length(otherwise))
            case other:
                keys = self.keys(other)
                if keys is None:
                    raise TlaError("the length of what is no sequence")
                return Constant(len(keys))

    def most(self, value: Meaning) -> int:
        kind = self.type_of(value)
        if isinstance(kind, RecordType):
            return len(kind.fields)
        if isinstance(kind, FunctionType):
            return len(kind.keys)
        if not isinstance(kind, SequenceType) or kind.most is None:
            raise TlaError("a sequence without a bound")
        return kind.most

    def append(self, value: Meaning, new: Meaning) -> Meaning:
        opened = self.opened(value)
        if isinstance(opened, Fields):
            return Fields("tuple", {**opened.items, len(opened.items) + 1: new})
        kind = self.type_of(value)
        if isinstance(value, Runtime) and isinstance(kind, SequenceType):
            element = join(kind.element, self.type_of(new))
            most = None if kind.most is None else kind.most + 1
            whole = SequenceType(element, most)
            self.sorts.meet(element)
            return Runtime(Call(Attribute(value.code, "append"), (self.store(new, element),)), whole)
        return self.concatenated(value, Fields("tuple", {1: new}))

    def tail(self, value: Meaning) -> Meaning:
        opened = self.opened(value)
        if isinstance(opened, Fields):
            items = list(opened.items.values())[1:]
            return Fields("tuple", {i + 1: v for i, v in enumerate(items)})
        if isinstance(value, Runtime):
            return Runtime(Attribute(value.code, "tail"), value.kind)
        return self.part(value, Constant(2), self.length(value))

    def part(self, value: Meaning, low: Meaning, high: Meaning) -> Meaning:
        """``SubSeq``."""
        opened = self.opened(value)
        if isinstance(opened, Fields) and isinstance(low, Constant) and isinstance(high, Constant):
            items = list(opened.items.values())[int(str(low.value)) - 1 : int(str(high.value))]
            return Fields("tuple", {i + 1: v for i, v in enumerate(items)})
        length = self.arithmetic("+", self.arithmetic("-", high, low), Constant(1))
        empty = self.compare("<", high, low)
        return Elements(
            self.choice(empty, Constant(0), length),
            self.most(value),
            lambda k: self.apply(value, self.arithmetic("-", self.arithmetic("+", low, k), Constant(1))),
        )

    def concatenated(self, a: Meaning, b: Meaning) -> Meaning:
        left, right = self.opened(a), self.opened(b)
        if isinstance(right, Fields):
            if isinstance(left, Fields):
                items = [*left.items.values(), *right.items.values()]
                return Fields("tuple", {i + 1: v for i, v in enumerate(items)})
            if isinstance(a, Runtime):
                for item in right.items.values():
                    a = self.append(a, item)
                return a
        if isinstance(left, Fields) and not left.items:
            return b
        length = self.length(a)

        def at(k: Meaning) -> Meaning:
            first = self.compare("<=", k, length)
            if is_true(first):
                return self.apply(a, k)
            return (
                self.choice(first, self.apply(a, k), self.apply(b, self.arithmetic("-", k, length)))
                if not (is_false(first))
                else self.apply(b, self.arithmetic("-", k, length))
            )

        return Elements(self.arithmetic("+", length, self.length(b)), self.most(a) + self.most(b), at)

    def selected(self, value: Meaning, test: Callable[[Meaning], Meaning]) -> Meaning:
        """``SelectSeq``: the elements that satisfy a test, in order."""
        opened = self.opened(value)
        most = self.most(value)
        length = self.length(value)
        places = [Constant(i) for i in range(1, most + 1)]
        inside = [
            self.conjunction([self.compare("<=", i, length), test(self.apply(opened, i))])
            if not is_false(self.compare("<=", i, length))
            else FALSE
            for i in places
        ]
        ones = [self.choice(t, Constant(1), Constant(0)) for t in inside]
        before: list[Meaning] = [Constant(0)]
        for one in ones:
            before.append(self.arithmetic("+", before[-1], one))

        def at(k: Meaning) -> Meaning:
            found = self.apply(opened, places[-1])
            for i in reversed(range(most - 1)):
                here = self.conjunction([inside[i], self.equal(before[i + 1], k)])
                found = self.choice(here, self.apply(opened, places[i]), found)
            return found

        return Elements(before[-1], most, at) if most else Fields("tuple", {})

    def range_of(self, sequence: Meaning) -> Meaning:
        keys = self.keys(sequence)
        if keys is not None:
            return Listed(tuple(self.apply(sequence, Constant(k)) for k in keys))
        return Image((("i", self.domain(sequence)),), lambda k: self.apply(sequence, k[0]))
