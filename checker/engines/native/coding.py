"""States as sorted runs of differences, in the dialect of ``translate.py``: one to two bytes for a state in place of
the fifteen to twenty of a hash table.

A state is read as one number, whose highest word is the last. A run has its states in increasing order, in blocks of
1 << BLOCK states. The index of a run has an entry for each block: its first state, and a word with the place of its
bytes, the number of its states less one in the top byte, and where its second part begins in the two bytes below that.

The other states are coded by the difference to the state before. A few differences are frequent, so these have ranks
(see ``tallying.py``). A code of at most LONG bits says the rank, or its highest bit, after which the other bits follow;
or that the difference has no rank, and how many nibbles it has, which follow. The first part of a block has every
second difference, and the second part the others: so the processor works on two at a time. Both begin with a byte;
bits are read from the lowest on.

A ``code``, in words: for each value of the next LONG bits a word that says how they are read (``following``), then the
differences by rank. ``writing`` has a word for each symbol: its code and, above 32 bits, the length. Symbols are the
ranks below 1 << OWN, the highest bits of the others, and the numbers of nibbles. ``ranks`` is a hash table of the
ranks.

Names in capitals are constants that the translator fills in. Nothing here depends on the protocol.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    BLOCK,
    ENTRY,
    LONG,
    NIBBLE,
    OWN,
    PLACE,
    RANKS,
    SIGN,
    UNIT,
    WORDS,
    Words,
    _room,
    at,
    byte,
    half,
    leading,
    pointer,
    set_unaligned,
    unaligned,
)


def encode(states: Words, count: int, data: Words, used: int, index: Words, code: Words, coding: Words) -> int:
    """Append sorted states, each once, to the bytes ``data``, of which so many are ``used``, and their blocks to
    ``index``. ``coding`` has the addresses of ``writing`` and ``ranks``. Returns how many bytes are used then."""
    writing = pointer(coding[0])
    ranks = pointer(coding[1])
    i = 0
    while i < count:
        size = min(1 << BLOCK, count - i)
        entry = at(index, (i >> BLOCK) * ENTRY)
        s = at(states, i * WORDS)
        for w in range(WORDS):
            entry[w] = s[w]
        first = part(s, 1, size, data, used, code, writing, ranks)
        first = (first + UNIT - 1) // UNIT
        entry[WORDS] = used | first << 40 | size - 1 << 56
        used += first * UNIT
        used += part(s, 2, size, data, used, code, writing, ranks)
        i += size
    return used


def part(s: Words, first: int, size: int, data: Words, used: int, code: Words, writing: Words, ranks: Words) -> int:
    """Write the differences of every second of ``size`` states, beginning with number ``first``, to the one before it.
    Returns how many bytes they take."""
    p = used << 3
    d = _room(WORDS)
    j = first
    while j < size:
        difference(at(s, j * WORDS), d)
        r = rank(d, code, ranks)
        if r < 0:
            p = write_nibbles(d, data, p, writing)
        else:
            high = 63 - leading(r | 1)
            extra = high if r >> OWN else 0
            symbol = (1 << OWN) + high - OWN if r >> OWN else r
            coded = writing[symbol]
            p = put(data, p, coded & (1 << LONG) - 1, coded >> 32)
            p = put(data, p, r & (1 << extra) - 1, extra)
        j += 2
    return (p + 7 >> 3) - used


def difference(s: Words, d: Words) -> int:
    """Write to ``d`` the difference of a state to the one before it in memory."""
    borrow = 0
    for w in range(WORDS):
        x = s[w] - s[w - WORDS]
        under = (s[w] ^ SIGN) < (s[w - WORDS] ^ SIGN)
        d[w] = x - borrow
        borrow = under | ((x == 0) & borrow)
    return 0


def rank(d: Words, code: Words, ranks: Words) -> int:
    """The rank of a difference, or -1."""
    k = hashed(d) >> 63 - RANKS
    r = half(ranks, k)
    while r:
        v = at(code, (1 << LONG) + (r - 1) * WORDS)
        different = 0
        for w in range(WORDS):
            different = different | (v[w] ^ d[w])
        if different == 0:
            return r - 1
        k = k + 1 & (2 << RANKS) - 1
        r = half(ranks, k)
    return -1


def nibbles(d: Words) -> int:
    """How many times NIBBLE bits a difference has."""
    size = 0
    for w in range(WORDS):
        size = w * 64 + 64 - leading(d[w]) if d[w] else size
    return (size + NIBBLE - 1) // NIBBLE


def write_nibbles(d: Words, data: Words, p: int, writing: Words) -> int:
    """Write a difference without a rank at a bit. Returns the place of the bit after it."""
    size = nibbles(d)
    coded = writing[(1 << OWN) + RANKS - OWN + size - 1]
    p = put(data, p, coded & (1 << LONG) - 1, coded >> 32)
    size = size * NIBBLE
    for w in range(WORDS):
        p = put(data, p, d[w] & 0xFFFFFFFF, max(0, min(size, 32)))
        p = put(data, p, d[w] >> 32, max(0, min(size - 32, 32)))
        size -= 64
    return p


def put(data: Words, p: int, value: int, size: int) -> int:
    """Write ``size`` bits, at most 56, at a bit; what is after them is undefined. Returns the place of the bit after
    them."""
    before = byte(data, p >> 3) & (1 << (p & 7)) - 1
    set_unaligned(data, p >> 3, before | value << (p & 7))
    return p + size


def decode(index: Words, first: int, last: int, data: Words, out: Words, code: Words) -> int:
    """Write the states of blocks first…last-1 one after the other. Returns their number."""
    n = 0
    k = first
    while k < last:
        entry = at(index, k * ENTRY)
        n += block(entry, data, at(out, n * WORDS), code)
        k += 1
    return n


def block(entry: Words, data: Words, out: Words, code: Words) -> int:
    """Write the states of one block. Returns their number."""
    size = (entry[WORDS] >> 56) + 1
    a = first_part(entry)
    b = second_part(entry)
    for w in range(WORDS):
        out[w] = entry[w]
    j = 1
    while j + 1 < size:
        a = following(data, a, at(out, j * WORDS), code)
        b = following(data, b, at(out, (j + 1) * WORDS), code)
        j += 2
    if j < size:
        following(data, a, at(out, j * WORDS), code)
    return size


def first_part(entry: Words) -> int:
    """The first bit of the first part of a block."""
    return (entry[WORDS] & PLACE) << 3


def second_part(entry: Words) -> int:
    """The first bit of the second part of a block."""
    return (entry[WORDS] & PLACE) + (entry[WORDS] >> 40 & 0xFFFF) * UNIT << 3


def following(data: Words, p: int, s: Words, code: Words) -> int:
    """Write the state after the one that stands before ``s`` in memory. Returns the place of the bit after it.

    A word of the code says how the next bits are read: how many they are in 16 bits, the length of the code in 8, the
    number of bits after it in 8, and in 16 the number that is added to these for the rank. The bit below the top says
    that they are the difference; the top bit, that they are, and perhaps too many to be read at once.
    """
    coded = unaligned(data, p >> 3) >> (p & 7)
    how = code[coded & (1 << LONG) - 1]
    length = how >> 16 & 63
    if how < 0:
        return unranked(data, p + length, p + (how & 0xFFFF), s)
    bits = coded >> length & (1 << (how >> 24 & 63)) - 1
    ranked = (how >> 62) - 1
    d = at(code, (1 << LONG) + ((how >> 32) + bits & ranked) * WORDS)
    carry = bits & ~ranked
    for w in range(WORDS):
        x = s[w - WORDS]
        y = x + (d[w] & ranked) + carry
        carry = ((y ^ SIGN) < (x ^ SIGN)) | (carry & (x == y))
        s[w] = y
    return p + (how & 0xFFFF)


def unranked(data: Words, p: int, last: int, s: Words) -> int:
    """The same for a difference whose bits end before ``last``."""
    carry = 0
    for w in range(WORDS):
        q = p + 64 * w
        coded = unaligned(data, q >> 3) >> (q & 7) | byte(data, (q >> 3) + 8) << 64 - (q & 7)
        x = s[w - WORDS]
        y = x + (coded & (1 << max(0, min(last - q, 64))) - 1) + carry
        carry = ((y ^ SIGN) < (x ^ SIGN)) | (carry & (x == y))
        s[w] = y
    return last


def hashed(s: Words) -> int:
    """A quick hash of a state or a difference, whose upper bits are used."""
    h = 0
    for w in range(WORDS):
        h = (h ^ s[w]) * 0x9E3779B97F4A7C15
    return h
