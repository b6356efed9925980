"""Which sorts go together."""

from __future__ import annotations

from planrace.model.language.sorts import INTEGER, Array, Index, Maybe, SetOf, Sort, is_numeric


def fits(given: Sort, wanted: Sort) -> bool:
    """Whether a value of sort ``given`` is accepted where ``wanted`` is expected. Engines check ranges."""
    if is_numeric(given) and is_numeric(wanted):
        return True
    match given, wanted:
        case SetOf(element=a), SetOf(element=b):
            return fits(a, b)
        case Array(domain=a, element=x), Array(domain=b, element=y):
            return a == b and fits(x, y)
        case Index(), Maybe(index=of):
            return given == of
        case _:
            return given == wanted


def join(a: Sort, b: Sort) -> Sort | None:
    """The common sort of two branches; None if there is none."""
    if a == b:
        return a
    if is_numeric(a) and is_numeric(b):
        return INTEGER
    match a, b:
        case SetOf(element=x), SetOf(element=y) if is_numeric(x) and is_numeric(y):
            return SetOf(INTEGER)
    if fits(a, b):
        return b
    return a if fits(b, a) else None
