"""The memory that each store of states takes, and the machines that hold it together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.rate import Rate
from planrace.checker.results.store_kind import StoreKind

NODE = 16 * 2**30
"""Bytes of memory of a machine, where nothing else is asked for."""

PER_STATE: dict[StoreKind, Callable[[Rate], tuple[float, float] | None]] = {
    StoreKind.HASH: lambda rate: rate.bytes_per_state,
    StoreKind.COMPACT: lambda rate: rate.bytes_in_runs,
}
"""The range of bytes of a state in each store; None if it was not measured."""
SHARED = (StoreKind.HASH,)
"""The stores that the machines of a cluster have."""


@dataclass(frozen=True)
class StoreForecast:
    """What a search with this ``store`` takes: ``memory`` in bytes, of one process that holds all states, and the
    machines of ``node_memory`` bytes that hold them together, with one process each: from ``nodes[0]`` to
    ``nodes[1]``, where everything goes as well, or as badly, as the intervals allow. If it is not ``shared``, a cluster
    does not have it, and more than one machine means that one is too small."""

    store: str
    memory: ForecastInterval
    node_memory: int
    nodes: tuple[int, int]
    shared: bool = True


def stores(states: ForecastInterval, rate: Rate, node_memory: int = NODE) -> tuple[StoreForecast, ...]:
    """What each store takes for so many states. The processes of the machines share nothing, so that each takes what
    the process takes besides its states."""
    found = []
    for kind, per_state in PER_STATE.items():
        each = per_state(rate)
        if each is None:
            continue
        held = states.times(*each)
        room = [max(1.0, node_memory - base) for base in rate.base]
        nodes = math.ceil(held.low / room[0]), math.ceil(held.high / room[1])
        most = max(1, nodes[0]), max(1, nodes[1])
        found.append(StoreForecast(kind.value, held.plus(*rate.base), node_memory, most, kind in SHARED))
    return tuple(found)
