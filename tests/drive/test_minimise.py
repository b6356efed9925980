"""Delta debugging: what is left fails, and nothing of it can be left out."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from planrace.checker.drive.minimise import ddmin


@given(st.sets(st.integers(0, 30)), st.integers(0, 31))
def test_exactly_what_is_needed_is_left(needed: set[int], size: int) -> None:
    items = list(range(max(size, 31)))
    assert ddmin(items, lambda some: needed <= set(some)) == sorted(needed)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=25), st.integers(1, 40))
def test_nothing_can_be_left_out(items: list[int], most: int) -> None:
    """Also where a smaller part may fail for another reason."""

    def fails(some: Sequence[int]) -> bool:
        return sum(some) >= most or list(some[:2]) == [3, 3]

    if not fails(items):
        return
    kept = ddmin(items, fails)
    assert fails(kept)
    assert not any(fails([*kept[:n], *kept[n + 1 :]]) for n in range(len(kept)))
