"""Which variables divide the states: held against the whole state space."""

from __future__ import annotations

import pytest

pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")

import numpy

from planrace.checker.engines.cluster.choice import choose, owners
from planrace.checker.engines.cluster.sampling import sample, table
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.explicit.step_function import Kernel
from planrace.checker.engines.native.partition import Partition
from planrace.checker.run.protocols import find

FAULTS = ("crash", "lock-expiry")


@pytest.mark.parametrize("shards", [2, 3, 8])
@pytest.mark.parametrize("masks", [(2**64 - 1, 2**64 - 1), (0xFF00, 0), (0, 0b111)])
def test_owners_are_those_of_the_partition(shards: int, masks: tuple[int, int]) -> None:
    cut = Partition(shards, masks)
    states = [n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128 for n in range(300)]
    rows = table(states, 2)
    assert owners(rows, cut).tolist() == [cut.shard_of([s % 2**64, s >> 64]) for s in states]


@pytest.mark.parametrize("symmetric", [False, True])
def test_a_sample_has_states_and_steps_of_the_instance(symmetric: bool) -> None:
    kernel = Kernel(
        find("fixed").system(FAULTS).instance(enactors=2, endpoints=1, plans=2, keep=1), symmetric=symmetric
    )
    search = Search(kernel.instance, [], symmetric=symmetric, exhaustive=True)
    _, covered = search.run()
    every = set(search.states())
    found = sample(kernel)
    met = {int(s) for (s,) in found.states}
    assert met <= every
    assert len(met) > 0.95 * len(every), "it is small"
    assert {int(t) for (t,) in found.after} <= every
    assert 0.9 * covered.transitions < len(found.before) == len(found.after) <= covered.transitions


def test_few_steps_cross_and_shards_are_alike() -> None:
    """Of the whole state, a step leaves its shard as if by chance: (n - 1)/n."""
    instance = find("fixed").system(FAULTS).instance(enactors=2, endpoints=2, plans=2)
    kernel = Kernel(instance)
    found = sample(kernel, most=10_000)
    search = Search(instance, [], exhaustive=True)
    search.run()
    every = table(list(search.states()), kernel.layout.words)
    for shards, most in ((2, 0.05), (4, 0.2)):
        chosen = choose(found, kernel.layout, shards)
        assert chosen.crossing < most
        counts = numpy.bincount(owners(every, chosen.partition).astype(int), minlength=shards)
        assert counts.max() / counts.mean() <= 1.3
        assert chosen.variables


def test_without_slow_variables_the_whole_state_divides() -> None:
    instance = find("examples/rollout.py:protocol").system().instance()
    kernel = Kernel(instance)
    chosen = choose(sample(kernel), kernel.layout, 64)
    assert chosen.variables == ()
    assert set(chosen.partition.masks) == {2**64 - 1}


def test_one_shard_has_all() -> None:
    kernel = Kernel(find("fixed").system().instance(enactors=1, endpoints=1, plans=2))
    assert choose(sample(kernel), kernel.layout, 1).partition == Partition()
