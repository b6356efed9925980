"""The bounds of ``for k in range(low, high)`` in a process, and the sort of its cursor."""

from __future__ import annotations

from planrace.model.language.constructors import maximum
from planrace.model.language.number_ranges import COMPUTED
from planrace.model.language.operators import Op
from planrace.model.language.sorts import ComputedSize, Int, Parameter, integers, size_of_sort
from planrace.model.language.terms import Term, lift, subterms


def is_bound(value: object) -> bool:
    """Whether a bound of a range is the same in all states."""
    fixed = {Op.CONST, Op.PARAMETER, *COMPUTED}
    if isinstance(value, Term):
        return all(t.op in fixed for t in subterms(value))
    return isinstance(value, int | Parameter | ComputedSize)


def cursor_of(low: Term, high: Term) -> Int:
    """The sort of a cursor from ``low`` to below ``high``. It holds ``low`` also where the range is empty."""
    least, end = (size_of_sort(x, "range") for x in (low, high))
    if isinstance(least, int) and isinstance(end, int):
        return integers(least, max(least, end - 1))
    above = (end if isinstance(end, int) else end.low) > (least if isinstance(least, int) else least.high)
    return integers(least, lift(end) - 1 if above else maximum(least, lift(end) - 1))
