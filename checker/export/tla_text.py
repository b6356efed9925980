"""Formulas of TLA+: their texts on one line, what parentheses they need, and their layout on several lines."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.export.tla_names import word

WIDTH = 96


class TlaKind(enum.Enum):
    """The outermost operator of a formula, as far as parentheses depend on it."""

    ATOM = "atom"
    NEGATIVE = "-x"
    TIMES = "*"
    PLUS = "+"
    RANGE = ".."
    SETS = "\\cup"
    RELATION = "="
    NOT = "~"
    AND = "/\\"
    OR = "\\/"
    IMPLIES = "=>"
    OPEN = "extends as far as possible"


K = TlaKind
_ARITHMETIC = {K.ATOM, K.NEGATIVE, K.TIMES, K.PLUS}
_TRUTH = {K.ATOM, K.RELATION, K.NOT}
BARE = {
    K.ATOM: {K.ATOM},
    K.NEGATIVE: {K.ATOM},
    K.TIMES: {K.ATOM},
    K.PLUS: {K.ATOM, K.TIMES},
    K.RANGE: {K.ATOM, K.NEGATIVE},
    K.SETS: {K.ATOM},
    K.RELATION: _ARITHMETIC | {K.RANGE, K.SETS},
    K.NOT: {K.ATOM},
    K.AND: _TRUTH,
    K.OR: _TRUTH,
    K.IMPLIES: _TRUTH | {K.AND, K.OR},
    K.OPEN: set(K),
}
"""What may stand in an operand of each kind without parentheses."""


@dataclass(frozen=True)
class TlaText:
    """A formula. ``items`` are the parts of a conjunction or disjunction; ``head`` and ``body`` those of a quantifier
    or implication (``body`` has one part) or of a conditional (three parts)."""

    text: str
    kind: TlaKind = TlaKind.ATOM
    items: tuple[TlaText, ...] = ()
    head: str = ""
    body: tuple[TlaText, ...] = ()

    def within(self, kind: TlaKind) -> str:
        """The text as an operand."""
        return self.text if self.kind in BARE[kind] else f"({self.text})"


_ALONE = ("\\div", "\\")
"""Operators that are not written in chains."""
TRUE, FALSE = TlaText("TRUE"), TlaText("FALSE")


def infix(sign: str, kind: TlaKind, left: TlaText, right: TlaText) -> TlaText:
    """Two operands. Sums and unions are written from the left without parentheses."""
    chain = kind in (K.PLUS, K.SETS, K.TIMES) and left.kind is kind and left.head == sign and sign not in _ALONE
    first = left.text if chain else left.within(kind)
    return TlaText(f"{first} {sign} {right.within(kind)}", kind, head=sign)


def junction(kind: TlaKind, parts: Sequence[TlaText]) -> TlaText:
    """A conjunction or disjunction."""
    neutral, decides = (TRUE, FALSE) if kind is K.AND else (FALSE, TRUE)
    kept: list[TlaText] = []
    for p in parts:
        if p.text != neutral.text:
            kept += p.items if p.kind is kind else (p,)
        if p.text == decides.text:  # what follows is not evaluated
            break
    if not kept:
        return neutral
    if len(kept) == 1 or kept[0].text == decides.text:
        return kept[0]
    return TlaText(f" {kind.value} ".join(p.within(kind) for p in kept), kind, items=tuple(kept))


def implication(a: TlaText, b: TlaText) -> TlaText:
    head = f"{a.within(K.IMPLIES)} =>"
    return TlaText(f"{head} {b.within(K.IMPLIES)}", K.IMPLIES, head=head, body=(b,))


def negation(a: TlaText) -> TlaText:
    return TlaText(f"~{a.within(K.NOT)}", K.NOT)


def binder(head: str, body: TlaText) -> TlaText:
    """``\\A x \\in S : P``."""
    return TlaText(f"{head} {body.text}", K.OPEN, head=head, body=(body,))


def conditional(test: TlaText, then: TlaText, other: TlaText) -> TlaText:
    text = f"IF {test.text} THEN {then.text} ELSE {other.text}"
    return TlaText(text, K.OPEN, body=(test, then, other))


def laid_out(a: TlaText, width: int = WIDTH) -> list[str]:
    """The lines of a formula, each short if that is possible. Lines after the first are indented as they must be."""
    if len(a.text) <= width:
        return [a.text]
    if a.items:
        return [line for item in a.items for line in bullet(a.kind.value, item, width)]
    if a.head and a.body and a.kind in (K.OPEN, K.IMPLIES):
        lines = _grouped(a.body[0], a.kind, width - 4)
        return [a.head, *(f"    {line}" for line in lines)]
    if len(a.body) == 3:
        test, then, other = (laid_out(x, width - 7) for x in a.body)
        return [*_led("IF ", test), *_led("  THEN ", then), *_led("  ELSE ", other)]
    return [a.text]


def _grouped(a: TlaText, kind: TlaKind, width: int) -> list[str]:
    """The lines of an operand."""
    if a.kind in BARE[kind] or a.items:  # a list of several lines ends where its column ends
        return laid_out(a, width)
    lines = laid_out(a, width - 1)
    return [f"({lines[0]}", *(f" {line}" for line in lines[1:-1]), f" {lines[-1]})"] if lines[1:] else [f"({lines[0]})"]


def bullet(sign: str, a: TlaText, width: int = WIDTH) -> list[str]:
    """An item of a list."""
    return _led(f"{sign} ", laid_out(a, width - len(sign) - 1))


def _led(head: str, lines: Sequence[str]) -> list[str]:
    return [head + lines[0], *(" " * len(head) + line for line in lines[1:])]


def quoted(text: str, taken: dict[str, str]) -> TlaText:
    """A text as a string of TLA+, which has only plain characters; ``taken`` are the texts of strings so far."""
    plain = text if text.isascii() and text.isprintable() and not set(text) & {'"', "\\"} else word(text)
    while taken.setdefault(plain, text) != text:
        plain += "_"
    return TlaText(f'"{plain}"')
