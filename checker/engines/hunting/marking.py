"""The bit array of a bitstate search, and its random numbers, in the dialect of ``native/translate.py``.

A state is marked by a few bits, whose numbers are hashes of the state (Holzmann, "An analysis of bitstate hashing",
Formal Methods in System Design 13, 1998; the array is a Bloom filter). If all of them are set already, the state is
taken for a known one. The hashes are a sequence h, h + g, h + 2 g, … of two of them, which is as good as independent
ones (Dillinger & Manolios, "Bloom filters in probabilistic verification", FMCAD 2004).
"""

from __future__ import annotations

from planrace.checker.engines.hunting.words import RUN_BITS, RUN_HASHES, RUN_RANDOM, RUN_SEED, RUN_SET
from planrace.checker.engines.native.intrinsics import WORDS, Words, high_product, prefetch


def hashed(s: Words, run: Words) -> int:
    """The hash of a state."""
    h = run[RUN_SEED]
    for w in range(WORDS):
        h = (h ^ s[w]) * 0x9E3779B97F4A7C15
        h = h ^ (h >> 32)
    h = h * 0xBF58476D1CE4E5B9
    return h ^ (h >> 29)


def stride(h: int) -> int:
    """The difference between the hashes of a state: odd, so that none of them is equal to another."""
    g = h * 0x94D049BB133111EB
    return g ^ (g >> 31) | 1


def fetch_bits(bits: Words, h: int, run: Words) -> int:
    """Prefetch the words of a state's bits."""
    g = stride(h)
    k = 0
    while k < run[RUN_HASHES]:
        prefetch(bits, high_product(h, run[RUN_BITS]) >> 6)
        h += g
        k += 1
    return 0


def mark(bits: Words, h: int, run: Words) -> int:
    """Set the bits of a state; 1 if one of them was not set, so that the state is new, else 0."""
    g = stride(h)
    new = 0
    k = 0
    while k < run[RUN_HASHES]:
        n = high_product(h, run[RUN_BITS])
        word = bits[n >> 6]
        bit = 1 << (n & 63)
        unset = (word & bit) == 0
        bits[n >> 6] = word | bit
        run[RUN_SET] += unset
        new = new | unset
        h += g
        k += 1
    return new


def begin(s: Words, bits: Words, run: Words) -> int:
    """Mark an initial state; 1 if it is new."""
    return mark(bits, hashed(s, run), run)


def draw(run: Words, below: int) -> int:
    """A random number from 0 to below - 1 (xorshift64*, Vigna, "An experimental exploration of Marsaglia's xorshift
    generators, scrambled", ACM TOMS 42, 2016)."""
    x = run[RUN_RANDOM]
    x = x ^ (x >> 12)
    x = x ^ (x << 25)
    x = x ^ (x >> 27)
    run[RUN_RANDOM] = x
    return high_product(x * 0x2545F4914F6CDD1D, below)


def shuffle(states: Words, count: int, run: Words) -> int:
    """Bring states into a random order."""
    j = count - 1
    while j > 0:
        k = draw(run, j + 1)
        for w in range(WORDS):
            word = states[j * WORDS + w]
            states[j * WORDS + w] = states[k * WORDS + w]
            states[k * WORDS + w] = word
        j -= 1
    return 0
