"""Values whose sort depends on where they are used: ``None`` and ``set()`` as elements of ``each``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, Maybe, Scalar, SetOf, Sort
from planrace.model.language.terms import Term, constant, make
from planrace.model.language.unsupported import Unwalked


@dataclass(frozen=True)
class Unsettled(Unwalked):
    """The sort of a value whose real sort is not known yet."""

    name: str


_NONE, _EMPTY = (cast(Scalar, Unsettled(name)) for name in ("none", "set without elements"))


def unsettled(value: object) -> Term | None:
    """``value`` as a term if it has no sort of its own: ``None`` and Python's empty set."""
    if value is None:
        return constant(0, _NONE)
    if isinstance(value, set | frozenset) and not value:
        return make(Op.SET, (), _EMPTY)
    return None


def is_settled(sort: Sort) -> bool:
    """Whether no part of ``sort`` is still unknown."""
    while isinstance(sort, Array):
        sort = sort.element
    return not isinstance(sort, Unsettled)


def settled(term: Term, sort: Sort) -> Term:
    """``term`` where ``sort`` is expected: parts without a sort of their own get it from there, if they can have it."""
    if term.sort == _NONE and isinstance(sort, Maybe):
        return constant(0, sort)
    if term.sort == _EMPTY and isinstance(sort, SetOf):
        return make(Op.SET, (), sort)
    if term.op is Op.EACH and isinstance(term.sort, Array) and isinstance(sort, Array):
        variable, inner = term.args
        element = settled(inner, sort.element)
        return make(Op.EACH, (variable, element), Array(term.sort.domain, element.sort))
    return term
