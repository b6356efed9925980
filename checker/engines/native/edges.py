"""The loops that make the graph of a finished search, in the dialect of ``translate.py``.

Here ``expand`` writes rows: the words of a successor and the label of its step. The numbers of states are stored beside
the store, in an array with a half-word for each slot. Successors are looked up in batches, so that memory can be
prefetched: first the buckets, then the numbers.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    AHEAD,
    BATCH,
    BITS,
    BUCKET,
    INFO_FRESH,
    INFO_SEEN,
    LOST,
    ROW,
    SEGMENT,
    STRIDE,
    SYMMETRIC,
    WIDE,
    WORDS,
    WORKERS,
    Words,
    at,
    canonical,
    equal_slots,
    expand,
    fetch,
    half,
    high_product,
    home_of,
    lowest,
    mixed,
    pointer,
    prefetch,
    set_byte,
    set_half,
    set_quarter,
)


def number(states: Words, count: int, first: int, table: Words, ids: Words) -> int:
    """Number the states of one worker, which are in its store, from ``first`` on."""
    i = 0
    while i < count:
        if i + AHEAD < count:
            h = mixed(at(states, (i + AHEAD) * WORDS))
            ahead = high_product(h, WORKERS << BITS) & (1 << BITS) - 1
            home = home_of(h, table[ahead * SEGMENT + 1])
            fetch(at(pointer(table[ahead * SEGMENT]), home * STRIDE))
            prefetch(pointer(ids[ahead]), home * BUCKET >> 1)
        s = at(states, i * WORDS)
        h = mixed(s)
        place = high_product(h, WORKERS << BITS) & (1 << BITS) - 1
        slot = slot_of(at(table, place * SEGMENT), s, h)
        if slot < 0:
            return slot
        set_half(pointer(ids[place]), slot, first + i)
        i += 1
    return 0


def slot_of(segment: Words, s: Words, h: int) -> int:
    """The slot of a stored state, counted from the first bucket; LOST if it is not there."""
    k = home_of(h, segment[1])
    same = equal_slots(at(pointer(segment[0]), k * STRIDE), s)
    while same == 0:
        if k == 0:
            return LOST
        k -= 1
        same = equal_slots(at(pointer(segment[0]), k * STRIDE), s)
    return k * BUCKET + lowest(same)


def link(
    states: Words,
    count: int,
    first: int,
    edge: int,
    tables: Words,
    scratch: Words,
    places: Words,
    offsets: Words,
    targets: Words,
    labels: Words,
    marks: Words,
    info: Words,
) -> int:
    """Write the rows of the states numbered from ``first`` on, starting at step ``edge``; ``tables`` holds each
    worker's table and numbers. Returns the number of the step after the last; LOST if a state is not in the store;
    FAILED if a value is out of range, with the state at info[INFO_FRESH]."""
    i = 0
    while i < count:
        stop = min(i + BATCH, count)
        n = 0
        while i < stop:
            set_half(offsets, first + i, edge + n)
            found = expand(at(states, i * WORDS), at(scratch, n * ROW), info)
            if found < 0:
                info[INFO_FRESH] = i
                return found
            set_byte(marks, first + i, info[INFO_SEEN])
            found += n
            while n < found:
                t = at(scratch, n * ROW)
                if SYMMETRIC:
                    canonical(t)
                h = mixed(t)
                places[n] = h
                place = high_product(h, WORKERS << BITS)
                segment = at(pointer(tables[place >> BITS << 1]), (place & (1 << BITS) - 1) * SEGMENT)
                fetch(at(pointer(segment[0]), home_of(h, segment[1]) * STRIDE))
                n += 1
            i += 1
        j = 0
        while j < n:
            h = places[j]
            place = high_product(h, WORKERS << BITS)
            worker = place >> BITS << 1
            place = place & (1 << BITS) - 1
            slot = slot_of(at(pointer(tables[worker]), place * SEGMENT), at(scratch, j * ROW), h)
            if slot < 0:
                return slot
            numbers = pointer(tables[worker + 1])
            places[j] = numbers[place] + (slot << 2)
            prefetch(pointer(places[j]), 0)
            j += 1
        j = 0
        while j < n:
            set_half(targets, edge + j, half(pointer(places[j]), 0))
            if WIDE:
                set_half(labels, edge + j, scratch[j * ROW + WORDS])
            else:
                set_quarter(labels, edge + j, scratch[j * ROW + WORDS])
            j += 1
        edge += n
    set_half(offsets, first + count, edge)
    return edge
