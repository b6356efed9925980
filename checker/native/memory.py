"""Memory that costs nothing until it is written, in huge pages where the system gives them."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys

HUGE = 2 * 2**20
"""Bytes of a huge page."""
_COLLAPSE = 25
"""MADV_COLLAPSE of Linux 6.1, which Python does not name yet."""
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
        start = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self.address = -(-start // HUGE) * HUGE
        self._skipped = self.address - start
        self._huge = 0

    def use(self, size: int) -> None:
        """The first ``size`` bytes will be written: ask for huge pages where there are enough of them."""
        end = -(-size // HUGE) * HUGE
        if size < HUGE // 2 or end <= self._huge or not hasattr(mmap, "MADV_HUGEPAGE"):
            return
        with contextlib.suppress(OSError, ValueError):
            self._map.madvise(mmap.MADV_HUGEPAGE, self._skipped + self._huge, end - self._huge)
            if not self._huge:
                self._map.madvise(_COLLAPSE, self._skipped, end)  # small pages that were written before
        self._huge = end


def _flags() -> dict[str, int]:
    private = getattr(mmap, "MAP_PRIVATE", None)
    return {} if private is None else {"flags": private | mmap.MAP_ANONYMOUS | _NO_RESERVE}


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
