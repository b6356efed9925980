"""Depth-first bitstate search, in the dialect of ``native/translate.py``."""

from __future__ import annotations

from planrace.checker.engines.hunting.marking import fetch_bits, hashed, mark, shuffle
from planrace.checker.engines.hunting.words import (
    MET,
    RUN_AT,
    RUN_BUDGET,
    RUN_CUT,
    RUN_DEEPEST,
    RUN_DROPPED,
    RUN_LIMIT,
    RUN_ROOM,
    RUN_SOUGHT,
    RUN_SOUGHT_LAST,
    RUN_STATES,
    RUN_STEPS,
    RUN_TOP,
)
from planrace.checker.engines.native.intrinsics import INFO_SEEN, SYMMETRIC, WORDS, Words, at, canonical, expand


def dive(stack: Words, path: Words, bits: Words, scratch: Words, hashes: Words, info: Words, run: Words) -> int:
    """Expand states from the top of the stack; the new successors of each go on top of it, in a random order.

    A state on the stack is followed by its depth, and ``path`` holds the run to the last state that was expanded: when
    a state of depth d is taken from the stack, its predecessors are at the places 0…d-1.
    """
    left = run[RUN_BUDGET]
    top = run[RUN_TOP]
    while (top > 0) & (left > 0):
        left -= 1
        top -= 1
        entry = at(stack, top * (WORDS + 1))
        depth = entry[WORDS]
        here = at(path, depth * WORDS)
        for w in range(WORDS):
            here[w] = entry[w]
        run[RUN_TOP] = top
        run[RUN_AT] = depth
        run[RUN_DEEPEST] = max(run[RUN_DEEPEST], depth)
        n = expand(here, scratch, info)
        if n < 0:
            return n
        sought = run[RUN_SOUGHT]
        if depth < run[RUN_LIMIT]:
            run[RUN_STEPS] += n
            top = pile(stack, top, depth + 1, n, bits, scratch, hashes, run)
            run[RUN_TOP] = top
        else:
            run[RUN_CUT] += n > 0
            sought = run[RUN_SOUGHT_LAST]
        if info[INFO_SEEN] & sought:
            return MET
    return 0


def pile(stack: Words, top: int, depth: int, count: int, bits: Words, scratch: Words, hashes: Words, run: Words) -> int:
    """Put successors on the stack if they are new; returns how many states it has."""
    j = 0
    while j < count:
        if SYMMETRIC:
            canonical(at(scratch, j * WORDS))
        j += 1
    shuffle(scratch, count, run)
    j = 0
    while j < count:
        hashes[j] = hashed(at(scratch, j * WORDS), run)
        fetch_bits(bits, hashes[j], run)
        j += 1
    j = 0
    while j < count:
        new = mark(bits, hashes[j], run)
        entry = at(stack, top * (WORDS + 1))
        for w in range(WORDS):
            entry[w] = scratch[j * WORDS + w]
        entry[WORDS] = depth
        room = top < run[RUN_ROOM]
        top += new & room
        run[RUN_STATES] += new
        run[RUN_DROPPED] += new & (1 - room)
        j += 1
    return top
