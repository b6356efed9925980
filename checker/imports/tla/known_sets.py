"""Sets whose members are known while a specification is read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, combinations, product

from planrace.checker.imports.tla.base import Base
from planrace.checker.imports.tla.symbols import (
    Between,
    ByRule,
    Changed,
    Combined,
    Constant,
    Fields,
    Flattened,
    FunctionSet,
    Image,
    Listed,
    Meaning,
    Product,
    Subsets,
    Where,
    is_false,
    is_true,
)
from planrace.checker.imports.tla.values import Atom, Known, KnownFunction, in_order, mapped

MOST_LISTED = 256
"""The most members of a known set that are written one by one."""
MOST_KNOWN = 20_000
"""The most members of a set that is computed while reading."""


class KnownSets(Base):
    """Which values are known."""

    def known(self, of: Meaning) -> frozenset[Known] | None:
        """The members of a set, if all of them are known."""
        match of:
            case Constant(frozenset() as value):
                return value
            case Listed(items):
                values = [self.known_value(i) for i in items]
                return frozenset(v for v in values if v is not None) if None not in values else None
            case Between(Constant(int() as low), Constant(int() as high)) if high - low < MOST_KNOWN:
                return frozenset(range(low, high + 1))
            case Combined(operator, left, right):
                a, b = self.known(left), self.known(right)
                if a is None or b is None:
                    return None
                return a | b if operator == "\\cup" else a & b if operator == "\\cap" else a - b
            case Where(base, _, holds):
                members = self.known(base)
                tests = {m: holds(Constant(m)) for m in members or ()}
                if members is None or not all(is_true(t) or is_false(t) for t in tests.values()):
                    return None
                return frozenset(m for m, t in tests.items() if is_true(t))
            case Image(sources, value):
                parts = [self.known(s) for _, s in sources]
                if None in parts or self._too_many(parts):
                    return None
                found = [self.known_value(value(tuple(map(Constant, c)))) for c in self._all(parts)]
                return frozenset(v for v in found if v is not None) if None not in found else None
            case Flattened(sets):
                members = self.known(sets)
                if members is None or not all(isinstance(m, frozenset) for m in members):
                    return None
                return frozenset(chain.from_iterable(m for m in members if isinstance(m, frozenset)))
            case Subsets(base):
                members = self.known(base)
                if members is None or 2 ** len(members) > MOST_KNOWN:
                    return None
                ordered = in_order(members)
                return frozenset(frozenset(c) for n in range(len(ordered) + 1) for c in combinations(ordered, n))
            case Product(parts_, names):
                parts = [self.known(p) for p in parts_]
                if None in parts or self._too_many(parts):
                    return None
                keys: list[Known] = [Atom(n, True) for n in names] if names else [*range(1, len(parts) + 1)]
                return frozenset(mapped(dict(zip(keys, c, strict=True))) for c in self._all(parts))
            case FunctionSet(keys_, values_):
                members = self.known(values_)
                if members is None or len(members) ** len(keys_) > MOST_KNOWN:
                    return None
                return frozenset(mapped(dict(zip(keys_, c, strict=True))) for c in product(members, repeat=len(keys_)))
            case _:
                return None

    @staticmethod
    def _too_many(parts: list[frozenset[Known] | None]) -> bool:
        size = 1
        for part in parts:
            size *= len(part or ())
        return size > MOST_KNOWN

    @staticmethod
    def _all(parts: list[frozenset[Known] | None]) -> Iterator[tuple[Known, ...]]:
        return product(*(in_order(p or ()) for p in parts))

    def known_size_one(self, of: Meaning) -> Known | None:
        """The only member of a set, if it is known that there is one."""
        known = None if isinstance(of, Subsets | FunctionSet | Product) else self.known(of)
        return next(iter(known)) if known is not None and len(known) == 1 else None

    def known_value(self, value: Meaning) -> Known | None:
        """The value, if it is known."""
        match value:
            case Constant(known):
                return known
            case Fields(_, items):
                found = {k: self.known_value(v) for k, v in items.items()}
                return _all_known(found)
            case ByRule(keys, at):
                found = {k: self.known_value(at(Constant(k))) for k in keys}
                return _all_known(found)
            case Changed(base, Constant(key), new):
                old, changed = self.known_value(base), self.known_value(new)
                if not isinstance(old, KnownFunction) or changed is None:
                    return None
                return mapped({**dict(old.items), key: changed} if old.at(key) is not None else dict(old.items))
            case _:
                return self.known(value)

    @staticmethod
    def _short(key: Known) -> str:
        return key.name if isinstance(key, Atom) else str(key) if isinstance(key, int) else "x"


def _all_known(items: dict[Known, Known | None]) -> Known | None:
    """The function with these values, if all of them are known."""
    found = {k: v for k, v in items.items() if v is not None}
    return mapped(found) if len(found) == len(items) else None
