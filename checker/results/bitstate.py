"""What bitstate searches covered: they remember states as bits of an array, and may take new ones for known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import fsum, log1p

MOST_HASHES = 16
"""The most hash functions: more of them fill the array sooner than they tell states apart."""
TERMS = 1e-12
"""Terms of a series that are smaller than this part of its sum are left out."""
HALF = 0.5
"""The share of the bits from which on the series would take too many terms."""


class SearchOrder(StrEnum):
    """In which order a bitstate search goes through the states."""

    BREADTH = "breadth"
    """Level by level. A level that is too large keeps a random sample of its states."""
    DEPTH = "depth"
    """The newest state first, the successors of each in a random order."""


@dataclass(frozen=True)
class BitstateSearch:
    """One search. ``most`` is the largest number of states that it keeps on a level (breadth) or on its stack (depth),
    ``bound`` its bound on the length of runs.

    ``dropped`` states were new, and never expanded, because there were more than ``most``; ``cut`` states with steps
    are at the bound. ``set`` bits of the array are set. ``stopped`` says why it ended, as a part of a sentence.
    """

    order: SearchOrder
    most: int
    bound: int
    states: int
    transitions: int
    depth: int
    dropped: int
    cut: int
    set: int
    stopped: str


@dataclass(frozen=True)
class Bitstate:
    """Bitstate ``searches``, each with an array of ``bits`` and so many hash functions."""

    bits: int
    hashes: int
    searches: tuple[BitstateSearch, ...]

    def last(self, search: BitstateSearch) -> float:
        """The probability that a new state is taken for a known one at the end of a search."""
        return (search.set / self.bits) ** self.hashes

    @property
    def greatest(self) -> float:
        """The greatest of these probabilities."""
        return max(map(self.last, self.searches), default=0.0)

    def omission(self, search: BitstateSearch) -> float:
        """The share of the states it came to that a search has taken for known ones, though they were new, as it is
        expected of hash functions that are uniform and independent."""
        return omission(search.set / self.bits, self.hashes)


def omission(filled: float, hashes: int) -> float:
    """The average probability that a new state is taken for a known one, while an array is filled up to the share
    ``filled`` of its bits, by states that set ``hashes`` random bits each.

    With the share u of the bits set, all bits of a new state are set with probability u^k (Bloom, "Space/time
    trade-offs in hash coding with allowable errors", CACM 13, 1970; for model checking, Holzmann, "An analysis of
    bitstate hashing", Formal Methods in System Design 13, 1998). After n states u = 1 - (1 - 1/m)^(k n) = 1 - e^-t at
    t = k n/m, so n is in proportion to t = -ln(1 - u), and the average is the integral of u^k/(1 - u) from 0 to
    ``filled``, divided by -ln(1 - ``filled``). The integral is the sum of u^j/j for j > k, and -ln(1 - u) is that for
    j > 0. The first sum has few terms in an array that is not half full; of a fuller one the terms up to k are
    subtracted, which is exact enough there, because the difference is not small.
    """
    if filled <= 0.0:
        return 0.0
    if filled >= 1.0:
        return 1.0
    whole = -log1p(-filled)
    if filled > HALF:
        return 1 - fsum(filled**j / j for j in range(1, hashes + 1)) / whole
    total, power, j = 0.0, filled ** (hashes + 1), hashes + 1
    while power / j > TERMS * total:
        total += power / j
        power *= filled
        j += 1
    return total / whole
