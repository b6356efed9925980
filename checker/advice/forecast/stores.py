"""The memory that each store of states takes, and the machines that hold it together."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from planrace.checker.advice.forecast.interval import ForecastInterval
from planrace.checker.advice.forecast.rate import Rate

NODE = 16 * 2**30
"""Bytes of memory of a machine, where nothing else is asked for."""

PER_STATE: dict[str, Callable[[Rate], tuple[float, float]]] = {"hash": lambda rate: rate.bytes_per_state}
"""The range of bytes of a state in each store, by the store's name."""


@dataclass(frozen=True)
class StoreForecast:
    """What a search with this ``store`` takes: ``memory`` in bytes, of one process that holds all states, and the
    machines of ``node_memory`` bytes that hold them together, with one process each: from ``nodes[0]`` to
    ``nodes[1]``, where everything goes as well, or as badly, as the intervals allow."""

    store: str
    memory: ForecastInterval
    node_memory: int
    nodes: tuple[int, int]


def stores(states: ForecastInterval, rate: Rate, node_memory: int = NODE) -> tuple[StoreForecast, ...]:
    """What each store takes for so many states. The processes of the machines share nothing, so that each takes what
    the process takes besides its states."""
    found = []
    for name, per_state in PER_STATE.items():
        held = states.times(*per_state(rate))
        room = [max(1.0, node_memory - base) for base in rate.base]
        nodes = math.ceil(held.low / room[0]), math.ceil(held.high / room[1])
        found.append(StoreForecast(name, held.plus(*rate.base), node_memory, (max(1, nodes[0]), max(1, nodes[1]))))
    return tuple(found)
