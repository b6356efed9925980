"""Counts, lists and names inside sentences: one place, so that no sentence says "1 transitions" or "a, b do"."""

from __future__ import annotations

from collections.abc import Sequence


def counted(n: int, thing: str, things: str | None = None) -> str:
    """So many of a thing: 1 step, 2 steps; ``things`` is the plural where it is not ``thing`` with an s."""
    return f"{n:,} {plural(n, thing, things)}"


def numbered(n: int, thing: str, things: str | None = None) -> str:
    """The same with digits alone, which programs read as well."""
    return f"{n} {plural(n, thing, things)}"


def plural(n: int, one: str, more: str | None = None) -> str:
    """The word for so many: ``one``, or ``more`` (``one`` with an s, unless told otherwise)."""
    return one if n == 1 else f"{one}s" if more is None else more


def joined(words: Sequence[str], last: str = "and") -> str:
    """A list in a sentence: a, a and b, a, b and c."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def ending(action: str, outcome: str | None) -> str:
    """An action that ended so, in short."""
    return action if outcome is None else f"{action} [{outcome}]"


def as_outcome(name: str | None) -> str:
    """How an action ended, after "ends": as accepted, or in the outcome that has no name."""
    return f"as {name}" if name else "in its outcome without a name"


def about(name: str) -> str:
    """A property, where an action may have its name."""
    return f"property {name}"
