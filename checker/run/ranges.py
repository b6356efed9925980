"""What numbers a request may have: one table for the command, for calls from Python and for tests.

A number that means nothing (``nan``), that no machine can hold to (300 digits), or that is a slip (``--workers 1000``)
is refused with its range, before anything is searched.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from numbers import Integral, Real

LONG = 60
"""Characters of a value that a message shows."""


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``, ``whole`` or not. ``unit`` names them, ``beside`` says what else can be
    done."""

    low: int
    high: int
    unit: str = ""
    beside: str = ""
    whole: bool = True

    def fault(self, value: object) -> str | None:
        """Why the value is none of them, as the end of a sentence; None where it is."""
        number = self._number(value)
        of = f" {self.unit}" if self.unit else ""
        if number is None:
            return f"is no {'whole number' if self.whole else 'number'}{of and f' of{of}'}"
        return None if self.low <= number <= self.high else f"is not in the range {self.low:,}…{self.high:,}{of}"

    def _number(self, value: object) -> int | float | None:
        """The value as a number of Python's own, if it is one (numpy's are) and means something."""
        if isinstance(value, bool):
            return None
        if isinstance(value, Integral):
            return int(value)
        if self.whole or not isinstance(value, Real) or not math.isfinite(value):
            return None
        return float(value)

    @property
    def remedy(self) -> str:
        """What to write."""
        return f"write one from {self.low:,} to {self.high:,}{self.beside and f', or {self.beside}'}"


def shortened(value: object) -> str:
    """A value as it was written, for a message; of what is long its beginning."""
    if isinstance(value, int) and value.bit_length() > 10 * LONG:
        return f"a number of {value.bit_length():,} bits"  # Python refuses to write the longest
    text = repr(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def most_workers() -> int:
    """More than so many threads help nobody here."""
    return max(64, 4 * (os.cpu_count() or 1))


NO_BOUND = "leave it out for no bound"

RANGES = {
    "depth": Range(0, 10**9, "steps", NO_BOUND),
    "max_states": Range(1, 10**15, "states", NO_BOUND),
    "max_memory": Range(1, 2**60, "bytes", "leave it out for 75 % of the machine"),
    "time_limit": Range(0, 30 * 86_400, "seconds", NO_BOUND, whole=False),
    "seed": Range(0, 2**64 - 1),
    "runs": Range(1, 10**9, "runs"),
    "workers": Range(1, most_workers(), "workers", "leave it out for one a core"),
    "alternatives": Range(1, 6, "steps"),
    "rlimit": Range(1, 2**32 - 1, "steps of Z3"),
    "sample": Range(100, 10**9, "states"),
    "total": Range(0, 86_400, "seconds", whole=False),
    "most": Range(1, 10**9, "states"),
    "at_least": Range(0, 100, whole=False),
}
"""By the names that they have in Python."""
