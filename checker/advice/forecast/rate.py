"""How fast the native engine searches an instance, and how much memory a state takes: measured on a short run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from planrace.checker.engines.explicit.orbits import ASKED
from planrace.checker.engines.limits import CostlyError, Limits, memory_in_use
from planrace.model.language import Instance

EXPLICIT_BYTES = (150.0, 250.0)
"""Of a state in Python: two integers of 32 to 44 bytes, and an entry of a dictionary that is a third to two thirds
full."""
STATES = 5_000_000
"""States that a short run meets at most: about a second on two cores, some hundred megabytes."""
COMPILING = 2.0
"""Seconds that the engine may spend on compiling, beside those of the run."""
COMPILER = 40 * 2.0**20
"""Bytes that compiling takes for good, where machine code does not come from the cache."""
FEWEST = 1000
"""States that a run must meet for its rate to mean something, unless it is complete."""


@dataclass(frozen=True)
class Rate:
    """``engine`` searched ``states`` (``complete``: all of them) at ``per_second``. A state takes between so many
    bytes, which depends on when the store grew last, and on how many states lie on one level. The process takes
    ``base`` bytes beside its states: Python, the compiler, what workers send to each other."""

    engine: str
    states: int
    complete: bool
    per_second: int
    bytes_per_state: tuple[float, float]
    base: tuple[float, float]


def measured(
    instance: Instance, seconds: float, *, symmetric: bool, tried: int = ASKED, sliced: Sequence[str] = ()
) -> Rate | None:
    """Run the native engine for about so many seconds; None where there is no machine code, or none in that time."""
    try:
        from planrace.checker.engines.native.emit import UnsupportedError
        from planrace.checker.engines.native.search import NativeSearch
    except ImportError:
        return None
    limits = Limits(states=STATES, seconds=seconds + COMPILING)
    try:
        common: dict[str, Any] = {"exhaustive": True, "symmetric": symmetric, "tried": tried, "sliced": sliced}
        search = NativeSearch(instance, [], limits=limits, most=seconds + COMPILING, **common)
    except (CostlyError, UnsupportedError, MemoryError):
        return None
    began = time.monotonic()  # the compilation is paid for once, however large the search is
    _, covered = search.run()
    taken = max(time.monotonic() - began, 1e-6)
    if covered.states < FEWEST and not covered.complete:
        return None
    rate = max(1, round(covered.states / taken))
    base = float(memory_in_use() - sum(w.store.bytes for w in search.workers))
    return Rate("native", covered.states, covered.complete, rate, _bytes(search), (base, base + COMPILER))


def _bytes(search: Any) -> tuple[float, float]:
    """What a state takes in the table, and at most in the table and in two frontiers that each hold a tenth of all."""
    from planrace.checker.engines.native.store import FAST, THRIFTY

    store, words = search.workers[0].store, search.program.words
    full, growth = FAST if words == 1 else THRIFTY
    slot = 8 * store.stride / store.bucket / full
    return slot, slot * growth + 2 * 8 * words / 10
