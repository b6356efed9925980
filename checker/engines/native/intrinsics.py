"""Declarations of the dialect's built-ins for readers and type checkers: used by ``inserting.py`` and others, never run
as Python."""

from __future__ import annotations

from typing import TypeAlias

Words: TypeAlias = "list[int]"
"""An array of 64-bit words in memory, by its address."""

WORDS = 1
"""Words of a state."""
WORKERS = 1
"""The number of workers."""
SHARDS = 1
"""The number of processes that share the states (``partition.py``)."""
BOXES = 1 << 7
"""A worker's boxes: one for each segment of each worker, and if there are more shards, one for each shard."""
BITS = 7
"""The binary logarithm of the number of segments of a worker's table."""
CONTROLS = 1
"""The number of values of ``control``; 1 if it does not distinguish states."""
SYMMETRIC = 0
"""1 if states stand for their orbits (symmetry), or for all with their normal form."""
AHEAD, LATE = 64, 32
"""AHEAD: how many insertions ahead memory is prefetched, a power of two. LATE: how many states may wait for the bucket
below theirs."""
BUCKET, STRIDE = 7, 8
"""Slots of a bucket, and its words: those of its states and one for their levels; a cache line if a state is one
word."""
ROW = 2
"""Words of a row: a successor and the label of its step."""
WIDE = 0
"""1 if labels take half-words, because there are many; else they take quarter-words."""
BATCH = 16
"""The number of states whose successors are looked up in one batch."""
LINES = 1
"""Cache lines that the words of a bucket fill, the last of them perhaps in part."""
PAD = 64
"""Buckets of a segment below the lowest home."""
LINE = 8
"""Words that are copied to a box at once: a cache line."""
MANY = 1 << 8
"""The least number of successors that are generated before they are sent; ``scratch`` has room for that many more words
than states need."""
RECENT = 1 << 15
"""The number of recently inserted states that a worker remembers; a power of two."""
SEGMENT = 4
"""The words that describe a segment: address of the buckets, number of buckets (without PAD), number of states, limit
on states."""
LOST = -2
"""Returned in place of a slot for a state that no table has: a bug of the checker."""
LEVELS = 255
"""The number of levels that a byte distinguishes."""
BLOCK, ENTRY = 8, 2
"""The binary logarithm of the states of a block of a run, and the words of its entry in the index."""
DIGIT, DIGITS = 11, 6
"""The bits of a digit by which states are sorted, and the digits of a word."""
PIECE, FILTER, PLACES = 1 << 13, 12, 15
"""How many states are looked for in runs at a time, and the binary logarithms of the words of their filter and of the
quarter-words that have their places."""
PLACE, UNIT = (1 << 40) - 1, 1
"""The bits of a word of the index that have the place of a block, and the bytes that its second part's place counts."""
LONG, OWN, RANKS = 10, 6, 14
"""The bits of the longest code of a difference; the binary logarithms of the differences that have codes of their own,
and of those that have a rank."""
NIBBLE, CLASSES = 4, 16
"""The bits in which the length of a difference without a rank is counted, and how many lengths there are."""
TALLY = 18
"""The binary logarithm of the entries of the table that counts differences."""
SIGN = -(1 << 63)
"""The top bit: words are compared as signed, so those without a sign are compared with this bit inverted."""

INFO_SEEN, INFO_STEPS, INFO_FRESH, INFO_SOURCE, INFO_AT, INFO_SHARD = 0, 1, 2, 3, 4, 5
"""A worker's information words: terms seen, steps taken, new states; whose box is being inserted; 1 plus the number of
its next state, or 0 before the box was sifted; and the number of its shard."""
INFO = 6


def _room(count: int) -> Words:
    """An uninitialised array until the function returns."""
    raise NotImplementedError


def at(array: Words, index: int) -> Words:
    """The array starting at an index."""
    raise NotImplementedError


def pointer(address: int) -> Words:
    """The array at an address."""
    raise NotImplementedError


def byte(array: Words, index: int) -> int:
    """A byte of an array of bytes."""
    raise NotImplementedError


def set_byte(array: Words, index: int, value: int) -> None:
    """Write a byte of an array of bytes."""
    raise NotImplementedError


def unaligned(array: Words, index: int) -> int:
    """The eight bytes of an array of bytes that begin at an index, as a word."""
    raise NotImplementedError


def set_unaligned(array: Words, index: int, value: int) -> None:
    """Write a word to the eight bytes of an array of bytes that begin at an index."""
    raise NotImplementedError


def half(array: Words, index: int) -> int:
    """An unsigned half-word of an array of half-words."""
    raise NotImplementedError


def set_half(array: Words, index: int, value: int) -> None:
    """Write a half-word of an array of half-words."""
    raise NotImplementedError


def quarter(array: Words, index: int) -> int:
    """An unsigned quarter-word of an array of quarter-words."""
    raise NotImplementedError


def set_quarter(array: Words, index: int, value: int) -> None:
    """Write a quarter-word of an array of quarter-words."""
    raise NotImplementedError


def mixed(s: Words) -> int:
    """The hash of a state (``hashing.py``)."""
    raise NotImplementedError


def shard_of(s: Words) -> int:
    """The number of the shard that owns a state (``partition.py``)."""
    raise NotImplementedError


def home_of(h: int, buckets: int) -> int:
    """The bucket of a segment for a hash (``hashing.py``)."""
    raise NotImplementedError


def fetch(bucket: Words) -> int:
    """Prefetch every cache line of a bucket (``hashing.py``)."""
    raise NotImplementedError


def prefetch(array: Words, index: int) -> None:
    """Prefetch the cache line of a word."""
    raise NotImplementedError


def stream_line(to: Words, source: Words) -> None:
    """Copy LINE words past the caches; both addresses are multiples of LINE words."""
    raise NotImplementedError


def fence() -> None:
    """Memory fence: earlier writes are visible before later ones."""
    raise NotImplementedError


def high_product(a: int, b: int) -> int:
    """The upper word of the unsigned product of two words."""
    raise NotImplementedError


def expand(s: Words, out: Words, info: Words) -> int:
    """Write the successors of ``s`` to ``out``, and the bits of terms that hold to info[INFO_SEEN]; returns the number
    of successors, or FAILED."""
    raise NotImplementedError


def control(s: Words) -> int:
    """A number that groups states: those with the same number enable nearly the same actions."""
    raise NotImplementedError


def canonical(s: Words) -> int:
    """Replace a state by the representative of its orbit."""
    raise NotImplementedError


def equal_slots(bucket: Words, s: Words) -> int:
    """A bit for each slot of a bucket that holds the complement of ``s``."""
    raise NotImplementedError


def free_slots(bucket: Words) -> int:
    """A bit for each free slot of a bucket."""
    raise NotImplementedError


def leading(mask: int) -> int:
    """The number of zero bits above the highest bit that is set; 64 if none is."""
    raise NotImplementedError


def lowest(mask: int) -> int:
    """The number of the lowest bit that is set."""
    raise NotImplementedError


def ones(mask: int) -> int:
    """The number of bits that are set."""
    raise NotImplementedError
