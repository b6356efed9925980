"""The loops of the search in the dialect of ``dialect.py``: what runs millions of times a second.

Names in capitals are constants that the translator fills in; ``expand`` and ``canonical`` are written by the protocol.

A worker's table is 1 << BITS segments of open addressing. Where a state belongs is read off its hash from the top: the
worker, the segment, the slot, each by a multiplication, so that capacities are free and a larger capacity keeps the
order of the slots. Probing goes down, into PAD slots below the first home, so that a segment grows in place. A slot
holds the complement of the state's words; word 0 of a free slot is 0, for no state has all bits of word 0 set. A byte
for each slot holds the level on which the state was found, modulo LEVELS, plus 1.
"""

from __future__ import annotations

from .words import (
    AHEAD,
    BITS,
    INFO_FRESH,
    INFO_FULL,
    INFO_SEEN,
    INFO_STEPS,
    PAD,
    SEGMENT,
    SYMMETRIC,
    WORDS,
    WORKERS,
    Words,
    at,
    byte,
    canonical,
    expand,
    high_product,
    pointer,
    prefetch,
    set_byte,
)


def mixed(s: Words) -> int:
    """The hash of a state: multiplications and shifts, as in murmur3's finaliser."""
    h = 0
    for w in range(WORDS):
        h = h ^ s[w]
        h = (h ^ (h >> 32)) * 0x9E3779B97F4A7C15
        h = (h ^ (h >> 29)) * 0xBF58476D1CE4E5B9
    return h ^ (h >> 32)


def segment_of(table: Words, h: int) -> Words:
    """The segment that a hash belongs to: slots, capacity, states, levels, limit."""
    return at(table, (h * WORKERS >> 64 - BITS) * SEGMENT)


def slot_of(h: int, capacity: int) -> int:
    """The slot of a segment that a hash belongs to."""
    return high_product(h * WORKERS << BITS, capacity)


def advance(
    front: Words, first: int, last: int, scratch: Words, boxes: Words, fills: Words, info: Words, asked: int
) -> int:
    """Expand states first…last-1 of a frontier into the boxes of the workers that own the successors.

    Ends early after a state of which a term in ``asked`` holds. Returns the number of the next state, or FAILED with
    info[INFO_FRESH] the state in which a value is out of range.
    """
    i = first
    steps = 0
    info[INFO_SEEN] = 0
    while i < last:
        n = expand(at(front, i * WORDS), scratch, info)
        if n < 0:
            info[INFO_FRESH] = i
            return n
        steps += n
        j = 0
        while j < n:
            t = at(scratch, j * WORDS)
            if SYMMETRIC:
                canonical(t)
            to = high_product(mixed(t), WORKERS)
            k = fills[to]
            box = at(pointer(boxes[to]), k * WORDS)
            for w in range(WORDS):
                box[w] = t[w]
            fills[to] = k + 1
            j += 1
        i += 1
        if info[INFO_SEEN] & asked:
            break
    info[INFO_STEPS] += steps
    return i


def drain(box: Words, first: int, last: int, table: Words, fresh: Words, info: Words, level: int) -> int:
    """Insert states first…last-1 of a box; new ones go to ``fresh`` too. Ends early where a segment is at its limit:
    returns the number of the next state, and leaves in info[INFO_FULL] the segment."""
    new = info[INFO_FRESH]
    i = first
    while i < last:
        soon = mixed(at(box, min(i + AHEAD, last - 1) * WORDS))
        coming = segment_of(table, soon)
        prefetch(pointer(coming[0]), (slot_of(soon, coming[1]) + PAD) * WORDS)
        s = at(box, i * WORDS)
        h = mixed(s)
        segment = segment_of(table, h)
        if segment[2] >= segment[4]:
            info[INFO_FULL] = h * WORKERS >> 64 - BITS
            break
        how = placed(segment, s, h, level)
        if how < 0:
            info[INFO_FULL] = h * WORKERS >> 64 - BITS
            break
        if how > 0:
            for w in range(WORDS):
                fresh[new * WORDS + w] = s[w]
            new += 1
        i += 1
    info[INFO_FRESH] = new
    return i


def placed(segment: Words, s: Words, h: int, level: int) -> int:
    """Put a state into a segment that has room; 1 if it is new there, FAILED if there is no free slot below."""
    slots = pointer(segment[0])
    k = slot_of(h, segment[1]) + PAD
    key = ~s[0]
    while True:
        found = slots[k * WORDS]
        if found == 0:
            for w in range(WORDS):
                slots[k * WORDS + w] = ~s[w]
            set_byte(pointer(segment[3]), k, level)
            segment[2] += 1
            return 1
        if found == key:
            same = 0
            for w in range(WORDS):
                same = same | (slots[k * WORDS + w] ^ ~s[w])
            if same == 0:
                return 0
        k -= 1
        if k < 0:
            break
    return -1


def spread(segment: Words, capacity: int, scratch: Words) -> int:
    """Give a segment more slots, in place; its memory goes on in zeros.

    From the top, each state moves up to the first free slot at or below its new home, which is no lower than its old
    one; its own slot is free at the latest. What was moved before is never moved again, so no chain breaks.
    """
    slots = pointer(segment[0])
    levels = pointer(segment[3])
    k = segment[1] + PAD - 1
    segment[1] = capacity
    while k >= 0:
        key = slots[k * WORDS]
        if key != 0:
            for w in range(WORDS):
                scratch[w] = ~slots[k * WORDS + w]
            level = byte(levels, k)
            slots[k * WORDS] = 0
            to = slot_of(mixed(scratch), capacity) + PAD
            while slots[to * WORDS] != 0:
                to -= 1
            for w in range(WORDS):
                slots[to * WORDS + w] = ~scratch[w]
            set_byte(levels, to, level)
        k -= 1
    return 0


def parent(segment: Words, first: int, level: int, target: Words, scratch: Words, info: Words) -> int:
    """From slot ``first`` on: the first state of ``level`` with a step to ``target``, or the number of slots."""
    slots = pointer(segment[0])
    levels = pointer(segment[3])
    k = first
    while k < segment[1] + PAD:
        if byte(levels, k) == level and slots[k * WORDS] != 0:
            for w in range(WORDS):
                scratch[w] = ~slots[k * WORDS + w]
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
                    return k
                j += 1
        k += 1
    return k


def known(box: Words, first: int, last: int, table: Words) -> int:
    """The number of the first of states first…last-1 that is not in the table, or ``last``."""
    i = first
    while i < last:
        s = at(box, i * WORDS)
        h = mixed(s)
        segment = segment_of(table, h)
        slots = pointer(segment[0])
        k = slot_of(h, segment[1]) + PAD
        while True:
            if slots[k * WORDS] == 0:
                return i
            same = 0
            for w in range(WORDS):
                same = same | (slots[k * WORDS + w] ^ ~s[w])
            if same == 0:
                break
            k -= 1
            if k < 0:
                return i
        i += 1
    return last
