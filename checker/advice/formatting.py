"""Amounts of time and memory in words, rounded numbers, and JSON text."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeAlias

Rounding: TypeAlias = "Callable[[float], int]"
"""``round``; for the ends of an interval ``math.floor`` and ``math.ceil``, so that it does not get narrower."""


def seconds(amount: float, to: Rounding = round) -> str:
    """A time in the largest fitting unit."""
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if amount >= 2 * size:
            return f"{to(amount / size):,} {unit}"
    return f"{to(amount)} s" if amount >= 1 else "less than 1 s"


def memory(amount: float, to: Rounding = round) -> str:
    """A number of bytes, with a binary prefix."""
    for unit, size in (("TiB", 2.0**40), ("GiB", 2.0**30)):
        if amount >= size:
            return f"{to(10 * amount / size) / 10:,.1f} {unit}"
    return f"{max(1, to(amount / 2**20)):,} MiB"


def rounded(amount: float, to: Rounding = round) -> str:
    """Two significant digits of a number that is not negative: estimates are not more precise."""
    unit = 10 ** max(0, math.floor(math.log10(max(1.0, amount))) - 1)
    return f"{to(amount / unit) * unit:,}"


def json_text(value: Any) -> str:
    """JSON as commands print it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
