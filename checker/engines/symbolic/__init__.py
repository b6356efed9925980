"""The Z3 half: finite encodings for bounded search and induction, an open one for proofs. z3 is loaded where it is
used."""

from __future__ import annotations

import importlib
from typing import Any

_ENGINES = {"bmc": ("bmc", "Bounded"), "induction": ("induction", "Induction"), "spacer": ("spacer", "Spacer")}


def engine(name: str) -> Any:
    """The engine of that name, for a finite instance."""
    module, entry = _ENGINES[name]
    return getattr(importlib.import_module(f"{__name__}.{module}"), entry)
