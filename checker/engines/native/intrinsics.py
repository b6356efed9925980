"""Names of the dialect for readers and type checkers: what ``loops.py`` uses and nobody runs as Python."""

from __future__ import annotations

from typing import TypeAlias

Words: TypeAlias = "list[int]"
"""An array of 64-bit words in memory, by its address."""

WORDS = 1
"""Words a state."""
WORKERS = 1
"""Workers of the search."""
BITS = 7
"""The logarithm of the number of segments of a worker's table."""
CONTROLS = 1
"""How many values ``control`` may have; 1 where nothing tells states apart."""
SYMMETRIC = 0
"""1 where states stand for their orbits."""
AHEAD, LATE = 64, 32
"""How many insertions ahead memory is asked for, a power of two, and how many states wait for a bucket below theirs."""
BUCKET, STRIDE = 7, 8
"""Slots of a bucket, and words: those of its states and one for their levels; a cache line where a state is a word."""
ROW = 2
"""Words of a successor with the number of its step."""
WIDE = 0
"""1 where numbers of labels take half-words, for there are many; else they take quarter-words."""
BATCH = 16
"""States whose successors are looked up together."""
PAD = 64
"""Buckets of a segment below the lowest home."""
LINE = 8
"""Words that are sent to a box together: a cache line."""
MANY = 1 << 8
"""Successors that are made before they are sent, at least; so many words more than states need are in ``scratch``."""
RECENT = 1 << 15
"""States that a worker remembers to have inserted; a power of two."""
SEGMENT = 4
"""Words that describe a segment: address of the buckets, how many (without PAD), states, limit of states."""
LOST = -2
"""What is returned in place of the slot of a state that no table has: a defect of ours."""
LEVELS = 255
"""Levels that a byte tells apart."""

INFO_SEEN, INFO_STEPS, INFO_FRESH, INFO_SOURCE, INFO_AT = 0, 1, 2, 3, 4
"""What a worker's words of information are: terms seen, steps taken, new states; whose box is being inserted, and 1
plus the state of it that comes next, or 0 before the box was sifted."""
INFO = 5


def at(array: Words, index: int) -> Words:
    """The array from an index on."""
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


def half(array: Words, index: int) -> int:
    """A half-word of an array of half-words, without sign."""
    raise NotImplementedError


def set_half(array: Words, index: int, value: int) -> None:
    """Write a half-word of an array of half-words."""
    raise NotImplementedError


def quarter(array: Words, index: int) -> int:
    """A quarter-word of an array of quarter-words, without sign."""
    raise NotImplementedError


def set_quarter(array: Words, index: int, value: int) -> None:
    """Write a quarter-word of an array of quarter-words."""
    raise NotImplementedError


def mixed(s: Words) -> int:
    """The hash of a state (``places.py``)."""
    raise NotImplementedError


def home_of(h: int, buckets: int) -> int:
    """The bucket of a segment that a hash belongs to (``places.py``)."""
    raise NotImplementedError


def prefetch(array: Words, index: int) -> None:
    """Ask for the cache line of a word."""
    raise NotImplementedError


def stream_line(to: Words, source: Words) -> None:
    """Copy LINE words, both at multiples of so many, past the caches."""
    raise NotImplementedError


def fence() -> None:
    """What was written before is seen by others before what comes after."""
    raise NotImplementedError


def high_product(a: int, b: int) -> int:
    """The upper word of a product of two words without sign."""
    raise NotImplementedError


def expand(s: Words, out: Words, info: Words) -> int:
    """Write the successors of ``s`` to ``out``, and to info[INFO_SEEN] what holds; how many, or FAILED."""
    raise NotImplementedError


def control(s: Words) -> int:
    """A number that is equal for states in which much the same is enabled."""
    raise NotImplementedError


def canonical(s: Words) -> int:
    """Put in place of a state the one that stands for its orbit."""
    raise NotImplementedError


def equal_slots(bucket: Words, s: Words) -> int:
    """A bit for each slot of a bucket: it holds the complement of ``s``."""
    raise NotImplementedError


def free_slots(bucket: Words) -> int:
    """A bit for each slot of a bucket: it is free."""
    raise NotImplementedError


def leading(mask: int) -> int:
    """How many bits there are before the highest that is set; 64 if none is."""
    raise NotImplementedError


def lowest(mask: int) -> int:
    """The number of the lowest bit that is set."""
    raise NotImplementedError


def ones(mask: int) -> int:
    """How many bits are set."""
    raise NotImplementedError
