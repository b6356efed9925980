"""Verdicts and their exit codes."""

from __future__ import annotations

import enum


class Verdict(enum.IntEnum):
    """What is known about a property. ``min`` combines several verdicts."""

    VIOLATED = 0
    UNKNOWN = 1
    HOLDS = 2

    def __bool__(self) -> bool:
        """Only ``HOLDS`` is true, so that ``assert report.verdict`` fails if the verdict is unknown."""
        return self is Verdict.HOLDS

    def __str__(self) -> str:
        return self.word

    def __format__(self, spec: str) -> str:
        """The word in f-strings too: an ``IntEnum`` would format as its number."""
        return format(self.word, spec)

    @property
    def word(self) -> str:
        return self.name.lower()

    @staticmethod
    def named(word: str) -> Verdict:
        """The verdict of this word."""
        return Verdict[word.upper()]


DECIDED = (Verdict.HOLDS, Verdict.VIOLATED)
"""The verdicts that a user may expect."""


EXIT_CODES = {Verdict.HOLDS: 0, Verdict.VIOLATED: 1, Verdict.UNKNOWN: 3}
INTERRUPTED = 130
