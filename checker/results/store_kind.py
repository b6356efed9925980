"""What keeps the states of a search."""

from __future__ import annotations

from enum import StrEnum


class StoreKind(StrEnum):
    """``hash``: a table, whose states move into sorted runs when memory gets short. ``compact``: sorted runs."""

    HASH = "hash"
    COMPACT = "compact"
