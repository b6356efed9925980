"""Processes: workers written as the programs that they are. ``docs/processes.md`` teaches them."""

from planrace.model.processes.process import Process, process
from planrace.model.processes.statements import at, local, or_, persistent, some, wait

__all__ = ["Process", "at", "local", "or_", "persistent", "process", "some", "wait"]
