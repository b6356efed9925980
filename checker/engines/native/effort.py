"""Estimates the time to compile machine code in advance: LLVM can neither be stopped nor asked how long it will take.

The estimate depends only on the length of the sources, so it is the same on every machine and in every run. Measured on
step functions of 12,000 to 3,000,000 characters (translation, optimiser and code generator together), it is at most a
third above or below the time on a processor of 2024.
"""

from __future__ import annotations

PER_CHARACTER = 8.5e-6
"""Seconds for each character of a short source."""
DOUBLED = 3e6
"""The source length at which the time per character doubles: LLVM takes longer for long functions."""
TRANSLATING = 0.4
"""The share of our translator, which checks the clock. The rest is LLVM's."""


def effort(characters: int) -> float:
    """Seconds of processor time to compile sources of this length."""
    return PER_CHARACTER * characters * (1 + characters / DOUBLED)
