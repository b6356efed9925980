"""Memory that costs nothing until it is written, in huge pages where the system gives them."""

from __future__ import annotations

import ctypes
import mmap
import sys

HUGE = 2 * 2**20
"""Bytes of a huge page."""
REACH = 4 * HUGE
"""Bytes that two thousand small pages reach, which is what processors keep translated."""
_HUGEPAGE, _POPULATE, _COLLAPSE = 14, 23, 25
"""MADV_HUGEPAGE, MADV_POPULATE_WRITE (Linux 5.14) and MADV_COLLAPSE (Linux 6.1)."""
_NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)


class Region:
    """Address space for ``size`` bytes at ``address``, zeros until written; given back when the object goes.

    Raises ``MemoryError`` where the system gives none.
    """

    def __init__(self, size: int) -> None:
        try:
            self._map = mmap.mmap(-1, size + HUGE, **_flags())
        except (OSError, ValueError, OverflowError) as problem:
            raise MemoryError(f"no {size} bytes of address space: {problem}") from problem
        self.size = size
        self.address = -(-ctypes.addressof(ctypes.c_char.from_buffer(self._map)) // HUGE) * HUGE
        self._huge, self._whole, self._filled = False, 0, 0

    def use(self, size: int) -> None:
        """The first ``size`` bytes will be written: ask for huge pages when that is worth one."""
        if size >= HUGE // 2 and not self._huge:
            self._huge = True
            _advise(self.address, self.size, _HUGEPAGE)  # once, for it waits for all threads that ask for memory
            _advise(self.address, min(HUGE, self.size), _COLLAPSE)  # small pages that were written before

    def fill(self, size: int) -> None:
        """The first ``size`` bytes are wanted now: what is read before it is written would be mapped twice. Huge pages
        are asked for where small ones are too many for a processor to keep, and end before they would hold more."""
        full = size // HUGE * HUGE
        if full > self._whole and size >= REACH:
            _advise(self.address + self._whole, full - self._whole, _HUGEPAGE)
            if self._filled > self._whole:
                _advise(self.address + self._whole, -(-(self._filled - self._whole) // HUGE) * HUGE, _COLLAPSE)
            self._whole = full
        end = -(-size // mmap.PAGESIZE) * mmap.PAGESIZE
        if end > self._filled:
            _advise(self.address + self._filled, end - self._filled, _POPULATE)
            self._filled = end


def _advise(address: int, size: int, advice: int) -> None:
    """Tell Linux what memory is for; what it does not know it does not do. Unlike Python's own call, this one lets
    other threads run meanwhile."""
    if sys.platform == "linux":
        ctypes.CDLL(None).madvise(ctypes.c_void_p(address), ctypes.c_size_t(size), ctypes.c_int(advice))


def _flags() -> dict[str, int]:
    private = getattr(mmap, "MAP_PRIVATE", None)
    return {} if private is None else {"flags": private | mmap.MAP_ANONYMOUS | _NO_RESERVE}


class WordArray:
    """Words of memory as a Python sequence and as an address."""

    def __init__(self, length: int) -> None:
        self._words = (ctypes.c_uint64 * length)()
        self.address = ctypes.addressof(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __getitem__(self, index: int) -> int:
        return int(self._words[index])

    def __setitem__(self, index: int, value: int) -> None:
        self._words[index] = value & 2**64 - 1


def words_at(address: int, count: int) -> list[int]:
    """A copy of ``count`` words."""
    return list((ctypes.c_uint64 * count).from_address(address))


def write(address: int, word: int) -> None:
    """Set a word of memory."""
    ctypes.c_uint64.from_address(address).value = word
