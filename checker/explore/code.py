"""Python expressions with what is known of them: the pieces that ``lower`` builds, constants folded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A Python expression with a whole number in ``low``…``high``; a constant when these are equal."""

    text: str
    low: int
    high: int

    @property
    def constant(self) -> bool:
        return self.low == self.high


@dataclass(frozen=True)
class Truth:
    """A Python expression that is tested; ``known`` when its value is."""

    text: str
    known: bool | None = None


@dataclass(frozen=True)
class Mask:
    """A Python expression with a bit mask: bit n is element ``low`` + n; no element is above ``high``."""

    text: str
    low: int
    high: int


Code = Number | Truth | Mask

YES, NO = Truth("True", True), Truth("False", False)


def number(value: int) -> Number:
    return Number(str(value), value, value)


def as_number(code: Code) -> Number:
    """Truth values as 0 and 1."""
    if isinstance(code, Number):
        return code
    assert isinstance(code, Truth)
    if code.known is not None:
        return number(int(code.known))
    return Number(f"(1 if {code.text} else 0)", 0, 1)


def negate(code: Truth) -> Truth:
    if code.known is not None:
        return NO if code.known else YES
    return Truth(f"(not {code.text})")


def conjunction(parts: Iterable[Truth]) -> Truth:
    """All of ``parts``, evaluated in order; those that are not needed are not asked for."""
    return _fold(parts, " and ", neutral=YES, final=NO)


def disjunction(parts: Iterable[Truth]) -> Truth:
    """One of ``parts``, evaluated in order; those that are not needed are not asked for."""
    return _fold(parts, " or ", neutral=NO, final=YES)


def _fold(parts: Iterable[Truth], word: str, *, neutral: Truth, final: Truth) -> Truth:
    """``parts`` joined by ``word``, cut at the first that is ``final``; what may fail is still evaluated before it."""
    kept: list[Truth] = []
    for p in parts:
        if p.known is None and p not in kept:
            kept.append(p)
        elif p.known is final.known:
            if not any("_range(" in k.text for k in kept):
                return final
            kept.append(p)
            break
    if not kept:
        return neutral
    return kept[0] if len(kept) == 1 else Truth("(" + word.join(p.text for p in kept) + ")")


def choose(test: Truth, then: Code, other: Code) -> Code:
    """``then`` if ``test``, else ``other``."""
    if test.known is not None:
        return then if test.known else other
    if isinstance(then, Mask) and isinstance(other, Mask):
        low, high = span([then, other])
        return Mask(f"({aligned(then, low)} if {test.text} else {aligned(other, low)})", low, high)
    a, b = as_number(then), as_number(other)
    if a == b:
        return a
    return Number(f"({a.text} if {test.text} else {b.text})", min(a.low, b.low), max(a.high, b.high))


def aligned(mask: Mask, low: int) -> str:
    """The text of ``mask`` with bit 0 standing for ``low``; elements below ``low`` are dropped."""
    if mask.text == "0" or mask.low == low:
        return mask.text
    if mask.low > low:
        return f"({mask.text} << {mask.low - low})"
    return f"({mask.text} >> {low - mask.low})"


def span(masks: list[Mask]) -> tuple[int, int]:
    """Least and greatest element that any of ``masks`` may have."""
    some = [m for m in masks if m.text != "0"] or masks
    return min(m.low for m in some), max(m.high for m in some)


def pick(items: list[Code], at: str, checked: bool) -> Code:
    wrap = f"[{at}]" if checked else f"[_in_range({at}, {len(items)})]"
    if isinstance(items[0], Mask):
        masks = [i for i in items if isinstance(i, Mask)]
        low, high = span(masks)
        return Mask("(" + ", ".join(aligned(m, low) for m in masks) + f",){wrap}", low, high)
    numbers = [as_number(i) for i in items]
    low, high = min(n.low for n in numbers), max(n.high for n in numbers)
    if low == high and checked:
        return number(low)
    return Number("(" + ", ".join(n.text for n in numbers) + f",){wrap}", low, high if high > low else low + 1)
