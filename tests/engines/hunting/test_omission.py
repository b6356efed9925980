"""What a bitstate search omits is as much as the formula says."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from planrace.checker.report.text.bitstate import percent
from planrace.checker.results.bitstate import MOST_HASHES, Bitstate, BitstateSearch, omission
from tests.engines.hunting.hunted import grid, hunted, rows


@pytest.mark.parametrize("order", ["breadth", "depth"])
def test_what_is_omitted_is_as_much_as_the_formula_says(order: str) -> None:
    report = hunted(grid(300, round_=True), bit_array=2**16, order=order, depth=10**6)
    (row,) = rows(report)
    assert (row.dropped, row.cut) == (0, 0)
    assert report.exploration is not None
    assert report.exploration.bitstate is not None
    expected = 300**2 * report.exploration.bitstate.omission(row)
    assert 1000 < expected < 3000
    assert abs(300**2 - row.states - expected) < 5 * expected**0.5
    assert row.set == pytest.approx(2**19 * (1 - (1 - 2**-19) ** (3 * 300**2)), rel=0.01)


def test_the_formula_is_the_average_over_the_states() -> None:
    bits, hashes, states = 5_000, 3, 1_200
    filled = 1 - (1 - 1 / bits) ** (hashes * states)
    one_by_one = sum((1 - (1 - 1 / bits) ** (hashes * n)) ** hashes for n in range(states)) / states
    assert omission(filled, hashes) == pytest.approx(one_by_one, rel=0.01)
    assert [omission(0.0, 3), omission(1.0, 3)] == [0.0, 1.0]
    assert omission(1e-6, 3) == pytest.approx(1e-18 / 4, rel=1e-3, abs=0)
    b = Bitstate(bits, hashes, ())
    assert b.last(row(set=2_500)) == 0.125


def row(**given: Any) -> BitstateSearch:
    (some,) = rows(hunted(grid(3)))
    return replace(some, **given)


def test_a_search_ends_when_half_of_the_bits_are_set() -> None:
    (row,) = rows(hunted(grid(600), bit_array=2**16, order="depth", depth=5_000))
    assert row.stopped == "half of the bits were set"
    assert 2**18 <= row.set < 2**18 + 2**17


@pytest.mark.parametrize("hashes", [1, 3, MOST_HASHES])
@pytest.mark.parametrize("filled", [1e-9, 0.01, 0.3, 0.5, 0.5 + 2**-40, 0.51, 0.8, 1 - 2**-20, 1 - 2**-53])
def test_the_formula_is_exact_and_quick_however_full_the_array_is(filled: float, hashes: int) -> None:
    """Simpson's rule on the integral, in a variable that has no pole: the states in proportion to the bits."""
    most, parts = -math.log1p(-filled), 20_000
    values = [(-math.expm1(-most * n / parts)) ** hashes for n in range(parts + 1)]
    average = (values[0] + 4 * sum(values[1::2]) + 2 * sum(values[2:-1:2]) + values[-1]) / (3 * parts)
    assert omission(filled, hashes) == pytest.approx(average, rel=1e-7, abs=0)


def test_it_grows_with_the_bits_that_are_set() -> None:
    shares = [n / 4096 for n in range(4097)]
    found = [omission(share, 3) for share in shares]
    assert found == sorted(found)
    assert all(0 <= average <= share**3 or average == share == 1 for average, share in zip(found, shares, strict=True))


@pytest.mark.parametrize(
    ("share", "words"),
    [(1.0, "100 %"), (0.9951, "100 %"), (0.994, "99 %"), (0.12, "12 %"), (0.0031, "0.31 %"), (4.2e-9, "4.2e-07 %")],
)
def test_shares_in_words(share: float, words: str) -> None:
    assert percent(share) == words
