"""Which facts a run shows together: the border, by brute force."""

from __future__ import annotations

from itertools import chain, combinations
from random import Random

from planrace.checker import Verdict
from planrace.checker.review.postmortem.together import border


def test_the_border_by_brute_force() -> None:
    names = "abcde"
    every = [frozenset(c) for c in chain.from_iterable(combinations(names, k) for k in range(6))]
    for seed in range(60):
        chance = Random(seed)
        tops = [frozenset(n for n in names if chance.random() < 0.6) for _ in range(chance.randrange(4))]
        shown = [x for x in every if not x or any(x <= t for t in tops)]
        found = border(names, lambda x, shown=shown: Verdict.HOLDS if x in shown else Verdict.VIOLATED)  # type: ignore[misc]
        largest = {x for x in shown if x and not any(x < y for y in shown)}
        smallest = {x for x in every if x not in shown and all(y in shown for y in every if y < x)}
        assert (set(found.largest), set(found.smallest)) == (largest, smallest)


def test_a_border_that_cannot_be_found_is_open() -> None:
    found = border("abcd", lambda _: Verdict.UNKNOWN)
    assert (found.largest, found.smallest) == ([], [])
    assert found.open[0] == frozenset("abcd")
