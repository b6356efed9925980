"""Which variables decide the owner of a state: as few steps as possible shall lead from one process to another, and no
process shall own far more states than the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
SPREAD = 0.3
"""The greatest standard deviation of a shard's states over all hashes, relative to the mean: where it is more, a hash
that divides the sample well divides all states badly."""
HASHES = 8
"""The number of hashes that are tried for a set of variables."""
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
    sample whose balance there is at most SAFE, with one of HASHES hashes. If there is none, the whole state decides."""
    whole = Partition(shards, (ALL,) * layout.words)
    if shards == 1:
        return Chosen(Partition(), (), 0.0, 1.0)
    masks = _masks(layout)
    slow = _slowest(sample, masks)
    sets = (some for size in range(1, len(slow) + 1) for some in combinations(slow, size))
    found = [_judged(sample, _partition(masks, some, shards), some) for some in sets]
    for c in sorted(found, key=lambda c: c.crossing):
        if _spread(sample, c.partition) > SPREAD:
            continue
        hashes = (_hashed(sample, c, n) for n in range(HASHES))
        balanced = [h for h in hashes if h.balance <= SAFE]
        if balanced:
            return min(balanced, key=lambda h: h.crossing)
    return _judged(sample, whole, ())


def _spread(sample: RunSample, partition: Partition) -> float:
    """The standard deviation of a shard's states, relative to the mean, over all hashes: large if few values of the
    variables have many of the states. The sample knows that better than how many states each value has."""
    _, counts = numpy.unique(_hashes(sample.states, partition), return_counts=True)
    return float(((partition.shards - 1) * ((counts / counts.sum()) ** 2).sum()) ** 0.5)


def _hashed(sample: RunSample, chosen: Chosen, n: int) -> Chosen:
    """The same variables with hash number ``n``: where they have few values, these fall to shards by chance."""
    seed = SEED + 2 * n * FIRST & ALL
    return _judged(sample, replace(chosen.partition, seed=seed), chosen.variables) if n else chosen


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
    h, half, shards = _hashes(states, partition), numpy.uint64(32), numpy.uint64(partition.shards)
    low = (h & numpy.uint64(2**32 - 1)) * shards  # the product in two parts: numpy has no words of 128 bits
    return ((h >> half) * shards + (low >> half)) >> half


def _hashes(states: Table, partition: Partition) -> NDArray[numpy.uint64]:
    """The hash of each row."""
    h = numpy.full(len(states), partition.seed, dtype=numpy.uint64)
    for w, mask in enumerate(partition.masks):
        if mask:
            h = (h ^ states[:, w] & numpy.uint64(mask)) * numpy.uint64(FIRST)
            h = h ^ h >> numpy.uint64(32)
    return h * numpy.uint64(SECOND)


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
