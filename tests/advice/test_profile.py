"""The share of its states that a search has found: the arithmetic by hand, and where depths are sums."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import pytest

from planrace.checker.advice.forecast.profile import LevelProfile, ShareTable
from planrace.checker.advice.forecast.table import Point


def product(*parts: Sequence[int]) -> list[int]:
    """Levels of parts that go on independently: a state for each choice of their states, at the sum of their depths."""
    levels = [1]
    for part in parts:
        more = [0] * (len(levels) + len(part) - 1)
        for (a, x), (b, y) in itertools.product(enumerate(levels), enumerate(part)):
            more[a + b] += x * y
        levels = more
    return levels


def levels_at(a: int, b: int) -> list[int]:
    """The levels of ``a`` parts of one kind and ``b`` of another."""
    return product(*[(1, 2, 3, 1)] * a, *[(1, 1, 4, 2, 1)] * b)


def table(target: Point, side: int = 2) -> ShareTable:
    points = itertools.product(range(1, side + 1), repeat=2)
    return ShareTable(target, {v: LevelProfile(levels_at(*v)) for v in points if v != target})


def prefixes(levels: Sequence[int]) -> Iterator[tuple[float, list[int]]]:
    """What a search knows at each of its levels, with the share of its states."""
    found = list(itertools.accumulate(levels))
    for n in range(1, len(found) + 1):
        yield found[n - 1] / found[-1], found[:n]


def test_a_profile_by_hand() -> None:
    profile = LevelProfile((1, 2, 5))
    assert profile.shares == [1 / 8, 3 / 8, 1]
    assert profile.mean == pytest.approx((2 + 10) / 8)
    assert profile.variance == pytest.approx((2 + 20) / 8 - 1.5**2)
    assert [profile.share(d) for d in (-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 9)] == pytest.approx(
        [0, 0, 1 / 16, 1 / 8, 1 / 4, 3 / 8, 11 / 16, 1, 1]
    )


@pytest.mark.parametrize("target", [(3, 3), (4, 4), (6, 3)])
def test_where_depths_are_sums_the_share_is_known(target: Point) -> None:
    told = [(truth, t) for truth, found in prefixes(levels_at(*target)) if (t := table(target).share(found))]
    assert len([truth for truth, _ in told if truth < 0.6]) >= 3
    for truth, t in told:
        assert t.low <= truth <= t.high <= 1
        assert t.middle / 1.25 <= truth <= t.middle * 1.25
        assert t.high <= 4 * t.low


def test_nothing_is_said_at_first() -> None:
    told = [table((4, 4)).share(found) for truth, found in prefixes(levels_at(4, 4)) if truth < 0.1]
    assert len(told) > 5
    assert not any(told)


def test_nothing_is_said_beyond_the_levels_that_are_expected() -> None:
    shares, levels = table((3, 3)).share, levels_at(3, 3)
    found = list(itertools.accumulate(levels))
    assert shares(found[:-1]) is not None
    assert shares(found) is None
    assert shares(list(itertools.accumulate(levels_at(4, 4)))) is None


@pytest.mark.parametrize("growth", [1.01, 6.0])
def test_nothing_is_said_of_a_search_that_grows_otherwise(growth: float) -> None:
    """So slowly, or so fast where it should not do so any more."""
    shares = table((4, 4)).share
    assert not any(shares([round(1000 * growth**d) for d in range(n)]) for n in range(1, 30))


def test_a_table_that_is_too_small_says_nothing() -> None:
    found = list(itertools.accumulate(levels_at(3, 3)))
    assert ShareTable((3, 3), {}).share(found[:10]) is None
    assert ShareTable((3, 3), {(1, 1): LevelProfile(levels_at(1, 1))}).share(found[:10]) is None
    assert ShareTable((2,), {(1,): LevelProfile((7,))}).share([3, 9]) is None  # all states are at one depth
    assert ShareTable((), {}).share([1, 2]) is None
    assert table((3, 3)).share([1]) is None
    assert table((3, 3)).share([]) is None


def test_instances_of_one_form_are_told_exactly() -> None:
    levels = levels_at(2, 2)
    same = ShareTable((4,), {(n,): LevelProfile(levels) for n in (1, 2, 3)})
    told = [(truth, t) for truth, found in prefixes(levels) if (t := same.share(found)) is not None]
    assert len(told) >= 3
    for truth, t in told:
        assert (t.low, t.middle, t.high) == pytest.approx((truth / 1.3, truth, min(1, truth * 1.3)), rel=0.01)


def test_nothing_is_said_where_estimates_differ_too_much() -> None:
    (found,) = (found for truth, found in prefixes(levels_at(4, 4)) if len(found) == 16)
    shares = table((4, 4))
    assert shares.share(found) is not None
    shares._mean *= 1.3
    assert shares.share(found) is None


def test_the_mean_is_where_states_grow_as_much() -> None:
    def around(mean: float, level: int) -> float:
        return 1 / (1 + math.exp(mean - level))  # which grows by less than e in a level

    shares = table((4, 4))
    found = [2**d for d in range(20)]
    mean = shares._grown(found, around)
    assert mean is not None
    assert around(mean, 19) / around(mean, 17) == pytest.approx(4, rel=0.02)
    assert shares._grown([6**d for d in range(20)], around) is None
    assert shares._grown([4, 8, 15], around) is None
    assert shares._grown([0] * 16 + found[16:], around) == mean
    assert shares._grown([0] * 18 + found[18:], around) is None
