"""Functions, records, tuples and sequences: values at keys, changes, choices between them, equality."""

from __future__ import annotations

from collections.abc import Callable

from planrace.checker.imports.tla.base import Base
from planrace.checker.imports.tla.code import Attribute, Element, PyCode, call
from planrace.checker.imports.tla.names import field_name
from planrace.checker.imports.tla.symbols import (
    Between,
    ByRule,
    Changed,
    Constant,
    Either,
    Elements,
    Fields,
    Meaning,
    Runtime,
    is_false,
    is_true,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    BOOL,
    AtomType,
    FunctionType,
    IntType,
    RecordType,
    SequenceType,
    Type,
    is_scalar_type,
    join,
    words,
)
from planrace.checker.imports.tla.values import Atom, Known, shown

SCALARS = (BoolTypes := type(BOOL), IntType, AtomType)


class FunctionAlgebra(Base):
    """What is asked of functions."""

    def keys(self, function: Meaning) -> tuple[Known, ...] | None:
        """The domain; None if it is not the same in all states."""
        match self.opened(function):
            case Fields(_, items):
                return tuple(items)
            case ByRule(keys, _):
                return keys
            case Changed(base, _, _):
                return self.keys(base)
            case Runtime(_, FunctionType(keys, _)):
                return keys
            case Runtime(_, RecordType() as kind):
                return record_keys(kind)
            case Either(_, then, otherwise):
                a, b = self.keys(then), self.keys(otherwise)
                return a if a == b else None
            case _:
                return None

    def domain(self, function: Meaning) -> Meaning:
        keys = self.keys(function)
        if keys is not None:
            return Constant(frozenset(keys))
        if self.is_sequence(function):
            return Between(Constant(1), self.length(function))
        raise TlaError(f"the domain of {words(self.type_of(function))}")

    def apply(self, function: Meaning, key: Meaning) -> Meaning:
        match self.opened(function):
            case Fields(form, items):
                return self._field(form, dict(items), key)
            case ByRule(keys, at):
                if isinstance(key, Constant) and key.value not in keys:
                    raise TlaError(f"a function is read at {shown(key.value)}, which is not in its domain")
                return at(key)
            case Changed(base, changed, value):
                same = self.equal(key, changed)
                if is_true(same):
                    return value
                other = self.apply(base, key)
                return other if is_false(same) else self.choice(same, value, other)
            case Elements(_, _, at):
                return at(key)
            case Either(test, then, otherwise):
                return self.choice(test, self.apply(then, key), self.apply(otherwise, key))
            case Runtime(code, FunctionType(keys, element)):
                return Runtime(self._element(code, keys, key), element)
            case Runtime(code, RecordType() as kind):
                return self._field_of(code, kind, key)
            case Runtime(code, SequenceType(element)):
                if element is None:
                    raise TlaError("an element of a sequence that is always empty")
                return Runtime(Element(code, self.number(key)[0]), element)
            case _:
                raise TlaError(f"{words(self.type_of(function))} is no function")

    def _element(self, code: PyCode, keys: tuple[Known, ...], key: Meaning) -> PyCode:
        columns = self.sorts.dimensions(keys)
        parts = [key] if len(columns) == 1 else [self.apply(key, Constant(i + 1)) for i in range(len(columns))]
        for part, column in zip(parts, columns, strict=True):
            kind = self._scalar(part)
            if isinstance(part, Constant) and part.value not in column:
                raise TlaError(f"a function is read at {shown(part.value)}, which is not in its domain")
            if isinstance(kind, AtomType) and isinstance(part, Runtime):
                self.sorts.unify({*kind.atoms, *(k for k in column if isinstance(k, Atom))})
                if not kind.atoms <= frozenset(column):
                    outside = ", ".join(sorted(a.name for a in kind.atoms - frozenset(column)))
                    self.note(
                        f"{code} is read at {part.code}, which may be {outside}: TLC stops there, and the"
                        " translation reads a value that is never written"
                    )
            code = Element(code, self.store(part, join_key(kind, column)))
        return code

    def _scalar(self, key: Meaning) -> Type:
        kind = self.type_of(key)
        if kind is None or not is_scalar_type(kind):
            raise TlaError(f"a function is read at {words(kind)}")
        return kind

    def _field(self, form: str, items: dict[Known, Meaning], key: Meaning) -> Meaning:
        known = self.known_key(key)
        if known is not None:
            if known not in items:
                raise TlaError(f"a {form} has no {shown(known)}")
            return items[known]
        possible = [k for k in items if self._may_equal(key, k)]
        if not possible:
            raise TlaError(f"a {form} is read where it has no value")
        found = items[possible[-1]]
        for k in reversed(possible[:-1]):
            found = self.choice(self.equal(key, Constant(k)), items[k], found)
        return found

    def known_key(self, key: Meaning) -> Known | None:
        return key.value if isinstance(key, Constant) else None

    def _may_equal(self, key: Meaning, value: Known) -> bool:
        return not is_false(self.equal(key, Constant(value)))

    def _field_of(self, code: PyCode, kind: RecordType, key: Meaning) -> Meaning:
        parts = dict(zip(record_keys(kind), kind.fields, strict=True))
        items: dict[Known, Meaning] = {k: self._part(code, n, p) for k, (n, p) in parts.items()}
        return self._field("tuple" if kind.is_tuple else "record", items, key)

    @staticmethod
    def _part(code: PyCode, name: str, kind: Type | None) -> Meaning:
        return Constant(frozenset()) if kind is None else Runtime(Attribute(code, field_name(name)), kind)

    def change(self, function: Meaning, path: tuple[Meaning, ...], value: Callable[[Meaning], Meaning]) -> Meaning:
        """``[f EXCEPT ![path] = value(@)]``."""
        key, *rest = path
        keys = self.keys(function)
        known = self.known_key(key)
        if keys is not None and known is not None and known not in keys:
            return function
        old = self.apply(function, key)
        new = self.change(old, tuple(rest), value) if rest else value(old)
        if self.is_sequence(function) and keys is None:
            before = function
            return Elements(
                self.length(function),
                self.most(function),
                lambda k: self.choice(self.equal(k, key), new, self.apply(before, k)),
            )
        opened = self.opened(function)
        if isinstance(opened, Fields) and known is not None:
            return Fields(opened.form, {**opened.items, known: new})
        return Changed(function, key, new)

    def record_as_fields(self, value: Meaning) -> Fields | None:
        """A record or a tuple as its fields."""
        opened = self.opened(value)
        if isinstance(opened, Fields):
            return opened
        kind = self.type_of(opened)
        if not isinstance(kind, RecordType):
            return None
        form = "tuple" if kind.is_tuple else "record"
        return Fields(form, {k: self.apply(opened, Constant(k)) for k in record_keys(kind)})

    # Choices

    def choice(self, test: Meaning, then: Meaning, otherwise: Meaning) -> Meaning:
        """``IF test THEN then ELSE otherwise``."""
        if is_true(test):
            return then
        if is_false(test):
            return otherwise
        if then is otherwise:
            return then
        a, b = self.type_of(then), self.type_of(otherwise)
        if isinstance(a, SCALARS) or isinstance(b, SCALARS):
            return self._scalar_choice(test, then, otherwise)
        if (
            isinstance(then, Changed)
            and isinstance(otherwise, Changed)
            and is_true(self.equal(then.key, otherwise.key))
        ):
            base = self.choice(test, then.base, otherwise.base)
            return Changed(base, then.key, self.choice(test, then.value, otherwise.value))
        if isinstance(otherwise, Changed) and otherwise.base is then:
            old = self.apply(then, otherwise.key)
            return Changed(then, otherwise.key, self.choice(test, old, otherwise.value))
        if isinstance(then, Changed) and then.base is otherwise:
            old = self.apply(otherwise, then.key)
            return Changed(otherwise, then.key, self.choice(test, then.value, old))
        if isinstance(then, Runtime) and isinstance(otherwise, Runtime) and a == b and a is not None:
            return Runtime(call("If", self.code(test), then.code, otherwise.code), a)
        if isinstance(a, RecordType) and isinstance(b, RecordType) and a.names == b.names:
            return Fields(
                "tuple" if a.is_tuple else "record",
                {
                    k: self.choice(test, self.apply(then, Constant(k)), self.apply(otherwise, Constant(k)))
                    for k in record_keys(a)
                },
            )
        return Either(test, then, otherwise)

    def _scalar_choice(self, test: Meaning, then: Meaning, otherwise: Meaning) -> Meaning:
        kind = join(self.type_of(then), self.type_of(otherwise))
        assert kind is not None
        if kind == BOOL:
            if is_true(then) or is_false(otherwise):
                parts = [test, otherwise] if is_true(then) else [test, then]
                return self.disjunction(parts) if is_true(then) else self.conjunction(parts)
            if is_false(then) or is_true(otherwise):
                negated = self.negation(test)
                return self.conjunction([negated, otherwise]) if is_false(then) else self.disjunction([negated, then])
        if isinstance(then, Constant) and isinstance(otherwise, Constant) and then.value == otherwise.value:
            return then
        self.sorts.meet(kind)
        a, b = self.store(then, kind), self.store(otherwise, kind)
        return Runtime(call("If", self.code(test), a, b), kind)

    # Sequences

    # Equality

    def element_type_of_function(self, x: Meaning) -> Type | None:
        """The join of the types of a function's values."""
        match self.type_of(x):
            case FunctionType(_, element) | SequenceType(element, _):
                return element
            case RecordType(fields):
                found: Type | None = None
                for _, part in fields:
                    found = join(found, part, element=True)
                return found
            case _:
                return None


def record_keys(kind: RecordType) -> tuple[Known, ...]:
    if kind.is_tuple:
        return tuple(range(1, len(kind.fields) + 1))
    return tuple(Atom(n, True) for n in kind.names)


def join_key(kind: Type, column: tuple[Known, ...]) -> Type:
    """The type of a key: words stay words."""
    return AtomType(kind.atoms | {k for k in column if isinstance(k, Atom)}) if isinstance(kind, AtomType) else kind
