"""Breadth-first bitstate search with levels of bounded size, in the dialect of ``native/translate.py``."""

from __future__ import annotations

from planrace.checker.engines.hunting.marking import draw, fetch_bits, hashed, mark
from planrace.checker.engines.hunting.words import (
    MET,
    RUN_AT,
    RUN_BUDGET,
    RUN_CUT,
    RUN_DEPTH,
    RUN_DROPPED,
    RUN_ENTRY,
    RUN_FIRST,
    RUN_KEPT,
    RUN_LAST,
    RUN_LIMIT,
    RUN_NEW,
    RUN_ROOM,
    RUN_SOUGHT,
    RUN_SOUGHT_LAST,
    RUN_STATES,
    RUN_STEPS,
    RUN_WIDE,
)
from planrace.checker.engines.native.intrinsics import (
    INFO_SEEN,
    SYMMETRIC,
    WORDS,
    Words,
    at,
    byte,
    canonical,
    expand,
    quarter,
    set_byte,
    set_quarter,
)


def widen(level: Words, fresh: Words, bits: Words, scratch: Words, hashes: Words, info: Words, run: Words) -> int:
    """Expand states of a level. New successors go to ``fresh``, the next level.

    Behind a state stands the run to it: for each step the number of the successor. If a level has more new states than
    there is room for, those that are kept are a uniform sample (reservoir sampling, algorithm R of Vitter, "Random
    sampling with a reservoir", ACM TOMS 11, 1985).
    """
    left = run[RUN_BUDGET]
    i = run[RUN_FIRST]
    while (i < run[RUN_LAST]) & (left > 0):
        left -= 1
        state = at(level, i * run[RUN_ENTRY])
        run[RUN_AT] = i
        i += 1
        run[RUN_FIRST] = i
        n = expand(state, scratch, info)
        if n < 0:
            return n
        sought = run[RUN_SOUGHT]
        if run[RUN_DEPTH] < run[RUN_LIMIT]:
            run[RUN_STEPS] += n
            collect(state, fresh, n, bits, scratch, hashes, run)
        else:
            run[RUN_CUT] += n > 0
            sought = run[RUN_SOUGHT_LAST]
        if info[INFO_SEEN] & sought:
            return MET
    return 0


def collect(state: Words, fresh: Words, count: int, bits: Words, scratch: Words, hashes: Words, run: Words) -> int:
    """Put successors on the next level if they are new, and if the sample takes them."""
    j = 0
    while j < count:
        t = at(scratch, j * WORDS)
        if SYMMETRIC:
            canonical(t)
        hashes[j] = hashed(t, run)
        fetch_bits(bits, hashes[j], run)
        j += 1
    j = 0
    while j < count:
        if mark(bits, hashes[j], run):
            run[RUN_STATES] += 1
            run[RUN_NEW] += 1
            to = run[RUN_KEPT]
            if to < run[RUN_ROOM]:
                run[RUN_KEPT] = to + 1
            else:
                run[RUN_DROPPED] += 1
                to = draw(run, run[RUN_NEW])
            if to < run[RUN_ROOM]:
                enter(at(fresh, to * run[RUN_ENTRY]), at(scratch, j * WORDS), state, j, run)
        j += 1
    return 0


def enter(entry: Words, t: Words, state: Words, step: int, run: Words) -> int:
    """Write successor ``t``, number ``step`` of a state, with the run to it."""
    for w in range(WORDS):
        entry[w] = t[w]
    last = WORDS + (run[RUN_DEPTH] >> 3 - run[RUN_WIDE])
    for v in range(WORDS, last + 1):
        entry[v] = state[v]
    if run[RUN_WIDE]:
        set_quarter(at(entry, WORDS), run[RUN_DEPTH], step)
    else:
        set_byte(at(entry, WORDS), run[RUN_DEPTH], step)
    return 0


def follow(start: Words, entry: Words, length: int, path: Words, scratch: Words, info: Words, run: Words) -> int:
    """Write the states of the run that ``entry`` holds, from ``start`` on, to ``path``. FAILED if there is no such
    run."""
    for w in range(WORDS):
        path[w] = start[w]
    d = 0
    while d < length:
        j = quarter(at(entry, WORDS), d) if run[RUN_WIDE] else byte(at(entry, WORDS), d)
        n = expand(at(path, d * WORDS), scratch, info)
        if n <= j:
            return -1
        t = at(scratch, j * WORDS)
        if SYMMETRIC:
            canonical(t)
        d += 1
        for w in range(WORDS):
            path[d * WORDS + w] = t[w]
    return d
