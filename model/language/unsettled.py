"""Values that have no sort until it is known where they go: ``None`` and ``set()`` as elements of ``each``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from planrace.model.language.operators import Op
from planrace.model.language.sorts import Array, Maybe, Scalar, SetOf, Sort
from planrace.model.language.terms import Term, constant, make
from planrace.model.language.unsupported import Unwalked


@dataclass(frozen=True)
class Unsettled(Unwalked):
    """The sort of a value that is yet to get one."""

    name: str


_NONE, _EMPTY = (cast(Scalar, Unsettled(name)) for name in ("none", "set without elements"))


def unsettled(value: object) -> Term | None:
    """``value`` as a term if it has no sort of its own: ``None`` and the empty set of Python."""
    if value is None:
        return constant(0, _NONE)
    if isinstance(value, set | frozenset) and not value:
        return make(Op.SET, (), _EMPTY)
    return None


def is_settled(sort: Sort) -> bool:
    """Whether a term of ``sort`` has one throughout."""
    while isinstance(sort, Array):
        sort = sort.element
    return not isinstance(sort, Unsettled)


def settled(term: Term, sort: Sort) -> Term:
    """``term`` where ``sort`` is wanted: what has no sort of its own gets it from there, if it can be of that sort."""
    if term.sort == _NONE and isinstance(sort, Maybe):
        return constant(0, sort)
    if term.sort == _EMPTY and isinstance(sort, SetOf):
        return make(Op.SET, (), sort)
    if term.op is Op.EACH and isinstance(term.sort, Array) and isinstance(sort, Array):
        variable, inner = term.args
        element = settled(inner, sort.element)
        return make(Op.EACH, (variable, element), Array(term.sort.domain, element.sort))
    return term
