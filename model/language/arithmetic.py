"""The operators that whole numbers have in Python, for terms and parameters.

``//`` rounds down and ``%`` has the sign of the divisor, as in Python. A divisor that is 0 in a run is an error of the
model, in the step that divides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from planrace.model.language.errors import DefinitionError
from planrace.model.language.operators import DIVISIONS, Op

if TYPE_CHECKING:
    from planrace.model.language.terms import Term, Value


class Arithmetic:
    """The operators of numbers, and those that whole numbers lack here."""

    __slots__ = ()

    def __add__(self, other: Value) -> Term:
        return arithmetic(Op.ADD, self, other)

    def __radd__(self, other: Value) -> Term:
        return arithmetic(Op.ADD, other, self)

    def __sub__(self, other: Value) -> Term:
        return arithmetic(Op.SUB, self, other)

    def __rsub__(self, other: Value) -> Term:
        return arithmetic(Op.SUB, other, self)

    def __mul__(self, other: Value) -> Term:
        return arithmetic(Op.MUL, self, other)

    def __rmul__(self, other: Value) -> Term:
        return arithmetic(Op.MUL, other, self)

    def __floordiv__(self, other: Value) -> Term:
        return arithmetic(Op.DIV, self, other)

    def __rfloordiv__(self, other: Value) -> Term:
        return arithmetic(Op.DIV, other, self)

    def __mod__(self, other: Value) -> Term:
        return arithmetic(Op.MOD, self, other)

    def __rmod__(self, other: Value) -> Term:
        return arithmetic(Op.MOD, other, self)

    def __neg__(self) -> Term:
        return arithmetic(Op.SUB, 0, self)

    def __abs__(self) -> Term:
        return arithmetic(Op.MAX, self, -self)

    def __truediv__(self, _other: object) -> NoReturn:
        raise DefinitionError("terms are whole numbers: they have no /", remedy="write //, which rounds down, and %")

    __rtruediv__ = __truediv__

    def __pow__(self, _other: object) -> NoReturn:
        raise DefinitionError("terms have no powers and no shifts", remedy="write x * x, or 2 * x")

    __rpow__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __pow__

    def __divmod__(self, _other: object) -> NoReturn:
        raise DefinitionError("Python's divmod cannot build a term", remedy="write x // y and x % y")

    __rdivmod__ = __divmod__

    def __round__(self, _digits: object = None) -> NoReturn:
        raise DefinitionError("terms are whole numbers: there is nothing to round", remedy="// rounds down")


def arithmetic(op: Op, *values: object) -> Term:
    """The number that ``op`` makes of numbers. Raises ``DefinitionError`` for values of other sorts, and for a constant
    divisor 0."""
    from planrace.model.language.sorts import INTEGER, SetOf, is_numeric, not_numbers, one
    from planrace.model.language.terms import lift, make

    terms = tuple(map(lift, values))
    for side in terms:
        if not is_numeric(side.sort):
            remedy = "sets are united by |, as in s | {x}" if isinstance(side.sort, SetOf) else not_numbers(side.sort)
            raise DefinitionError(f"{op.value}: {side} is {one(side.sort)}, not a number", remedy=remedy)
    if op in DIVISIONS and terms[1].op is Op.CONST and terms[1].data == 0:
        raise DefinitionError(f"{op.value}: {terms[0]} is divided by 0")
    return make(op, terms, INTEGER)
