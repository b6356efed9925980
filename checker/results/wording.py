"""Counts, lists and names in sentences, so that no sentence says "1 transitions" or "a, b do"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, floor


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


def limited(faults: Sequence[str], at_most: Mapping[str, int | str]) -> list[str]:
    """Faults with how often they may happen in a run, which is a number or the name of a parameter: ``crash (at most
    twice)``."""
    return [f"{f} ({_at_most(at_most[f])})" if f in at_most else f for f in faults]


def _at_most(times: int | str) -> str:
    words = {0: "not at all", 1: "at most once", 2: "at most twice"}
    return words.get(times, f"at most {times} times") if isinstance(times, int) else f"at most {times} times"


def ending(action: str, outcome: str | None) -> str:
    """An action and its outcome: ``take [late]``."""
    return action if outcome is None else f"{action} [{outcome}]"


def as_outcome(name: str | None) -> str:
    """The outcome of an action, to follow the word "ends": as accepted, or in its outcome without a name."""
    return f"as {name}" if name else "in its outcome without a name"


def about(name: str) -> str:
    """The key of a property, if an action may have the same name."""
    return f"property {name}"


def share_text(low: float, high: float) -> str:
    """A share between two, in whole percents, not narrower than it is: 40 to 71 %, at least 80 %."""
    least, most = max(1, floor(100 * low)), ceil(100 * high)
    if most >= 100:
        return f"at least {least} %"
    return f"{least} %" if least == most else f"{least} to {most} %"
