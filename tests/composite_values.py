"""What random programs over records, sequences and maps are about: sorts, and plain values of Python.

A record is a dictionary whose fields are functions, because of a record only the fields that are read are evaluated. A
sequence is a tuple, and a map a set of pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from planrace.model.language import enumeration, index, integers, mapping, optional, record, sequence

HIGH = 2
LONGEST = 2
COLLECTED = ("length", "head", "element", "get", "value")
MEMBERS = (1, 2)
Env = dict[str, Any]
Worker = index("worker", len(MEMBERS), symmetric=True)
Number = integers(0, HIGH, "number")
Site = enumeration("site", "EAST WEST")
Batch = record("batch", of=Number, at=Site)
Order = record("order", inner=Batch, who=optional(Worker))
Queue = sequence(Number, 2)
Waiting = sequence(Worker, 2)
Batches = sequence(Batch, 2)
Levels = mapping(Site, Number)
Owners = mapping(Site, Worker)


class WrongError(Exception):
    """The program does what a model must not do."""


@dataclass
class Drawn:
    """An expression: as a term, and as a function of a state and the values of parameters."""

    term: Any
    value: Callable[[Env], Any]


def record_of(**fields: Any) -> dict[str, Callable[[], Any]]:
    """A record whose fields have values already."""
    return {n: _always(v) for n, v in fields.items()}


def _always(value: Any) -> Callable[[], Any]:
    return lambda: value


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal; fields are compared in turn."""
    if isinstance(a, dict) and isinstance(b, dict):
        return all(same(a[n](), b[n]()) for n in a)
    return bool(a == b)


def settled(value: Any) -> Any:
    """A value with all its fields evaluated, hashable."""
    if isinstance(value, dict):
        return tuple((n, settled(x() if callable(x) else x)) for n, x in sorted(value.items()))
    if isinstance(value, tuple):
        return tuple(map(settled, value))
    return value


def element_of(q: tuple[Any, ...], at: int, *, rest: bool = False, part: int = 0) -> Any:
    """An element of a sequence, all after it, or those from ``part`` up to it. Raises ``WrongError``."""
    if not 1 <= at <= len(q):
        raise WrongError
    return q[1:] if rest else q[part - 1 : at] if part else q[at - 1]


def appended(q: tuple[Any, ...], x: Any) -> tuple[Any, ...]:
    """A sequence with one more element. Raises ``WrongError`` if there is no room."""
    if len(q) >= LONGEST:
        raise WrongError
    return (*q, x)


def put(q: tuple[Any, ...], at: int, x: Any) -> tuple[Any, ...]:
    """A sequence with another element at a position that it has."""
    element_of(q, at)
    return (*q[: at - 1], x, *q[at:])


def got(pairs: frozenset[Any], key: str, otherwise: Callable[[], Any] | None) -> Any:
    """The value of a key. Raises ``WrongError`` if there is none, and nothing else to take."""
    found = dict(pairs)
    if key in found:
        return found[key]
    if otherwise is None:
        raise WrongError
    return otherwise()


def checked(value: Any) -> Any:
    """A value that is assigned, with all its fields. Raises ``WrongError`` if a number leaves its range."""
    if isinstance(value, dict):
        found = {n: checked(x()) for n, x in value.items()}
        return record_of(**found)
    if isinstance(value, tuple):
        return tuple(map(checked, value))
    if isinstance(value, frozenset):
        return frozenset((k, checked(v)) for k, v in value)
    if isinstance(value, int) and not isinstance(value, bool) and not 0 <= value <= HIGH:
        raise WrongError
    return value


def lazily(r: Drawn, e: Env) -> dict[str, Any]:
    return {n: (lambda n=n: r.value(e)[n]()) for n in ("of", "at")}


def fields_of(which: Callable[[], Any]) -> dict[str, Any]:
    return {n: (lambda n=n: which()[n]()) for n in ("of", "at")}
