"""Rates of actions and times, as people write them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from planrace.checker.results.likelihood import ActionRate
from planrace.checker.run.ranges import shortened
from planrace.model.language import ModelError, System
from planrace.model.language.errors import known

UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
"""Seconds of a unit of time."""
USUAL, OF_FAULTS = 1.0, 1 / 86_400
"""The invented rates, per second: of an action, and of a fault."""
LEAST, MOST = 1e-12, 1e12
"""The range of rates that are not 0, per second."""
_TIME = re.compile(r"\s*([0-9.eE+-]*)\s*(ms|s|min|h|d|w)\s*")


def seconds_of(text: str | float) -> float:
    """A time such as ``90``, ``24h`` or ``1.5 min`` in seconds. Raises ``ModelError``."""
    found = _TIME.fullmatch(text) if isinstance(text, str) else None
    number, unit = (found[1] or "1", UNITS[found[2]]) if found else (text, 1.0)
    try:
        value = float(number) * unit
    except (TypeError, ValueError):
        value = -1.0
    if not LEAST <= value <= MOST or isinstance(text, bool):
        raise ModelError(
            f"{shortened(text)} is not a time", remedy=f"write a number of {', '.join(UNITS)}, such as 24h"
        )
    return value


def rate_of(text: str | float) -> float:
    """A rate such as ``0.5``, ``2/min`` or ``1/30s`` per second; 0 is never. Raises ``ModelError``."""
    number, over, time = text.partition("/") if isinstance(text, str) else (text, "", "")
    try:
        value = float(number) / (seconds_of(time) if over else 1.0)
    except (TypeError, ValueError, ModelError):
        value = -1.0
    if not (value == 0 or LEAST <= value <= MOST) or isinstance(text, bool):
        raise ModelError(
            f"{shortened(text)} is not a rate", remedy="write events per time, such as 2/min, 1/30s or 0.5 (a second)"
        )
    return value


def rates_for(system: System, given: Mapping[str, str | float]) -> tuple[ActionRate, ...]:
    """A rate for each action of a system, in the order of the protocol. Raises ``ModelError``."""
    for name in given:
        known(name, system.actions, f"action of {system.name}")
    return tuple(
        ActionRate(
            name,
            rate_of(given[name]) if name in given else OF_FAULTS if a.fault else USUAL,
            name in given,
        )
        for name, a in system.actions.items()
    )


def rates_file(path: str | Path) -> dict[str, str | float]:
    """The table ``[rates]`` of a TOML file: an action and its rate in each line. Raises ``ModelError``."""
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise ModelError(
            f"{path} has no rates: {problem}", remedy='write [rates] and lines such as publish = "1/30s"'
        ) from None
    table = found.get("rates")
    if not isinstance(table, dict) or set(found) != {"rates"}:
        raise ModelError(f"{path} is not one table [rates]", remedy='write [rates] and lines such as publish = "1/30s"')
    for name, value in table.items():
        try:
            rate_of(value)
        except ModelError as problem:
            raise ModelError(f"{path}: rate of {name}: {problem.what}", remedy=problem.remedy) from None
    return table
