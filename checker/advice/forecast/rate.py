"""The speed of the native engine on an instance and the memory of a state, measured in a short run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from planrace.checker.advice.forecast.sample import SearchSample
from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.limits import CostlyError, Limits, memory_in_use
from planrace.model.language import Instance

EXPLICIT_BYTES = (150.0, 250.0)
"""Bytes of a state in Python: two integers of 32 to 44 bytes, and an entry of a dictionary that is one to two thirds
full."""
STATES = 5_000_000
"""The most states of a short run: about a second on two cores, some hundred megabytes."""
COMPILING = 2.0
"""Seconds for compilation, in addition to those of the run."""
COMPILER = 40 * 2.0**20
"""Bytes that the compiler keeps if machine code does not come from the cache."""
CODED = 1_000_000
"""The states of a run that measures how many bytes they take in sorted runs: some tenths of a second."""
VARIES = 1.25
"""The factor by which these bytes may change as a search goes on: those of five instances of ``bench/scale.py`` changed
by at most 16 % while their states became ten times as many."""
BESIDE = (0.0, 1.0)
"""The bytes of the table beside sorted runs, as a part of theirs: it remembers some of the states."""
FEWEST = 1000
"""The fewest states for a meaningful rate, unless the run is complete."""


@dataclass(frozen=True)
class Rate:
    """``engine`` searched ``states`` states (``complete``: all of them), ``per_second`` states and ``steps_per_second``
    transitions in a second. A search takes its time for transitions, of which the first states have fewer than most.
    ``bytes_per_state`` is a range: it depends on when the store grew last and on the size of the levels. ``base`` is
    the range of the bytes of the process besides its states: Python, the compiler, messages between workers.
    ``bytes_in_runs`` is the range of a state in sorted runs; None if it was not measured."""

    engine: str
    states: int
    complete: bool
    per_second: int
    steps_per_second: int
    bytes_per_state: tuple[float, float]
    base: tuple[float, float]
    bytes_in_runs: tuple[float, float] | None = None


def measured(
    instance: Instance,
    seconds: float,
    *,
    symmetric: bool,
    tried: int = ASKED,
    sliced: Sequence[str] = (),
    states: int = STATES,
) -> tuple[Rate, SearchSample] | None:
    """Run the native engine for about ``seconds``, up to so many ``states``; None if there is no machine code,
    compilation takes too long, or too little was searched."""
    try:
        from planrace.checker.engines.native.emit import UnsupportedError
        from planrace.checker.engines.native.search import NativeSearch
    except ImportError:
        return None
    limits = Limits(states=states, seconds=seconds + COMPILING)
    try:
        common: dict[str, Any] = {"exhaustive": True, "symmetric": symmetric, "tried": tried, "sliced": sliced}
        search = NativeSearch(instance, [], limits=limits, most=seconds + COMPILING, **common)
    except (CostlyError, UnsupportedError, MemoryError):
        return None
    began = time.monotonic()  # without the compilation, whose time does not grow with the search
    _, covered = search.run()
    taken = time.monotonic() - began
    if covered.states < FEWEST and not covered.complete:
        return None
    rates = rates_of(covered.states, covered.transitions, taken)
    base = float(memory_in_use() - sum(w.store.bytes for w in search.workers))
    rate = Rate("native", covered.states, covered.complete, *rates, _bytes(search), (base, base + COMPILER))
    levels = (sum(sizes) for sizes in zip(*(map(_size, pairwise(w.levels)) for w in search.workers), strict=True))
    whole = tuple(n for n in levels if n)  # a complete search ends with an empty one
    return rate, SearchSample(covered.states, covered.transitions, whole, covered.complete, taken)


def bytes_in_runs(
    instance: Instance, seconds: float, *, symmetric: bool, tried: int = ASKED, sliced: Sequence[str] = ()
) -> tuple[float, float] | None:
    """The least and the most bytes of a state in sorted runs, with the table beside them and two frontiers of a tenth
    of all states, from the first states of the instance, searched for at most so many ``seconds``; None if they could
    not be."""
    try:
        from planrace.checker.engines.native.emit import UnsupportedError
        from planrace.checker.engines.native.search import NativeSearch
    except ImportError:
        return None
    common: dict[str, Any] = {"exhaustive": True, "symmetric": symmetric, "tried": tried, "sliced": sliced}
    limits = Limits(states=CODED, seconds=seconds + COMPILING)
    try:
        search = NativeSearch(instance, [], limits=limits, most=seconds + COMPILING, compact=True, **common)
    except (CostlyError, UnsupportedError, MemoryError):
        return None
    _, covered = search.run()
    if covered.states < FEWEST:
        return None
    each = sum(w.runs.bytes for w in search.workers if w.runs is not None) / covered.states
    frontiers = 2 * 8 * search.program.words / 10
    low, high = (each * (1 + part) for part in BESIDE)
    return low / VARIES, high * VARIES + frontiers


def rates_of(states: int, transitions: int, seconds: float) -> tuple[int, int]:
    """States and transitions in a second."""
    return max(1, round(states / max(seconds, 1e-6))), max(1, round(transitions / max(seconds, 1e-6)))


def _size(ends: tuple[int, int]) -> int:
    return ends[1] - ends[0]


def _bytes(search: Any) -> tuple[float, float]:
    """The least and the most bytes of a state: in the table alone, and with two frontiers of a tenth of all states."""
    from planrace.checker.engines.native.store import growth_of

    store, words = search.workers[0].store, search.program.words
    full, growth = growth_of(words)
    slot = 8 * store.stride / store.bucket / full
    return slot, slot * growth + 2 * 8 * words / 10
