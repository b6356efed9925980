"""The states of a checkpoint as bytes, in the dialect of ``translate.py``: sorted states as differences.

A state is read as one number, whose highest word is the last, as in ``coding.py``; but the bytes here are a format of
files, which stays as it is when the coding of runs changes. Each state is the difference to the one before it (to 0 for
the first), seven bits a byte, the lowest first; the top bit says that more follow (LEB128, as in DWARF and protobuf).

Names in capitals are constants that the translator fills in. Nothing here depends on the protocol.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    BUCKET,
    ENTRY,
    PAD,
    SIGN,
    STRIDE,
    WORDS,
    Words,
    _room,
    at,
    byte,
    pointer,
    set_byte,
)


def squeeze(states: Words, count: int, data: Words) -> int:
    """Write sorted states, each once, as bytes. Returns how many there are."""
    d = _room(ENTRY)
    used = 0
    i = 0
    while i < count:
        borrow = 0
        for w in range(WORDS):
            new = states[i * WORDS + w]
            old = states[max(i - 1, 0) * WORDS + w] if i else 0
            x = new - old
            under = (new ^ SIGN) < (old ^ SIGN)
            d[w] = x - borrow
            borrow = under | ((x == 0) & borrow)
        d[WORDS] = 0
        more = 1
        while more:
            low = d[0] & 127
            rest = 0
            for w in range(WORDS):
                d[w] = d[w] >> 7 | d[w + 1] << 57
                rest = rest | d[w]
            more = int(rest != 0)
            set_byte(data, used, low | more << 7)
            used += 1
        i += 1
    return used


def unsqueeze(data: Words, size: int, count: int, states: Words) -> int:
    """Write the states of ``size`` bytes. Returns how many bytes they take, or -1 if these are not ``count`` states in
    increasing order, each of which a table can hold (see ``packing.py``)."""
    d = _room(ENTRY)
    p = 0
    i = 0
    while i < count:
        for w in range(WORDS):
            d[w] = 0
        d[WORDS] = 0
        shift = 0
        more = 1
        while more:
            if (p >= size) | (shift >= 64 * WORDS):
                return -1
            coded = byte(data, p)
            k = shift >> 6
            d[k] = d[k] | (coded & 127) << (shift & 63)
            d[k + 1] = (coded & 127) >> 64 - (shift & 63)
            more = coded >> 7
            shift += 7
            p += 1
        carry = 0
        some = 0
        for w in range(WORDS):
            old = states[max(i - 1, 0) * WORDS + w] if i else 0
            some = some | d[w]
            x = old + d[w] + carry
            carry = ((x ^ SIGN) < (old ^ SIGN)) | (carry & (x == old))
            states[i * WORDS + w] = x
        if carry | d[WORDS] | (some == 0) & (i > 0) | (states[i * WORDS] == -1):
            return -1
        i += 1
    return p


def tally(segment: Words, counts: Words) -> int:
    """Count the states of a segment of a table by their level bytes."""
    first = pointer(segment[0])
    last = segment[1] + PAD
    k = 0
    while k < last:
        marks = at(first, k * STRIDE + BUCKET * WORDS)
        j = 0
        while j < BUCKET:
            counts[byte(marks, j)] += 1
            j += 1
        k += 1
    return 0


def scatter(segment: Words, places: Words, states: Words) -> int:
    """Copy the states of a segment, each to the place of its level byte, which is then the next one. Those of level
    byte 0, of free slots, are not copied, nor are those whose place is negative."""
    first = pointer(segment[0])
    last = segment[1] + PAD
    k = 0
    while k < last:
        bucket = at(first, k * STRIDE)
        j = 0
        while j < BUCKET:
            level = byte(at(bucket, BUCKET * WORDS), j)
            to = places[level]
            if (level != 0) & (to >= 0):
                for w in range(WORDS):
                    states[to * WORDS + w] = ~bucket[j * WORDS + w]
                places[level] = to + 1
            j += 1
        k += 1
    return 0
