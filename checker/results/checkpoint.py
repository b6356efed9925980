"""What a search tells of its checkpoints."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Resumed:
    """Where a search went on: the ``depth`` of the frontier, the ``states`` that were known then, and the ``seconds``
    that were searched before."""

    depth: int
    states: int
    seconds: float


@dataclass(frozen=True)
class Checkpointed:
    """The last checkpoint that a search has written: the ``depth`` of its frontier, its ``bytes``, and the number
    ``written`` so far."""

    depth: int
    bytes: int
    written: int
