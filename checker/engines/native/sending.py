"""Expanding a frontier, in the dialect of ``translate.py``: states are grouped, and their successors sent to boxes.

Names in capitals are constants that the translator fills in; ``expand``, ``canonical`` and ``control`` are generated
from the protocol.

Each segment of the store (``inserting.py``) has a box for successors, so that states inserted together lie near each
other: address translation costs more than reading memory. If several processes share the states, each of the others
(its shard) has one box, and ``deliver`` sends what comes from them to the boxes of segments.
"""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    BITS,
    BOXES,
    CONTROLS,
    INFO_FRESH,
    INFO_SEEN,
    INFO_SHARD,
    INFO_STEPS,
    LINE,
    MANY,
    SHARDS,
    SYMMETRIC,
    WORDS,
    WORKERS,
    Words,
    at,
    canonical,
    control,
    expand,
    fence,
    high_product,
    mixed,
    pointer,
    shard_of,
    stream_line,
)


def arrange(front: Words, first: int, last: int, to: Words, counts: Words) -> int:
    """Copy states first…last-1 of a frontier to ``to``, grouped by ``control``: mispredicted branches are most of the
    cost of expanding. (Guards are unpredictable branches, too.)"""
    c = 0
    while c < CONTROLS:
        counts[c] = 0
        c += 1
    i = first
    while i < last:
        c = control(at(front, i * WORDS))
        counts[c] += 1
        i += 1
    c = 0
    n = 0
    while c < CONTROLS:
        k = counts[c]
        counts[c] = n
        n += k
        c += 1
    i = first
    while i < last:
        s = at(front, i * WORDS)
        c = control(s)
        k = counts[c]
        for w in range(WORDS):
            to[k * WORDS + w] = s[w]
        counts[c] = k + 1
        i += 1
    return n


def advance(
    front: Words,
    first: int,
    last: int,
    scratch: Words,
    boxes: Words,
    fills: Words,
    lines: Words,
    info: Words,
    sought: int,
) -> int:
    """Expand states first…last-1 of a frontier into the boxes of their successors' segments.

    Ends early after a state for which a term in ``sought`` holds. Returns the number of the next state, or FAILED if a
    value is out of range, with the state at info[INFO_FRESH].

    Boxes are many and far apart, so successors are first gathered in ``lines``, with a cache line for each word of a
    state.
    """
    i = first
    info[INFO_SEEN] = 0
    while i < last:
        n = 0
        while (i < last) & (n < MANY) & ((info[INFO_SEEN] & sought) == 0):
            k = expand(at(front, i * WORDS), at(scratch, n * WORDS), info)
            if k < 0:
                info[INFO_FRESH] = i
                return k
            n += k
            i += 1
        info[INFO_STEPS] += n
        j = 0
        while j < n:
            t = at(scratch, j * WORDS)
            if SYMMETRIC:
                canonical(t)
            to = high_product(mixed(t), WORKERS << BITS)
            if SHARDS > 1:
                shard = shard_of(t)
                to = to if shard == info[INFO_SHARD] else (WORKERS << BITS) + shard
            append(t, to, boxes, fills, lines)
            j += 1
        if info[INFO_SEEN] & sought:
            break
    flush(boxes, fills, lines)
    return i


def deliver(states: Words, first: int, last: int, boxes: Words, fills: Words, lines: Words) -> int:
    """Send states first…last-1, which this process owns, to the boxes of their segments."""
    i = first
    while i < last:
        t = at(states, i * WORDS)
        append(t, high_product(mixed(t), WORKERS << BITS), boxes, fills, lines)
        i += 1
    return flush(boxes, fills, lines)


def append(t: Words, to: int, boxes: Words, fills: Words, lines: Words) -> int:
    """Add a state to those gathered for box ``to``, and copy them there when a line of each word is full."""
    k = fills[to]
    line = at(lines, to * LINE * WORDS)
    for w in range(WORDS):
        line[(k & LINE - 1) * WORDS + w] = t[w]
    k += 1
    fills[to] = k
    if k & LINE - 1 == 0:
        send(line, pointer(boxes[to]), k - LINE)
    return 0


def flush(boxes: Words, fills: Words, lines: Words) -> int:
    """Copy what is left in ``lines`` to the boxes."""
    to = 0
    while to < BOXES:
        send(at(lines, to * LINE * WORDS), pointer(boxes[to]), fills[to] & -LINE)
        to += 1
    fence()
    return 0


def send(line: Words, box: Words, k: int) -> int:
    """Copy the gathered words to their place in the box."""
    for w in range(WORDS):
        stream_line(at(box, k * WORDS + w * LINE), at(line, w * LINE))
    return 0


def least(front: Words, count: int, scratch: Words, best: Words, info: Words, sought: int) -> int:
    """The number of the least state (in a fixed total order) for which a term in ``sought`` holds, or -1; the state is
    copied to ``best``."""
    i = 0
    found = -1
    while i < count:
        s = at(front, i * WORDS)
        expand(s, scratch, info)
        if info[INFO_SEEN] & sought:
            before = int(found < 0)
            equal = 1
            for w in range(WORDS):
                before = before | (equal & (s[w] < best[w]))
                equal = equal & (s[w] == best[w])
            if before:
                found = i
                for w in range(WORDS):
                    best[w] = s[w]
        i += 1
    return found
