"""Which variables decide the owner of a state: as few steps as possible shall lead from one process to another, and no
process shall own far more states than the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import combinations
from operator import or_

import numpy
from numpy.typing import NDArray

from planrace.checker.engines.cluster.sampling import RunSample, Table
from planrace.checker.engines.native.partition import FIRST, SECOND, SEED, Partition
from planrace.checker.semantics.packing import WORD, Layout

SAFE = 1.2
"""The greatest ratio, in the sample, of the states of the largest shard to the mean: whole spaces have more, because
runs at random meet states of some kinds more often. 1.3 of all states is wanted."""
SLOW = 8
"""The number of variables of which all sets are tried."""
ALL = 2**64 - 1


@dataclass(frozen=True)
class Chosen:
    """A partition by ``variables`` (none: by the whole state). In the sample, a share ``crossing`` of steps led to
    another shard, and the largest shard had ``balance`` times the mean."""

    partition: Partition
    variables: tuple[str, ...]
    crossing: float
    balance: float


def choose(sample: RunSample, layout: Layout, shards: int) -> Chosen:
    """Of all sets of the variables that change least, SLOW of them, the one with the fewest crossing steps in the
    sample whose balance there is at most SAFE. If there is none, the whole state decides."""
    whole = Partition(shards, (ALL,) * layout.words)
    if shards == 1:
        return Chosen(Partition(), (), 0.0, 1.0)
    masks = _masks(layout)
    slow = _slowest(sample, masks)
    sets = (some for size in range(1, len(slow) + 1) for some in combinations(slow, size))
    found = (_judged(sample, _partition(masks, some, shards), some) for some in sets)
    balanced = [c for c in found if c.balance <= SAFE]
    return min(balanced, key=lambda c: (c.crossing, c.balance), default=_judged(sample, whole, ()))


def _slowest(sample: RunSample, masks: dict[str, list[int]]) -> list[str]:
    """The SLOW variables that change in the fewest steps, without those that never differ."""
    differ = sample.before ^ sample.after
    changed = {v: float((differ & _row(m)).any(axis=1).mean()) for v, m in masks.items()}
    varied = [v for v, m in masks.items() if ((sample.states[:1] ^ sample.states) & _row(m)).any()]
    return sorted(varied, key=lambda v: (changed[v], v))[:SLOW]


def _row(mask: list[int]) -> Table:
    return numpy.array(mask, dtype=numpy.uint64)


def _partition(masks: dict[str, list[int]], variables: Sequence[str], shards: int) -> Partition:
    return Partition(shards, tuple(reduce(or_, words) for words in zip(*(masks[v] for v in variables), strict=True)))


def owners(states: Table, partition: Partition) -> NDArray[numpy.uint64]:
    """``Partition.shard_of`` of each row."""
    h = numpy.full(len(states), SEED, dtype=numpy.uint64)
    half = numpy.uint64(32)
    for w, mask in enumerate(partition.masks):
        if mask:
            h = (h ^ states[:, w] & numpy.uint64(mask)) * numpy.uint64(FIRST)
            h = h ^ h >> half
    h = h * numpy.uint64(SECOND)
    shards = numpy.uint64(partition.shards)
    low = (h & numpy.uint64(2**32 - 1)) * shards  # the product in two parts: numpy has no words of 128 bits
    return ((h >> half) * shards + (low >> half)) >> half


def _masks(layout: Layout) -> dict[str, list[int]]:
    """For each variable the bits of each word that it takes."""
    found: dict[str, list[int]] = {}
    for field in layout.fields.values():
        mask = found.setdefault(field.variable, [0] * layout.words)
        for k, w in enumerate(field.words):
            mask[w] |= (field.mask << field.shift >> WORD * k) & ALL
    return found


def _judged(sample: RunSample, partition: Partition, variables: tuple[str, ...]) -> Chosen:
    counts = numpy.bincount(owners(sample.states, partition).astype(numpy.int64), minlength=partition.shards)
    crossing = owners(sample.before, partition) != owners(sample.after, partition)
    share = float(crossing.mean()) if len(crossing) else 0.0
    return Chosen(partition, variables, share, float(counts.max() / counts.mean()))
