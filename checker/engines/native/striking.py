"""Finds which of some sorted states are in runs (see ``coding.py``), in the dialect of ``translate.py``.

Names in capitals are constants that the translator fills in. Nothing here depends on the protocol.
"""

from __future__ import annotations

from planrace.checker.engines.native.coding import first_part, following, hashed, second_part
from planrace.checker.engines.native.intrinsics import (
    ENTRY,
    FILTER,
    PIECE,
    PLACES,
    WORDS,
    Words,
    at,
    byte,
    pointer,
    quarter,
    set_byte,
    set_quarter,
)
from planrace.checker.engines.native.sorting import less


def strike(
    index: Words, runs: Words, many: int, data: Words, states: Words, count: int, dead: Words, marks: Words, out: Words
) -> int:
    """Set the bytes in ``dead`` of those of the sorted ``states`` that some of ``many`` runs hold. ``runs`` has the
    first and past the last block of each, and the address of its code. Returns how many blocks were read.

    States are looked for PIECE at a time, so that they and what finds them, ``marks``, stay in the cache: a filter of
    1 << FILTER words that most others fail, and a hash table of 1 << PLACES places. A block is read only if one of them
    lies between its first state and that of the next block.
    """
    blocks = 0
    i = 0
    while i < count:
        some = at(states, i * WORDS)
        size = min(PIECE, count - i)
        mark(some, size, marks)
        r = 0
        while r < many:
            last = runs[3 * r + 1]
            code = pointer(runs[3 * r + 2])
            k = reached(index, runs[3 * r], last, some)
            while k < last:
                entry = at(index, k * ENTRY)
                if less(at(some, (size - 1) * WORDS), entry):
                    break
                n = position(some, size, entry)
                near = int(k + 1 == last)
                if near == 0:
                    near = less(at(some, n * WORDS), at(entry, ENTRY))
                if near:
                    blocks += 1
                    search(entry, data, code, some, marks, dead, i, out)
                    k += 1
                else:
                    k = reached(index, k + 1, last, at(some, n * WORDS))
            r += 1
        i += size
    return blocks


def mark(states: Words, count: int, marks: Words) -> int:
    """Make the filter and the hash table those of some states."""
    k = 0
    while k < (1 << FILTER) + (1 << PLACES - 2):
        marks[k] = 0
        k += 1
    places = at(marks, 1 << FILTER)
    i = 0
    while i < count:
        h = hashed(at(states, i * WORDS))
        marks[h >> 64 - FILTER] = marks[h >> 64 - FILTER] | bits_of(h)
        k = h >> 64 - PLACES
        while quarter(places, k):
            k = k + 1 & (1 << PLACES) - 1
        i += 1
        set_quarter(places, k, i)
    return 0


def bits_of(h: int) -> int:
    """The two bits of a state in its word of the filter."""
    return 1 << (h >> 40 & 63) | 1 << (h >> 46 & 63)


def reached(index: Words, first: int, last: int, s: Words) -> int:
    """The last of blocks first…last-1 that begins at ``s`` or before, the first if there is none."""
    low = first
    high = last
    while low < high:
        middle = low + high >> 1
        if less(s, at(index, middle * ENTRY)):
            high = middle
        else:
            low = middle + 1
    return max(low - 1, first)


def position(states: Words, count: int, s: Words) -> int:
    """The number of sorted states that are less than ``s``."""
    low = 0
    high = count
    while low < high:
        middle = low + high >> 1
        if less(at(states, middle * WORDS), s):
            low = middle + 1
        else:
            high = middle
    return low


def search(
    entry: Words, data: Words, code: Words, states: Words, marks: Words, dead: Words, first: int, out: Words
) -> int:
    """Set the bytes in ``dead``, from ``first`` on, of those ``states`` that a block has, which is read to ``out``."""
    size = (entry[WORDS] >> 56) + 1
    a = first_part(entry)
    b = second_part(entry)
    for w in range(WORDS):
        out[w] = entry[w]
    check(out, states, marks, dead, first)
    j = 1
    while j + 1 < size:
        s = at(out, j * WORDS)
        a = following(data, a, s, code)
        b = following(data, b, at(s, WORDS), code)
        check(s, states, marks, dead, first)
        check(at(s, WORDS), states, marks, dead, first)
        j += 2
    if j < size:
        following(data, a, at(out, j * WORDS), code)
        check(at(out, j * WORDS), states, marks, dead, first)
    return 0


def check(s: Words, states: Words, marks: Words, dead: Words, first: int) -> int:
    """Set the byte of a state if it is among those that are looked for."""
    h = hashed(s)
    if (bits_of(h) & ~marks[h >> 64 - FILTER]) == 0:
        hit(s, h, states, at(marks, 1 << FILTER), dead, first)
    return 0


def hit(s: Words, h: int, states: Words, places: Words, dead: Words, first: int) -> int:
    """The same for a state that passes the filter, by its hash."""
    k = h >> 64 - PLACES
    n = quarter(places, k)
    while n:
        t = at(states, (n - 1) * WORDS)
        different = 0
        for w in range(WORDS):
            different = different | (s[w] ^ t[w])
        if different == 0:
            set_byte(dead, first + n - 1, 1)
            return 1
        k = k + 1 & (1 << PLACES) - 1
        n = quarter(places, k)
    return 0


def keep(states: Words, count: int, dead: Words) -> int:
    """Keep the states whose byte in ``dead`` is 0, in their order, and make all bytes 0. Returns their number."""
    kept = 0
    i = 0
    while i < count:
        gone = byte(dead, i)
        set_byte(dead, i, 0)
        for w in range(WORDS):
            states[kept * WORDS + w] = states[i * WORDS + w]
        kept += gone == 0
        i += 1
    return kept
