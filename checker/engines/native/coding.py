"""States as sorted runs with delta coding, in the dialect of ``translate.py``: about one byte for a state in place of
the fifteen to twenty of a hash table.

A state is read as one number, whose highest word is the last. A run has its states in increasing order, in blocks of
1 << BLOCK states. The index of a run has an entry for each block: its first state, and a word with the place of its
bytes and, in the top byte, the number of its states less one. The bytes are those of the other states: the difference
to the state before. A number of up to 56 bits takes n bytes for 7 n bits, with 2 ** (n - 1) below them: its first byte
tells its length, so it is read without a branch. A larger one is a byte 0, the number of its bytes, and these.

Names in capitals are constants that the translator fills in. Nothing here depends on the protocol.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    BLOCK,
    DIGIT,
    DIGITS,
    ENTRY,
    FILTER,
    PIECE,
    SIGN,
    WORDS,
    Words,
    _room,
    at,
    byte,
    leading,
    lowest,
    set_byte,
    unaligned,
)


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


def encode(states: Words, count: int, data: Words, used: int, index: Words) -> int:
    """Append sorted states, each once, to the bytes ``data``, of which so many are ``used``, and their blocks to
    ``index``. Returns how many bytes are used then."""
    i = 0
    while i < count:
        size = min(1 << BLOCK, count - i)
        entry = at(index, (i >> BLOCK) * ENTRY)
        s = at(states, i * WORDS)
        for w in range(WORDS):
            entry[w] = s[w]
        entry[WORDS] = used | size - 1 << 56
        j = 1
        while j < size:
            used = write_difference(at(states, (i + j) * WORDS), data, used)
            j += 1
        i += size
    return used


def write_difference(s: Words, data: Words, used: int) -> int:
    """Write the difference of a state to the one before it in memory. Returns how many bytes are used then."""
    d = _room(ENTRY)
    borrow = 0
    for w in range(WORDS):
        x = s[w] - s[w - WORDS]
        under = (s[w] ^ SIGN) < (s[w - WORDS] ^ SIGN)
        d[w] = x - borrow
        borrow = under | ((x == 0) & borrow)
    d[WORDS] = 0
    above = 0
    for w in range(WORDS):
        above = above | d[w + 1]
    size = (70 - leading(d[0] | 1)) // 7
    if (above == 0) & (size <= 8):
        coded = (d[0] << 1 | 1) << size - 1
        while size > 0:
            set_byte(data, used, coded)
            coded = coded >> 8
            used += 1
            size -= 1
        return used
    size = 0
    for w in range(WORDS):
        size = w * 8 + (71 - leading(d[w]) >> 3) if d[w] else size
    set_byte(data, used, 0)
    set_byte(data, used + 1, size)
    used += 2
    i = 0
    while i < size:
        set_byte(data, used + i, d[i >> 3] >> 8 * (i & 7))
        i += 1
    return used + size


def decode(index: Words, first: int, last: int, data: Words, out: Words) -> int:
    """Write the states of blocks first…last-1 one after the other. Returns their number."""
    n = 0
    k = first
    while k < last:
        entry = at(index, k * ENTRY)
        n += block(entry, data, at(out, n * WORDS))
        k += 1
    return n


def block(entry: Words, data: Words, out: Words) -> int:
    """Write the states of one block. Returns their number."""
    size = (entry[WORDS] >> 56) + 1
    p = entry[WORDS] & (1 << 56) - 1
    for w in range(WORDS):
        out[w] = entry[w]
    j = 1
    while j < size:
        p = following(data, p, at(out, j * WORDS))
        j += 1
    return size


def following(data: Words, p: int, s: Words) -> int:
    """Write the state after the one that stands before ``s`` in memory. Returns the place of the byte after it."""
    coded = unaligned(data, p)
    size = lowest(coded | 256) + 1
    if size <= 8:
        carry = (coded >> size) & (1 << 7 * size) - 1
        for w in range(WORDS):
            old = s[w - WORDS]
            x = old + carry
            carry = (x ^ SIGN) < (old ^ SIGN)
            s[w] = x
        return p + size
    size = byte(data, p + 1)
    d = _room(ENTRY)
    for w in range(WORDS):
        d[w] = 0
    i = 0
    while i < size:
        d[i >> 3] = d[i >> 3] | byte(data, p + 2 + i) << 8 * (i & 7)
        i += 1
    carry = 0
    for w in range(WORDS):
        old = s[w - WORDS]
        x = old + d[w] + carry
        carry = ((x ^ SIGN) < (old ^ SIGN)) | (carry & (x == old))
        s[w] = x
    return p + 2 + size


def strike(
    index: Words, runs: Words, many: int, data: Words, states: Words, count: int, dead: Words, marks: Words, out: Words
) -> int:
    """Set the bytes in ``dead`` of those of the sorted ``states`` that some of ``many`` runs hold. ``runs`` has the
    first and past the last block of each. Returns how many blocks were read.

    States are looked for PIECE at a time, so that they and the filter that most others fail, 1 << FILTER words in
    ``marks``, stay in the cache. A block is read only if one of them lies between its first state and that of the next
    block.
    """
    blocks = 0
    i = 0
    while i < count:
        some = at(states, i * WORDS)
        size = min(PIECE, count - i)
        mark(some, size, marks)
        r = 0
        while r < many:
            last = runs[2 * r + 1]
            k = reached(index, runs[2 * r], last, some)
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
                    kill(out, block(entry, data, out), some, size, marks, dead, i)
                k += 1
            r += 1
        i += size
    return blocks


def mark(states: Words, count: int, marks: Words) -> int:
    """Set the bits of some states in a filter, and only those."""
    k = 0
    while k < 1 << FILTER:
        marks[k] = 0
        k += 1
    i = 0
    while i < count:
        h = hashed(at(states, i * WORDS))
        marks[h >> 64 - FILTER] = marks[h >> 64 - FILTER] | bits_of(h)
        i += 1
    return 0


def hashed(s: Words) -> int:
    """A quick hash of a state, whose upper bits are used."""
    h = 0
    for w in range(WORDS):
        h = (h ^ s[w]) * 0x9E3779B97F4A7C15
    return h


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


def kill(found: Words, count: int, states: Words, size: int, marks: Words, dead: Words, first: int) -> int:
    """Set the bytes in ``dead``, from ``first`` on, of those ``states`` that are among the ``count`` in ``found``."""
    j = 0
    while j < count:
        s = at(found, j * WORDS)
        h = hashed(s)
        if (bits_of(h) & ~marks[h >> 64 - FILTER]) == 0:
            n = position(states, size, s)
            if n < size:
                t = at(states, n * WORDS)
                different = 0
                for w in range(WORDS):
                    different = different | (s[w] ^ t[w])
                if different == 0:
                    set_byte(dead, first + n, 1)
        j += 1
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
