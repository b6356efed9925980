"""Amounts of time and memory in words, rounded numbers, and JSON text."""

from __future__ import annotations

import json
from typing import Any


def seconds(amount: float) -> str:
    """A time in the largest fitting unit."""
    for unit, size in (("days", 86_400.0), ("hours", 3_600.0), ("minutes", 60.0)):
        if amount >= 2 * size:
            return f"{amount / size:,.0f} {unit}"
    return f"{amount:.0f} s" if amount >= 1 else "less than 1 s"


def memory(amount: float) -> str:
    """A number of bytes, with a binary prefix."""
    for unit, size in (("TiB", 2.0**40), ("GiB", 2.0**30)):
        if amount >= size:
            return f"{amount / size:,.1f} {unit}"
    return f"{max(1.0, amount / 2**20):,.0f} MiB"


def rounded(amount: float) -> str:
    """Two significant digits: estimates are not more precise."""
    return f"{float(f'{amount:.2g}'):,.0f}"


def json_text(value: Any) -> str:
    """JSON as commands print it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
