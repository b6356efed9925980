"""Values as terms of a sort; ``Algebra`` is all that is asked of values."""

from __future__ import annotations

from functools import partial

from planrace.checker.imports.tla.code import (
    Attribute,
    Binary,
    Braces,
    Call,
    LambdaCode,
    PlainCode,
    PyCode,
    call,
)
from planrace.checker.imports.tla.composites import Composites
from planrace.checker.imports.tla.functions import record_keys
from planrace.checker.imports.tla.names import field_name
from planrace.checker.imports.tla.sets import is_plain
from planrace.checker.imports.tla.symbols import (
    Combined,
    Constant,
    Either,
    Fields,
    Listed,
    Meaning,
    Runtime,
    Where,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    BOOL,
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
    words,
)
from planrace.checker.imports.tla.values import in_order
from planrace.checker.results.wording import counted


class Algebra(Composites):
    """Everything that is asked of meanings."""

    # Types

    # Terms

    def store(self, value: Meaning, kind: Type | None) -> PyCode:
        """A value as a term that can be assigned to what has this type."""
        if kind is None:
            return Braces("{", ())
        match kind:
            case BoolType():
                return PlainCode(str(value.value)) if isinstance(value, Constant) else self.code(value)
            case IntType() | AtomType():
                return self._scalar_term(value, kind)
            case SetType():
                return self._set_term(value, kind)
            case FunctionType():
                return self._function_term(value, kind)
            case RecordType():
                return self._record_term(value, kind)
            case SequenceType():
                return self._sequence_term(value, kind)
            case _:
                raise TlaError(f"{words(kind)} outside of a set")

    def _scalar_term(self, value: Meaning, kind: IntType | AtomType) -> PyCode:
        if isinstance(value, Constant):
            if not self.possible(kind, value.value) and not (
                isinstance(kind, IntType) and isinstance(value.value, int)
            ):
                raise TlaError(f"{value.value} where {words(kind)} is kept")
            return self.sorts.scalar(value.value, kind)
        if not isinstance(value, Runtime) or not is_scalar_type(value.kind) or value.kind == BOOL:
            raise TlaError(f"{words(self.type_of(value))} where {words(kind)} is kept")
        if isinstance(kind, AtomType) and isinstance(value.kind, AtomType):
            self.sorts.unify(kind.atoms | value.kind.atoms)
            return value.code
        if isinstance(kind, IntType) and isinstance(value.kind, AtomType):
            atoms = in_order(value.kind.atoms)
            if not value.kind.atoms <= kind.atoms:
                raise TlaError(f"{words(value.kind)} where {words(kind)} is kept")
            code = self.sorts.scalar(atoms[-1], kind)
            for atom in reversed(atoms[:-1]):
                code = call(
                    "If",
                    Binary("==", value.code, self.sorts.scalar(atom, value.kind)),
                    self.sorts.scalar(atom, kind),
                    code,
                )
            return code
        if isinstance(kind, IntType) and isinstance(value.kind, IntType):
            if value.kind.atoms and not self._same_numbers(value.kind, kind):
                return self._renumbered(value.code, value.kind, kind)
            return value.code
        raise TlaError(f"{words(value.kind)} where {words(kind)} is kept")

    def _same_numbers(self, a: IntType, b: IntType) -> bool:
        return all(w not in b.atoms or self.sorts.number(w, a) == self.sorts.number(w, b) for w in a.atoms)

    def _renumbered(self, code: PyCode, old: IntType, new: IntType) -> PyCode:
        found = code
        for atom in in_order(old.atoms & new.atoms):
            found = call("If", Binary("==", code, self.sorts.scalar(atom, old)), self.sorts.scalar(atom, new), found)
        return found

    def _set_term(self, value: Meaning, kind: SetType) -> PyCode:
        if kind.element is not None and not is_scalar_type(kind.element):
            return self._relation(value, kind)
        match value:
            case Runtime(code, SetType(element)) if element is None or is_scalar_type(element):
                if self._other_numbers(element, kind.element):
                    return self._such_that(value, kind)
                return code
            case Constant(frozenset() as known):
                return Braces("{", tuple(self.store(Constant(v), kind.element) for v in in_order(known)))
            case Listed(items):
                return Braces("{", tuple(dict.fromkeys(self.store(i, kind.element) for i in items)))
            case Combined(operator, left, right):
                sign = {"\\cup": "|", "\\cap": "&", "\\": "-"}[operator]
                a, b = self._set_term(left, kind), self._set_term(right, kind)
                if isinstance(a, Braces) and isinstance(b, Braces):
                    return self._such_that(value, kind)
                if operator == "\\cup" and Braces("{", ()) in (a, b):
                    return b if a == Braces("{", ()) else a
                return Binary(sign, a, b)
            case Either(test, then, otherwise):
                a, b = self._set_term(then, kind), self._set_term(otherwise, kind)
                if isinstance(a, Braces) and isinstance(b, Braces):
                    return self._such_that(value, kind)
                return call("If", self.code(test), a, b)
            case Where():
                return self._filtered_term(value, kind)
            case _:
                return self._such_that(value, kind)

    def _other_numbers(self, a: Type | None, b: Type | None) -> bool:
        if isinstance(a, IntType) and isinstance(b, IntType):
            return bool(a.atoms) and not self._same_numbers(a, b)
        return isinstance(a, AtomType) and isinstance(b, IntType)

    def _filtered_term(self, value: Where, kind: SetType) -> PyCode:
        members = self.alternatives(value, "x")
        if len(members) == 1 and is_plain(members[0]):
            [binder] = members[0].binders
            if not self._other_numbers(binder.kind, kind.element):
                body = self.code(self.conjunction(members[0].holds))
                return call("such_that", binder.over, LambdaCode((binder.name,), body))
        return self._such_that(value, kind)

    def _such_that(self, value: Meaning, kind: SetType) -> PyCode:
        if kind.element is None:
            raise TlaError("nothing is ever in this set, so the sort of its elements is not known")
        element = join(kind.element, self.element_type(value))  # what the sort does not hold is an error, not left out
        assert element is not None
        name = self.fresh("x")
        x = Runtime(PlainCode(name), element)
        body = self.code(self.conjunction(test(x) for test in (self.within, partial(self.member, of=value))))
        return call("such_that", self.sorts.sort(element), LambdaCode((name,), body))

    def _record_term(self, value: Meaning, kind: RecordType) -> PyCode:
        kept = self.sorts.kept(kind)
        assert isinstance(kept, RecordType)
        if isinstance(value, Runtime) and self.sorts.kept(value.kind) == kept:
            return value.code
        fields = dict(zip(record_keys(kept), kept.fields, strict=True))
        parts = tuple((field_name(n), self.store(self.apply(value, Constant(k)), p)) for k, (n, p) in fields.items())
        return Call(self.sorts.sort(kept, "record"), (), parts)

    def _sequence_term(self, value: Meaning, kind: SequenceType) -> PyCode:
        kept = self.sorts.kept(kind)
        assert isinstance(kept, SequenceType)
        opened = self.opened(value)
        if isinstance(opened, Fields):
            return Braces("[", tuple(self.store(v, kept.element) for v in opened.items.values()))
        if isinstance(value, Runtime) and isinstance(value.kind, SequenceType):
            return value.code
        if isinstance(value, Either):
            a, b = (self._sequence_term(v, kind) for v in (value.then, value.otherwise))
            if isinstance(a, Braces) and isinstance(b, Braces):
                a = Call(self.sorts.sort(kept), a.items)
            return call("If", self.code(value.test), a, b)
        return self._by_length(value, kept)

    def _by_length(self, value: Meaning, kept: SequenceType) -> PyCode:
        """A sequence by rule: a value for each length. One element too many is an error of the model."""
        most = kept.most or 0
        sort = self.sorts.sort(kept)

        def of(length: int) -> PyCode:
            items = (self.store(self.apply(value, Constant(k)), kept.element) for k in range(1, length + 1))
            return Call(sort, tuple(items))

        found: PyCode
        length = self.length(value)
        longest = min(most, self.most(value))
        if longest > 8:
            raise TlaError(f"a sequence of up to {counted(longest, 'element')} that is put together")
        if self.most(value) > most:
            last = Call(Attribute(of(most), "append"), (self.store(self.apply(value, Constant(most)), kept.element),))
            found = call("If", self.code(self.equal(length, Constant(most))), of(most), last)
        else:
            found = of(longest)
        for n in reversed(range(longest)):
            test = self.equal(length, Constant(n))
            found = call("If", self.code(test), of(n), found)
        return found

    # Arithmetic
