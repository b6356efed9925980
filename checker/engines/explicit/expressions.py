"""Python expressions with what is known about them: the pieces that ``lower`` builds, with constants folded.

An expression that may fail, because it may read a position that an array does not have, or divide by 0, has ``fails``
set; its text calls ``_in_range``, ``_out_of_range`` or ``_divisor``. Folding never removes such a call: bounds of an
expression that may fail apply only if it has a value. Only what ``and``, ``or`` and conditional expressions skip is not
evaluated.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from planrace.model.language import ModelError
from planrace.model.language.instance_size import WIDEST

WORD = 64
"""Bits of a machine word; wider masks are marked by calls of ``_wide``, which has no effect in Python."""


@dataclass(frozen=True)
class Number:
    """A Python expression with a whole number in ``low``…``high``; a constant if these are equal and it cannot fail."""

    text: str
    low: int
    high: int
    fails: bool = False

    @property
    def constant(self) -> bool:
        return self.low == self.high and not self.fails


@dataclass(frozen=True)
class Truth:
    """A Python expression for a condition; ``known`` is its value if that is constant."""

    text: str
    known: bool | None = None
    fails: bool = False


@dataclass(frozen=True)
class Mask:
    """A Python expression with a bit mask: bit n is element ``low`` + n; no element is above ``high``."""

    text: str
    low: int
    high: int
    fails: bool = False


Code = Number | Truth | Mask

YES, NO = Truth("True", True), Truth("False", False)


CHAIN = 256
"""The longest chain of operators that is written without parentheses."""


def chained(operator: str, texts: Sequence[str]) -> str:
    """The texts joined by an associative operator. Long chains get parentheses: Python's compiler and ours go as deep
    into an expression as it is nested, and a chain is nested once for each operator."""
    if len(texts) <= CHAIN:
        return operator.join(texts)
    half = len(texts) // 2
    return f"({chained(operator, texts[:half])}){operator}({chained(operator, texts[half:])})"


def may_fail(*codes: Code) -> bool:
    """Whether evaluating one of these may be an error."""
    return any(c.fails for c in codes)


def known(value: bool, text: str, *parts: Code) -> Truth:
    """A constant truth value derived from ``parts``; if one of them may fail, ``text``, which evaluates them."""
    if may_fail(*parts):
        return Truth(text, fails=True)
    return YES if value else NO


@lru_cache(maxsize=4096, typed=True)
def number(value: int) -> Number:
    """The constant; cached, because most of what is lowered is parameters with their values."""
    return Number(str(value), value, value)


def folded(code: Number) -> Number:
    """The number as a constant if it is the same in every state."""
    return number(code.low) if code.constant else code


def as_number(code: Code) -> Number:
    """A code as a number: truth values as 0 and 1."""
    if isinstance(code, Number):
        return code
    assert isinstance(code, Truth)
    if code.known is not None:
        return number(int(code.known))
    return Number(f"(1 if {code.text} else 0)", 0, 1, code.fails)


def alike_codes(a: Code, b: Code) -> Truth:
    """Whether two sets or two scalars are the same."""
    if isinstance(a, Mask) and isinstance(b, Mask):
        low = min(a.low, b.low)
        left, right = aligned(a, low), aligned(b, low)
        text = f"({left} == {right})"
        return known(True, text, a, b) if left == right else Truth(text, fails=may_fail(a, b))
    return same_numbers(as_number(a), as_number(b))


def same_numbers(x: Number, y: Number) -> Truth:
    """Whether two numbers are the same."""
    text = f"({x.text} == {y.text})"
    if x.text == y.text:
        return known(True, text, x, y)
    if x.high < y.low or y.high < x.low:
        return known(False, text, x, y)
    return Truth(text, fails=may_fail(x, y))


def negate(code: Truth) -> Truth:
    if code.known is not None:
        return NO if code.known else YES
    return Truth(f"(not {code.text})", fails=code.fails)


def conjunction(parts: Iterable[Truth]) -> Truth:
    """All of ``parts``, evaluated in order with short-circuiting."""
    return _fold(parts, " and ", neutral=YES, final=NO)


def disjunction(parts: Iterable[Truth]) -> Truth:
    """At least one of ``parts``, evaluated in order with short-circuiting."""
    return _fold(parts, " or ", neutral=NO, final=YES)


def _fold(parts: Iterable[Truth], word: str, *, neutral: Truth, final: Truth) -> Truth:
    """``parts`` joined by ``word``, cut at the first that is ``final``; earlier parts that may fail are still
    evaluated."""
    kept: list[Truth] = []
    for p in parts:
        if p.known is None and p not in kept:
            kept.append(p)
        elif p.known is final.known:
            if not may_fail(*kept):
                return final
            kept.append(p)
            break
    if not kept:
        return neutral
    if len(kept) == 1:
        return kept[0]
    return Truth("(" + word.join(p.text for p in kept) + ")", fails=may_fail(*kept))


def choose(test: Truth, then: Code, other: Code) -> Code:
    """``then`` if ``test``, else ``other``."""
    if test.known is not None:
        return then if test.known else other
    if isinstance(then, Mask) and isinstance(other, Mask):
        low, high = span([then, other])
        text = f"({aligned(then, low)} if {test.text} else {aligned(other, low)})"
        return Mask(text, low, high, may_fail(test, then, other))
    a, b = as_number(then), as_number(other)
    if a == b and not may_fail(test):
        return a
    text = f"({a.text} if {test.text} else {b.text})"
    return Number(text, min(a.low, b.low), max(a.high, b.high), may_fail(test, a, b))


def widened(text: str, bits: int) -> str:
    """The text of a mask of which more than one machine word is used."""
    return text if bits <= WORD else f"_wide({text}, {bits})"


def aligned(mask: Mask, low: int) -> str:
    """The text of ``mask`` with bit 0 standing for ``low``; elements below ``low`` are dropped."""
    if mask.text == "0" or mask.low == low:
        return mask.text
    if mask.low - low >= WIDEST:
        bits = mask.high - low + 1
        raise ModelError(
            f"a set that may hold {mask.high} meets one that may hold {low}, which would need {bits} bits",
            remedy=f"sets may have {WIDEST} elements at most; test their elements one by one",
        )
    if mask.low > low:
        return f"({widened(mask.text, mask.high - low + 1)} << {mask.low - low})"
    return f"({mask.text} >> {low - mask.low})"


def span(masks: list[Mask]) -> tuple[int, int]:
    """Least and greatest element that any of ``masks`` may have."""
    some = [m for m in masks if m.text != "0"] or masks
    return min(m.low for m in some), max(m.high for m in some)


def pick(items: list[Code], at: str, *, checked: bool, fails: bool = False) -> Code:
    """Item number ``at``; unless ``checked``, ``at`` may be out of range; ``fails``: evaluating it may fail. If an item
    may fail, only the selected one is evaluated."""
    lazily = may_fail(*items)
    fails = fails or lazily or not checked
    if isinstance(items[0], Mask):
        masks = [i for i in items if isinstance(i, Mask)]
        low, high = span(masks)
        return Mask(_picked([aligned(m, low) for m in masks], at, checked, lazily), low, high, fails)
    numbers = [as_number(i) for i in items]
    low, high = min(n.low for n in numbers), max(n.high for n in numbers)
    found = Number(_picked([n.text for n in numbers], at, checked, lazily), low, high, fails)
    return number(low) if found.constant else found


def _picked(texts: list[str], at: str, checked: bool, lazily: bool) -> str:
    if not lazily:
        return f"({', '.join(texts)},)[{at if checked else f'_in_range({at}, {len(texts)})'}]"
    found = texts[-1] if checked else "_out_of_range()"
    rest = list(enumerate(texts))[:-1] if checked else list(enumerate(texts))
    for n, text in reversed(rest):
        found = f"({text} if {at} == {n} else {found})"
    return found
