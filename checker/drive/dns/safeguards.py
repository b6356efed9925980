"""The protections of the automation, each an option of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Self

from planrace.model.language import ModelError


@dataclass(frozen=True)
class Safeguards:
    """What an Enactor does beyond the design of October 2025. Without any it is that design."""

    transactional_check: bool = False
    """The flip compares generations again: an older plan is passed over."""
    guarded_delete: bool = False
    """Clean-up spares the active plan and the rollback plan of the zone."""
    tolerant_rollback: bool = False
    """A flip may replace a plan whose tree is gone; the rollback record then stays."""
    plan_validation: bool = False
    """A plan that leaves an endpoint without addresses is not picked up."""

    @classmethod
    def named(cls, names: Iterable[str]) -> Self:
        """Those with these names, written as on the command line (``guarded-delete``)."""
        known = {f.name.replace("_", "-"): f.name for f in fields(cls)}
        given = set(names)
        if unknown := sorted(given - known.keys()):
            remedy = f"it has {', '.join(known)}"
            raise ModelError(f"the implementation has no protection {unknown[0]!r}", remedy=remedy)
        return cls(**{known[name]: True for name in given})


ORIGINAL = Safeguards()
FIXED = Safeguards(True, True, True, True)
