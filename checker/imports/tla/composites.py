"""Functions, and sets of records, as terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from planrace.checker.imports.tla.arithmetic import NumberAlgebra
from planrace.checker.imports.tla.code import (
    Attribute,
    Braces,
    Call,
    LambdaCode,
    PlainCode,
    PyCode,
    call,
)
from planrace.checker.imports.tla.functions import record_keys
from planrace.checker.imports.tla.leaves import Path, leaves_of, members_of
from planrace.checker.imports.tla.names import field_name
from planrace.checker.imports.tla.sorts import ElementShape
from planrace.checker.imports.tla.symbols import TRUE, ByMembers, Constant, Fields, Meaning, Runtime, is_true
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    AtomType,
    BoolType,
    FunctionType,
    IntType,
    RecordType,
    SequenceType,
    SetType,
    Type,
    is_scalar_type,
    join,
    type_of_value,
    words,
)
from planrace.checker.imports.tla.values import Known, in_order


class Composites(NumberAlgebra):
    """Stores values that are made of others."""

    def _relation(self, value: Meaning, kind: SetType) -> PyCode:
        """A set of records or tuples, as it is kept: for each shape a truth, a set, or an array of sets."""
        assert kind.element is not None
        if isinstance(value, Runtime) and value.kind == kind:
            return value.code
        element = self.element_type(value)
        if join(element, kind.element, element=True) != kind.element:
            raise TlaError("a set may get records or tuples that are beyond the bounds of its variable")
        shapes = self.sorts.shapes(kind.element)
        empty = isinstance(value, Constant) and not value.value
        parts: list[tuple[str, PyCode]] = []
        for shape in shapes:
            if empty:
                parts.append((shape.name, self._nothing(shape)))
                continue
            names = [self.fresh("_".join(map(self._short, p)) or "x") for p, _ in shape.dimensions]
            terms = {p: Runtime(PlainCode(n), k) for (p, k), n in zip(shape.dimensions, names, strict=True)}
            of_shape = self.rebuilt(shape.kind, self._leaf_values(shape.kind, terms))
            inside = [self.within(term) for term in terms.values()]
            body = self.code(self.conjunction([*inside, self.member(of_shape, value)]))
            if names:
                body = call("such_that", self.sorts.sort(shape.dimensions[-1][1]), LambdaCode((names[-1],), body))
            for name, (_, part) in reversed(list(zip(names[:-1], shape.dimensions[:-1], strict=True))):
                body = call("each", self.sorts.sort(part), LambdaCode((name,), body))
            parts.append((shape.name, body))
        if len(shapes) == 1:
            return parts[0][1]
        return Call(self.sorts.sort(kind), (), tuple(parts))

    def _nothing(self, shape: ElementShape) -> PyCode:
        """The empty set, as far as it is kept at a shape."""
        if not shape.dimensions:
            return PlainCode("False")
        code: PyCode = Braces("{", ())
        for _, part in reversed(shape.dimensions[:-1]):
            code = call("each", self.sorts.sort(part), LambdaCode((self.fresh("x"),), code))
        return code

    @staticmethod
    def _leaf_values(kind: Type, terms: Mapping[Path, Meaning]) -> Iterator[Meaning]:

        for path, leaf in leaves_of(kind, ()):
            yield terms[path] if path in terms else Constant(members_of(leaf)[0])

    def rebuilt(self, kind: Type, leaves: Iterator[Meaning]) -> Meaning:
        """The value of a type whose scalars are these, in order."""
        match kind:
            case RecordType():
                keys = record_keys(kind)
                parts = {
                    k: self.rebuilt(p, leaves) for k, (_, p) in zip(keys, kind.fields, strict=True) if p is not None
                }
                return Fields("tuple" if kind.is_tuple else "record", parts)
            case FunctionType():
                return self.opened_function(kind.keys, tuple(self.rebuilt(kind.element, leaves) for _ in kind.keys))
            case SetType():
                return ByMembers(tuple((m, next(leaves)) for m in members_of(kind.element)))
            case _:
                return next(leaves)

    def _function_term(self, value: Meaning, kind: FunctionType) -> PyCode:
        if isinstance(value, Runtime) and isinstance(value.kind, FunctionType) and self._kept_alike(value.kind, kind):
            return value.code
        columns = self.sorts.dimensions(kind.keys)
        names = [self.fresh("k") for _ in columns]
        terms = [Runtime(PlainCode(n), self._key_type(c)) for n, c in zip(names, columns, strict=True)]
        key: Meaning = terms[0] if len(terms) == 1 else Fields("tuple", {i + 1: t for i, t in enumerate(terms)})
        body = self.store(self.apply(value, key), kind.element)
        for name, term, column in reversed(list(zip(names, terms, columns, strict=True))):
            if not self.sorts.fills(column):
                inside = Call(Attribute(term.code, "isin"), (self.sorts.known_set(frozenset(column)),))
                body = call("If", inside, body, self.blank(kind.element))
            body = call("each", self.sorts.domain(column), LambdaCode((name,), body))
        return body

    @staticmethod
    def _key_type(column: tuple[Known, ...]) -> Type:
        kind: Type | None = None
        for k in column:
            kind = join(kind, type_of_value(k))
        assert kind is not None
        return kind

    def _kept_alike(self, a: Type | None, b: Type | None) -> bool:
        """Whether terms of two types may stand for each other."""
        match a, b:
            case FunctionType(), FunctionType():
                return a.keys == b.keys and self._kept_alike(a.element, b.element)
            case SetType(), SetType():
                if is_scalar_type(a.element) and is_scalar_type(b.element):
                    return self._kept_alike(a.element, b.element)
                return a == b
            case IntType(), IntType():
                return (not a.atoms and not b.atoms) or a.atoms == b.atoms
            case ((RecordType() | SequenceType()), (RecordType() | SequenceType())):
                return self.sorts.kept(a) == self.sorts.kept(b)
            case _:
                return type(a) is type(b)

    def within(self, x: Meaning) -> Meaning:
        """Whether a value of a sort is one of its type, which may have fewer; nothing is known of it before."""
        kind = self.type_of(x)
        match kind:
            case AtomType() if isinstance(x, Runtime):
                whole = self.sorts.whole(kind)
                assert whole is not None
                return self._in_known(Runtime(x.code, whole), frozenset(kind.atoms))
            case IntType(int() as low, int() as high, atoms) if atoms and isinstance(x, Runtime):
                numbers = {*range(low, high + 1), *(self.sorts.number(a, kind) for a in atoms)}
                return self._in_known(self._as_number(x), frozenset(numbers))
            case SetType(element) if is_scalar_type(element):
                return self.all_of(x, "x", self.within)
            case SetType(element) if element is not None:
                if any(
                    not is_true(self.within(Runtime(PlainCode("_"), k)))
                    for s in self.sorts.shapes(element)
                    for _, k in s.dimensions
                ):
                    raise TlaError("a set of records that may be anything, of words that others share")
                return TRUE
            case FunctionType(keys, element):
                return self.conjunction(self._within_function(x, keys, element))
            case RecordType():
                return self.conjunction(self.within(self.apply(x, Constant(k))) for k in record_keys(kind))
            case SequenceType(element, _) if element is not None:
                return self.all_of(self.domain(x), "i", lambda i: self.within(self.apply(x, i)))
            case _:
                return TRUE

    def _within_function(self, x: Meaning, keys: tuple[Known, ...], element: Type) -> Iterator[Meaning]:
        """The values are of their type, and places of the array that are no keys are blank."""
        columns = self.sorts.dimensions(keys)
        if not all(map(self.sorts.fills, columns)):
            raise TlaError("a function that may be anything, of keys that are not all members of their sort")
        domain = Constant(frozenset(keys))
        yield self.all_of(domain, "k", lambda k: self.within(self.apply(x, k)))

    def blank(self, kind: Type | None) -> PyCode:
        """A value that is never read."""
        match kind:
            case BoolType():
                return PlainCode("False")
            case IntType():
                return PlainCode(str(max(kind.low or 0, min(0, kind.high or 0))))
            case AtomType():
                return self.sorts.scalar(in_order(kind.atoms)[0], kind)
            case SetType() if kind.element is None or is_scalar_type(kind.element):
                return Braces("{", ())
            case FunctionType():
                code = self.blank(kind.element)
                for column in reversed(self.sorts.dimensions(kind.keys)):
                    code = call("each", self.sorts.domain(column), LambdaCode((self.fresh("k"),), code))
                return code
            case SetType():
                return self._relation(Constant(frozenset()), kind)
            case RecordType():
                kept = self.sorts.kept(kind)
                assert isinstance(kept, RecordType)
                return Call(self.sorts.sort(kind), (), tuple((field_name(n), self.blank(p)) for n, p in kept.fields))
            case SequenceType():
                return Braces("[", ())
            case _:
                raise TlaError(f"{words(kind)} outside of a set")
