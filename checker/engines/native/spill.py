"""Where the bytes of runs are: in memory, or in a file that the system reads as needed."""

from __future__ import annotations

import ctypes
import mmap
import os
import tempfile
import weakref
from pathlib import Path

from planrace.checker.engines.native.memory import Region, give_back

FIRST = 1 << 26
"""Bytes of a file that are addressable at first; twice as many whenever they do not suffice."""
SLACK = 1 << 12
"""Addressable bytes after the last: a difference is read by as many words as a state has."""


class MemoryBytes:
    """Bytes in memory, at most ``room``."""

    filed = False

    def __init__(self, room: int) -> None:
        self._region = Region(room + SLACK)
        self.address = self._region.address
        self.size = 0

    def append(self, source: int, count: int) -> None:
        """Add bytes at an address. Raises ``MemoryError`` if address space is used up."""
        if self.size + count > self._region.size - SLACK:
            raise MemoryError("the runs have no address space")
        ctypes.memmove(self.address + self.size, source, count)
        self.size += count

    def release(self) -> None:
        """Nothing can be given back."""


class SpillFile:
    """Bytes in a file without a name in a folder, which disappears with the process."""

    filed = True

    def __init__(self, folder: Path) -> None:
        self._file, name = tempfile.mkstemp(dir=folder, prefix="planrace-")
        weakref.finalize(self, os.close, self._file)
        Path(name).unlink()
        self.size = self._extent = 0
        self._widen(FIRST)

    def _widen(self, extent: int) -> None:
        os.ftruncate(self._file, extent)  # a hole, which takes no space
        self._map = mmap.mmap(self._file, extent)
        self._extent = extent
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self._map))

    def append(self, source: int, count: int) -> None:
        """Add bytes at an address. Raises ``OSError`` if the disk is full or fails: they are not written through the
        mapping, where that would end the process."""
        if self.size + count + SLACK > self._extent:
            self._widen(max(2 * self._extent, self.size + count + SLACK))
        data = memoryview((ctypes.c_char * count).from_address(source)).cast("B")
        done = 0
        while done < count:
            done += os.pwrite(self._file, data[done:], self.size + done)
        self.size += count

    def release(self) -> None:
        """Give back the memory of what was read; the system may keep it as long as there is room."""
        give_back(self.address, self._extent)
