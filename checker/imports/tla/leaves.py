"""The scalars that types consist of, and types that one sort can have."""

from __future__ import annotations

from collections.abc import Iterator

from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    AtomType,
    BoolType,
    FunctionType,
    IntType,
    NoJoinError,
    RecordType,
    SequenceType,
    SetType,
    Type,
    is_scalar_type,
    join,
    words,
)
from planrace.checker.imports.tla.values import Atom, Known, in_order

LARGEST = 65_536
"""The most places of a variable, which the language fixes."""

Path = tuple[Known, ...]


def joined_sort(a: RecordType | SequenceType, b: RecordType | SequenceType) -> RecordType | SequenceType | None:
    """The join, or None where sorts of different kinds would meet."""
    try:
        found = join(a, b)
    except NoJoinError:
        return None
    fits = type(found) is type(a) and not _mixes(a, b)
    return found if fits and isinstance(found, RecordType | SequenceType) else None


def _mixes(a: Type | None, b: Type | None) -> bool:
    """Whether joining would put numbers and words, or sets of different forms, into one place."""
    if a is None or b is None:
        return False
    match a, b:
        case RecordType(), RecordType():
            return any(_mixes(x, y) for (_, x), (_, y) in zip(a.fields, b.fields, strict=False))
        case (SetType(x), SetType(y)) | (SequenceType(x, _), SequenceType(y, _)):
            return _mixes(x, y)
        case FunctionType(), FunctionType():
            return a.keys != b.keys or _mixes(a.element, b.element)
        case _:
            return type(a) is not type(b) and not (
                isinstance(a, IntType | AtomType) and isinstance(b, IntType | AtomType) and _with_words(a, b)
            )


def _with_words(a: IntType | AtomType, b: IntType | AtomType) -> bool:
    """Whether a number that may be a word meets words that it may be."""
    number, word = (a, b) if isinstance(a, IntType) else (b, a)
    return isinstance(number, IntType) and isinstance(word, AtomType) and word.atoms <= number.atoms


def leaves_of(kind: Type | None, path: Path) -> Iterator[tuple[Path, Type]]:
    """The scalars that an element of a set consists of, and where they stand."""
    match kind:
        case BoolType() | IntType() | AtomType():
            yield path, kind
        case RecordType():
            keys = [*range(1, len(kind.fields) + 1)] if kind.is_tuple else [Atom(n, True) for n in kind.names]
            for key, (_, part) in zip(keys, kind.fields, strict=True):
                yield from leaves_of(part, (*path, key))
        case FunctionType():
            for key in kind.keys:
                yield from leaves_of(kind.element, (*path, key))
        case SetType() if is_scalar_type(kind.element):
            for member in members_of(kind.element):
                yield (*path, member), BoolType()
        case _:
            raise TlaError(f"{words(kind)} as an element of a set, or in one")


def members_of(kind: Type | None) -> tuple[Known, ...]:
    """The values of a scalar type."""
    match kind:
        case BoolType():
            return (False, True)
        case AtomType():
            return in_order(kind.atoms)
        case IntType() if kind.low is not None and kind.high is not None and kind.high - kind.low < LARGEST:
            return (*range(kind.low, kind.high + 1), *in_order(kind.atoms))
        case _:
            raise TlaError(f"{words(kind)} has no bound here")


def capital(name: str) -> str:
    return name[:1].upper() + name[1:]
