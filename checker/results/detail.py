"""How much a document says."""

from __future__ import annotations

from enum import StrEnum


class Detail(StrEnum):
    """How much a document says: only the verdicts; what most readers want; everything."""

    VERDICTS = "verdicts"
    USUAL = "usual"
    FULL = "full"
