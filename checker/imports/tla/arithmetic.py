"""Arithmetic on whole numbers, with the ranges of what is calculated."""

from __future__ import annotations

from planrace.checker.imports.tla.code import (
    Binary,
    PlainCode,
    Unary,
)
from planrace.checker.imports.tla.kinds import Kinds
from planrace.checker.imports.tla.symbols import (
    Constant,
    Meaning,
    Runtime,
)
from planrace.checker.imports.tla.syntax import TlaError
from planrace.checker.imports.tla.types import (
    IntType,
)


class NumberAlgebra(Kinds):
    """Calculates what is known, and writes the rest."""

    def arithmetic(self, operator: str, a: Meaning, b: Meaning) -> Meaning:
        (left, low_a, high_a), (right, low_b, high_b) = self.number(a), self.number(b)
        if isinstance(a, Constant) and isinstance(b, Constant):
            return Constant(_calculated(operator, _whole(a), _whole(b)))
        if isinstance(b, Constant) and b.value == 0 and operator in "+-":
            return a
        if isinstance(a, Constant) and a.value == 0 and operator == "+":
            return b
        folded = self._folded(operator, a, b)
        if folded is not None:
            return folded
        low, high = _range(operator, (low_a, high_a), (low_b, high_b))
        if operator == "^":
            raise TlaError("a power that changes")
        sign = {"\\div": "//"}.get(operator, operator)
        return Runtime(Binary(sign, left, right), IntType(low, high))

    def _folded(self, operator: str, a: Meaning, b: Meaning) -> Meaning | None:
        """``(x + 1) - 1`` is x."""
        if operator in "+-" and isinstance(a, Runtime) and isinstance(b, Constant) and isinstance(a.code, Binary):
            inner = a.code
            number = isinstance(inner.right, PlainCode) and inner.right.text.isdigit()
            if inner.operator in "+-" and isinstance(a.kind, IntType) and number:
                own = int(str(inner.right)) * (1 if inner.operator == "+" else -1)
                more = _whole(b) * (1 if operator == "+" else -1)
                low, high = (None if bound is None else bound - own for bound in (a.kind.low, a.kind.high))
                total = own + more
                base = Runtime(inner.left, IntType(low, high))
                return self.arithmetic("+" if total >= 0 else "-", base, Constant(abs(total)))
        return None

    def negative(self, a: Meaning) -> Meaning:
        code, low, high = self.number(a)
        if isinstance(a, Constant):
            return Constant(-_whole(a))
        return Runtime(Unary("-", code), IntType(None if high is None else -high, None if low is None else -low))


def _calculated(operator: str, a: int, b: int) -> int:
    match operator:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "^":
            return int(a**b)
        case _ if b == 0:
            raise TlaError("a division by 0")
        case "\\div":
            return a // b
        case _:
            return a % b


def _range(
    operator: str, a: tuple[int | None, int | None], b: tuple[int | None, int | None]
) -> tuple[int | None, int | None]:
    """The bounds of what is calculated."""
    (low_a, high_a), (low_b, high_b) = a, b

    def plus(x: int | None, y: int | None) -> int | None:
        return None if x is None or y is None else x + y

    match operator:
        case "+":
            return plus(low_a, low_b), plus(high_a, high_b)
        case "-":
            return (
                plus(low_a, None if high_b is None else -high_b),
                plus(high_a, None if low_b is None else -low_b),
            )
        case "%":
            return 0, None if high_b is None else max(high_b - 1, 0)
        case _ if low_a is None or high_a is None or low_b is None or high_b is None:
            return None, None
        case "*":
            ends = [x * y for x in (low_a, high_a) for y in (low_b, high_b)]
            return min(ends), max(ends)
        case "\\div":
            ends = [x // y for x in (low_a, high_a) for y in {low_b, high_b, 1, -1} if y and low_b <= y <= high_b]
            return (min(ends), max(ends)) if ends else (None, None)
        case _:
            return None, None


def _whole(value: Constant) -> int:
    """A known number."""
    if isinstance(value.value, bool) or not isinstance(value.value, int):
        raise TlaError("a number is expected")
    return value.value
