"""Proofs of a variant, without the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planrace.checker.run.proving import Proving
from planrace.checker.run.request import select
from planrace.model.language import Protocol, Variant


def proving(
    variant: Protocol | Variant,
    sizes: Mapping[str, int] | None = None,
    *,
    faults: Sequence[str] | None = None,
    **options: Any,
) -> Proving:
    """As ``check prove`` makes them: without ``faults``, under as many as they survive."""
    return Proving(select(variant, sizes, faults=faults or ()), survive=faults is None, **options)
