"""Tracks decorators that an author calls: one that is not applied to a function declares nothing."""

from __future__ import annotations

from planrace.model.language.errors import ModelError, Place, author


class Decorators:
    """Decorators that were called and have not been applied to a function yet."""

    def __init__(self) -> None:
        self._begun: dict[int, tuple[str, Place | None]] = {}
        self._next = 0

    def begin(self, words: str) -> int:
        """Record a call and return its number."""
        self._next += 1
        self._begun[self._next] = (words, author())
        return self._next

    def end(self, number: int) -> None:
        """The decorator from that call was applied to a function. It may be applied to more."""
        self._begun.pop(number, None)

    def check(self) -> None:
        """Raises ``ModelError`` for a decorator that was called but never applied."""
        for words, where in self._begun.values():
            raise ModelError(
                f"{words} decorates no function, so it declares nothing",
                where=where,
                remedy="put @ before it, and the function after it",
            )
