"""The lock of a zone: a TXT record with the owner, the time at which it expires, and a mark of the taking.

The zone's server does not read the time: who wants the lock compares it with its own clock.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Lease:
    """One taking of the lock. ``mark`` tells it from an earlier one of the same owner, who may have crashed since."""

    owner: str
    expires: float
    mark: str

    @classmethod
    def until(cls, owner: str, expires: float) -> Self:
        """A new taking that ends at ``expires``, in seconds of Unix time."""
        return cls(owner, round(expires, 3), secrets.token_hex(4))

    @classmethod
    def read(cls, text: str) -> Self | None:
        """From the text of the record; ``None`` if it is no lease."""
        words = text.split(" ")
        if len(words) != 3:
            return None
        try:
            return cls(words[0], float(words[1]), words[2])
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.owner} {self.expires:.3f} {self.mark}"
