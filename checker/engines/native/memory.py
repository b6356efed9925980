"""Memory that takes no RAM until it is written, in huge pages if the system has them."""

from __future__ import annotations

import ctypes
import mmap
import sys
from functools import cache
from pathlib import Path
from typing import Any

HUGE = 2 * 2**20
"""Bytes of a huge page."""
REACH = 4 * HUGE
"""The memory that two thousand small pages cover, about what a processor's TLB holds."""
_DONT_NEED, _HUGEPAGE, _POPULATE, _COLLAPSE = 4, 14, 23, 25
"""MADV_DONTNEED, MADV_HUGEPAGE, MADV_POPULATE_WRITE (Linux 5.14) and MADV_COLLAPSE (Linux 6.1)."""
_NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)


class Region:
    """Address space for ``size`` bytes at ``address``, zeros until written; released with the object.

    Raises ``MemoryError`` if the system has no such space.
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
        """Announce that the first ``size`` bytes will be written: request huge pages if that is worthwhile."""
        if size >= HUGE // 2 and not self._huge:
            self._huge = True
            _advise(self.address, self.size, _HUGEPAGE)  # only once: it waits for all threads that request memory
            _advise(self.address, min(HUGE, self.size), _COLLAPSE)  # small pages that were written before

    def fill(self, size: int) -> None:
        """Prefault the first ``size`` bytes: a page that is read before it is written would be mapped twice. Huge pages
        are requested if small ones would exceed the TLB; they do not extend beyond the bytes that are needed."""
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

    def clear(self, used: int) -> None:
        """Make the first ``used`` bytes zeros, and give their memory back if the system can do that. Nothing beyond
        their last page is touched: other memory may begin there."""
        if sys.platform == "linux":
            give_back(self.address, -(-used // mmap.PAGESIZE) * mmap.PAGESIZE)
        else:
            ctypes.memset(self.address, 0, used)
        self._whole = self._filled = 0


def give_back(address: int, size: int) -> None:
    """Give back the memory of whole pages: those of a file are read again when they are needed, others become zeros."""
    _advise(address, size, _DONT_NEED)


def give_back_library(name: str) -> int:
    """Give back the memory of a library whose file's name has this part, where it is as in the file: the system reads
    it again when it is needed. Returns the bytes given back, 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/smaps").read_text().splitlines()
    except OSError:
        return 0
    given = 0
    span: tuple[int, int] | None = None
    sizes: dict[str, int] = {}
    for words in map(str.split, lines):
        if not words[0].endswith(":"):
            first, last = (int(end, 16) for end in words[0].split("-"))
            span = (first, last - first) if name in words[-1].rsplit("/")[-1] and "w" not in words[1] else None
            sizes = {}
        elif span and words[-1] == "kB":
            sizes[words[0]] = int(words[1])
            if words[0] == "Swap:" and not sizes["Anonymous:"] + sizes["Swap:"]:
                give_back(*span)
                given += sizes["Rss:"] << 10
    return given


def _advise(address: int, size: int, advice: int) -> None:
    """Advise Linux on the use of memory; unknown advice is ignored. Unlike Python's own call, this one lets other
    threads run meanwhile."""
    if sys.platform == "linux":
        _madvise()(address, size, advice)


@cache
def _madvise() -> Any:
    """The function of the C library. Loading the library makes a class, which takes longer than most calls."""
    found: Any = ctypes.CDLL(None).madvise
    found.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    return found


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

    def every(self, first: int, stride: int) -> list[int]:
        """Every ``stride``-th word from ``first`` on; many times faster than to ask for one after the other."""
        found: list[int] = self._words[first : len(self) : stride]
        return found

    def __setitem__(self, index: int, value: int) -> None:
        self._words[index] = value & 2**64 - 1


def words_at(address: int, count: int) -> list[int]:
    """A copy of ``count`` words."""
    return list((ctypes.c_uint64 * count).from_address(address))


def write(address: int, word: int) -> None:
    """Set a word of memory."""
    ctypes.c_uint64.from_address(address).value = word
