"""Sets of numbers in Z3: bit masks, each with its own base, and single elements whose range is too wide for a mask.

A mask is only as wide as what it may hold. When two sets are combined, masks that overlap are aligned, and others stay
separate, so {2⁴⁰} and {0} have two masks of one bit each. Numbers are signed bit-vectors of one width, which holds
every base.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import z3

NARROW = 128
"""The largest number of possible values of an element for which a mask is used."""


@dataclass(frozen=True)
class SetMask:
    """Elements low…high: bit n of ``bits`` says whether low + n is one of them."""

    low: int
    bits: Any

    @property
    def high(self) -> int:
        return self.low + int(self.bits.size()) - 1


@dataclass(frozen=True)
class Members:
    """A set: disjoint masks in ascending order, and ``others``: single elements, each with the condition that it is in
    the set."""

    masks: tuple[SetMask, ...] = ()
    others: tuple[tuple[Any, Any], ...] = ()


# Making sets ---------------------------------------------------------------------------------------------------
def literal(elements: Iterable[int]) -> Members:
    """The set of these constants."""
    return members_where((n, z3.BoolVal(True)) for n in sorted(set(elements)))


def members_where(conditions: Iterable[tuple[int, Any]]) -> Members:
    """The set of the constants whose conditions hold; constants ascend."""
    runs: list[tuple[int, list[Any]]] = []
    for n, condition in conditions:
        if not runs or n != runs[-1][0] + len(runs[-1][1]):
            runs.append((n, []))
        runs[-1][1].append(condition)
    return Members(tuple(SetMask(low, _packed(bits)) for low, bits in runs))


def singleton(number: Any, low: int, high: int) -> Members:
    """The set of one number, which lies in low…high."""
    width = high - low + 1
    if width > NARROW:
        return Members(others=((z3.BoolVal(True), number),))
    return Members((SetMask(low, _bit(number, low, width)),))


# Operations ----------------------------------------------------------------------------------------------------
def union(a: Members, b: Members) -> Members:
    """The union."""
    return Members(tuple(SetMask(low, x | y) for low, x, y in _aligned(a, b)), (*a.others, *b.others))


def intersection(a: Members, b: Members) -> Members:
    """The intersection."""
    masks = tuple(SetMask(low, x & y) for low, x, y in _aligned(a, b))
    others = [(z3.And(c, contains(s, x)), x) for one, s in ((a, b), (b, a)) for c, x in one.others]
    return Members(masks, tuple(others))


def difference(a: Members, b: Members) -> Members:
    """The difference: elements of ``a`` that are not in ``b``."""
    masks = []
    for low, x, y in _aligned(a, b):
        out, width = y, y.size()
        for c, n in b.others:
            here = z3.And(c, _within(n, SetMask(low, y)))
            out = out | z3.If(here, _bit(n, low, width), z3.BitVecVal(0, width))
        masks.append(SetMask(low, x & ~out))
    return Members(tuple(masks), tuple((z3.And(c, z3.Not(contains(b, n))), n) for c, n in a.others))


def choice(test: Any, then: Members, other: Members) -> Members:
    """``then`` if ``test``, else ``other``."""
    masks = tuple(SetMask(low, z3.If(test, x, y)) for low, x, y in _aligned(then, other))
    here = [(z3.And(test, c), n) for c, n in then.others]
    there = [(z3.And(z3.Not(test), c), n) for c, n in other.others]
    return Members(masks, (*here, *there))


def contains(s: Members, number: Any) -> Any:
    """``number`` is an element."""
    found = [z3.And(_within(number, m), _lowest(z3.LShR(m.bits, _resized(number, m)))) for m in s.masks]
    return z3.Or(*found, *(z3.And(c, n == number) for c, n in s.others))


def same(a: Members, b: Members) -> Any:
    """Whether both sets have the same elements."""
    if a.others or b.others:
        return z3.And(subset(a, b), subset(b, a))
    return z3.And(*(x == y for _, x, y in _aligned(a, b)))


def subset(a: Members, b: Members) -> Any:
    """Every element of ``a`` is one of ``b``."""
    return _empty(difference(a, b))


def inside(s: Members, low: int, high: int) -> Any:
    """Every element is in low…high."""
    masks = [m.bits & ~_ones(m, low, high) == 0 for m in s.masks]
    return z3.And(*masks, *(z3.Implies(c, z3.And(n >= low, n <= high)) for c, n in s.others))


# Parts ---------------------------------------------------------------------------------------------------------
def _aligned(a: Members, b: Members) -> Iterator[tuple[int, Any, Any]]:
    """The masks of both sets over common bases: the least element of each, and the bits of ``a`` and of ``b``."""
    spans: list[list[int]] = []
    for m in sorted((*a.masks, *b.masks), key=lambda m: m.low):
        if spans and m.low <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], m.high)
        else:
            spans.append([m.low, m.high])
    for low, high in spans:
        yield low, _spread(a, low, high), _spread(b, low, high)


def _spread(s: Members, low: int, high: int) -> Any:
    """The masks of ``s`` within low…high, as one mask."""
    parts = []
    at = low
    for m in (m for m in s.masks if low <= m.low <= high):
        parts += [z3.BitVecVal(0, m.low - at)] if m.low > at else []
        parts.append(m.bits)
        at = m.high + 1
    parts += [z3.BitVecVal(0, high + 1 - at)] if at <= high else []
    return z3.Concat(*reversed(parts)) if len(parts) > 1 else parts[0]


def _packed(conditions: list[Any]) -> Any:
    """A mask whose bits are truth values, the lowest first."""
    if all(map(z3.is_true, conditions)):
        return z3.BitVecVal((1 << len(conditions)) - 1, len(conditions))
    bits = [z3.If(c, z3.BitVecVal(1, 1), z3.BitVecVal(0, 1)) for c in reversed(conditions)]
    return z3.Concat(*bits) if len(bits) > 1 else bits[0]


def _empty(s: Members) -> Any:
    return z3.And(*(m.bits == 0 for m in s.masks), *(z3.Not(c) for c, _ in s.others))


def _within(number: Any, m: SetMask) -> Any:
    return z3.And(number >= m.low, number <= m.high)


def _bit(number: Any, low: int, width: int) -> Any:
    """A mask that contains only ``number``, which must lie within it."""
    return z3.BitVecVal(1, width) << _resized(number, SetMask(low, z3.BitVecVal(0, width)))


def _resized(number: Any, m: SetMask) -> Any:
    """The distance of ``number`` from the least element, as wide as the mask; exact if the number lies within the
    mask."""
    wide, width = number.size(), m.bits.size()
    above = number - m.low
    return (
        z3.Extract(width - 1, 0, above) if wide > width else z3.ZeroExt(width - wide, above) if wide < width else above
    )


def _lowest(bits: Any) -> Any:
    return z3.Extract(0, 0, bits) == 1


def _ones(m: SetMask, low: int, high: int) -> Any:
    """The mask of low…high, as far as ``m`` extends."""
    ones: Callable[[int], int] = lambda n: (1 << max(0, min(n, width))) - 1  # noqa: E731
    width = m.bits.size()
    return z3.BitVecVal(ones(high + 1 - m.low) & ~ones(low - m.low), width)
