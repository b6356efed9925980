"""Properties of whole continuations: can it still be repaired, does it converge."""

from planrace.checker.engines.temporal.liveness import Liveliness, read_on
from planrace.checker.engines.temporal.recovery import Recoveries

__all__ = ["Liveliness", "Recoveries", "read_on"]
