"""The error of a computation that would take too many steps; in a file of its own, because it needs no SciPy."""

from __future__ import annotations


class StiffError(Exception):
    """A time is too long for these rates: rates differ too much, or the process goes on for too many steps."""
