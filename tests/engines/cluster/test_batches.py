"""Batches of states: what is coded comes back, sorted and once."""

from __future__ import annotations

from random import Random

import pytest

pytest.importorskip("numpy", reason="the extra planrace[cluster] is not installed")

from planrace.checker.engines.cluster.batches import decode, encode
from planrace.checker.engines.cluster.sampling import table


@pytest.mark.parametrize("words", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 500, 501])
def test_what_is_coded_comes_back(words: int, count: int) -> None:
    random = Random(count)
    drawn = [random.getrandbits(random.choice((1, 7, 8, 9, 63, 64 * words))) for _ in range(count)]
    found = decode(encode(table([*drawn, *drawn[: count // 2]], words)), words)
    assert found.shape == (len(set(drawn)), words)
    assert [tuple(map(int, row)) for row in found] == sorted(
        {tuple(s >> 64 * w & 2**64 - 1 for w in range(words)) for s in drawn}
    )


def test_neighbours_take_little() -> None:
    assert len(encode(table(range(10**6, 10**6 + 2000), 1))) < 2000 * 1.6
    assert len(encode(table([2**64 | n for n in range(2000)], 2))) < 2000 * 2.2


@pytest.mark.parametrize("cut", [1, 4])
def test_a_batch_that_is_cut_short_is_refused(cut: int) -> None:
    coded = encode(table([5, 900, 2**40], 1))
    with pytest.raises(ValueError, match=r"batch|buffer"):
        decode(coded[:-cut], 1)
    with pytest.raises(ValueError, match="batch"):
        decode(coded + b"\0", 1)
