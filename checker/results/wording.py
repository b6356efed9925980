"""Counts, lists and names in sentences, so that no sentence says "1 transitions" or "a, b do"."""

from __future__ import annotations

from collections.abc import Sequence


def counted(n: int, thing: str, things: str | None = None) -> str:
    """A count and its noun: 1 step, 2 steps, 1,000 steps. ``things`` is the plural if it is not ``thing`` with an s."""
    return f"{n:,} {plural(n, thing, things)}"


def numbered(n: int, thing: str, things: str | None = None) -> str:
    """The same without separators between thousands, for programs that read it."""
    return f"{n} {plural(n, thing, things)}"


def plural(n: int, one: str, more: str | None = None) -> str:
    """``one`` if n is 1, else ``more`` (by default ``one`` with an s)."""
    return one if n == 1 else f"{one}s" if more is None else more


def joined(words: Sequence[str], last: str = "and") -> str:
    """A list in a sentence: a, a and b, a, b and c."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def listed(words: Sequence[str], most: int = 8) -> str:
    """The same of a list that may be long: no more than ``most`` words, and how many others there are."""
    if len(words) <= most:
        return joined(words)
    return f"{', '.join(words[: most - 1])} and {counted(len(words) - most + 1, 'other')}"


def ending(action: str, outcome: str | None) -> str:
    """An action and its outcome: ``take [late]``."""
    return action if outcome is None else f"{action} [{outcome}]"


def as_outcome(name: str | None) -> str:
    """The outcome of an action, to follow the word "ends": as accepted, or in its outcome without a name."""
    return f"as {name}" if name else "in its outcome without a name"


def about(name: str) -> str:
    """The key of a property, if an action may have the same name."""
    return f"property {name}"
