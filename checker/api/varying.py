"""Arguments that map names to values, or to several values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from planrace.checker.run.ranges import shortened
from planrace.model.language import ModelError


def values_by_name(vary: object) -> dict[str, tuple[int, ...]]:
    """The values of parameters that vary. Raises ``ModelError``."""
    return {n: _values(n, v) for n, v in mapping_of("vary", vary, '{"keep": range(1, 5)}').items()}


def mapping_of(name: str, given: object, example: str) -> Mapping[str, Any]:
    """The argument ``name``, which maps names to something. Raises ``ModelError`` with an example."""
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise ModelError(f"{name}={shortened(given)} does not map names to values", remedy=f"write {name}={example}")
    return given


def _values(name: str, given: object) -> tuple[int, ...]:
    """The values of a parameter that varies."""
    if not isinstance(given, Sequence) or not given or not all(type(v) is int for v in given):
        raise ModelError(
            f"vary: {name} has the values {shortened(given)}, which are no whole numbers",
            remedy=f"write vary={{{name!r}: range(1, 5)}}",
        )
    return tuple(given)
