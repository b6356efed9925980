"""Scenarios: matching them with a run, and searching for a run that shows one in full."""

from planrace.checker.engines.scenario.guide import Guide
from planrace.checker.engines.scenario.match import Monitor, casts, match
from planrace.checker.engines.scenario.monitored import monitored
from planrace.checker.engines.scenario.shortest import Shortest

__all__ = ["Guide", "Monitor", "Shortest", "casts", "match", "monitored"]
