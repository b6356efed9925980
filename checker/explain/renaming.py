"""States with two members of a symmetric sort exchanged."""

from __future__ import annotations

from typing import Any

from planrace.checker.semantics.interpreter import Move, State
from planrace.model.language import Array, Index, Instance, Maybe, SetOf, Sort


def alike(instance: Instance, before: State, first: Move, second: Move) -> bool:
    """Whether two steps differ only in the names of interchangeable members: they are steps of one action, and the
    state ``before`` the first step does not change when the members are exchanged. Their order is then no race."""
    if first.action is not second.action:
        return False
    exchanged: list[tuple[Index, int, int]] = []
    for parameter, a, b in zip(first.action.parameters, first.choice, second.choice, strict=True):
        if a != b:
            sort = parameter.sort
            if not isinstance(sort, Index) or not sort.symmetric:
                return False
            exchanged.append((sort, a, b))
    state = before
    for sort, a, b in exchanged:
        state = tuple(_value(instance, v.sort, x, sort, a, b) for v, x in zip(_variables(instance), state, strict=True))
    return bool(exchanged) and state == before


def _variables(instance: Instance) -> Any:
    return instance.system.variables


def _value(instance: Instance, sort: Sort, value: Any, of: Index, a: int, b: int) -> Any:
    """A value of the interpreter with members ``a`` and ``b`` of ``of`` exchanged wherever they occur."""
    match sort:
        case Index():
            return _member(value, a, b) if sort == of else value
        case Maybe(index=index):
            return _member(value, a, b) if index == of else value
        case SetOf(element=element):
            return frozenset(_value(instance, element, x, of, a, b) for x in value)
        case Array(domain=domain, element=element):
            elements = [_value(instance, element, x, of, a, b) for x in value]
            if domain == of:
                low, _ = instance.bounds(domain)
                elements[a - low], elements[b - low] = elements[b - low], elements[a - low]
            return tuple(elements)
        case _:
            return value


def _member(value: int, a: int, b: int) -> int:
    return {a: b, b: a}.get(value, value)
