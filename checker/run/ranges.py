"""The ranges of numbers in a request: one table for the command, for calls from Python and for tests.

A number without meaning (``nan``), beyond any machine (300 digits) or likely a slip (``--workers 1000``) is refused
before the search, with an error that names the range.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from numbers import Integral, Real

from planrace.checker.results.bitstate import MOST_HASHES

LONG = 60
"""The most characters of a value that a message shows."""


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``; ``whole``: integers only. ``unit`` is what they count, ``alternative`` an
    alternative to giving a number."""

    low: int
    high: int
    unit: str = ""
    alternative: str = ""
    whole: bool = True

    def error_text(self, value: object) -> str | None:
        """Why the value is not in the range, as the end of a sentence; None if it is."""
        number = self._number(value)
        of = f" {self.unit}" if self.unit else ""
        if number is None:
            return f"is not a {'whole number' if self.whole else 'number'}{of and f' of{of}'}"
        return None if self.low <= number <= self.high else f"is not in the range {self.low:,}…{self.high:,}{of}"

    def _number(self, value: object) -> int | float | None:
        """The value as an int or float (also one of numpy); None if it is not finite, or not ``whole`` as required."""
        if isinstance(value, bool):
            return None
        if isinstance(value, Integral):
            return int(value)
        if self.whole or not isinstance(value, Real) or not math.isfinite(value):
            return None
        return float(value)

    @property
    def remedy(self) -> str:
        """What to write instead, for an error."""
        return f"write one from {self.low:,} to {self.high:,}{self.alternative and f', or {self.alternative}'}"


def shortened(value: object) -> str:
    """A value for a message, as it was written; of a long one only the beginning."""
    if isinstance(value, int) and value.bit_length() > 10 * LONG:
        return f"a number of {value.bit_length():,} bits"  # Python refuses to write the longest
    text = repr(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def bytes_of(text: str) -> int:
    """A number of bytes as people write it: 8G, 512M, 1.5GiB. Raises ``ValueError``, whose message says what is wrong
    with it."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE | re.ASCII)
    size = float(found[1]) * UNITS[found[2].upper()] if found else 0.0
    if size < 1:
        raise ValueError(f"{shortened(text)} is not an amount of memory")
    if size > RANGES["max_memory"].high:
        raise ValueError(f"{shortened(text)} is more memory than any machine has")
    return int(size)


def most_workers() -> int:
    """The upper limit of ``workers``; more threads do not help on this machine."""
    return max(64, 4 * (os.cpu_count() or 1))


NO_BOUND = "leave it out for no limit"

RANGES = {
    "depth": Range(0, 10**9, "steps", NO_BOUND),
    "max_states": Range(1, 10**15, "states", NO_BOUND),
    "max_memory": Range(1, 2**60, "bytes", "leave it out for 75 % of the machine's memory"),
    "time_limit": Range(0, 30 * 86_400, "seconds", NO_BOUND, whole=False),
    "seed": Range(0, 2**64 - 1),
    "runs": Range(1, 10**9, "runs"),
    "bit_array": Range(2**16, 2**46, "bytes", "leave it out for 64M"),
    "hashes": Range(1, MOST_HASHES, "hash functions", "leave it out for 3"),
    "workers": Range(1, most_workers(), "workers", "leave it out for one worker a core"),
    "shards": Range(1, 4096, "shards", "leave it out for one on each machine"),
    "alternatives": Range(1, 6, "steps"),
    "max_set": Range(0, 64, "protections"),
    "fault_sets": Range(0, 16, "faults"),
    "proof_time": Range(0, 86_400, "seconds", whole=False),
    "rlimit": Range(1, 2**32 - 1, "steps of Z3"),
    "sample": Range(100, 10**9, "states"),
    "node_memory": Range(1, 2**60, "bytes"),
    "total": Range(0, 86_400, "seconds", whole=False),
    "most": Range(1, 10**9, "states"),
    "width": Range(20, 10_000, "columns"),
    "at_least": Range(0, 100, whole=False),
    "max_steps": Range(0, 10**12, "steps", NO_BOUND),
    "length": Range(1, 10**6, "steps"),
    "pct_depth": Range(1, 1000, "changes"),
    "reset_cost": Range(0, 10**6, "steps"),
    "start": Range(1, 2**20),
    "loops": Range(1, 10**6, "times"),
    "hidden": Range(0, 10**6, "steps", NO_BOUND),
    "uncertainty": Range(0, 10**9, "seconds", whole=False),
    "first": Range(1, 10**9, "steps"),
    "last": Range(1, 10**9, "steps"),
    "skew": Range(0, 10**6, "seconds", whole=False),
    "drop": Range(0, 10**9, "lines"),
    "lag": Range(0, 10**6, "seconds", whole=False),
    "patience": Range(0, 10**6, "seconds", whole=False),
    "max_width": Range(1, 10**7, "states"),
}
"""The ranges by the Python name of the parameter."""
