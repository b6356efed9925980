"""The budget of lint and forecasts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SearchBudget:
    """The budget of lint and forecasts: ``states`` for each search in Python, ``seconds`` for each search, ``total``
    seconds for all searches (checked between searches). ``native``: machine code may count what is too much for
    Python."""

    states: int = 20_000
    seconds: float = 1.0
    total: float = 15.0
    native: bool = True
