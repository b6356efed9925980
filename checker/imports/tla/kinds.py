"""The types of values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from planrace.checker.imports.tla.code import (
    PlainCode,
)
from planrace.checker.imports.tla.equality import Equality
from planrace.checker.imports.tla.functions import record_keys
from planrace.checker.imports.tla.sets import Sets
from planrace.checker.imports.tla.symbols import (
    Between,
    ByMembers,
    ByRule,
    Changed,
    Combined,
    Constant,
    Either,
    Elements,
    Fields,
    Flattened,
    FunctionSet,
    Image,
    Listed,
    Meaning,
    Product,
    Runtime,
    SequenceSet,
    Subsets,
    Unbounded,
    Where,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    BOOL,
    FunctionType,
    IntType,
    RecordType,
    SequenceType,
    SetType,
    Type,
    item_names,
    join,
    type_of_value,
)
from planrace.checker.imports.tla.values import Atom, Known


class Kinds(Equality, Sets):
    """Finds the least type that has a value."""

    def type_of(self, value: Meaning) -> Type | None:
        match value:
            case Constant(known):
                return type_of_value(known)
            case Runtime(_, kind):
                return kind
            case Fields("record", items):
                return RecordType(
                    tuple(sorted((k.name, self.type_of(v)) for k, v in items.items() if isinstance(k, Atom)))
                )
            case Fields("tuple", items) if not items:
                return SequenceType(None, 0)
            case Fields("tuple", items):
                kinds = [self.type_of(v) for v in items.values()]
                return RecordType(tuple(zip(item_names(len(kinds)), kinds, strict=True)))
            case Fields(_, items):
                return self._function_type(tuple(items), [self.type_of(v) for v in items.values()])
            case ByRule(keys, at):
                return self._function_type(keys, [self._rule_type(keys, at)])
            case Changed(base, key, new):
                return self._changed_type(base, key, new)
            case Elements(_, most, at):
                return SequenceType(
                    self.type_of(at(Runtime(PlainCode("_"), IntType(1, max(most, 1))))) if most else None, most
                )
            case Either(_, then, otherwise):
                return join(self.type_of(then), self.type_of(otherwise))
            case _:
                return SetType(self.element_type(value))

    def _function_type(self, keys: tuple[Known, ...], kinds: list[Type | None]) -> Type:
        element: Type | None = None
        for kind in kinds:
            element = join(element, kind)
        return FunctionType(keys, element if element is not None else BOOL)

    def _rule_type(self, keys: tuple[Known, ...], at: Callable[[Meaning], Meaning]) -> Type | None:
        """The type of the values of a rule: at any key if these are of one kind, otherwise of each."""
        if len(keys) > 1 and len({type(k) for k in keys}) == 1 and isinstance(keys[0], bool | int | Atom):
            kind: Type | None = None
            for k in keys:
                kind = join(kind, type_of_value(k))
            assert kind is not None
            return self.type_of(at(Runtime(PlainCode("_"), kind)))
        found: Type | None = None
        for k in keys:
            found = join(found, self.type_of(at(Constant(k))))
        return found

    def _changed_type(self, base: Meaning, key: Meaning, new: Meaning) -> Type | None:
        old, kind = self.type_of(base), self.type_of(new)
        match old:
            case FunctionType(keys, element):
                joined = join(element, kind)
                assert joined is not None
                return FunctionType(keys, joined)
            case RecordType(fields):
                keys_ = dict(zip(record_keys(old), old.names, strict=True))
                known = self.known_key(key)
                return RecordType(
                    tuple(
                        (
                            n,
                            (
                                kind
                                if known is not None and keys_.get(known) == n
                                else join(p, kind)
                                if known is None
                                else p
                            ),
                        )
                        for n, p in fields
                    )
                )
            case _:
                return old

    def element_type(self, of: Meaning) -> Type | None:
        match of:
            case Constant(frozenset() as value):
                kind = type_of_value(value)
                return kind.element if isinstance(kind, SetType) else None
            case Runtime(_, SetType(element)):
                return element
            case Listed(items):
                return self._joined_types(items)
            case Between(low, high):
                return IntType(self.number(low)[1], self.number(high)[2])
            case Where(base, _, _):
                return self.element_type(base)
            case Combined("\\cup", left, right):
                return join(self.element_type(left), self.element_type(right), element=True)
            case Combined(_, left, _):
                return self.element_type(left)
            case Image():
                return self._joined_types(a.value for a in self.alternatives(of, "x"))
            case Flattened(sets):
                inner = self.element_type(sets)
                return inner.element if isinstance(inner, SetType) else None
            case Subsets(base):
                return SetType(self.element_type(base))
            case Product(parts, names):
                kinds = [self.element_type(p) for p in parts]
                named = zip(names or item_names(len(parts)), kinds, strict=True)
                return RecordType(tuple(sorted(named) if names else named))
            case FunctionSet(keys, values):
                element = self.element_type(values)
                return FunctionType(keys, element if element is not None else BOOL)
            case SequenceSet(elements):
                return SequenceType(self.element_type(elements), None)
            case Unbounded("Nat"):
                return IntType(0, None)
            case Unbounded("Int"):
                return IntType(None, None)
            case ByMembers(members):
                return self._joined_types(Constant(m) for m, _ in members)
            case Either(_, then, otherwise):
                return join(self.element_type(then), self.element_type(otherwise), element=True)
            case Unbounded(name):
                raise TlaError(f"{name} has no bound")
            case _:
                raise TlaError("a set is expected")

    def _joined_types(self, values: Iterable[Meaning]) -> Type | None:
        found: Type | None = None
        for value in values:
            found = join(found, self.type_of(value), element=True)
        return found
