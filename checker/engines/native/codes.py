"""How differences of sorted states are coded: a code for the lengths and frequencies that were met (see ``coding.py``).

Codes are Huffman's, canonical, of at most LONG bits; they are read from the lowest bit on.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from threading import Lock

from planrace.checker.engines.native import coding, intrinsics, sorting, striking, tallying
from planrace.checker.engines.native.intrinsics import DIGIT, LONG, OWN, RANKS
from planrace.checker.engines.native.jit import Machine
from planrace.checker.engines.native.memory import Region, WordArray
from planrace.checker.engines.native.program import dialect, translated

CALLED = {"sort": 4, "encode": 7, "decode": 6, "strike": 9, "keep": 3, "tally": 3, "frequent": 2, "rate": 6}
INLINED = ("bits_of", "check", "difference", "following", "hashed", "less", "put", "rank")
SHARE = 1 << 6
"""A code may have as many words of frequent differences as 1/SHARE of the states that it is made for."""
SHORT = 46
"""The bits of a difference that are read at once, with its code."""
SAMPLES = 1 << 3
"""The parts of a run whose differences are counted, if it is long."""


def constants_of(words: int) -> dict[str, int]:
    """The numbers of the dialect for states of so many words."""
    nibble = max(4, words)
    return {
        "WORDS": words,
        "ENTRY": words + 1,
        "UNIT": 1 + words // 32,  # a part takes 128 * (8 * words + 2) bytes at most, counted in two bytes
        "NIBBLE": nibble,
        "CLASSES": -(-64 * words // nibble),
        "TALLY": intrinsics.TALLY - (words - 1).bit_length(),
    }


_MADE: dict[int, Machine] = {}
_making = Lock()


def coder(words: int) -> Machine:
    """The functions for runs of states of so many words, from this process if it has them."""
    with _making:
        if words not in _MADE:
            constants = {n: v for n, v in vars(intrinsics).items() if n.isupper() and isinstance(v, int)}
            constants |= constants_of(words)
            sources = [dialect(module) for module in (sorting, coding, tallying, striking)]
            content = repr((sources, sorted(constants.items())))
            _MADE[words] = Machine(content, lambda: translated("runs", constants, sources, INLINED), CALLED)
        return _MADE[words]


class DifferenceCode:
    """A code for differences of states of ``words`` words. ``table`` is what reading takes; ``writing`` has the
    addresses of what writing takes, until the code is finished.

    It is made for ``count`` sorted states at an address, and others like them, ``most`` in all. Without any, no
    difference has a rank.
    """

    def __init__(self, words: int, states: int = 0, count: int = 0, most: int = 0) -> None:
        constants = constants_of(words)
        self._words, self._classes, self._tally = words, constants["CLASSES"], constants["TALLY"]
        self._nibble = constants["NIBBLE"]
        self._ranks: Region | None = Region(8 << RANKS)  # address space only, until some are written
        self._symbols = WordArray((1 << OWN) + RANKS - OWN + self._classes)
        self.writing = WordArray(2)
        self.writing[0], self.writing[1] = self._symbols.address, self._ranks.address
        self.table = WordArray(1 << LONG)
        if count:
            self._count(states, count, most)
        self._assign(lengths([self._symbols[n] for n in range(len(self._symbols))], LONG))

    def finish(self) -> None:
        """Nothing more will be written."""
        self._ranks = None

    def _count(self, states: int, count: int, most: int) -> None:
        code, entry = coder(self._words), 8 * (self._words + 1)
        counts, keys = Region(entry << self._tally), Region(8 << self._tally)
        room = 1 << self._tally - 1
        if count <= room:
            code["tally"](states, count, counts.address)
        else:
            size = room // SAMPLES
            for n in range(SAMPLES):
                at = (count - size) * n // (SAMPLES - 1)
                code["tally"](states + 8 * self._words * at, size, counts.address)
        found = code["frequent"](counts.address, keys.address)
        spare, digits = Region(8 << self._tally), WordArray(1 << DIGIT)
        swapped = coder(1)["sort"](keys.address, found, spare.address, digits.address)
        many = min(found, 1 << RANKS, most // (SHARE * self._words))
        self.table = WordArray((1 << LONG) + many * self._words)
        ordered = spare if swapped else keys
        code["rate"](counts.address, ordered.address, many, self.table.address, self.writing[1], self.writing[0])

    def _assign(self, sizes: Sequence[int]) -> None:
        """Give each symbol a code of its size, the shortest first, and say how it is read."""
        next_one = 0
        for size, symbol in sorted((size, n) for n, size in enumerate(sizes)):
            code = int(f"{next_one >> LONG - size:0{size}b}"[::-1], 2)
            next_one += 1 << LONG - size
            self._symbols[symbol] = code | size << 32
            for k in range(code, 1 << LONG, 1 << size):
                self.table[k] = self._read(symbol, size)

    def _read(self, symbol: int, size: int) -> int:
        """The word of ``following`` for a symbol whose code has so many bits."""
        octaves = (1 << OWN) + RANKS - OWN
        if symbol >= octaves:
            bits = min((symbol - octaves + 1) * self._nibble, 64 * self._words)
            return (1 << 62 | bits << 24 if bits <= SHORT else 1 << 63) | size << 16 | size + bits
        extra = symbol - (1 << OWN) + OWN if symbol >> OWN else 0
        first = 1 << extra if extra else symbol
        return first << 32 | extra << 24 | size << 16 | size + extra


def lengths(counts: Sequence[int], most: int) -> list[int]:
    """The lengths of codes for symbols that are used so often, none longer than ``most``: Huffman's, with larger counts
    for the least frequent until they are short enough."""
    floor = 1
    while True:
        found = _lengths([max(floor, c) for c in counts])
        if max(found) <= most:
            return found
        floor = max(2 * floor, sum(counts) >> most + 2)


def _lengths(counts: Sequence[int]) -> list[int]:
    heap = [(c, n) for n, c in enumerate(counts)]
    heapq.heapify(heap)
    above: dict[int, int] = {}
    made = len(counts)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        above[a[1]] = above[b[1]] = made
        heapq.heappush(heap, (a[0] + b[0], made))
        made += 1
    depth = {made - 1: 0}
    for n in range(made - 2, -1, -1):
        depth[n] = depth[above[n]] + 1
    return [depth[n] for n in range(len(counts))]
