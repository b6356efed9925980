"""HTML in notebooks. The function that draws it is registered from outside: results do not import reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class NotebookRepr:
    """Something that notebooks show as HTML, once ``painted_by`` has registered a painter."""

    def _repr_html_(self) -> str | None:
        return None if _painter is None else _painter(self)


_painter: Callable[[Any], str] | None = None


def painted_by(painter: Callable[[Any], str]) -> None:
    """Register the function that draws reports and runs as HTML."""
    global _painter  # noqa: PLW0603  (one painter for the process)
    _painter = painter
