"""Verdicts, and the exit codes that they have."""

from __future__ import annotations

import enum


class Verdict(enum.IntEnum):
    """What is known of a property; several are merged with ``min``."""

    VIOLATED = 0
    UNKNOWN = 1
    HOLDS = 2

    def __bool__(self) -> bool:
        """True of what holds alone, so that ``assert report.verdict`` is no promise where nothing is known."""
        return self is Verdict.HOLDS

    def __str__(self) -> str:
        return self.word

    def __format__(self, spec: str) -> str:
        """The word in f-strings too, where a number that is an enumeration would be a number."""
        return format(self.word, spec)

    @property
    def word(self) -> str:
        return self.name.lower()


EXIT_CODES = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 3}
INTERRUPTED = 130
