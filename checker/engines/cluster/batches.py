"""Sets of states as bytes: sorted, without doubles, as differences of neighbours.

Only the bytes of a difference that are not zero are kept, beside a half-byte that says how many they are. A word of a
state that is not the first in the order is the difference to the state before, too, so that it is small where the words
before are equal.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy

from planrace.checker.engines.cluster.sampling import Table

BYTES = 8
HEADER = 8


def encode(states: Table) -> bytes:
    """The different states of a table, in order."""
    ordered = distinct(states)
    count, words = ordered.shape
    if not count:
        return b""
    before = numpy.zeros_like(ordered)
    before[1:] = ordered[:-1]
    parts = [count.to_bytes(HEADER, "little")]
    for w in range(words):
        delta = numpy.ascontiguousarray(ordered[:, w] - before[:, w])
        sizes = _sizes(delta)
        padded = numpy.append(sizes, numpy.uint8(0)) if count % 2 else sizes
        parts.append((padded[0::2] | padded[1::2] << numpy.uint8(4)).tobytes())
        planes = delta.view(numpy.uint8).reshape(count, BYTES)
        parts += [planes[sizes > k, k].tobytes() for k in range(BYTES)]
    return b"".join(parts)


def decode(batch: bytes, words: int) -> Table:
    """The states of a batch, in order. Raises ``ValueError`` if it is cut short."""
    if not len(batch):
        return numpy.empty((0, words), dtype=numpy.uint64)
    count = int.from_bytes(batch[:HEADER], "little")
    at, columns = HEADER, []
    for _ in range(words):
        halves = numpy.frombuffer(batch, numpy.uint8, (count + 1) // 2, at)
        at += len(halves)
        sizes = numpy.column_stack((halves & 15, halves >> 4)).reshape(-1)[:count]
        planes = numpy.zeros((count, BYTES), dtype=numpy.uint8)
        for k in range(BYTES):
            longer = sizes > k
            some = int(longer.sum())
            planes[longer, k] = numpy.frombuffer(batch, numpy.uint8, some, at)
            at += some
        columns.append(numpy.cumsum(planes.view(numpy.uint64).reshape(-1), dtype=numpy.uint64))
    if at != len(batch):
        raise ValueError(f"a batch of {len(batch)} bytes has {at}")
    return numpy.ascontiguousarray(numpy.column_stack(columns))


def distinct(states: Table) -> Table:
    """The different states, in the order of their first words, then the second …"""
    if states.shape[1] == 1:
        ordered = numpy.sort(states, axis=0)
    else:
        ordered = states[numpy.lexsort(tuple(states[:, w] for w in reversed(range(states.shape[1]))))]
    new = numpy.ones(len(ordered), dtype=bool)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    return ordered[new]


def joined(tables: Sequence[Table], words: int) -> Table:
    """Tables one after the other."""
    return numpy.concatenate(tables) if tables else numpy.empty((0, words), dtype=numpy.uint64)


def _sizes(numbers: numpy.typing.NDArray[numpy.uint64]) -> numpy.typing.NDArray[numpy.uint8]:
    """How many of the lower bytes of each number are needed."""
    sizes = numpy.zeros(len(numbers), dtype=numpy.uint8)
    for k in range(BYTES):
        sizes += numbers >= numpy.uint64(1 << BYTES * k)
    return sizes
