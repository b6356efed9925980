"""Scenarios: matching them with a run, and searching for a run that shows one in full."""

from .guide import Guide
from .match import Monitor, casts, match
from .monitored import monitored
from .shortest import Shortest

__all__ = ["Guide", "Monitor", "Shortest", "casts", "match", "monitored"]
