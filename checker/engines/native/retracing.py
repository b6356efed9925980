"""The way back from a state to one before it, in the dialect of ``translate.py``.

Names in capitals are constants that the translator fills in; ``expand`` and ``canonical`` are generated from the
protocol.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    BITS,
    BUCKET,
    PAD,
    SEGMENT,
    STRIDE,
    SYMMETRIC,
    WORDS,
    Words,
    at,
    byte,
    canonical,
    expand,
    pointer,
)


def parent(
    table: Words, n: int, last: int, k: int, slot: int, level: int, target: Words, scratch: Words, info: Words
) -> int:
    """Starting at a slot of bucket ``k`` of segment ``n``: find the first state of ``level`` with a step to ``target``
    in the segments before ``last``. Returns its place (bucket times BUCKET plus slot, shifted by BITS, plus segment),
    or FAILED; the state is in ``scratch``."""
    j = slot
    while n < last:
        segment = at(table, n * SEGMENT)
        while k < segment[1] + PAD:
            bucket = at(pointer(segment[0]), k * STRIDE)
            marks = bucket[BUCKET * WORDS] ^ level * 0x0101010101010101
            if (marks - 0x0101010101010101) & ~marks & 0x8080808080808080:
                while j < BUCKET:
                    if byte(at(bucket, BUCKET * WORDS), j) == level and bucket[j * WORDS] != 0:
                        for w in range(WORDS):
                            scratch[w] = ~bucket[j * WORDS + w]
                        if leads(scratch, target, info):
                            return (k * BUCKET + j << BITS) + n
                    j += 1
            j = 0
            k += 1
        k = 0
        n += 1
    return -1


def among(states: Words, count: int, first: int, target: Words, scratch: Words, info: Words) -> int:
    """The number of the first of the states first…count-1 with a step to ``target``, or FAILED."""
    i = first
    while i < count:
        for w in range(WORDS):
            scratch[w] = states[i * WORDS + w]
        if leads(scratch, target, info):
            return i
        i += 1
    return -1


def leads(scratch: Words, target: Words, info: Words) -> int:
    """Whether the state in ``scratch`` has a step to ``target``; its successors are written after it."""
    n = expand(scratch, at(scratch, WORDS), info)
    j = 1
    while j <= n:
        t = at(scratch, j * WORDS)
        if SYMMETRIC:
            canonical(t)
        same = 0
        for w in range(WORDS):
            same = same | (t[w] ^ target[w])
        if same == 0:
            return 1
        j += 1
    return 0
