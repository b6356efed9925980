"""The table of the search at its edges: what is prefetched, how it grows, and where memory ends."""

from __future__ import annotations

import pytest

from planrace.checker.engines.native import hashing
from planrace.checker.engines.native.intrinsics import LINE
from planrace.checker.engines.native.program import bucket


@pytest.mark.parametrize("words", range(1, 10))
def test_every_line_of_a_bucket_is_prefetched_and_no_other(words: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialect is Python: here it runs as such, for each place in a cache line at which a bucket may begin."""
    stride = bucket(words) * words + 1
    touched: set[int] = set()
    monkeypatch.setattr(hashing, "prefetch", lambda array, index: touched.add((array + index) // LINE))
    monkeypatch.setattr(hashing, "STRIDE", stride)
    monkeypatch.setattr(hashing, "LINES", -(-stride // LINE))
    for begin in range(0, LINE * stride, stride):
        touched.clear()
        hashing.fetch(begin)  # type: ignore[arg-type]
        assert touched == {word // LINE for word in range(begin, begin + stride)}
