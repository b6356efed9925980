"""The hash of a state, and its bucket, in the dialect of ``translate.py``."""

from __future__ import annotations

from planrace.checker.engines.native.intrinsics import (
    BITS,
    LINE,
    LINES,
    PAD,
    STRIDE,
    WORDS,
    WORKERS,
    Words,
    high_product,
    prefetch,
)


def mixed(s: Words) -> int:
    """The hash of a state; its upper bits are the well-distributed ones."""
    h = 0
    for w in range(WORDS):
        h = (h ^ s[w]) * 0x9E3779B97F4A7C15
        h = h ^ (h >> 32)
    return h * 0xBF58476D1CE4E5B9


def home_of(h: int, buckets: int) -> int:
    """The bucket of a segment for a hash; PAD more buckets lie below the first."""
    return high_product(h * WORKERS << BITS, buckets) + PAD


def fetch(bucket: Words) -> int:
    """Prefetch every cache line of a bucket. It begins anywhere in its first line, so its last word may lie in one more
    line than a step of LINE words reaches."""
    for n in range(LINES):
        prefetch(bucket, n * LINE)
    if STRIDE > LINE:
        prefetch(bucket, STRIDE - 1)
    return 0
