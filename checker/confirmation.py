"""What a second solver says of the proofs of a report."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Confirmation:
    """What a second solver says of obligations: how many it was asked about, and which it does not confirm and why."""

    solver: str
    asked: int
    doubted: tuple[tuple[str, str], ...]
