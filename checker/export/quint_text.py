"""Expressions of Quint: their texts, how tightly they bind, and how long lines are broken.

Quint reads line breaks as blanks, so a line may be broken at any operator and in any pair of brackets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ATOM, UNARY, TIMES, PLUS, ORDER, AND, OR, IMPLIES, OPEN = range(9, 0, -1)
"""How tightly operators bind. OPEN is that of a conditional, which ends where its surroundings end."""
WIDTH = 116
CLOSING = {"(": ")", "{": "}", "[": "]"}


@dataclass(frozen=True)
class QuintText:
    """An expression, and how tightly its outermost operator binds."""

    text: str
    binds: int = ATOM

    def within(self, binds: int) -> str:
        """The text as an operand; in parentheses unless it binds more tightly than ``binds``."""
        return self.text if self.binds > binds else f"({self.text})"

    @property
    def receiver(self) -> str:
        """The text before a dot."""
        return self.within(UNARY)


TRUE, FALSE = QuintText("true"), QuintText("false")


def number(value: int) -> QuintText:
    return QuintText(str(value), ATOM if value >= 0 else UNARY)


def call(receiver: QuintText, name: str, *given: QuintText | str) -> QuintText:
    """A call with a dot: ``stored.contains(active)``."""
    return QuintText(f"{receiver.receiver}.{name}({', '.join(g if isinstance(g, str) else g.text for g in given)})")


def infix(sign: str, binds: int, parts: Sequence[QuintText]) -> QuintText:
    """Parts joined by an operator that is associative to the left."""
    first, *others = parts
    return QuintText(f" {sign} ".join([first.within(binds - 1), *(p.within(binds) for p in others)]), binds)


def compared(sign: str, a: QuintText, b: QuintText) -> QuintText:
    return QuintText(f"{a.within(ORDER)} {sign} {b.within(ORDER)}", ORDER)


def conjunction(parts: Sequence[QuintText]) -> QuintText:
    return _joined("and", AND, [p for p in parts if p != TRUE], TRUE)


def disjunction(parts: Sequence[QuintText]) -> QuintText:
    return _joined("or", OR, [p for p in parts if p != FALSE], FALSE)


def _joined(word: str, binds: int, parts: Sequence[QuintText], empty: QuintText) -> QuintText:
    """Both words in one expression get parentheses: readers do not know by heart which one binds more tightly."""
    if len(parts) < 2:
        return parts[0] if parts else empty
    return QuintText(f" {word} ".join(p.within(AND) for p in parts), binds)


def implied(a: QuintText, b: QuintText) -> QuintText:
    return QuintText(f"{a.within(AND)} implies {b.within(AND)}", IMPLIES)


def negated(a: QuintText) -> QuintText:
    return QuintText(f"not({a.text})")


def choose(test: QuintText, then: QuintText, other: QuintText) -> QuintText:
    return QuintText(f"if ({test.text}) {then.within(OPEN)} else {operand(other)}", OPEN)


def operand(a: QuintText) -> str:
    """The text after ``else`` or as the value that is assigned: an assignment binds more tightly than ``and``."""
    return a.text if a.binds in (OPEN, ORDER) else a.within(AND)


def assigned(name: str, value: QuintText) -> str:
    """The assignment to a variable."""
    return f"{name}' = {operand(value)}"


def function(names: Sequence[str], body: QuintText) -> str:
    """An anonymous function as an argument."""
    given = names[0] if len(names) == 1 else f"({', '.join(names)})"
    return f"{given} => {body.text}"


# Lines ---------------------------------------------------------------------------------------------------------
def laid_out(text: str, indent: int = 0, after: str = "") -> list[str]:
    """An expression as lines that are no longer than ``WIDTH`` if that can be; ``after`` follows the last."""
    start = "  " * indent
    if len(start) + len(text) + len(after) <= WIDTH:
        return [f"{start}{text}{after}"]
    head, arrow, body = _function(text)
    if arrow:
        return [f"{start}{head} =>", *laid_out(body, indent + 1, after)]
    parts = list(_operands(text))
    if len(parts) > 1:
        lines = laid_out(parts[0], indent)
        for part in parts[1:]:
            lines += laid_out(part, indent + 1)
        lines[-1] += after
        return lines
    found = _longest_brackets(text)
    if found is None:
        return [f"{start}{text}{after}"]
    first, last = found
    inside = list(_items(text[first + 1 : last]))
    lines = [f"{start}{text[: first + 1]}"]
    for n, item in enumerate(inside):
        lines += laid_out(item, indent + 1, "," if n < len(inside) - 1 else "")
    return [*lines, *laid_out(f"{text[last:]}", indent, after)]


def _levels(text: str) -> Iterator[tuple[int, str, int]]:
    """Each character outside of strings, with its place and the number of brackets around it."""
    depth, quoted = 0, False
    for n, c in enumerate(text):
        if c == '"':
            quoted = not quoted
        if quoted:
            continue
        if c in CLOSING.values():
            depth = max(0, depth - 1)  # the end of a text that is taken apart begins with one that closes
        yield n, c, depth
        if c in CLOSING:
            depth += 1


def _function(text: str) -> tuple[str, str, str]:
    """The parameters, the arrow and the body of an anonymous function; three texts, the last two empty, if it is
    none."""
    at = next((n for n, _, depth in _levels(text) if depth == 0 and text.startswith(" => ", n)), None)
    return (text, "", "") if at is None or " | " in text else (text[:at], "=>", text[at + 4 :])


def _operands(text: str) -> Iterator[str]:
    """The operands of the words and signs outside of all brackets, each with what stands before it; one if there are
    none."""
    words = (" implies ", " else ") if " else " in text or " implies " in text else ()
    outside = {n for n, _, depth in _levels(text) if depth == 0}
    for group in (*((w,) for w in words), (" and ", " or "), (" + ", " - ")):
        cuts = [n for n in sorted(outside) if any(text.startswith(w, n) for w in group)]
        if cuts:
            for a, b in zip([0, *(n + 1 for n in cuts)], [*cuts, len(text)], strict=True):
                yield text[a:b]
            return
    yield text


def _longest_brackets(text: str) -> tuple[int, int] | None:
    """Where the brackets around the most text open and close."""
    opened: list[int] = []
    pairs: list[tuple[int, int]] = []
    for n, c, depth in _levels(text):
        if c in CLOSING and depth == 0:
            opened.append(n)
        elif c in CLOSING.values() and depth == 0 and opened:
            pairs.append((opened.pop(), n))
    return max((p for p in pairs if p[1] - p[0] > 1), key=lambda p: p[1] - p[0], default=None)


def _items(text: str) -> Iterator[str]:
    """What commas outside of all brackets separate."""
    cuts = [n for n, c, depth in _levels(text) if c == "," and depth == 0]
    for a, b in zip([0, *(n + 1 for n in cuts)], [*cuts, len(text)], strict=True):
        if text[a:b].strip():
            yield text[a:b].strip()
