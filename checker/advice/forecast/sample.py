"""A sample of a state space: the counts of one search within a budget."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from planrace.checker.advice.budget import SearchBudget
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.explicit.search import Search
from planrace.checker.engines.limits import Limits
from planrace.model.language import Instance


@dataclass(frozen=True)
class SearchSample:
    """The counts of a bounded search; ``levels`` are the sizes of its complete levels."""

    states: int
    transitions: int
    levels: tuple[int, ...]
    complete: bool
    seconds: float


def sampled(
    instance: Instance, budget: SearchBudget, *, symmetric: bool = False, tried: int = ASKED, sliced: Sequence[str] = ()
) -> tuple[Search, SearchSample]:
    """Search an instance within the budget."""
    limits = Limits(states=budget.states, seconds=budget.seconds)
    search = Search(instance, [], exhaustive=True, limits=limits, symmetric=symmetric, tried=tried, sliced=sliced)
    began = time.monotonic()
    _, covered = search.run()
    ends = [*search.levels[1:], covered.states] if covered.complete else search.levels[1:]
    levels = tuple(b - a for a, b in zip(search.levels, ends, strict=False))
    taken = time.monotonic() - began
    return search, SearchSample(covered.states, covered.transitions, levels, covered.complete, taken)
