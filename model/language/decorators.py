"""Decorators that an author calls: each is for a function, and one without any declares nothing."""

from __future__ import annotations

from planrace.model.language.errors import ModelError, Place, author


class Decorators:
    """Those that were called and have no function yet."""

    def __init__(self) -> None:
        self._begun: dict[int, tuple[str, Place | None]] = {}
        self._next = 0

    def begin(self, words: str) -> int:
        """Write down a call; its number."""
        self._next += 1
        self._begun[self._next] = (words, author())
        return self._next

    def end(self, number: int) -> None:
        """The call of that number has got its function. It may get more."""
        self._begun.pop(number, None)

    def check(self) -> None:
        """Raises ``ModelError`` where a call has got none."""
        for words, where in self._begun.values():
            raise ModelError(
                f"{words} decorates no function, so it declares nothing",
                where=where,
                remedy="put @ before it, and the function after it",
            )
