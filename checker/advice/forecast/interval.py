"""An interval of an estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ForecastInterval:
    """An estimate: from ``low`` to ``high``, probably about ``middle``."""

    low: float
    middle: float
    high: float

    @property
    def exact(self) -> bool:
        return self.low == self.high

    def plus(self, low: float, high: float) -> ForecastInterval:
        """The interval plus the interval from ``low`` to ``high``."""
        return ForecastInterval(self.low + low, self.middle + (low + high) / 2, self.high + high)

    def times(self, low: float, high: float) -> ForecastInterval:
        """The interval times the interval from ``low`` to ``high``."""
        return ForecastInterval(self.low * low, self.middle * math.sqrt(low * high), self.high * high)

    def within(self, other: ForecastInterval) -> ForecastInterval | None:
        """What both intervals have in common, with this one's middle as far as possible; None if that is nothing."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return None if low > high else ForecastInterval(low, min(max(self.middle, low), high), high)
