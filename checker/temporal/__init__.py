"""Properties of whole continuations: can it still be repaired, does it converge."""

from .liveness import Liveliness, read_on
from .recovery import Recoveries

__all__ = ["Liveliness", "Recoveries", "read_on"]
