"""Properties of whole continuations: can it still be repaired, does it converge."""

from .liveness import Liveliness, without_faults
from .recovery import Recoveries

__all__ = ["Liveliness", "Recoveries", "without_faults"]
