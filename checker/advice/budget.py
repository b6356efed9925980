"""What advice may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class SearchBudget:
    """What advice may cost: ``states`` of each search in Python, ``seconds`` of each search, of all of them ``total``
    (looked at between searches). ``native``: whether machine code may count what Python does not get done."""

    states: int = 20_000
    seconds: float = 1.0
    total: float = 15.0
    native: bool = True
