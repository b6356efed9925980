"""The store of the search, in the dialect of ``translate.py``: code that runs millions of times a second.

Names in capitals are constants that the translator fills in. Nothing here depends on the protocol, so this code is
compiled once for states of so many words and so many workers.

A worker's table has 1 << BITS segments; a segment consists of buckets of BUCKET slots, which are filled from the first
slot on. The top of a state's hash gives its worker, then its segment, then its home bucket, each by a multiplication;
so none of these numbers need be powers of two, and with more buckets the order of states stays the same. If the bucket
is full, the state goes to the next bucket below, at last into one of PAD buckets below the first home; so a segment can
grow in place. A slot holds the complement of the state's words; word 0 of a free slot is 0, because no state has all
bits of word 0 set (``packing.py`` ensures it). A bucket is compared as a whole, in vector registers. Its last word
holds a byte for each slot: the level on which the state was found, modulo LEVELS, plus 1.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    AHEAD,
    BITS,
    BUCKET,
    INFO_AT,
    INFO_FRESH,
    INFO_SOURCE,
    LATE,
    PAD,
    RECENT,
    SEGMENT,
    STRIDE,
    WORDS,
    WORKERS,
    Words,
    at,
    byte,
    equal_slots,
    fetch,
    free_slots,
    home_of,
    leading,
    mixed,
    ones,
    pointer,
    prefetch,
    set_byte,
)


def take(
    sources: Words,
    me: int,
    segment: int,
    table: Words,
    fresh: Words,
    info: Words,
    level: int,
    ring: Words,
    recent: Words,
    logged: int,
) -> int:
    """Insert what all workers have sent to worker ``me``, starting at a segment; ``sources`` holds each worker's boxes
    and their fill levels. New states are also appended to ``fresh``; if ``logged`` is 0, they are all written to its
    first place and ignored. Returns the number of segments, or the number of a segment that must grow before this is
    called again with it."""
    while segment < 1 << BITS:
        box = (me << BITS) + segment
        home = at(table, segment * SEGMENT)
        while info[INFO_SOURCE] < WORKERS:
            states = pointer(pointer(sources[2 * info[INFO_SOURCE]])[box])
            fills = pointer(sources[2 * info[INFO_SOURCE] + 1])
            if info[INFO_AT] == 0:
                fills[box] = sift(states, fills[box], recent)
                info[INFO_AT] = 1
            i = drain(states, info[INFO_AT] - 1, fills[box], home, fresh, info, level, ring, logged)
            if i < fills[box]:
                info[INFO_AT] = i + 1
                return segment
            fills[box] = 0
            info[INFO_AT] = 0
            info[INFO_SOURCE] += 1
        info[INFO_SOURCE] = 0
        segment += 1
    return segment


def sift(box: Words, count: int, recent: Words) -> int:
    """Remove from a box most of the states that were sent to the same segment shortly before: more than half of all
    successors are. ``recent`` holds the complements of states that are stored or will be. Returns how many are left."""
    i = 0
    kept = 0
    while i < count:
        s = at(box, i * WORDS)
        prefetch(s, 2 * AHEAD * WORDS)
        old = at(recent, (mixed(s) >> 16 & RECENT - 1) * WORDS)
        different = 0
        for w in range(WORDS):
            different = different | (~s[w] ^ old[w])
        for w in range(WORDS):
            old[w] = ~s[w]
            box[kept * WORDS + w] = s[w]
        kept += different != 0
        i += 1
    return kept


def drain(
    box: Words,
    first: int,
    last: int,
    segment: Words,
    fresh: Words,
    info: Words,
    level: int,
    ring: Words,
    logged: int,
) -> int:
    """Insert states first…last-1 of a box into its segment; new ones are also appended to ``fresh``. Returns the number
    of the next state: less than ``last`` if the segment must grow.

    Home buckets are computed AHEAD of the insertion and kept in ``ring``, so that memory can be prefetched. A state
    whose home is full waits in ``late``, until LATE states wait, while the bucket below is prefetched. States that
    still wait when the segment must grow go back into the box.
    """
    buckets = pointer(segment[0])
    homes = segment[1]
    late = at(ring, AHEAD)
    spare = at(late, LATE * (WORDS + 1))
    before = info[INFO_FRESH]
    most = before + segment[3] - segment[2]
    new = before
    waiting = 0
    i = first
    soon = first
    while (i < last) & (new < most) | (waiting > 0):
        while (i < last) & (new < most) & (waiting < LATE):
            while soon < min(i + AHEAD, last):
                home = home_of(mixed(at(box, soon * WORDS)), homes)
                fetch(at(buckets, home * STRIDE))
                ring[soon & AHEAD - 1] = home
                soon += 1
            s = at(box, i * WORDS)
            home = ring[i & AHEAD - 1]
            wait = at(late, waiting * (WORDS + 1))
            came = put(buckets, home, s, at(fresh, new * logged * WORDS), level, wait, spare)
            new += came & 1
            waiting += came >> 1
            i += 1
        info[INFO_FRESH] = new
        waiting = below(late, waiting, buckets, fresh, info, level, spare, logged)
        new = info[INFO_FRESH]
        if waiting < 0:
            waiting = -waiting
            i -= waiting
            j = 0
            while j < waiting:
                for w in range(WORDS):
                    box[(i + j) * WORDS + w] = late[j * (WORDS + 1) + w]
                j += 1
            break
    segment[2] += new - before
    return i


def below(
    late: Words, waiting: int, buckets: Words, fresh: Words, info: Words, level: int, spare: Words, logged: int
) -> int:
    """Look for waiting states one bucket further down, and insert those that are new and find room. Returns how many
    still wait, for the next bucket below; as a negative number if there is no such bucket for one of them."""
    new = info[INFO_FRESH]
    left = 0
    bottom = 0
    j = 0
    while j < waiting:
        s = at(late, j * (WORDS + 1))
        k = s[WORDS]
        wait = at(late, left * (WORDS + 1))
        came = put(buckets, k, s, at(fresh, new * logged * WORDS), level, wait, spare)
        bottom = min(bottom, k - (came >> 1))
        new += came & 1
        left += came >> 1
        j += 1
    info[INFO_FRESH] = new
    return -left if bottom < 0 else left


def put(buckets: Words, k: int, s: Words, fresh: Words, level: int, wait: Words, spare: Words) -> int:
    """Write a state to bucket ``k`` if it is not there and there is room. In any case write it to ``fresh``, and to
    ``wait`` with the number of the bucket below. Returns 1 if it is new, 2 if the bucket is full of others, 0 if it is
    known.

    The code is branch-free, because the outcome is unpredictable: a write that must not reach a bucket goes to
    ``spare``.
    """
    bucket = at(buckets, k * STRIDE)
    free = free_slots(bucket)
    missing = equal_slots(bucket, s) == 0
    full = missing & (free == 0)
    missing = missing & (free != 0)
    into = bucket if missing else spare
    used = BUCKET - ones(free)
    for w in range(WORDS):
        into[used * WORDS + w] = ~s[w]
        fresh[w] = s[w]
        wait[w] = s[w]
    set_byte(at(into, BUCKET * WORDS), used, level)
    wait[WORDS] = k - 1
    fetch(at(buckets, (k - full) * STRIDE))
    return missing + 2 * full


def spread(segment: Words, buckets: int, scratch: Words) -> int:
    """Give a segment more buckets, in place; the memory after it is zero.

    From the top, the states of a bucket move up to the first bucket with room at or below their new home, which is not
    lower than their old one; at the latest, their old bucket has room. A moved state is never moved again, so no chain
    of full buckets breaks.
    """
    first = pointer(segment[0])
    k = segment[1] + PAD - 1
    segment[1] = buckets
    while k >= 0:
        bucket = at(first, k * STRIDE)
        marks = bucket[BUCKET * WORDS]
        bucket[BUCKET * WORDS] = 0
        n = 8 - (leading(marks) >> 3)
        j = 0
        while j < n:
            for w in range(WORDS):
                scratch[j * WORDS + w] = ~bucket[j * WORDS + w]
                bucket[j * WORDS + w] = 0
            j += 1
        j = 0
        while j < n:
            s = at(scratch, j * WORDS)
            to = home_of(mixed(s), buckets)
            levels = at(first, to * STRIDE + BUCKET * WORDS)
            place = 8 - (leading(levels[0]) >> 3)
            while place == BUCKET:
                to -= 1
                levels = at(first, to * STRIDE + BUCKET * WORDS)
                place = 8 - (leading(levels[0]) >> 3)
            target = at(first, to * STRIDE)
            for w in range(WORDS):
                target[place * WORDS + w] = ~s[w]
            levels[0] = levels[0] | (marks >> 8 * j & 255) << 8 * place
            j += 1
        k -= 1
    return 0


def gather(segment: Words, level: int, front: Words) -> int:
    """Copy the states of a segment whose level byte is ``level`` to a frontier. Returns their number."""
    first = pointer(segment[0])
    last = segment[1] + PAD
    n = 0
    k = 0
    while k < last:
        bucket = at(first, k * STRIDE)
        marks = bucket[BUCKET * WORDS] ^ level * 0x0101010101010101
        if (marks - 0x0101010101010101) & ~marks & 0x8080808080808080:
            j = 0
            while j < BUCKET:
                for w in range(WORDS):
                    front[n * WORDS + w] = ~bucket[j * WORDS + w]
                n += (byte(at(bucket, BUCKET * WORDS), j) == level) & (bucket[j * WORDS] != 0)
                j += 1
        k += 1
    return n


def known(box: Words, count: int, segment: Words) -> int:
    """1 if the first ``count`` states of a box are all in its segment."""
    i = 0
    while i < count:
        s = at(box, i * WORDS)
        k = home_of(mixed(s), segment[1])
        while True:
            bucket = at(pointer(segment[0]), k * STRIDE)
            if equal_slots(bucket, s):
                break
            if free_slots(bucket) or k == 0:
                return 0
            k -= 1
        i += 1
    return 1
