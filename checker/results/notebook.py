"""What notebooks draw, drawn by whoever knows how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class NotebookRepr:
    """Something that notebooks show as HTML, once ``painted_by`` has been told how."""

    def _repr_html_(self) -> str | None:
        return None if _painter is None else _painter(self)


_painter: Callable[[Any], str] | None = None


def painted_by(painter: Callable[[Any], str]) -> None:
    """How notebooks show reports and runs: reports know the vocabulary, not the other way round."""
    global _painter  # noqa: PLW0603  (one for the process, as the way to draw is)
    _painter = painter
