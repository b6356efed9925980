"""Types that variables and terms are found to have, and how they are joined: the least one with the values of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.values import Atom, Known, KnownFunction, in_order
from planrace.checker.results.wording import counted


@dataclass(frozen=True)
class BoolType:
    pass


@dataclass(frozen=True)
class IntType:
    """Numbers from ``low`` to ``high`` (None: no bound), and ``atoms`` beside them, which get numbers of their own."""

    low: int | None
    high: int | None
    atoms: frozenset[Atom] = frozenset()


@dataclass(frozen=True)
class AtomType:
    """One of these strings or model values."""

    atoms: frozenset[Atom]


@dataclass(frozen=True)
class SetType:
    """Finite sets; ``element`` is None while only the empty one is known."""

    element: Type | None


@dataclass(frozen=True)
class FunctionType:
    """Functions with exactly these keys, which are in order."""

    keys: tuple[Known, ...]
    element: Type


@dataclass(frozen=True)
class RecordType:
    """Records; names are in order. A tuple has the names ``item1``, ``item2``, …."""

    fields: tuple[tuple[str, Type | None], ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(n for n, _ in self.fields)

    @property
    def is_tuple(self) -> bool:
        return self.names == item_names(len(self.fields))


@dataclass(frozen=True)
class SequenceType:
    """Sequences of at most ``most`` elements; None: without a bound."""

    element: Type | None
    most: int | None


@dataclass(frozen=True)
class OneOfRecords:
    """Records with different fields. Only elements of sets have this type."""

    choices: tuple[RecordType, ...]


Type: TypeAlias = "BoolType | IntType | AtomType | SetType | FunctionType | RecordType | SequenceType | OneOfRecords"
BOOL = BoolType()


class NoJoinError(TlaError):
    """Two types that no sort of planrace has the values of."""


def item_names(count: int) -> tuple[str, ...]:
    return tuple(f"item{i}" for i in range(1, count + 1))


def is_scalar_type(kind: Type | None) -> bool:
    return isinstance(kind, BoolType | IntType | AtomType)


def join(a: Type | None, b: Type | None, element: bool = False) -> Type | None:
    """The least type with the values of both; ``element``: of a set, whose records may have different fields. Raises
    ``NoJoinError``."""
    if a is None or b is None or a == b:
        return b if a is None else a
    match a, b:
        case IntType(), IntType():
            low = None if a.low is None or b.low is None else min(a.low, b.low)
            high = None if a.high is None or b.high is None else max(a.high, b.high)
            return IntType(low, high, a.atoms | b.atoms)
        case AtomType(), AtomType():
            return AtomType(a.atoms | b.atoms)
        case IntType(), AtomType():
            return IntType(a.low, a.high, a.atoms | b.atoms)
        case AtomType(), IntType():
            return join(b, a)
        case SetType(), SetType():
            return SetType(join(a.element, b.element, element=True))
        case FunctionType(), FunctionType() if a.keys == b.keys:
            return FunctionType(a.keys, _known(join(a.element, b.element, element)))
        case FunctionType(), RecordType():
            return _function_and_record(a, b)
        case RecordType(), FunctionType():
            return join(b, a)
        case FunctionType(), FunctionType() if _counts(a.keys) and _counts(b.keys):
            # Functions over 1…n and 1…m are sequences.
            return SequenceType(_known(join(a.element, b.element)), max(len(a.keys), len(b.keys)))
        case FunctionType(), SequenceType() if _counts(a.keys):
            return join(SequenceType(a.element, len(a.keys)), b)
        case SequenceType(), FunctionType():
            return join(b, a)
        case SequenceType(), SequenceType():
            most = None if a.most is None or b.most is None else max(a.most, b.most)
            return SequenceType(join(a.element, b.element), most)
        case RecordType(), SequenceType() if a.is_tuple:
            return join(as_sequence(a), b)
        case SequenceType(), RecordType():
            return join(b, a)
        case RecordType(), RecordType():
            return _records(a, b, element)
        case ((OneOfRecords() | RecordType()), (OneOfRecords() | RecordType())):
            return _choices(a, b)
        case _:
            raise NoJoinError(f"{words(a)} and {words(b)} are values of one thing, and no sort has both")


def as_sequence(kind: RecordType) -> SequenceType:
    """The type of a tuple as that of a sequence."""
    element: Type | None = None
    for _, part in kind.fields:
        element = join(element, part)
    return SequenceType(element, len(kind.fields))


def _known(kind: Type | None) -> Type:
    assert kind is not None
    return kind


def _counts(keys: tuple[Known, ...]) -> bool:
    return keys == tuple(range(1, len(keys) + 1))


def _function_and_record(a: FunctionType, b: RecordType) -> Type:
    """A record or a tuple that is used as a function."""
    keys: tuple[Known, ...] = (
        tuple(range(1, len(b.fields) + 1)) if b.is_tuple else in_order(Atom(n, True) for n in b.names)
    )
    element: Type | None = a.element
    for _, part in b.fields:
        element = join(element, part)
    if keys == a.keys:
        return FunctionType(keys, _known(element))
    if _counts(keys) and _counts(a.keys):
        return SequenceType(element, max(len(keys), len(a.keys)))
    raise NoJoinError(f"{words(a)} and {words(b)} are values of one thing, and no sort has both")


def _records(a: RecordType, b: RecordType, element: bool) -> Type:
    if a.names == b.names:
        fields = tuple((n, join(x, y, element)) for (n, x), (_, y) in zip(a.fields, b.fields, strict=True))
        return RecordType(fields)
    if a.is_tuple and b.is_tuple:
        return _known(join(as_sequence(a), as_sequence(b)))
    if element:
        return _choices(a, b)
    raise NoJoinError(
        f"records with the fields {', '.join(a.names)} and with {', '.join(b.names)} are values of one thing"
    )


def _choices(a: OneOfRecords | RecordType, b: OneOfRecords | RecordType) -> OneOfRecords:
    found: dict[tuple[str, ...], RecordType] = {}
    for kind in (a, b):
        for choice in kind.choices if isinstance(kind, OneOfRecords) else (kind,):
            other = found.get(choice.names)
            joined = choice if other is None else join(choice, other, element=True)
            assert isinstance(joined, RecordType)
            found[choice.names] = joined
    return OneOfRecords(tuple(found[n] for n in sorted(found)))


def type_of_value(value: Known) -> Type:
    """The least type that has a known value."""
    match value:
        case bool():
            return BOOL
        case int():
            return IntType(value, value)
        case Atom():
            return AtomType(frozenset({value}))
        case frozenset():
            element: Type | None = None
            for v in value:
                element = join(element, type_of_value(v), element=True)
            return SetType(element)
        case KnownFunction():
            keys = value.keys()
            if keys and all(isinstance(k, Atom) and k.is_text for k in keys):
                return RecordType(
                    tuple(sorted((k.name, type_of_value(v)) for k, v in value.items if isinstance(k, Atom)))
                )
            if not keys:
                return SequenceType(None, 0)
            if keys == tuple(range(1, len(keys) + 1)):
                parts = tuple(type_of_value(v) for _, v in sorted(value.items, key=lambda kv: str(kv[0]).zfill(9)))
                return RecordType(tuple(zip(item_names(len(parts)), parts, strict=True)))
            element = None
            for _, v in value.items:
                element = join(element, type_of_value(v))
            return FunctionType(keys, _known(element))


def is_bounded(kind: Type | None) -> bool:
    """Whether a type has finitely many values, all of which are known."""
    match kind:
        case None:
            return False
        case IntType():
            return kind.low is not None and kind.high is not None
        case SetType() | FunctionType():
            return is_bounded(kind.element)
        case SequenceType():
            return kind.most is not None and (kind.most == 0 or is_bounded(kind.element))
        case RecordType():
            return all(is_bounded(part) for _, part in kind.fields)
        case OneOfRecords():
            return all(map(is_bounded, kind.choices))
        case _:
            return True


def widened(kind: Type | None, old: Type | None, low: int, high: int, most: int) -> Type | None:
    """``kind`` with the bounds that grew since ``old`` moved to ``low`` and ``high`` (and ``most`` elements), so that
    joining ends."""
    match kind, old:
        case IntType(), _:
            before = old if isinstance(old, IntType) else kind
            return IntType(_moved(kind.low, before.low, low, -1), _moved(kind.high, before.high, high, 1), kind.atoms)
        case SetType(), _:
            return SetType(widened(kind.element, getattr(old, "element", None), low, high, most))
        case FunctionType(), _:
            return FunctionType(
                kind.keys, _known(widened(kind.element, getattr(old, "element", None), low, high, most))
            )
        case SequenceType(), _:
            before_most = old.most if isinstance(old, SequenceType) else kind.most
            length = kind.most
            if length is None or (before_most is not None and length > before_most):
                length = most
            return SequenceType(widened(kind.element, getattr(old, "element", None), low, high, most), length)
        case RecordType(), _:
            others = dict(old.fields) if isinstance(old, RecordType) else {}
            return RecordType(tuple((n, widened(p, others.get(n), low, high, most)) for n, p in kind.fields))
        case OneOfRecords(), _:
            old_choices = {c.names: c for c in old.choices} if isinstance(old, OneOfRecords) else {}
            found = [widened(c, old_choices.get(c.names), low, high, most) for c in kind.choices]
            return OneOfRecords(tuple(c for c in found if isinstance(c, RecordType)))
        case _:
            return kind


def _moved(bound: int | None, before: int | None, limit: int, sign: int) -> int | None:
    """A bound that has grown, at the limit; it grows no further than that."""
    if bound is None:
        return limit
    if before is not None and sign * bound > sign * before:
        return limit if sign * limit > sign * before else before
    return bound


def words(kind: Type | None) -> str:
    """A type in words, for errors."""
    match kind:
        case None:
            return "an unknown value"
        case BoolType():
            return "a truth value"
        case IntType():
            return "a number" if not kind.atoms else "a number or a word"
        case AtomType():
            return "a word of " + ", ".join(sorted(a.name for a in kind.atoms)[:4])
        case SetType():
            return f"a set ({words(kind.element)})" if kind.element is not None else "a set"
        case FunctionType():
            return f"a function with {counted(len(kind.keys), 'key')}"
        case RecordType():
            return "a tuple" if kind.is_tuple else f"a record of {', '.join(kind.names)}"
        case SequenceType():
            return "a sequence"
        case OneOfRecords():
            return "one of several records"
