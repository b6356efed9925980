"""Memory that costs nothing until it is written, in huge pages where the system gives them."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys

HUGE = 2 * 2**20
"""Bytes of a huge page."""


_NO_RESERVE = getattr(mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0)


class Region:
    """Zeroed memory of ``size`` bytes at ``address``; given back when the object goes. Raises ``MemoryError``."""

    def __init__(self, size: int) -> None:
        aligned = size >= 2 * HUGE
        try:
            self._map = mmap.mmap(-1, max(size, mmap.PAGESIZE) + (HUGE if aligned else 0), **_flags())
        except (OSError, ValueError, OverflowError) as problem:
            raise MemoryError(f"no {size} bytes of memory: {problem}") from problem
        self.size = size
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.address = -(-start // HUGE) * HUGE if aligned else start
        if aligned and hasattr(mmap, "MADV_HUGEPAGE"):
            with contextlib.suppress(OSError, ValueError):
                self._map.madvise(mmap.MADV_HUGEPAGE)


def _flags() -> dict[str, int]:
    private = getattr(mmap, "MAP_PRIVATE", None)
    if private is None:
        return {}
    return {"flags": private | mmap.MAP_ANONYMOUS | _NO_RESERVE}


class Array:
    """Words of memory as a Python sequence and as an address."""

    def __init__(self, length: int) -> None:
        self._words = (ctypes.c_uint64 * length)()
        self.address = ctypes.addressof(self._words)

    def __getitem__(self, index: int) -> int:
        return int(self._words[index])

    def __setitem__(self, index: int, value: int) -> None:
        self._words[index] = value & 2**64 - 1


def words_at(address: int, count: int) -> list[int]:
    """A copy of ``count`` words."""
    return list((ctypes.c_uint64 * count).from_address(address))
