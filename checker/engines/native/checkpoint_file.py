"""The file of a checkpoint: what it looks like, how it is written as a whole or not at all, and who may write it.

A file is MAGIC, a word of 4 bytes with FORMAT, a header (its length in 4 bytes, JSON), sections, and an end. A section
is a kind (1 byte: STATES, FRONTIER, or END), a level, a number of states and a number of bytes (8 each), and these
bytes (``squeezing.py``). After the header and after each section stands the CRC-32 of everything before it but such
sums (the CRC of what ends with its own CRC is always the same); so what was cut, changed, left out or exchanged is
noticed before any of it is used. Numbers are little-endian.

Whoever can write a checkpoint can make a search say what he likes: there is no defence against forgery.
"""

from __future__ import annotations

import contextlib
import json
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

from planrace.model.language import ModelError

MAGIC = b"planrace checkpoint\n"
FORMAT = 1
"""The version of what is described above and of the header's content."""
STATES, FRONTIER, END = 1, 2, 0
_HEAD, _SECTION, _SUM = struct.Struct("<II"), struct.Struct("<BQQQ"), struct.Struct("<I")
MOST = 1 << 28
"""The largest length of a header or a section that is believed, in bytes."""
READ = 1 << 20
"""Bytes that are checked at a time."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
ANEW = "leave out --resume to search from the beginning"


@dataclass(frozen=True)
class CheckpointSection:
    """``count`` states of a ``level``, whose ``size`` bytes begin at ``place`` in the file."""

    kind: int
    level: int
    count: int
    size: int
    place: int


class CheckpointWriter:
    """Writes a file from its beginning; several threads may add sections."""

    def __init__(self, file: BinaryIO, header: dict[str, Any]) -> None:
        self._file, self._sum, self._lock = file, 0, Lock()
        self.bytes = 0
        text = json.dumps(header, separators=(",", ":")).encode()
        self._put(MAGIC + _HEAD.pack(FORMAT, len(text)) + text)
        self._check()

    def add(self, kind: int, level: int, count: int, data: bytes | memoryview) -> None:
        """Add a section. Raises ``OSError``."""
        with self._lock:
            self._put(_SECTION.pack(kind, level, count, len(data)))
            self._put(data)
            self._check()

    def end(self) -> None:
        """Add the end."""
        self.add(END, 0, 0, b"")

    def _put(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        self._sum = zlib.crc32(data, self._sum)
        self.bytes += len(data)

    def _check(self) -> None:
        self._file.write(_SUM.pack(self._sum))
        self.bytes += _SUM.size


class CheckpointReader:
    """A file that was written to its end, and its sections in their order. Raises ``ModelError`` for any other one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file: Any = path.open("rb")
        except OSError as problem:
            raise ModelError(
                f"resume={str(path)!r} cannot be read: {problem.strerror}",
                remedy="name a file that --checkpoint wrote",
            ) from None
        self._sum = 0
        try:
            if self._take(len(MAGIC)) != MAGIC:
                raise ModelError(f"{path} is not a checkpoint", remedy="name a file that --checkpoint wrote")
            written, length = _HEAD.unpack(self._take(_HEAD.size))
            if written != FORMAT:
                raise ModelError(
                    f"{path} is a checkpoint of format {written}; this planrace reads format {FORMAT}",
                    remedy=f"use the planrace that wrote it, or {ANEW}",
                )
            text = self._take(self._believed(length))
            self._check()
            self.header: dict[str, Any] = json.loads(text)
            self.sections = tuple(self._skimmed())
            if self._file.read(1):
                raise self.damaged()
        except OSError as problem:
            raise ModelError(f"{path} cannot be read: {problem.strerror}", remedy=ANEW) from None
        except BaseException:
            self._file.close()
            raise

    def data(self, section: CheckpointSection) -> bytearray:
        """The bytes of a section. Raises ``ModelError`` if they are not there any more."""
        data = bytearray(section.size)
        self._file.seek(section.place)
        if self._file.readinto(data) != section.size:
            raise self.damaged("ends too early")
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _skimmed(self) -> Iterator[CheckpointSection]:
        while True:
            kind, level, count, size = _SECTION.unpack(self._take(_SECTION.size))
            place = self._file.tell()
            for at in range(0, self._believed(size), READ):
                self._take(min(READ, size - at))
            self._check()
            if kind == END:
                return
            yield CheckpointSection(kind, level, count, size, place)

    def _take(self, count: int) -> bytes:
        data = self._read(count)
        self._sum = zlib.crc32(data, self._sum)
        return data

    def _read(self, count: int) -> bytes:
        data: bytes = self._file.read(count)
        if len(data) < count:
            raise self.damaged("ends too early")
        return data

    def _check(self) -> None:
        if _SUM.unpack(self._read(_SUM.size))[0] != self._sum:
            raise self.damaged()

    def _believed(self, length: int) -> int:
        if length > MOST:
            raise self.damaged()
        return length

    def damaged(self, what: str = "is damaged") -> ModelError:
        """The error for this file."""
        return ModelError(f"the checkpoint {self.path} {what}", remedy=ANEW)


@contextmanager
def written(path: Path, header: dict[str, Any]) -> Iterator[CheckpointWriter]:
    """Write a file as a whole: until the block ends, and if it fails, the earlier file stays. Raises ``OSError``."""
    path = path.resolve()  # a link stays one
    new = beside(path, ".new")
    handle = os.open(new, _NEW, 0o666)
    try:
        with os.fdopen(handle, "wb", buffering=READ) as file:
            writer = CheckpointWriter(file, header)
            yield writer
            writer.end()
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, if the system can."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only search that writes ``path``, until the block ends. The lock is that of a file beside it, which ends
    with the process. Raises ``ModelError`` if another search has it, or if nothing can be written there."""
    _refuse_others(path)
    lock = beside(path.resolve(), ".lock")
    handle = _lock(path, lock)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            lock.unlink()  # before the lock is given back: who waits for it, then sees that it is another file
        os.close(handle)


def _refuse_others(path: Path) -> None:
    """Raises ``ModelError`` if the file exists and is no checkpoint, which must not be lost."""
    given = f"checkpoint={str(path)!r}"
    if path.is_dir():
        raise ModelError(f"{given} is a folder", remedy="name a file")
    try:
        with path.open("rb") as file:
            begun = file.read(len(MAGIC))
    except FileNotFoundError:
        return
    except OSError as problem:
        raise ModelError(f"{given} cannot be written: {problem.strerror}", remedy="name another file") from None
    if begun != MAGIC:
        raise ModelError(f"{given} exists and is not a checkpoint", remedy="name another file, or delete it")


def _lock(path: Path, lock: Path) -> int:
    while True:
        try:
            handle = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
        except OSError as problem:
            raise ModelError(
                f"no checkpoint can be written to {path}: {problem.strerror}", remedy="name a file in another folder"
            ) from None
        try:
            _take_lock(handle)
        except OSError:
            os.close(handle)
            raise ModelError(
                f"another search writes its checkpoints to {path}", remedy="name another file, or wait until it ends"
            ) from None
        try:
            if os.fstat(handle).st_ino == lock.stat().st_ino:
                return handle
        except FileNotFoundError:
            pass
        os.close(handle)  # the one that had it deleted the file


def _take_lock(handle: int) -> None:
    """Raises ``OSError`` if another one has the lock. Windows has none."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def beside(path: Path, suffix: str) -> Path:
    """The file of the same name with a suffix."""
    return path.with_name(path.name + suffix)
