"""Counts differences of sorted states and gives ranks to the most frequent, in the dialect of ``translate.py``.

A ``tally`` is a hash table of 1 << TALLY entries: how often a difference was met, and its words.

Names in capitals are constants that the translator fills in. Nothing here depends on the protocol.
"""

from __future__ import annotations

from planrace.checker.engines.native.coding import difference, hashed, nibbles
from planrace.checker.engines.native.intrinsics import (
    ENTRY,
    LONG,
    OWN,
    RANKS,
    TALLY,
    WORDS,
    Words,
    _room,
    at,
    half,
    leading,
    set_half,
)


def tally(states: Words, count: int, counts: Words) -> int:
    """Count the differences of sorted states in a tally, which has room for twice as many."""
    d = _room(WORDS)
    j = 1
    while j < count:
        difference(at(states, j * WORDS), d)
        k = hashed(d) >> 64 - TALLY
        found = 0
        while found == 0:
            entry = at(counts, k * ENTRY)
            different = 0
            for w in range(WORDS):
                different = different | (entry[w + 1] ^ d[w])
            found = (entry[0] == 0) | (different == 0)
            k = k + 1 & (1 << TALLY) - 1
        entry[0] += 1
        for w in range(WORDS):
            entry[w + 1] = d[w]
        j += 1
    return 0


def frequent(counts: Words, keys: Words) -> int:
    """Write a word for each difference that was met more than once: how often, as complement, so that the most frequent
    ones come first when they are sorted, and its place. Returns their number."""
    n = 0
    k = 0
    while k < 1 << TALLY:
        many = counts[k * ENTRY]
        if many > 1:
            keys[n] = (1 << 32) - many << 32 | k
            n += 1
        k += 1
    return n


def rate(counts: Words, keys: Words, many: int, code: Words, ranks: Words, symbols: Words) -> int:
    """Give ranks to the ``many`` differences of the first ``keys``, and count in ``symbols`` how often each symbol is
    used for all that were met. What was counted is changed."""
    r = 0
    while r < many:
        entry = at(counts, (keys[r] & 0xFFFFFFFF) * ENTRY)
        v = at(code, (1 << LONG) + r * WORDS)
        for w in range(WORDS):
            v[w] = entry[w + 1]
        k = hashed(v) >> 63 - RANKS
        while half(ranks, k):
            k = k + 1 & (2 << RANKS) - 1
        set_half(ranks, k, r + 1)
        symbol = (1 << OWN) + 63 - leading(r | 1) - OWN if r >> OWN else r
        symbols[symbol] += entry[0]
        entry[0] = 0
        r += 1
    k = 0
    while k < 1 << TALLY:
        entry = at(counts, k * ENTRY)
        if entry[0]:
            symbols[(1 << OWN) + RANKS - OWN + nibbles(at(entry, 1)) - 1] += entry[0]
        k += 1
    return 0
