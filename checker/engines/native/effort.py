"""What machine code costs to make, estimated before it is made: LLVM cannot be stopped, nor asked how long it takes.

The estimate depends on the length of the sources alone, so that it is the same on every machine and in every run.
Measured on step functions of 12,000 to 3,000,000 characters (translation, optimiser and code generator together): the
estimate is at most a third above or below what a processor of 2024 takes.
"""

from __future__ import annotations

PER_CHARACTER = 8.5e-6
"""Seconds for a character of a short source."""
DOUBLED = 3e6
"""Characters of a source of which each takes twice as long, for functions that are long take LLVM longer."""
TRANSLATING = 0.4
"""The part of it that is ours: it looks at the clock. The rest is LLVM's."""


def effort(characters: int) -> float:
    """Seconds of processor time that machine code takes for sources of so many characters."""
    return PER_CHARACTER * characters * (1 + characters / DOUBLED)
