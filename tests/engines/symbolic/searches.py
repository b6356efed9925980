"""The engines that ask Z3 about one size, by name."""

from __future__ import annotations

from typing import Any

from planrace.checker.engines.symbolic.bmc import Bounded
from planrace.checker.engines.symbolic.induction import Induction
from planrace.checker.engines.symbolic.spacer import Spacer


def engine(name: str) -> Any:
    """The class that searches."""
    return {"bmc": Bounded, "induction": Induction, "spacer": Spacer}[name]
