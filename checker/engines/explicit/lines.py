"""Lines of generated code, with what the generator of machine code must know about them."""

from __future__ import annotations


class Plain(str):
    """A line that only computes, or writes where nothing is lost: it may be executed even if its result is not needed.
    Once it is inside a block, it is text like any other line."""

    __slots__ = ()


class Record(Plain):
    """A plain line that adds ``amount`` to ``target``: it counts or records something."""

    __slots__ = ("amount", "target")

    amount: str
    target: str

    def __new__(cls, target: str, amount: str) -> Record:
        line = super().__new__(cls, f"{target} {amount}")
        line.target, line.amount = target, amount
        return line

    def times(self, factor: str) -> Record:
        """The line with its amount multiplied by a factor that is 0 or 1."""
        return Record(self.target, f"({self.amount}) * ({factor})")
