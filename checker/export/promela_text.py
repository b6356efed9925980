"""Expressions of Promela: their texts, and how tightly they bind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

ATOM, UNARY, TIMES, PLUS, SHIFT, ORDER, EQUAL, BIT_AND, BIT_OR, AND, OR = range(11, 0, -1)
"""How tightly operators bind."""


@dataclass(frozen=True)
class PromelaText:
    """An expression, how tightly its outermost operator binds, and its value if it is a number."""

    text: str
    binds: int = ATOM
    value: int | None = None

    def within(self, binds: int) -> str:
        """The text as an operand; in parentheses unless it binds more tightly than ``binds``."""
        return self.text if self.binds > binds else f"({self.text})"


def number(value: int) -> PromelaText:
    return PromelaText(str(value), ATOM if value >= 0 else UNARY, value)


TRUE, FALSE = PromelaText("true", value=1), PromelaText("false", value=0)


def plus(a: PromelaText, b: PromelaText) -> PromelaText:
    if a.value == 0:
        return b
    if b.value == 0:
        return a
    if a.value is not None and b.value is not None and plain(a) and plain(b):
        return number(a.value + b.value)
    return PromelaText(f"{a.within(PLUS - 1)} + {b.within(PLUS)}", PLUS)


def minus(a: PromelaText, n: int) -> PromelaText:
    if n == 0:
        return a
    return number(a.value - n) if a.value is not None and plain(a) else PromelaText(f"{a.within(PLUS - 1)} - {n}", PLUS)


def times(a: PromelaText, n: int) -> PromelaText:
    if n == 1:
        return a
    return (
        number(a.value * n) if a.value is not None and plain(a) else PromelaText(f"{a.within(TIMES - 1)} * {n}", TIMES)
    )


def mentions(said: PromelaText, name: str) -> bool:
    """Whether an expression has this name in it."""
    return re.search(rf"\b{name}\b", said.text) is not None


def plain(a: PromelaText) -> bool:
    """Whether it is written as a number."""
    return a.text.lstrip("-").isdigit()


def infix(sign: str, binds: int, parts: Sequence[PromelaText]) -> PromelaText:
    """Parts joined by an associative operator."""
    if len(parts) == 1:
        return parts[0]
    return PromelaText(f" {sign} ".join(p.within(binds) for p in parts), binds)


def bitwise(sign: str, parts: Sequence[PromelaText]) -> PromelaText:
    """Parts joined by an operator of bits; readers do not know by heart how tightly these bind."""
    if len(parts) == 1:
        return parts[0]
    return PromelaText(f" {sign} ".join(p.within(TIMES) for p in parts), BIT_OR)


def conjunction(parts: Sequence[PromelaText]) -> PromelaText:
    kept = [p for p in parts if p != TRUE]
    return infix("&&", AND, kept) if kept else TRUE


def disjunction(parts: Sequence[PromelaText]) -> PromelaText:
    kept = [p for p in parts if p != FALSE]
    return infix("||", OR, kept) if kept else FALSE


def choose(test: PromelaText, then: PromelaText, other: PromelaText) -> PromelaText:
    if test in (TRUE, FALSE):
        return then if test == TRUE else other
    return PromelaText(f"({test.text} -> {then.text} : {other.text})")


def negated(a: PromelaText) -> PromelaText:
    if a in (TRUE, FALSE):
        return FALSE if a == TRUE else TRUE
    return PromelaText(f"!{a.within(UNARY)}", UNARY)  # !! is an operator of its own


def compared(sign: str, binds: int, a: PromelaText, b: PromelaText) -> PromelaText:
    return PromelaText(f"{a.within(binds)} {sign} {b.within(binds)}", binds)


def bit(item: PromelaText) -> PromelaText:
    """The set of one member."""
    if item.value is not None and plain(item):
        return number(1 << item.value)
    return PromelaText(f"1 << {item.within(TIMES)}", SHIFT)


def bits(parts: Sequence[PromelaText]) -> PromelaText:
    """The union of sets; those that are numbers become one."""
    fixed = 0
    rest = []
    for p in parts:
        if p.value is not None:
            fixed |= p.value
        else:
            rest.append(p)
    if fixed or not rest:
        rest.append(number(fixed))
    return bitwise("|", rest)
