"""Scenarios: matching them with a run, and searching for a run that shows one in full."""

from .guide import Guide
from .match import Monitor, casts, match

__all__ = ["Guide", "Monitor", "casts", "match"]
