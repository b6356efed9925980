"""Sorts states, in the dialect of ``translate.py``. A state is read as one number, whose highest word is the last.

Names in capitals are constants that the translator fills in. Nothing here depends on the protocol.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import DIGIT, DIGITS, SIGN, WORDS, Words, at


def sort(states: Words, count: int, spare: Words, counts: Words) -> int:
    """Sort states, with room for as many in ``spare`` and for 1 << DIGIT numbers in ``counts``: digit by digit, the
    lowest first (radix sort). Returns 1 if the result is in ``spare``, 0 if it is in ``states``."""
    source = states
    target = spare
    swapped = 0
    k = 0
    while k < WORDS * DIGITS:
        w = k // DIGITS
        shift = (k - w * DIGITS) * DIGIT
        if ordered(source, count, w, shift, counts) == 0:
            i = 0
            while i < count:
                s = at(source, i * WORDS)
                digit = s[w] >> shift & (1 << DIGIT) - 1
                to = at(target, counts[digit] * WORDS)
                counts[digit] += 1
                for v in range(WORDS):
                    to[v] = s[v]
                i += 1
            swapped = 1 - swapped
            source = spare if swapped else states
            target = states if swapped else spare
        k += 1
    return swapped


def ordered(states: Words, count: int, w: int, shift: int, counts: Words) -> int:
    """Write to ``counts`` where states with each value of a digit begin; 1 if all have the same value."""
    j = 0
    while j < 1 << DIGIT:
        counts[j] = 0
        j += 1
    i = 0
    while i < count:
        digit = at(states, i * WORDS)[w] >> shift & (1 << DIGIT) - 1
        counts[digit] += 1
        i += 1
    before = 0
    same = 0
    j = 0
    while j < 1 << DIGIT:
        here = counts[j]
        same = same | (here == count)
        counts[j] = before
        before += here
        j += 1
    return same


def less(a: Words, b: Words) -> int:
    """Whether one state is the smaller number."""
    smaller = 0
    equal = 1
    for v in range(WORDS):
        x = a[WORDS - 1 - v]
        y = b[WORDS - 1 - v]
        smaller = smaller | (equal & ((x ^ SIGN) < (y ^ SIGN)))
        equal = equal & (x == y)
    return smaller
